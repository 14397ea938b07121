/** What a rule found on an event, as a detection. Pure. Its id and its title name nobody. */

import type { Detection } from '../domain/detection.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { encodeBase32 } from '../lib/base32.ts';
import { sha256 } from '../lib/hmac.ts';
import type { Found } from './rule.ts';

/** 130 bits. */
const ID_LENGTH = 26;

/** The same id however often the event comes. Without a group of its own it belongs to the event's user: so do cases. */
export function detectionOf(found: Found, event: CanonicalEvent, nowMs: number): Detection {
  const { rule } = found;
  const { tags = [] } = rule.document;
  const groupKey = found.groupKey ?? event.user?.id;
  const isWatching = rule.watchMs !== undefined && !rule.isDryRun && event.user !== undefined;
  return {
    id: detectionId(event, rule.id),
    ruleId: rule.id,
    ruleName: rule.name,
    title: rule.title,
    level: rule.level,
    ...(groupKey !== undefined && { groupKey }),
    ...(event.user && { user: event.user }),
    ...(event.device && { device: event.device }),
    ...(event.policy && { policy: event.policy }),
    platforms: event.platform ? [event.platform.id] : [],
    classifications: event.classifications,
    count: found.count,
    windowSeconds: Math.round(found.windowMs / 1000),
    firstAt: new Date(found.firstAtMs).toISOString(),
    lastAt: new Date(found.lastAtMs).toISOString(),
    eventIds: found.eventIds,
    ...(found.eventIds.at(-1) !== event.id && { causeId: event.id }),
    respond: rule.respond,
    ...(tags.length > 0 && { tags }),
    ...(rule.playbook && { playbook: rule.playbook }),
    ...(isWatching && { watchedUntil: new Date(nowMs + (rule.watchMs ?? 0)).toISOString() }),
    dryRun: rule.isDryRun,
  };
}

function detectionId({ tenant, type, id }: CanonicalEvent, rule: string): string {
  const digest = sha256(JSON.stringify([tenant, rule, type, id]));
  return `det_${encodeBase32(digest).slice(0, ID_LENGTH)}`;
}
