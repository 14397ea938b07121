/** What is accepted but worth a word to the person who saved the config. Pure; quotes no secret. */

import { formatPath } from '../domain/config-faults.ts';
import { normaliseDomain } from '../domain/domain-name.ts';
import { KNOWN_EVENT_TYPES } from '../domain/event.ts';
import { KNOWN_PLATFORMS } from '../domain/platforms.ts';
import { nearestWord } from '../lib/nearest.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import {
  decodeSecret,
  isShortSecret,
  SECRET_BYTES_ADVISED,
  secretEncodingOf,
} from '../ingest/webhook-secrets.ts';
import { falconWarnings } from './falcon-warnings.ts';
import { harfangLabWarnings } from './harfanglab-warnings.ts';
import { leftBehind } from './indicator-warnings.ts';
import { KEPT_SECRET } from './kept-secret.ts';
import { messagesWarnings } from './messages-warnings.ts';
import { ruleWarnings } from './rule-warnings.ts';
import { undeclaredWarnings } from './undeclared-warnings.ts';

const PROPAGATION =
  'The change of webhook, forward or privacy reaches the edge within about 2 minutes: until then events are verified, filtered and minimised as before, so keep the old secret in the list. Destinations take effect at once.';

/** What a config is saved over. */
export interface Before {
  /** What ingest needs differs from what was stored. */
  readonly isIngestChanged: boolean;
  /** Null: there is none. */
  readonly stored: Pick<TenantConfig, 'destinations'> | null;
  /** By a relay on somebody's machine, which takes loopback addresses and presumes nothing of where they are. */
  readonly isLocal: boolean;
  /** When it is saved. */
  readonly nowMs: number;
}

/** Warnings about a valid config, secrets in clear. */
export function warningsOf(
  config: TenantConfig,
  { isIngestChanged, isLocal, stored, nowMs }: Before,
): string[] {
  return [
    ...shortSecrets(config),
    ...replayable(config),
    ...mapOfNobody(config),
    ...unknownTypes(config),
    ...neverForwarded(config),
    ...unknownPlatforms(config),
    ...falconWarnings(config, nowMs),
    ...harfangLabWarnings(config, nowMs),
    ...leftBehind(config.destinations, stored?.destinations ?? []),
    ...messagesWarnings(config),
    ...(isLocal ? undeclaredWarnings(config) : []),
    ...ruleWarnings(config),
    ...noDestination(config),
    ...(isIngestChanged ? [PROPAGATION] : []),
  ];
}

/** Types that Noxys does not document: perhaps new, perhaps misspelt, and then every event would be filtered. */
function unknownTypes({ forward }: TenantConfig): string[] {
  return forward.events.flatMap((type, index) => {
    if (KNOWN_EVENT_TYPES.includes(type)) return [];
    const nearest = nearestWord(type, KNOWN_EVENT_TYPES);
    const path = formatPath(['forward', 'events', index]);
    return [
      `${path} is "${type}", a type that Noxys does not document${nearest ? `: did you mean "${nearest}"?` : '.'}`,
    ];
  });
}

/** A map that nothing comes into. */
function mapOfNobody({ privacy }: TenantConfig): string[] {
  const { sealed_map: isOn, user_id: id, user_email: email } = privacy;
  if (isOn !== true || id === 'pseudonymise' || email === 'pseudonymise') return [];
  return [
    "privacy.sealed_map keeps nothing, as neither privacy.user_id nor privacy.user_email is pseudonymise: it is of users' names alone, never of devices.",
  ];
}

/** An approved platform of unknown domains keeps none of them from being made an indicator: it may be misspelt. */
function unknownPlatforms({ platforms }: TenantConfig): string[] {
  const known = [...KNOWN_PLATFORMS, ...Object.keys(platforms.domains)];
  return platforms.approved.flatMap((id, index) => {
    // A domain may be approved, too.
    if (known.includes(id) || normaliseDomain(id) !== undefined) return [];
    const nearest = nearestWord(id, known);
    const path = formatPath(['platforms', 'approved', index]);
    const cure =
      nearest === undefined ? 'name its domains in platforms.domains.' : `did you mean "${nearest}"?`;
    return [`${path} is "${id}", of which the relay knows no domain, so that it protects none: ${cure}`];
  });
}

function noDestination({ destinations }: TenantConfig): string[] {
  if (destinations.some(({ enabled }) => enabled)) return [];
  return destinations.length > 0
    ? ['Every destination is disabled: events are kept and not delivered.']
    : [
        'There is no destination: events are stored and reach no one, and a destination starts with the events after it was added.',
      ];
}

function shortSecrets({ webhook }: TenantConfig): string[] {
  return webhook.secrets.flatMap((secret, index) => {
    if (secret === KEPT_SECRET) return [];
    const key = decodeSecret(secret, secretEncodingOf(webhook));
    if (!key.ok || !isShortSecret(key.value)) return [];
    const path = formatPath(['webhook', 'secrets', index]);
    return [
      `${path} is shorter than ${SECRET_BYTES_ADVISED} bytes: it works, but a longer one is harder to guess; check webhook.secret_encoding if it should be longer.`,
    ];
  });
}

function replayable({ webhook }: TenantConfig): string[] {
  if (webhook.scheme !== 'hmac') return [];
  return [
    'webhook.scheme hmac signs no time: a recorded request is only recognised by its event id, and old events are refused.',
  ];
}

function neverForwarded({ destinations, forward }: TenantConfig): string[] {
  return destinations.flatMap((destination, index) => {
    const missing = (destination.events ?? []).filter((type) => !forward.events.includes(type));
    if (missing.length === 0) return [];
    const path = formatPath(['destinations', index, 'events']);
    return [`${path} names types that forward.events does not: ${missing.join(', ')} will not arrive.`];
  });
}
