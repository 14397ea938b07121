/**
 * What operators ask of the sealed map: the name behind a key, and its seals under the master key of now. It answers with one name at a
 * time, and each is in the audit before it leaves.
 */

import type { SealedMapHealth } from '../domain/object-health.ts';
import { PSEUDONYM_MAP_PURPOSE, readName } from '../domain/pseudonym-map.ts';
import type { ResealNamesAnswer, ResealNamesRequest, RevealAnswer, RevealRequest } from '../domain/rights.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import { logEvent } from '../lib/log.ts';
import { type SealBinding, type Sealer, sealPrefixOf } from '../lib/seal.ts';
import type { Audit } from './audit.ts';
import type { PseudonymStore } from './pseudonym-store.ts';
import { primaryPrefix, renewNames } from './renew-names.ts';

/** Of one step: opened and sealed within a tenth of a second. */
export const RESEALED_MAX = 500;

export interface PseudonymMapParts {
  readonly db: Database;
  readonly pseudonyms: PseudonymStore;
  readonly sealer: Sealer;
  readonly audit: Audit;
  readonly config: () => SealedTenantConfig;
  /** Whether the tenant is gone. */
  readonly isRemoved: () => boolean;
  readonly nowMs: () => number;
}

export class PseudonymMap {
  readonly #parts: PseudonymMapParts;

  constructor(parts: PseudonymMapParts) {
    this.#parts = parts;
  }

  /** The name behind a key. */
  async reveal({ key, actor }: RevealRequest): Promise<RevealAnswer> {
    const { pseudonyms, sealer, audit, isRemoved, nowMs } = this.#parts;
    const { isOn } = pseudonyms;
    const sealed = isOn ? pseudonyms.get(key) : undefined;
    if (sealed === undefined) return { kind: 'not_found', isOn };
    const opened = await sealer.open(sealed, this.#binding);
    if (isRemoved()) return { kind: 'unknown_tenant' };
    // Erased, or the map switched off, while it was opened: then it is not shown any more.
    if (!pseudonyms.isOn || pseudonyms.get(key) === undefined)
      return { kind: 'not_found', isOn: pseudonyms.isOn };
    const name = opened.ok ? readName(opened.value, key) : undefined;
    if (!name) {
      const reason = opened.ok ? 'another_key' : opened.error.kind;
      logEvent('error', 'pseudonym_map.unopened', { tenant: this.#binding.tenant, key, reason });
      return { kind: 'unavailable', reason: 'object_fault' };
    }
    audit.append('user.revealed', actor, { key }, nowMs());
    return { kind: 'revealed', name };
  }

  /** One step: seals what is not under the primary master key again. What does not open stays, and is counted. */
  async reseal({ after = '', actor }: ResealNamesRequest): Promise<ResealNamesAnswer> {
    const { db, pseudonyms, sealer, audit, isRemoved, nowMs } = this.#parts;
    const { tenant } = this.#binding;
    const old = pseudonyms.sealedOtherwise(await primaryPrefix(sealer, tenant), after, RESEALED_MAX);
    const renewed = await renewNames(sealer, tenant, old);
    if (isRemoved()) return { kind: 'unknown_tenant' };
    const resealed = db.transaction(() => {
      const count = renewed.filter(({ name, old: seal }) => pseudonyms.replace(name, seal)).length;
      if (count > 0) audit.append('secrets.resealed', actor, { pseudonyms: count }, nowMs());
      return count;
    });
    const last = old.length < RESEALED_MAX ? undefined : old.at(-1)?.key;
    return {
      kind: 'resealed',
      resealed,
      unopened: old.length - renewed.length,
      ...(last !== undefined && { next: last }),
    };
  }

  /** How many names there are, and under which master key; undefined when there are none. */
  async health(): Promise<SealedMapHealth | undefined> {
    const { pseudonyms, sealer } = this.#parts;
    if (!pseudonyms.hasRows) return undefined;
    const { primary, previous } = await sealer.keyIds();
    const keys = previous === undefined || previous === primary ? [primary] : [primary, previous];
    const { total, by } = pseudonyms.count(keys.map((keyId) => sealPrefixOf(keyId, this.#binding)));
    return { total, opens: by.reduce((sum, count) => sum + count, 0), primary: by[0] ?? 0 };
  }

  get #binding(): SealBinding {
    return { tenant: this.#parts.config().id, purpose: PSEUDONYM_MAP_PURPOSE };
  }
}
