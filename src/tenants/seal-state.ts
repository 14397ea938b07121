/** Whether everything that is sealed of a tenant's config opens, and under which master key. Shows nothing of what it opens. */

import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import { mapSecrets } from '../domain/config-secrets.ts';
import type { Sealer } from '../lib/seal.ts';
import { keyIdOf } from '../lib/seal.ts';

/** Counts of sealed values, the pseudonym key included. */
export interface SealState {
  readonly total: number;
  /** Those that open. */
  readonly opens: number;
  /** Those that open under the primary master key: with fewer than all, the previous one must stay. */
  readonly primary: number;
}

export async function sealStateOf(config: SealedTenantConfig, sealer: Sealer): Promise<SealState> {
  const { primary: primaryKeyId } = await sealer.keyIds();
  const seals = [{ jwe: config.pseudonym_key, purpose: 'pseudonym' }];
  await mapSecrets(config, (jwe, purpose) => {
    seals.push({ jwe, purpose });
    return jwe;
  });
  const opened = await Promise.all(
    seals.map(async ({ jwe, purpose }) => {
      const text = await sealer.open(jwe, { tenant: config.id, purpose });
      return { opens: text.ok, isPrimary: text.ok && keyIdOf(jwe) === primaryKeyId };
    }),
  );
  return {
    total: opened.length,
    opens: opened.filter(({ opens }) => opens).length,
    primary: opened.filter(({ isPrimary }) => isPrimary).length,
  };
}
