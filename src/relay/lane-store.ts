/** The lanes' rows: one per lane, written once per settled group together with what the group left behind. */

import type { Database, Row } from '../lib/database.ts';
import { type DeadLetter, DeadLetterStore } from './dead-letter-store.ts';
import type { FollowUp } from './follow-up.ts';
import { FollowUpStore } from './follow-up-store.ts';
import { type LaneEnd, LaneHistory, type Span } from './lane-history.ts';
import { type LaneState, newLane } from './lane-state.ts';

/** What is written with a lane's row, in the same transaction. */
export interface LaneChanges {
  readonly letters: readonly DeadLetter[];
  /** Set aside, or to be tried again later. */
  readonly followUps: readonly FollowUp[];
  /** Over: delivered, dead-lettered or gone. Their dead letters, if they were redriven, go with them. */
  readonly ended: readonly FollowUp[];
  /** Rules by which the lane goes on, or passes what it leaves behind. */
  readonly spans?: readonly Span[];
  /** Events that ended neither delivered nor as a dead letter. */
  readonly ends?: readonly { readonly seq: number; readonly end: LaneEnd }[];
}

export const NO_CHANGES: LaneChanges = { letters: [], followUps: [], ended: [] };

export function laneStoreOver(db: Database): LaneStore {
  return new LaneStore(db, new DeadLetterStore(db), new FollowUpStore(db), new LaneHistory(db));
}

export class LaneStore {
  readonly #db: Database;
  readonly letters: DeadLetterStore;
  readonly followUps: FollowUpStore;
  readonly history: LaneHistory;

  constructor(db: Database, letters: DeadLetterStore, followUps: FollowUpStore, history: LaneHistory) {
    this.#db = db;
    this.letters = letters;
    this.followUps = followUps;
    this.history = history;
  }

  loadAll(): Map<string, LaneState> {
    const rows = this.#db.all<{ name: string; cursor: number; state: string }>('SELECT * FROM lanes');
    return new Map(rows.map((row) => [row.name, stateOf(row)]));
  }

  load(name: string): LaneState | undefined {
    const row = this.#db.first<{ cursor: number; state: string }>('SELECT * FROM lanes WHERE name = ?', name);
    return row && stateOf(row);
  }

  /** One row written, and one for each change. */
  save(name: string, state: LaneState, changes: Partial<LaneChanges> = NO_CHANGES): void {
    const { cursor, ...rest } = state;
    const { letters, followUps, ended, spans = [], ends = [] } = { ...NO_CHANGES, ...changes };
    this.#db.transaction(() => {
      this.#db.run(
        'INSERT INTO lanes (name, cursor, state) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, state = excluded.state',
        name,
        cursor,
        JSON.stringify(rest),
      );
      for (const followUp of ended) {
        this.followUps.remove(followUp);
        if (followUp.letterId !== null) this.letters.remove(followUp.letterId);
      }
      for (const followUp of followUps) this.followUps.put(followUp);
      for (const letter of letters) this.letters.insert(letter);
      if (spans.length > 0) this.history.note(name, spans);
      for (const { seq, end } of ends) this.history.noteEnd(name, seq, end);
    });
  }

  /** Whether a stretch of the log is still referred to. */
  holdsBetween(firstSeq: number, lastSeq: number): boolean {
    return this.letters.anyBetween(firstSeq, lastSeq) || this.followUps.anyBetween(firstSeq, lastSeq);
  }

  /** The events of a stretch of the log are gone, and with them what referred to them: says how many. */
  removeBetween(firstSeq: number, lastSeq: number): { readonly letters: number; readonly followUps: number } {
    this.history.removeBetween(firstSeq, lastSeq);
    return {
      letters: this.letters.removeBetween(firstSeq, lastSeq),
      followUps: this.followUps.removeBetween(firstSeq, lastSeq),
    };
  }

  /** Likewise of single events, which lie in a stretch: each table is looked through once, as none has an index on them. */
  removeOf(
    seqs: ReadonlySet<number>,
    firstSeq: number,
    lastSeq: number,
  ): { readonly letters: number; readonly followUps: number } {
    const of = <T extends Row & { readonly seq: number }>(columns: string): T[] =>
      this.#db
        .all<T>(`SELECT ${columns} WHERE seq BETWEEN ? AND ?`, firstSeq, lastSeq)
        .filter(({ seq }) => seqs.has(seq));
    const letters = of<{ id: number; seq: number }>('id, seq FROM dead_letters');
    const followUps = of<{ lane: string; seq: number }>('lane, seq FROM follow_ups');
    for (const { id } of letters) this.letters.remove(id);
    for (const followUp of followUps) this.followUps.remove(followUp);
    for (const { lane, seq } of of<{ lane: string; seq: number }>('lane, seq FROM lane_ends'))
      this.history.removeEnd(lane, seq);
    return { letters: letters.length, followUps: followUps.length };
  }
}

/** Spread over a new lane: a row of an older version lacks the newer fields. */
function stateOf(row: { readonly cursor: number; readonly state: string }): LaneState {
  return { ...newLane(row.cursor), ...(JSON.parse(row.state) as Partial<LaneState>), cursor: row.cursor };
}
