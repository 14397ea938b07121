/**
 * Secrets of a tenant's config: sealed before it is stored, kept on request, never shown again.
 * A secret written as `<set>` keeps the stored one, unless it would then go to another address.
 */

import type { ConfigFault } from '../domain/fault.ts';
import type { DestinationConfig, SealedTenantConfig, TenantConfig } from '../domain/tenant-config.ts';
import { mapDestinationSecrets, mapSecrets } from '../domain/tenant-config.ts';
import { encodeBase64Url } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { failure, success, unreachable } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import { webhookSecretFaults } from './check-webhook.ts';
import { KEPT_SECRET } from './kept-secret.ts';

/** Of the key that makes a tenant's pseudonyms: as strong as the HMAC-SHA-256 it feeds. */
const PSEUDONYM_KEY_BYTES = 32;

export interface SealingContext {
  readonly sealer: Sealer;
  /** What `<set>` refers to; null for a new tenant. */
  readonly stored: SealedTenantConfig | null;
}

/** The config in the only form that rests anywhere, or a fault for each `<set>` that has nothing to keep. */
export async function sealConfig(
  config: TenantConfig,
  { sealer, stored }: SealingContext,
): Promise<Result<SealedTenantConfig, ConfigFault[]>> {
  const kept = await keptSecrets(config, stored);
  const faults: ConfigFault[] = [];
  const sealed = await mapSecrets(config, async (secret, purpose, path) => {
    if (secret !== KEPT_SECRET) return sealer.seal(secret, { tenant: config.id, purpose });
    const found = kept.get(path);
    if (found === undefined || typeof found !== 'string')
      faults.push({ path, message: found?.message ?? NOTHING_KEPT });
    return typeof found === 'string' ? found : secret;
  });
  if (faults.length > 0) return failure(faults);
  const undecodable = await keptWebhookFaults(config, sealed, sealer, stored);
  if (undecodable.length > 0) return failure(undecodable);
  const pseudonymKey = stored?.pseudonym_key ?? (await newPseudonymKey(config.id, sealer));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where a config becomes a sealed one
  return success({ ...sealed, pseudonym_key: pseudonymKey } as SealedTenantConfig);
}

const NOTHING_KEPT = 'there is no stored secret to keep: write the secret itself';
const ADDRESS_CHANGED =
  'the address has changed: write the secret itself, a stored one is never sent to another host';

/** By path of the new config: the sealed secret that `<set>` keeps there, or why it may not. */
async function keptSecrets(
  config: TenantConfig,
  stored: SealedTenantConfig | null,
): Promise<ReadonlyMap<string, string | { readonly message: string }>> {
  const kept = new Map<string, string | { readonly message: string }>();
  if (!stored) return kept;
  const shift = webhookShift(config.webhook.secrets, stored.webhook.secrets);
  stored.webhook.secrets.forEach((sealed, index) => kept.set(`webhook.secrets[${index + shift}]`, sealed));
  if (stored.webhook.auth_token !== undefined) kept.set('webhook.auth_token', stored.webhook.auth_token);
  for (const [index, destination] of config.destinations.entries()) {
    const before = stored.destinations.find((candidate) => candidate.name === destination.name);
    if (before?.type !== destination.type) continue;
    const isMoved = addressOf(before) !== addressOf(destination);
    await mapDestinationSecrets(before, `destinations[${index}]`, (sealed, _purpose, path) => {
      kept.set(path, isMoved ? { message: ADDRESS_CHANGED } : sealed);
      return sealed;
    });
  }
  return kept;
}

/** `<set>` means the same index, except in a list that grew at its front: then the stored ones have moved back. */
function webhookShift(secrets: readonly string[], stored: readonly string[]): number {
  return secrets.length > stored.length && secrets[0] !== KEPT_SECRET ? secrets.length - stored.length : 0;
}

/** Where a destination's secrets are sent. */
function addressOf(destination: DestinationConfig): string {
  switch (destination.type) {
    case 'harfanglab':
      return destination.base_url;
    case 'falcon':
      return destination.hec.url;
    default:
      return unreachable(destination);
  }
}

/** Kept secrets that do not decode under a scheme or an encoding that is new with this config. */
async function keptWebhookFaults(
  config: TenantConfig,
  sealed: TenantConfig,
  sealer: Sealer,
  stored: SealedTenantConfig | null,
): Promise<ConfigFault[]> {
  const isSameReading =
    stored?.webhook.scheme === config.webhook.scheme &&
    stored.webhook.secret_encoding === config.webhook.secret_encoding;
  if (isSameReading) return [];
  const faults = config.webhook.secrets.map(async (secret, index) => {
    if (secret !== KEPT_SECRET) return [];
    const binding = { tenant: config.id, purpose: 'webhook' };
    const opened = await sealer.open(sealed.webhook.secrets[index] ?? '', binding);
    if (opened.ok) return webhookSecretFaults(config.webhook, opened.value, index);
    return [
      {
        path: `webhook.secrets[${index}]`,
        message: 'the stored secret does not open: write the secret itself',
      },
    ];
  });
  return (await Promise.all(faults)).flat();
}

async function newPseudonymKey(tenant: string, sealer: Sealer): Promise<string> {
  const key = crypto.getRandomValues(new Uint8Array(PSEUDONYM_KEY_BYTES));
  return sealer.seal(encodeBase64Url(key), { tenant, purpose: 'pseudonym' });
}

/** The config as it is shown: every secret is `<set>`, the pseudonym key is left out. */
export async function redactConfig(config: SealedTenantConfig): Promise<TenantConfig> {
  const { pseudonym_key: _pseudonymKey, ...shown } = config;
  return mapSecrets(shown, () => KEPT_SECRET);
}
