/**
 * A line of a file as the event that the relay would have made of it: an element as Noxys sends it, or a stored event as
 * `events search --json` and `events tail --json` show it. Both go through the relay's own parser. Pure.
 */

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { LEVELS } from '../../src/domain/severity.ts';
import { minimise } from '../../src/ingest/minimise.ts';
import { type ElementFailure, parseEvent } from '../../src/ingest/parse-event.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { isRecord } from '../../src/lib/record.ts';
import type { Result } from '../../src/lib/result.ts';
import { failure, success } from '../../src/lib/result.ts';
import { KEEP_ALL } from './local-rules.ts';

/** Nothing is pseudonymised, so that no key is needed. */
const NO_KEY = new Uint8Array(32);

const REASONS: Readonly<Record<ElementFailure['reason'], string>> = {
  not_an_object: 'is no JSON object',
  missing_type: 'has no type',
  wrong_type: 'has a type that is no text',
  too_old: 'is too old',
  unusable_time: 'has a time that can not be used',
};

/** The event, or what is wrong with the line; null: an entry that the relay made itself, which no rule sees. */
export function eventOfLine(
  line: string,
  { tenant, nowMs }: { readonly tenant: string; readonly nowMs: number },
): Result<CanonicalEvent | null, string> {
  const value = parse(line);
  if (value === undefined) return failure('is not JSON');
  const stored = isStored(value) ? value : undefined;
  if (stored && (stored['detection'] !== undefined || String(stored['type']).startsWith('relay.')))
    return success(null);
  const receivedAtMs = stored ? Date.parse(String(stored['receivedAt'])) : nowMs;
  if (Number.isNaN(receivedAtMs)) return failure('has a receivedAt that is no time');
  const parsed = parseEvent(stored ? elementOf(stored) : value, { tenant, receivedAtMs }, () => idOf(line));
  if (!parsed.ok) return failure(REASONS[parsed.error.reason]);
  const read = minimise(parsed.value, KEEP_ALL, NO_KEY);
  // What Noxys sends says when it happened, and not when it came: as if at once.
  const event = stored ? read : { ...read, receivedAt: read.occurredAt };
  // It may have been raised, because its user was watched.
  const severity = LEVELS.find((level) => level === stored?.['severity']);
  return success(severity === undefined ? event : { ...event, severity });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function isStored(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    isRecord(value) &&
    value['source'] === 'noxys' &&
    typeof value['occurredAt'] === 'string' &&
    typeof value['receivedAt'] === 'string'
  );
}

/** Without an id, the same line is the same event: as the relay has it. */
function idOf(line: string): string {
  return `sha256-${sha256Hex(line)}`;
}

/** A stored event as Noxys would have sent it. A user or a device that shows as a pseudonym is one person all the same. */
function elementOf(stored: Readonly<Record<string, unknown>>): unknown {
  const part = (name: string): Readonly<Record<string, unknown>> => {
    const value = stored[name];
    return isRecord(value) ? value : {};
  };
  const [user, device, platform, policy] = [part('user'), part('device'), part('platform'), part('policy')];
  const { urlHost } = stored;
  return {
    id: stored['id'],
    type: stored['type'],
    timestamp: stored['occurredAt'],
    interaction_id: stored['interactionId'],
    user_id: user['id'] ?? user['key'],
    user_email: user['email'],
    device_id: device['id'] ?? device['key'],
    hostname: device['hostname'],
    platform_id: platform['id'],
    policy_decision: policy['decision'],
    policy_name: policy['name'],
    risk_score: stored['riskScore'],
    direction: stored['direction'],
    source: stored['sensor'],
    interaction_type: stored['interactionType'],
    content_metadata: {
      model: stored['model'],
      ...(typeof urlHost === 'string' && { url: `https://${urlHost}/` }),
    },
    classifications: stored['classifications'],
    classification_count: stored['classificationCount'],
  };
}
