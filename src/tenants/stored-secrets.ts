/** What a stored config has sealed, opened: each secret with its place, its age and its key. In memory only; nothing is shown here. */

import type { SecretPurpose } from '../domain/config-secrets.ts';
import type { SealedTenantConfig, TenantConfig } from '../domain/tenant-config.ts';
import { mapSecrets } from '../domain/config-secrets.ts';
import type { Result } from '../lib/result.ts';
import type { SealFacts, Sealer, SealFailure } from '../lib/seal.ts';

/** Stands in a config in clear for a secret that does not open. No secret is spelt like it. */
export const UNOPENED = '\u0000unopened';

export interface StoredSecret extends SealFacts {
  /** In the config as it is written: `webhook.secrets[0]`, `destinations[0].token`. */
  readonly path: string;
  readonly purpose: SecretPurpose;
  readonly value: Result<string, SealFailure>;
}

export interface OpenedConfig {
  /** Every secret in clear, or `UNOPENED`. */
  readonly config: TenantConfig;
  /** In the order of the config. */
  readonly secrets: readonly StoredSecret[];
  readonly pseudonymKey: StoredSecret;
}

/** The path of the key that makes a tenant's pseudonyms; it is in no document. */
export const PSEUDONYM_KEY_PATH = 'pseudonym_key';

/** Opens all that is sealed. What does not open is a value, not a failure. */
export async function openConfig(stored: SealedTenantConfig, sealer: Sealer): Promise<OpenedConfig> {
  const { pseudonym_key: sealedKey, ...sealed } = stored;
  const open = async (jwe: string, purpose: SecretPurpose, path: string): Promise<StoredSecret> => ({
    path,
    purpose,
    value: await sealer.open(jwe, { tenant: stored.id, purpose }),
    ...(await sealer.describe(jwe)),
  });
  const opening: Promise<StoredSecret>[] = [];
  const config = await mapSecrets(sealed, async (jwe, purpose, path) => {
    const secret = open(jwe, purpose, path);
    opening.push(secret);
    const { value } = await secret;
    return value.ok ? value.value : UNOPENED;
  });
  const pseudonymKey = await open(sealedKey, 'pseudonym', PSEUDONYM_KEY_PATH);
  return { config, secrets: await Promise.all(opening), pseudonymKey };
}

/** A secret's path as operators name it, whatever the order of the destinations: `destinations.edr.token`. */
export function namedPath(path: string, { destinations }: Pick<TenantConfig, 'destinations'>): string {
  return path.replace(/^destinations\[(\d+)\]/, (index, digits: string) => {
    const name = destinations[Number(digits)]?.name;
    return name === undefined ? index : `destinations.${name}`;
  });
}

/** What is written of a seal that does not open, so that its reader knows what to do. */
export function unopenedMessage({ kind }: SealFailure): string {
  if (kind === 'unknown_key')
    return 'what is stored was sealed under a master key that this deployment does not have: set RELAY_MASTER_KEY back, or RELAY_MASTER_KEY_PREVIOUS to the old one';
  return 'what is stored does not open, although the master key is the right one: it was changed outside of the relay, so restore the stored config';
}
