/** Seals the names of erasures that are not done under the primary master key: one that a hold puts off may wait for years. */

import type { Actor } from '../domain/principal.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Audit } from './audit.ts';
import type { ErasureStore } from './erasure-store.ts';
import type { RelayIo } from './io.ts';

/** What the raw names are sealed for. */
export const ERASURE_PURPOSE = 'erasure';

export interface ResealErasuresParts {
  readonly db: Database;
  readonly store: ErasureStore;
  readonly sealer: Sealer;
  readonly audit: Audit;
  readonly io: Pick<RelayIo, 'nowMs'>;
  readonly config: () => SealedTenantConfig;
  readonly isRemoved: () => boolean;
}

export interface Resealed {
  readonly resealed: number;
  /** Neither key opens them: they stay as they are. */
  readonly unopened: number;
}

export async function resealErasures(parts: ResealErasuresParts, actor: Actor): Promise<Resealed> {
  const { db, store, sealer, config, audit, io, isRemoved } = parts;
  const binding = { tenant: config().id, purpose: ERASURE_PURPOSE };
  const renewed: { readonly id: number; readonly old: string; readonly sealed: string }[] = [];
  let unopened = 0;
  for (const { id, state } of store.all()) {
    const { sealed: old } = state;
    if (old === undefined || (await sealer.describe(old)).isPrimaryKey) continue;
    const opened = await sealer.open(old, binding);
    if (opened.ok) renewed.push({ id, old, sealed: await sealer.seal(opened.value, binding) });
    else unopened++;
  }
  if (isRemoved()) return { resealed: 0, unopened };
  const resealed = db.transaction(() => {
    // Done, or sealed anew with more names, meanwhile.
    const current = renewed.filter(({ id, old }) => store.get(id)?.state.sealed === old);
    for (const { id, sealed } of current) store.update(id, { sealed });
    if (current.length > 0) audit.append('secrets.resealed', actor, { erasures: current.length }, io.nowMs());
    return current.length;
  });
  return { resealed, unopened };
}
