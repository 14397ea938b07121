/** What an operator sees of a tenant's secrets: where each is, a fingerprint, its age, and whether it opens. Never a value. */

import type { SecretPurpose } from '../domain/config-secrets.ts';
import { fingerprintsUnder } from './fingerprint.ts';
import type { OpenedConfig } from './stored-secrets.ts';
import { namedPath } from './stored-secrets.ts';

export interface ShownSecret {
  /** Such as `webhook.secrets[0]` or `destinations.edr.token`. */
  readonly path: string;
  readonly purpose: SecretPurpose;
  /** Null: it, or the key of the fingerprints, does not open. Also null for that key itself. */
  readonly fingerprint: string | null;
  /** ISO 8601 UTC; null: it was set before this was written down. */
  readonly setAt: string | null;
  readonly opens: boolean;
  /** Sealed under RELAY_MASTER_KEY; false: under the previous one, or one that is not there. */
  readonly isPrimaryKey: boolean;
}

/** In the order of the config, the pseudonym key last. */
export async function shownSecrets({ config, secrets, pseudonymKey }: OpenedConfig): Promise<ShownSecret[]> {
  const fingerprint = pseudonymKey.value.ok ? await fingerprintsUnder(pseudonymKey.value.value) : undefined;
  return Promise.all(
    [...secrets, pseudonymKey].map(async (secret) => {
      const { path, purpose, value, setAtSeconds, isPrimaryKey } = secret;
      const isShown = fingerprint && value.ok && secret !== pseudonymKey;
      return {
        path: namedPath(path, config),
        purpose,
        fingerprint: isShown ? await fingerprint(value.value) : null,
        setAt: setAtSeconds === undefined ? null : new Date(setAtSeconds * 1000).toISOString(),
        opens: value.ok,
        isPrimaryKey,
      };
    }),
  );
}
