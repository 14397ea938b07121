/**
 * Secrets of a tenant's config: sealed before it is stored, kept on request, never shown again.
 * A secret written as `<set>` keeps the stored one, unless it would then go to another address. In a list of secrets the first
 * `<set>` is the newest stored secret, the second the next: `[new, <set>]` over two keeps the newest and drops the oldest.
 * What is kept is opened and sealed again, so that each saved config is under the primary master key as a whole.
 */

import type { ConfigFault } from '../domain/fault.ts';
import type { DestinationConfig, SealedTenantConfig, TenantConfig } from '../domain/tenant-config.ts';
import { mapDestinationSecrets, mapSecrets } from '../domain/config-secrets.ts';
import { encodeBase64Url } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { failure, success, unreachable } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import { webhookSecretFaults } from './check-webhook.ts';
import { KEPT_SECRET } from './kept-secret.ts';
import type { OpenedConfig, StoredSecret } from './stored-secrets.ts';
import { namedPath, openConfig, PSEUDONYM_KEY_PATH, unopenedMessage } from './stored-secrets.ts';

/** Of the key that makes a tenant's pseudonyms: as strong as the HMAC-SHA-256 it feeds. */
const PSEUDONYM_KEY_BYTES = 32;

/** A config that can be sealed. In memory only. */
export interface ClearConfig {
  /** Every secret in clear. */
  readonly config: TenantConfig;
  readonly pseudonymKey: string;
  /** When each secret was set, in epoch seconds, by its path; one that was stored before this was written down has none. */
  readonly setAtSeconds: ReadonlyMap<string, number>;
}

export interface SealingContext {
  readonly sealer: Sealer;
  /** What `<set>` refers to; null for a new tenant. */
  readonly stored: SealedTenantConfig | null;
  /** When what is new was set; absent: the seals do not say. */
  readonly nowMs?: number;
}

/** The config in the only form that rests anywhere, or a fault for each `<set>` that has nothing to keep. */
export async function sealConfig(
  config: TenantConfig,
  { sealer, stored, nowMs }: SealingContext,
): Promise<Result<SealedTenantConfig, ConfigFault[]>> {
  const clear = await clearConfig(config, stored && (await openConfig(stored, sealer)), nowMs);
  return clear.ok ? success(await sealClear(clear.value, sealer)) : clear;
}

/** Seals every secret under the primary key. */
export async function sealClear(
  { config, pseudonymKey, setAtSeconds }: ClearConfig,
  sealer: Sealer,
): Promise<SealedTenantConfig> {
  const tenant = config.id;
  const sealed = await mapSecrets(config, async (secret, purpose, path) =>
    sealer.seal(secret, { tenant, purpose }, setAtSeconds.get(path)),
  );
  const pseudonym_key = await sealer.seal(
    pseudonymKey,
    { tenant, purpose: 'pseudonym' },
    setAtSeconds.get(PSEUDONYM_KEY_PATH),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where a config becomes a sealed one
  return { ...sealed, pseudonym_key } as SealedTenantConfig;
}

const NOTHING_KEPT = 'there is no stored secret to keep: write the secret itself';
const ADDRESS_CHANGED =
  'the address has changed: write the secret itself, a stored one is never sent to another host';
const NOT_OPENED = 'the stored secret does not open: write the secret itself';

/** The config in clear, each `<set>` replaced by what it keeps. A secret that is stored already keeps its age, however it is written. */
export async function clearConfig(
  config: TenantConfig,
  opened: OpenedConfig | null,
  nowMs?: number,
): Promise<Result<ClearConfig, ConfigFault[]>> {
  // Without its key everybody would get another pseudonym: then nothing may be saved.
  if (opened && !opened.pseudonymKey.value.ok)
    return failure([{ path: '', message: unopenedMessage(opened.pseudonymKey.value.error) }]);
  const kept = opened ? await keptSecrets(config, opened) : new Map<string, Kept>();
  const faults: ConfigFault[] = [];
  const clear = await mapSecrets(config, (secret, _purpose, path) => {
    if (secret !== KEPT_SECRET) return secret;
    const found = keptValue(kept.get(path));
    if (!found.ok) faults.push({ path, message: found.error });
    return found.ok ? found.value : secret;
  });
  if (faults.length > 0) return failure(faults);
  const undecodable = keptWebhookFaults(config, clear);
  if (undecodable.length > 0) return failure(undecodable);
  return success({
    config: clear,
    pseudonymKey: opened?.pseudonymKey.value.ok ? opened.pseudonymKey.value.value : newPseudonymKey(),
    setAtSeconds: await agesOf(clear, opened, nowMs),
  });
}

function newPseudonymKey(): string {
  return encodeBase64Url(crypto.getRandomValues(new Uint8Array(PSEUDONYM_KEY_BYTES)));
}

/** What `<set>` keeps, or why it may not. */
type Kept = StoredSecret | { readonly message: string };

function keptValue(kept: Kept | undefined): Result<string, string> {
  if (!kept) return failure(NOTHING_KEPT);
  if ('message' in kept) return failure(kept.message);
  return kept.value.ok ? kept.value : failure(NOT_OPENED);
}

/** By path of the new config: what `<set>` keeps there. */
async function keptSecrets(config: TenantConfig, opened: OpenedConfig): Promise<ReadonlyMap<string, Kept>> {
  const kept = new Map<string, Kept>();
  const bySource = new Map(opened.secrets.map((secret) => [secret.path, secret]));
  const keep = (path: string, source: string) => {
    const secret = bySource.get(source);
    if (secret) kept.set(path, secret);
  };
  keptIndexes(config.webhook.secrets).forEach((index, rank) => {
    keep(`webhook.secrets[${index}]`, `webhook.secrets[${rank}]`);
  });
  keep('webhook.auth_token', 'webhook.auth_token');
  for (const [index, destination] of config.destinations.entries()) {
    const source = opened.config.destinations.findIndex(({ name }) => name === destination.name);
    const before = opened.config.destinations[source];
    if (before?.type !== destination.type) continue;
    await mapDestinationSecrets(before, '', (secret, _purpose, from) => {
      const path = keptPlace(destination, from);
      if (path === undefined) return secret;
      const isMoved = addressOf(before, path) !== addressOf(destination, path, before);
      if (isMoved) kept.set(`destinations[${index}]${path}`, { message: ADDRESS_CHANGED });
      else keep(`destinations[${index}]${path}`, `destinations[${source}]${from}`);
      return secret;
    });
  }
  return kept;
}

/** When each secret was set: where the same value is stored in the same place, as long ago as that one, else now. */
async function agesOf(
  clear: TenantConfig,
  opened: OpenedConfig | null,
  nowMs: number | undefined,
): Promise<ReadonlyMap<string, number>> {
  const now = nowMs === undefined ? undefined : Math.floor(nowMs / 1000);
  const ages = new Map<string, number>();
  const note = (path: string, stored: StoredSecret | undefined) => {
    const setAt = stored ? stored.setAtSeconds : now;
    if (setAt !== undefined) ages.set(path, setAt);
  };
  await mapSecrets(clear, (secret, _purpose, path) => {
    const place = placeOf(path, clear);
    const same = opened?.secrets.find(
      (known) =>
        placeOf(known.path, opened.config) === place && known.value.ok && known.value.value === secret,
    );
    note(path, same);
    return secret;
  });
  note(PSEUDONYM_KEY_PATH, opened?.pseudonymKey);
  return ages;
}

/** Where a secret is the same one: anywhere in its list, or in the destination of the same name. */
function placeOf(path: string, config: TenantConfig): string {
  return namedPath(path, config).replace(/\.secrets\[\d+\]$/, '.secrets');
}

/** Where a stored secret of a destination is kept; of its list of secrets as in the webhook's own. Undefined: nowhere. */
function keptPlace(destination: DestinationConfig, from: string): string | undefined {
  const rank = /^\.secrets\[(\d+)\]$/.exec(from)?.[1];
  if (rank === undefined) return from;
  const secrets = destination.type === 'webhook' ? (destination.secrets ?? []) : [];
  const index = keptIndexes(secrets)[Number(rank)];
  return index === undefined ? undefined : `.secrets[${index}]`;
}

/** Where `<set>` stands in a list of secrets: its k-th place keeps the k-th stored secret, newest first. */
function keptIndexes(secrets: readonly string[]): readonly number[] {
  return secrets.flatMap((secret, index) => (secret === KEPT_SECRET ? [index] : []));
}

/**
 * Where a destination's secret is sent. `path` is the secret's own, such as `.token`; `before` is what the destination is saved over,
 * whose address it has where its own is kept.
 */
function addressOf(
  destination: DestinationConfig,
  path: string,
  before: DestinationConfig = destination,
): string | undefined {
  switch (destination.type) {
    case 'harfanglab':
      return destination.base_url;
    case 'slack':
    case 'teams':
      // The address is the secret itself.
      return '';
    case 'webhook':
      if (path === '.url') return '';
      return destination.url === KEPT_SECRET && before.type === 'webhook' ? before.url : destination.url;
    case 'falcon':
      return path === '.hec.token'
        ? destination.hec?.url
        : JSON.stringify([destination.region, destination.base_url]);
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
