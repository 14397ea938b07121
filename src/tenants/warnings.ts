/** What is accepted but worth a word to the person who saved the config. Pure; quotes no secret. */

import { formatPath } from '../domain/config-faults.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import {
  decodeSecret,
  isShortSecret,
  SECRET_BYTES_ADVISED,
  secretEncodingOf,
} from '../ingest/webhook-secrets.ts';
import { KEPT_SECRET } from './kept-secret.ts';

const PROPAGATION =
  'Webhook settings reach the edge within about 2 minutes: keep the old secret in the list until then. Destinations take effect at once.';

/** Warnings about a valid config, secrets in clear; the last one is always how long a change takes. */
export function warningsOf(config: TenantConfig): string[] {
  return [...shortSecrets(config), ...replayable(config), ...neverForwarded(config), PROPAGATION];
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
