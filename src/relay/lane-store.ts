/** The lanes' rows and the dead letters: one row per lane, written once per settled group. */

import type { DeadLetterView } from '../domain/rpc.ts';
import type { Database } from './database.ts';
import { type LaneState, newLane } from './lanes.ts';

export interface DeadLetter {
  readonly lane: string;
  readonly seq: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly status: number;
  readonly excerpt: string;
  readonly attempts: number;
  readonly atMs: number;
}

export class LaneStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  loadAll(): Map<string, LaneState> {
    const rows = this.#db.all<{ name: string; cursor: number; state: string }>('SELECT * FROM lanes');
    return new Map(rows.map((row) => [row.name, stateOf(row)]));
  }

  load(name: string): LaneState | undefined {
    const row = this.#db.first<{ cursor: number; state: string }>('SELECT * FROM lanes WHERE name = ?', name);
    return row && stateOf(row);
  }

  /** One row written. The dead letters go with it in the same transaction. */
  save(name: string, state: LaneState, deadLetters: readonly DeadLetter[] = []): void {
    const { cursor, ...rest } = state;
    this.#db.transaction(() => {
      this.#db.run(
        'INSERT INTO lanes (name, cursor, state) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, state = excluded.state',
        name,
        cursor,
        JSON.stringify(rest),
      );
      for (const letter of deadLetters) this.#insert(letter);
    });
  }

  /** Newest first, below `before`. */
  deadLetters(before: number, limit: number): DeadLetterView[] {
    return this.#db
      .all<{
        id: number;
        lane: string;
        event_id: string;
        event_type: string;
        status: number;
        excerpt: string;
        attempts: number;
        at: number;
      }>('SELECT * FROM dead_letters WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
      .map((row) => ({
        id: row.id,
        lane: row.lane,
        eventId: row.event_id,
        eventType: row.event_type,
        reason: 'rejected',
        status: row.status,
        excerpt: row.excerpt,
        attempts: row.attempts,
        at: new Date(row.at).toISOString(),
      }));
  }

  /** Forgets dead letters whose events are gone. */
  dropDeadLettersBefore(atMs: number): void {
    const oldestAtMs = this.oldestDeadLetterAtMs();
    if (oldestAtMs !== null && oldestAtMs < atMs) this.#db.run('DELETE FROM dead_letters WHERE at < ?', atMs);
  }

  oldestDeadLetterAtMs(): number | null {
    return this.#db.first<{ at: number }>('SELECT at FROM dead_letters ORDER BY id LIMIT 1')?.at ?? null;
  }

  #insert(letter: DeadLetter): void {
    this.#db.run(
      'INSERT INTO dead_letters (lane, seq, event_id, event_type, status, excerpt, attempts, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      letter.lane,
      letter.seq,
      letter.eventId,
      letter.eventType,
      letter.status,
      letter.excerpt,
      letter.attempts,
      letter.atMs,
    );
  }
}

/** Spread over a new lane: a row of an older version lacks the newer fields. */
function stateOf(row: { readonly cursor: number; readonly state: string }): LaneState {
  return { ...newLane(row.cursor), ...(JSON.parse(row.state) as Partial<LaneState>), cursor: row.cursor };
}
