/**
 * The table `erasures`: whose data are being or were erased, by key. Raw names are in it sealed, and only while the work goes on.
 * A row is kept as long as late events of the person are dropped, and after that as the record of what was done.
 */

import type { AuditDetail } from '../domain/audit.ts';
import type { Actor } from '../domain/principal.ts';
import {
  ERASURES_MAX,
  type ErasureView,
  type OutsideCopies,
  RECOVERY_DAYS,
  type Remaining,
  type Removed,
} from '../domain/rights.ts';
import type { Database } from '../lib/database.ts';
import type { ErasurePhase } from './erasure-phases.ts';
import { readMeta, writeMeta } from './schema.ts';

const DAY_MS = 24 * 3_600_000;
/** A meta key: an id never comes again. */
const NEXT_ID = 'next_erasure';
const NOBODY: Actor = { by: '', requestId: '' };

/** What the row of an erasure holds beside its columns. */
export interface ErasureState {
  /** What is worked on. */
  readonly phase: ErasurePhase;
  /** How far that is: the key of the last row that was looked at; null: it begins. */
  readonly at: readonly (string | number)[] | null;
  /** The raw names, sealed. Absent: it is done. */
  readonly sealed?: string;
  /** The newest entry of the log when it began. */
  readonly head: number;
  /** The newest one when the windows were done: what the rules made meanwhile may be of before. */
  readonly to: number | null;
  readonly actor: Actor;
  readonly doneAtMs?: number;
  readonly removed: Removed;
  readonly undelivered: Readonly<Record<string, number>>;
  readonly destinations: readonly OutsideCopies[];
  readonly remaining: readonly Remaining[];
  readonly alsoSeen: readonly string[];
  /** Events that came late and were dropped. */
  readonly late: number;
}

export interface Erasure {
  readonly id: number;
  readonly begunAtMs: number;
  /** Until then late events are dropped. */
  readonly untilMs: number;
  readonly keys: readonly string[];
  readonly state: ErasureState;
}

type ErasureRow = { id: number; begun_at: number; until: number; keys: string; state: string };

export const NOTHING_REMOVED: Removed = {
  events: 0,
  detections: 0,
  deadLetters: 0,
  followUps: 0,
  windows: 0,
  watches: 0,
  pseudonyms: 0,
  devices: 0,
  texts: 0,
};

export class ErasureStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Newest first. */
  all(): Erasure[] {
    return this.#db.all<ErasureRow>('SELECT * FROM erasures ORDER BY id DESC').map(erasureOf);
  }

  /** Those that are not done, as they have sealed names; the oldest first. */
  open(): Erasure[] {
    const sql = `SELECT * FROM erasures WHERE instr(state, '"sealed":"') > 0 ORDER BY id`;
    return this.#db.all<ErasureRow>(sql).map(erasureOf);
  }

  /** The oldest that is not done and that no hold has put off; but for some. */
  nextOpen(except: ReadonlySet<number> = new Set()): Erasure | undefined {
    return this.open().find(({ id, keys }) => !except.has(id) && this.holdsOn(keys).length === 0);
  }

  get(id: number): Erasure | undefined {
    const row = this.#db.first<ErasureRow>('SELECT * FROM erasures WHERE id = ?', id);
    return row && erasureOf(row);
  }

  /** Returns its id. */
  add({ begunAtMs, untilMs, keys, state }: Omit<Erasure, 'id'>): number {
    const newest = this.#db.first<{ id: number | null }>('SELECT MAX(id) AS id FROM erasures')?.id ?? 0;
    const id = Math.max(newest + 1, readMeta(this.#db, NEXT_ID) ?? 1);
    writeMeta(this.#db, NEXT_ID, id + 1);
    this.#db.run(
      'INSERT INTO erasures (id, begun_at, until, keys, state) VALUES (?, ?, ?, ?, ?)',
      id,
      begunAtMs,
      untilMs,
      JSON.stringify(keys),
      JSON.stringify(state),
    );
    return id;
  }

  /** Writes what has changed of the state. */
  update(id: number, changes: Partial<ErasureState>): void {
    const known = this.get(id);
    if (!known) return;
    const state = JSON.stringify({ ...known.state, ...changes });
    this.#db.run('UPDATE erasures SET state = ? WHERE id = ?', state, id);
  }

  /** The raw names are needed no more; who asked stands in the audit. */
  unseal(id: number): void {
    const known = this.get(id);
    if (!known) return;
    const { sealed: _sealed, ...rest } = known.state;
    const state = { ...rest, actor: NOBODY };
    this.#db.run('UPDATE erasures SET state = ? WHERE id = ?', JSON.stringify(state), id);
  }

  /** Ids of holds that keep data of a person, or of everybody. */
  holdsOn(keys: readonly string[]): number[] {
    const holds = this.#db.all<{ id: number; keys: string | null }>(
      'SELECT id, keys FROM legal_holds ORDER BY id',
    );
    return holds
      .filter(
        (hold) => hold.keys === null || (JSON.parse(hold.keys) as string[]).some((k) => keys.includes(k)),
      )
      .map(({ id }) => id);
  }

  /** As operators see it. */
  viewOf(erasure: Erasure): ErasureView {
    const isDone = erasure.state.doneAtMs !== undefined;
    return erasureView(erasure, isDone ? [] : this.holdsOn(erasure.keys));
  }

  /** Drops the oldest that are done, and whose late events come no more. */
  dropOld(beforeMs: number, nowMs: number): void {
    const gone = this.all().filter(
      ({ state, begunAtMs, untilMs }, place) =>
        state.doneAtMs !== undefined && untilMs <= nowMs && (begunAtMs < beforeMs || place >= ERASURES_MAX),
    );
    for (const { id } of gone) this.#db.run('DELETE FROM erasures WHERE id = ?', id);
  }
}

function erasureView(
  { id, begunAtMs, untilMs, keys, state }: Erasure,
  heldBy: readonly number[],
): ErasureView {
  const { doneAtMs, removed, undelivered, destinations, remaining, alsoSeen, late } = state;
  return {
    id,
    begunAt: isoTime(begunAtMs),
    ...(doneAtMs !== undefined && { doneAt: isoTime(doneAtMs) }),
    ...(heldBy.length > 0 && { heldBy }),
    lateUntil: isoTime(untilMs),
    late,
    keys,
    removed,
    undelivered,
    outside: { destinations, recoverableUntil: isoTime((doneAtMs ?? begunAtMs) + RECOVERY_DAYS * DAY_MS) },
    remaining,
    alsoSeen,
  };
}

/** For the audit: keys and counts. */
export function doneDetail({ id, keys, state }: Erasure): AuditDetail {
  const lanes = Object.entries(state.undelivered).map(([lane, count]) => `${lane} ${count}`);
  return {
    erasure: id,
    keys,
    what: 'done',
    ...state.removed,
    ...(lanes.length > 0 && { undelivered: lanes }),
    remaining: state.remaining.length,
  };
}

function erasureOf({ id, begun_at: begunAtMs, until: untilMs, keys, state }: ErasureRow): Erasure {
  return {
    id,
    begunAtMs,
    untilMs,
    keys: JSON.parse(keys) as string[],
    state: JSON.parse(state) as ErasureState,
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
