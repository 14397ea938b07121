/**
 * Legal holds: the tables `legal_holds` and `held_entries`. What a hold is about is copied before retention, or the lack of space, drops it;
 * under a hold of everything nothing of it is dropped at all. A tenant without holds pays nothing for them.
 * Decides nothing about what is too old, and names nobody: a hold knows keys.
 */

import { HOLDS_MAX, type HoldView } from '../domain/rights.ts';
import type { Database } from '../lib/database.ts';
import { jsonIn } from '../lib/json.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { isRecord } from '../lib/record.ts';
import type { Period } from './log.ts';
import type { PersonKeys } from './person-keys.ts';
import { Person } from './person.ts';
import type { NoteDropped } from './retention-notes.ts';
import { readMeta, writeMeta } from './schema.ts';

/** Rows of a period that are looked at in one run, and copies that go in one: lanes and webhooks of the tenant wait for it. */
const ROWS_PER_RUN_MAX = 5_000;
/** Between two runs that copy, or remove copies. */
const STEP_MS = 1_000;
/** Meta keys: which period is being copied and up to which seq; the next hold's id; holds whose copies are to go. */
const COPY_PERIOD = 'hold_copy_period';
const COPIED_TO = 'hold_copied_to';
const NEXT_HOLD = 'next_hold';
const LIFTED_PREFIX = 'lifted_hold_';

export interface LegalHold {
  readonly id: number;
  readonly atMs: number;
  /** Null: of everybody. */
  readonly keys: readonly string[] | null;
  readonly by: string;
  readonly reason: string;
}

interface HeldRow {
  readonly seq: number;
  readonly body: string;
}

export class LegalHolds {
  readonly #db: Database;
  readonly #tenant: () => string;
  /** Throws when the tenant's key does not open. */
  readonly #openKeys: () => Promise<PersonKeys>;
  #all: readonly LegalHold[] = [];
  /** Lifted: their copies go step by step. */
  #lifted: readonly number[] = [];
  /** By which the held are found; only of the run that opened them, as they remember names. */
  #names: PersonKeys | undefined;
  #isCopying = false;
  #isShut = false;

  constructor(db: Database, tenant: () => string, openKeys: () => Promise<PersonKeys>) {
    this.#db = db;
    this.#tenant = tenant;
    this.#openKeys = openKeys;
  }

  load(): void {
    const rows = this.#db.all<{ id: number; at: number; keys: string | null; detail: string }>(
      'SELECT id, at, keys, detail FROM legal_holds ORDER BY id',
    );
    this.#all = rows.map(({ id, at, keys, detail }) => ({
      id,
      atMs: at,
      keys: keys === null ? null : (JSON.parse(keys) as string[]),
      ...(JSON.parse(detail) as Pick<LegalHold, 'by' | 'reason'>),
    }));
    this.#lifted = this.#db
      .all<{ value: number }>('SELECT value FROM meta WHERE substr(key, 1, ?) = ?', ...prefixed())
      .map(({ value }) => value);
  }

  get all(): readonly LegalHold[] {
    return this.#all;
  }

  /** Nothing may be dropped, whatever retention says. */
  get isEverythingHeld(): boolean {
    return this.#all.some(({ keys }) => keys === null);
  }

  /** Whether the held can be copied before what they are in goes; without holds of persons there is nothing to copy. */
  get mayDrop(): boolean {
    return !this.isEverythingHeld && (this.#ofPersons.length === 0 || this.#names !== undefined);
  }

  /** The tenant's key did not open when it was last needed: what must be copied stays, and trying again soon is of no use. */
  get isShut(): boolean {
    return this.#isShut && this.holdsPersons;
  }

  get isFull(): boolean {
    return this.#all.length >= HOLDS_MAX;
  }

  /** When there is more to copy or to remove; null: nothing. */
  dueAtMs(nowMs: number): number | null {
    const isCopying = this.#isCopying && this.holdsPersons;
    return isCopying || this.#lifted.length > 0 ? nowMs + STEP_MS : null;
  }

  /**
   * Has some work done with what the held are found by: the tenant's key, opened if anybody is held. When it does not open, what must be
   * copied before it goes stays.
   */
  async whileOpen(work: () => void): Promise<void> {
    this.#isShut = false;
    if (!this.holdsPersons) return work();
    const names = await this.#openKeys().catch((error: unknown) => {
      logEvent('error', 'holds.opening_failed', { tenant: this.#tenant(), ...causeFields(error) });
      return undefined;
    });
    this.#isShut = names === undefined;
    if (names) this.#isCopying = false;
    this.#with(names, work);
  }

  /** Copies what is held of single entries that are erased, under another name of who is held. Call inside the transaction that erases them. */
  keepErased(rows: readonly HeldRow[], names: PersonKeys): void {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!this.holdsPersons || !first || !last) return;
    this.#with(names, () => {
      const kept = rows.map((row) => this.#keep(row));
      if (kept.includes(true)) this.keepLetters(first.seq, last.seq);
    });
  }

  #with(names: PersonKeys | undefined, work: () => void): void {
    this.#names = names;
    try {
      work();
    } finally {
      this.#names = undefined;
    }
  }

  /** Copies of lifted holds are still there. */
  get hasLifted(): boolean {
    return this.#lifted.length > 0;
  }

  get holdsPersons(): boolean {
    return this.#ofPersons.length > 0;
  }

  /** Call inside the transaction of its audit entry; then `load` once it holds. */
  place(
    keys: readonly string[] | null,
    { by, reason }: Pick<LegalHold, 'by' | 'reason'>,
    nowMs: number,
  ): number {
    const id = readMeta(this.#db, NEXT_HOLD) ?? 1;
    writeMeta(this.#db, NEXT_HOLD, id + 1);
    this.#db.run(
      'INSERT INTO legal_holds (id, at, keys, detail) VALUES (?, ?, ?, ?)',
      id,
      nowMs,
      keys && JSON.stringify(keys),
      JSON.stringify({ by, reason }),
    );
    // What was copied so far was copied without it.
    this.#db.run('DELETE FROM meta WHERE key = ?', COPIED_TO);
    return id;
  }

  /** Likewise. Its copies go step by step. */
  lift(id: number): void {
    this.#db.run('DELETE FROM legal_holds WHERE id = ?', id);
    writeMeta(this.#db, `${LIFTED_PREFIX}${id}`, id);
  }

  viewOf({ id, atMs, keys, by, reason }: LegalHold): HoldView {
    const sql = 'SELECT COUNT(*) AS count FROM held_entries WHERE hold = ? AND seq > 0';
    const held = this.#db.first<{ count: number }>(sql, id)?.count ?? 0;
    return { id, at: new Date(atMs).toISOString(), ...(keys && { keys }), by, reason, held };
  }

  /** Copies what of a closed period is held, a run's worth of it. True: all of it is copied. */
  copy({ n }: Pick<Period, 'n'>): boolean {
    if (!this.mayDrop) return false;
    if (this.#ofPersons.length === 0) return true;
    const isSame = readMeta(this.#db, COPY_PERIOD) === n;
    const from = (isSame && readMeta(this.#db, COPIED_TO)) || 0;
    const rows = this.#db.all<{ seq: number; body: string }>(
      `SELECT seq, body FROM events_${n} WHERE seq > ? ORDER BY seq LIMIT ?`,
      from,
      ROWS_PER_RUN_MAX,
    );
    this.#db.transaction(() => {
      for (const row of rows) this.#keep(row);
      if (!isSame) writeMeta(this.#db, COPY_PERIOD, n);
      const last = rows.at(-1);
      if (last) writeMeta(this.#db, COPIED_TO, last.seq);
      else if (!isSame) writeMeta(this.#db, COPIED_TO, 0);
    });
    this.#isCopying = rows.length === ROWS_PER_RUN_MAX;
    return !this.#isCopying;
  }

  /** Copies the dead letters of what was copied of a stretch of the log, below zero by their ids. Call inside the transaction that drops them. */
  keepLetters(firstSeq: number, lastSeq: number): void {
    for (const { id } of this.#ofPersons)
      this.#db.run(
        `INSERT OR IGNORE INTO held_entries (hold, seq, body)
          SELECT h.hold, -d.id, json_object('lane', d.lane, 'eventId', d.event_id, 'reason', d.reason, 'at', d.at,
            'excerpt', d.excerpt, 'entry', json(h.body))
          FROM dead_letters AS d JOIN held_entries AS h ON h.hold = ? AND h.seq = d.seq WHERE d.seq BETWEEN ? AND ?`,
        id,
        firstSeq,
        lastSeq,
      );
  }

  /** Copies held detections, with their verdicts. Call inside the transaction that drops them. */
  keepDetections(seqs: readonly number[]): void {
    if (this.#ofPersons.length === 0) return;
    for (const seq of seqs) {
      const row = this.#db.first<{ body: string }>('SELECT body FROM detections WHERE seq = ?', seq);
      if (row) this.#keep({ seq, body: row.body });
    }
  }

  /** Removes copies of lifted holds, a run's worth. */
  removeLifted(note: NoteDropped, nowMs: number): void {
    const [id] = this.#lifted;
    if (id === undefined) return;
    const seqs = this.#db.all<{ seq: number }>(
      'SELECT seq FROM held_entries WHERE hold = ? ORDER BY seq LIMIT ?',
      id,
      ROWS_PER_RUN_MAX,
    );
    const last = seqs.at(-1);
    const isOver = seqs.length < ROWS_PER_RUN_MAX;
    this.#db.transaction(() => {
      if (last) this.#db.run('DELETE FROM held_entries WHERE hold = ? AND seq <= ?', id, last.seq);
      if (isOver) this.#db.run('DELETE FROM meta WHERE key = ?', `${LIFTED_PREFIX}${id}`);
      note(seqs.length, nowMs);
    });
    if (isOver) this.#lifted = this.#lifted.filter((lifted) => lifted !== id);
  }

  get #ofPersons(): readonly (LegalHold & { readonly keys: readonly string[] })[] {
    return this.#all.flatMap((hold) => (hold.keys ? [{ ...hold, keys: hold.keys }] : []));
  }

  /** For each hold that it is of, if any. What can't be read is nobody's. */
  #keep({ seq, body }: HeldRow): boolean {
    const names = this.#names;
    const entry = jsonIn(body);
    if (!names || !isRecord(entry)) return false;
    let isKept = false;
    for (const { id, keys } of this.#ofPersons) {
      if (!new Person(keys, names).isIn(entry)) continue;
      isKept = true;
      this.#db.run(
        `INSERT INTO held_entries (hold, seq, body, verdict) VALUES (?, ?, ?, (SELECT verdict FROM detections WHERE seq = ?))
          ON CONFLICT (hold, seq) DO UPDATE SET verdict = COALESCE(excluded.verdict, verdict)`,
        id,
        seq,
        body,
        seq,
      );
    }
    return isKept;
  }
}

function prefixed(): [number, string] {
  return [LIFTED_PREFIX.length, LIFTED_PREFIX];
}
