/** The rows of events that are dealt with alone. At most PARKED_MAX a lane, so that a lane's rows may be scanned. */

import { backoffMs } from '../lib/backoff.ts';
import type { Database } from '../lib/database.ts';
import type { FollowUp } from './follow-up.ts';

type FollowUpRow = {
  lane: string;
  seq: number;
  due: number;
  tries: number;
  attempts: number;
  letter: number | null;
  aside: number;
  named: number;
};

export class FollowUpStore {
  readonly #db: Database;
  /** When the next one of a lane is due, as far as it was asked for; null: it has none. */
  readonly #nextDueAtMs = new Map<string, number | null>();
  /** Tries in a row that failed while the lane delivered nothing, and until when its others wait. After a restart one is tried at once. */
  readonly #inVain = new Map<string, { readonly count: number; readonly untilMs: number }>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** When the lane's next follow-up may be sent; null when it has none. */
  nextDueAtMs(lane: string): number | null {
    const known = this.#nextDueAtMs.get(lane);
    const dueAtMs = known === undefined ? (this.next(lane)?.dueAtMs ?? null) : known;
    this.#nextDueAtMs.set(lane, dueAtMs);
    return dueAtMs === null ? null : Math.max(dueAtMs, this.#inVain.get(lane)?.untilMs ?? 0);
  }

  /** A try failed: the destination may be down, and the lane's other follow-ups need not all find that out. */
  noteInVain(lane: string, { nowMs, random }: { readonly nowMs: number; readonly random: number }): void {
    const count = (this.#inVain.get(lane)?.count ?? 0) + 1;
    const untilMs = nowMs + backoffMs({ tries: count, failingForMs: 0, random });
    this.#inVain.set(lane, { count, untilMs });
  }

  /** The lane delivers, or its destination is at it. */
  noteAnswered(lane: string): void {
    this.#inVain.delete(lane);
  }

  /** The one that is due first. */
  next(lane: string): FollowUp | undefined {
    const row = this.#db.first<FollowUpRow>(
      'SELECT * FROM follow_ups WHERE lane = ? ORDER BY due, seq LIMIT 1',
      lane,
    );
    return row && followUpOf(row);
  }

  /** The lowest seq that a lane retries alone. */
  oldestSeq(lane: string): number | undefined {
    const sql = 'SELECT seq FROM follow_ups WHERE lane = ? ORDER BY seq LIMIT 1';
    return this.#db.first<{ seq: number }>(sql, lane)?.seq;
  }

  has({ lane, seq }: Pick<FollowUp, 'lane' | 'seq'>): boolean {
    return this.#db.first('SELECT 1 FROM follow_ups WHERE lane = ? AND seq = ?', lane, seq) !== undefined;
  }

  /** Those of a lane in a stretch of the log. */
  between(lane: string, firstSeq: number, lastSeq: number): FollowUp[] {
    return this.#db
      .all<FollowUpRow>(
        'SELECT * FROM follow_ups WHERE lane = ? AND seq BETWEEN ? AND ? ORDER BY seq',
        lane,
        firstSeq,
        lastSeq,
      )
      .map(followUpOf);
  }

  /** Whether any lane has one in a stretch of the log. */
  anyBetween(firstSeq: number, lastSeq: number): boolean {
    const sql = 'SELECT 1 FROM follow_ups WHERE seq BETWEEN ? AND ? LIMIT 1';
    return this.#db.first(sql, firstSeq, lastSeq) !== undefined;
  }

  /** Says how many. */
  removeBetween(firstSeq: number, lastSeq: number): number {
    this.#nextDueAtMs.clear();
    return this.#db.run('DELETE FROM follow_ups WHERE seq BETWEEN ? AND ?', firstSeq, lastSeq);
  }

  put(followUp: FollowUp): void {
    this.#nextDueAtMs.delete(followUp.lane);
    this.#db.run(
      'INSERT OR REPLACE INTO follow_ups (lane, seq, due, tries, attempts, letter, aside, named) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      followUp.lane,
      followUp.seq,
      followUp.dueAtMs,
      followUp.tries,
      followUp.attempts,
      followUp.letterId,
      followUp.asideSinceMs ?? 0,
      followUp.isNamed === true ? 1 : 0,
    );
  }

  remove({ lane, seq }: Pick<FollowUp, 'lane' | 'seq'>): void {
    this.#nextDueAtMs.delete(lane);
    this.#db.run('DELETE FROM follow_ups WHERE lane = ? AND seq = ?', lane, seq);
  }
}

function followUpOf(row: FollowUpRow): FollowUp {
  return {
    lane: row.lane,
    seq: row.seq,
    dueAtMs: row.due,
    tries: row.tries,
    attempts: row.attempts,
    letterId: row.letter,
    asideSinceMs: row.aside > 0 ? row.aside : null,
    isNamed: row.named > 0,
  };
}
