/** The object's single alarm, with its time kept in memory so that arming it costs a row only when it changes. */

import type { Database } from '../lib/database.ts';

/** Two alarm times this close are the same: not worth a row. */
const SAME_MS = 1_000;

export class Alarm {
  readonly #db: Database;
  #atMs: number | null = null;

  constructor(db: Database) {
    this.#db = db;
  }

  async load(): Promise<void> {
    this.#atMs = await this.#db.getAlarm();
  }

  /** It has fired, or went with all that was stored: none is armed now. */
  noteGone(): void {
    this.#atMs = null;
  }

  /** Makes sure that it fires by then. The write is in the turn of the call, so it commits with what was written before. */
  async armBy(atMs: number): Promise<void> {
    if (this.#atMs !== null && this.#atMs <= atMs) return;
    await this.#write(atMs);
  }

  /** Makes it fire just then, or not at all. */
  async set(atMs: number | null): Promise<void> {
    if (atMs === this.#atMs) return;
    if (atMs !== null && this.#atMs !== null && Math.abs(atMs - this.#atMs) < SAME_MS) return;
    await this.#write(atMs);
  }

  async #write(atMs: number | null): Promise<void> {
    this.#atMs = atMs;
    try {
      await (atMs === null ? this.#db.deleteAlarm() : this.#db.setAlarm(atMs));
    } catch (error) {
      // Not known to be armed: the next call writes it again.
      this.#atMs = null;
      throw error;
    }
  }
}
