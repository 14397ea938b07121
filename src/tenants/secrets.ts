/**
 * Secrets of a tenant's config: sealed before it is stored, kept on request, never shown again.
 * A secret written as `<set>` keeps the stored one, unless it would then go to another address. In the webhook's list the first
 * `<set>` is the newest stored secret, the second the next: `[new, <set>]` over two keeps the newest and drops the oldest.
 * What is kept is opened and sealed again, so that each PUT moves all of it to the primary master key.
 */

import type { ConfigFault } from '../domain/fault.ts';
import type {
  DestinationConfig,
  SealedTenantConfig,
  SecretPurpose,
  TenantConfig,
} from '../domain/tenant-config.ts';
import { mapDestinationSecrets, mapSecrets } from '../domain/tenant-config.ts';
import { encodeBase64Url } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { failure, success, unreachable } from '../lib/result.ts';
import type { Sealer, SealFailure } from '../lib/seal.ts';
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
  const pseudonymKey = await pseudonymKeyOf(sealer, stored);
  if (!pseudonymKey.ok) return failure([pseudonymKey.error]);
  const clear = await withKeptSecrets(config, { sealer, stored });
  if (!clear.ok) return clear;
  const tenant = config.id;
  const sealed = await mapSecrets(clear.value, async (secret, purpose) =>
    sealer.seal(secret, { tenant, purpose }),
  );
  const pseudonym_key = await sealer.seal(pseudonymKey.value, { tenant, purpose: 'pseudonym' });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where a config becomes a sealed one
  return success({ ...sealed, pseudonym_key } as SealedTenantConfig);
}

const NOTHING_KEPT = 'there is no stored secret to keep: write the secret itself';
const ADDRESS_CHANGED =
  'the address has changed: write the secret itself, a stored one is never sent to another host';
const NOT_OPENED = 'the stored secret does not open: write the secret itself';

/** The stored key in clear, or a new one. Without it everybody would get another pseudonym: then nothing may be saved. */
async function pseudonymKeyOf(
  sealer: Sealer,
  stored: SealedTenantConfig | null,
): Promise<Result<string, ConfigFault>> {
  if (!stored) return success(encodeBase64Url(crypto.getRandomValues(new Uint8Array(PSEUDONYM_KEY_BYTES))));
  const key = await sealer.open(stored.pseudonym_key, { tenant: stored.id, purpose: 'pseudonym' });
  return key.ok ? key : failure({ path: '', message: unopenedMessage(key.error) });
}

function unopenedMessage({ kind }: SealFailure): string {
  if (kind === 'unknown_key')
    return 'what is stored was sealed under a master key that this deployment does not have: set RELAY_MASTER_KEY back, or RELAY_MASTER_KEY_PREVIOUS to the old one';
  return 'what is stored does not open, although the master key is the right one: it was changed outside of the relay, so restore the stored config';
}

/** The config in clear, each `<set>` replaced by what it keeps. */
async function withKeptSecrets(
  config: TenantConfig,
  { sealer, stored }: SealingContext,
): Promise<Result<TenantConfig, ConfigFault[]>> {
  const kept = await keptSecrets(config, stored);
  const faults: ConfigFault[] = [];
  const clear = await mapSecrets(config, async (secret, purpose, path) => {
    if (secret !== KEPT_SECRET) return secret;
    const found = await openKept(kept.get(path), sealer, { tenant: config.id, purpose });
    if (!found.ok) faults.push({ path, message: found.error });
    return found.ok ? found.value : secret;
  });
  if (faults.length > 0) return failure(faults);
  const undecodable = keptWebhookFaults(config, clear);
  return undecodable.length > 0 ? failure(undecodable) : success(clear);
}

/** A sealed secret, or why it may not be kept. */
type Kept = string | { readonly message: string };

async function openKept(
  kept: Kept | undefined,
  sealer: Sealer,
  binding: { readonly tenant: string; readonly purpose: SecretPurpose },
): Promise<Result<string, string>> {
  if (typeof kept !== 'string') return failure(kept?.message ?? NOTHING_KEPT);
  const opened = await sealer.open(kept, binding);
  return opened.ok ? opened : failure(NOT_OPENED);
}

/** By path of the new config: what `<set>` keeps there. */
async function keptSecrets(
  config: TenantConfig,
  stored: SealedTenantConfig | null,
): Promise<ReadonlyMap<string, Kept>> {
  const kept = new Map<string, Kept>();
  if (!stored) return kept;
  keptIndexes(config.webhook.secrets).forEach((index, rank) => {
    const sealed = stored.webhook.secrets[rank];
    if (sealed !== undefined) kept.set(`webhook.secrets[${index}]`, sealed);
  });
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

/** Where `<set>` stands in the webhook's list: its k-th place keeps the k-th stored secret, newest first. */
function keptIndexes(secrets: readonly string[]): readonly number[] {
  return secrets.flatMap((secret, index) => (secret === KEPT_SECRET ? [index] : []));
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

/** Kept secrets that do not decode: under a scheme or an encoding that is new with this config. */
function keptWebhookFaults(config: TenantConfig, clear: TenantConfig): ConfigFault[] {
  return keptIndexes(config.webhook.secrets).flatMap((index) =>
    webhookSecretFaults(config.webhook, clear.webhook.secrets[index] ?? '', index),
  );
}

/** The config as it is shown: every secret is `<set>`, the pseudonym key is left out. */
export async function redactConfig(config: SealedTenantConfig): Promise<TenantConfig> {
  const { pseudonym_key: _pseudonymKey, ...shown } = config;
  return mapSecrets(shown, () => KEPT_SECRET);
}
