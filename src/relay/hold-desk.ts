/**
 * What operators do with legal holds: place one, list them, lift one. Each write is audited with the keys of whom it is about, and the
 * reason. What is held, and how, is the business of legal-holds.ts.
 */

import type {
  HoldView,
  HoldsAnswer,
  LiftHoldAnswer,
  LiftHoldRequest,
  PlaceHoldAnswer,
  PlaceHoldRequest,
} from '../domain/rights.ts';
import type { Actor } from '../domain/principal.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Alarm } from './alarm.ts';
import type { Audit } from './audit.ts';
import type { LegalHold, LegalHolds } from './legal-holds.ts';
import { openPersonKeys } from './person-keys.ts';
import { keysOfSubject } from './person.ts';

export interface HoldDeskParts {
  readonly db: Database;
  readonly alarm: Alarm;
  readonly audit: Audit;
  readonly holds: LegalHolds;
  readonly sealer: Sealer;
  readonly config: () => SealedTenantConfig;
  readonly nowMs: () => number;
  readonly isRemoved: () => boolean;
}

export class HoldDesk {
  readonly #parts: HoldDeskParts;

  constructor(parts: HoldDeskParts) {
    this.#parts = parts;
  }

  get ids(): readonly number[] {
    return this.#parts.holds.all.map(({ id }) => id);
  }

  list(): HoldsAnswer {
    const { holds } = this.#parts;
    return { kind: 'holds', holds: holds.all.map((hold) => holds.viewOf(hold)) };
  }

  async place({ actor, subject, reason }: PlaceHoldRequest): Promise<PlaceHoldAnswer> {
    const { db, audit, holds, sealer, config, nowMs, isRemoved } = this.#parts;
    const keys = subject ? keysOfSubject(subject, await openPersonKeys(sealer, config())) : null;
    if (isRemoved()) return { kind: 'unknown_tenant' };
    if (holds.isFull) return { kind: 'too_many' };
    const by = actor?.by ?? 'unknown';
    const id = db.transaction(() => {
      const placed = holds.place(keys, { by, reason }, nowMs());
      audit.append('hold.placed', withReason(actor, reason), detailOf({ id: placed, keys }), nowMs());
      return placed;
    });
    holds.load();
    return { kind: 'placed', hold: holds.viewOf({ id, atMs: nowMs(), keys, by, reason }) };
  }

  /** What it alone kept goes from now on: its copies step by step, what is too old with the next alarm. */
  async lift({ actor, id }: LiftHoldRequest): Promise<LiftHoldAnswer> {
    const { db, alarm, audit, holds, nowMs } = this.#parts;
    const hold = holds.all.find((each) => each.id === id);
    if (!hold) return { kind: 'not_found' };
    const lifted: HoldView = holds.viewOf(hold);
    const { held } = lifted;
    db.transaction(() => {
      holds.lift(id);
      audit.append('hold.lifted', withReason(actor, hold.reason), { ...detailOf(hold), held }, nowMs());
    });
    holds.load();
    await alarm.armBy(nowMs());
    return { kind: 'lifted', hold: lifted };
  }
}

/** The reason that the caller gave with the request, else that of the hold. */
function withReason(actor: Actor | undefined, reason: string): Actor {
  return { reason, ...(actor ?? { by: 'unknown', requestId: '' }) };
}

function detailOf({ id, keys }: Pick<LegalHold, 'id' | 'keys'>) {
  return { hold: id, ...(keys ? { keys } : { everything: true }) };
}
