/**
 * A claim on an object's id for the other place: while it is live, this object takes no first config (domain/claim.ts).
 * It is durable, as an object may be evicted at any time, and goes with its alarm.
 */

import { CLAIM_MS } from '../domain/claim.ts';
import type { Database } from '../lib/database.ts';

export class Claim {
  readonly #db: Database;
  #untilMs: number | null = null;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads only. */
  load(): void {
    const row = this.#db.hasTable('claim')
      ? this.#db.first<{ until: number }>('SELECT until FROM claim')
      : undefined;
    this.#untilMs = row?.until ?? null;
  }

  /** Null: there is none, not even one that is over. */
  get untilMs(): number | null {
    return this.#untilMs;
  }

  /** How long it still holds; 0: no more. */
  leftMs(nowMs: number): number {
    return Math.max(0, (this.#untilMs ?? 0) - nowMs);
  }

  /** Grants it, or makes it last. */
  hold(nowMs: number): void {
    this.#db.transaction(() => {
      this.#db.run(
        'CREATE TABLE IF NOT EXISTS claim (id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL)',
      );
      this.#db.run('INSERT OR REPLACE INTO claim (id, until) VALUES (1, ?)', nowMs + CLAIM_MS);
    });
    this.load();
  }
}
