/** Names of the sealed map under the master key of now: one that was sealed under an earlier key would die with it. Never shows a name. */

import { PSEUDONYM_MAP_PURPOSE, type SealedName } from '../domain/pseudonym-map.ts';
import { type Sealer, sealPrefixOf } from '../lib/seal.ts';

/** By which every seal of a tenant's map under the primary master key begins. */
export async function primaryPrefix(sealer: Sealer, tenant: string): Promise<string> {
  const { primary } = await sealer.keyIds();
  return sealPrefixOf(primary, { tenant, purpose: PSEUDONYM_MAP_PURPOSE });
}

/** Those that open, each sealed under the primary key; what is so already stays as it is. In order. */
export async function renewNames(
  sealer: Sealer,
  tenant: string,
  names: readonly SealedName[],
): Promise<readonly { readonly name: SealedName; readonly old: string }[]> {
  if (names.length === 0) return [];
  const binding = { tenant, purpose: PSEUDONYM_MAP_PURPOSE };
  const prefix = await primaryPrefix(sealer, tenant);
  const renewed = await Promise.all(
    names.map(async ({ key, sealed: old }) => {
      if (old.startsWith(prefix)) return [{ name: { key, sealed: old }, old }];
      const opened = await sealer.open(old, binding);
      return opened.ok ? [{ name: { key, sealed: await sealer.seal(opened.value, binding) }, old }] : [];
    }),
  );
  return renewed.flat();
}
