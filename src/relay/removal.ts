/**
 * A tenant's removal, from the moment its config is forgotten to the empty storage. Its row makes the alarm go on after a crash.
 * The copy in KV is deleted first, then everything stored; a minute later the copy is deleted once more, as a publication
 * that was under way when an earlier instance of the object died may have come after the first time.
 */

import type { Database } from '../lib/database.ts';

/** Until the copy in KV is deleted once more: longer than a write that its sender lost can be on its way. */
const CONFIRM_MS = 60_000;

export interface Removing {
  readonly tenant: string;
  /** Nothing is to be done before. */
  readonly dueAtMs: number;
  /** Everything else stored is gone. */
  readonly isWiped: boolean;
}

type RemovalRow = { tenant: string; due: number; wiped: number };

export class Removal {
  readonly #db: Database;
  #current: Removing | null = null;
  #isUnpublished = false;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads only. */
  load(): void {
    const row = this.#db.hasTable('removal')
      ? this.#db.first<RemovalRow>('SELECT tenant, due, wiped FROM removal')
      : undefined;
    this.#current = row ? { tenant: row.tenant, dueAtMs: row.due, isWiped: row.wiped === 1 } : null;
    this.#isUnpublished = false;
  }

  /** Null: no tenant is being removed. */
  get current(): Removing | null {
    return this.#current;
  }

  /** The removal whose tenant KV may still have. */
  get unpublished(): Removing | null {
    return this.#isUnpublished ? null : this.#current;
  }

  noteUnpublished(): void {
    this.#isUnpublished = true;
  }

  /** Call inside the transaction that forgets the config, and `load` after it holds. */
  begin(tenant: string, nowMs: number): void {
    this.#write({ tenant, dueAtMs: nowMs, isWiped: false });
  }

  /** A late publication may have brought the copy in KV back. */
  again(tenant: string, nowMs: number): void {
    this.#write({ tenant, dueAtMs: nowMs, isWiped: this.#current?.isWiped ?? true });
    this.load();
  }

  /** The tenant is gone from KV: what is stored goes, first all but this row, then this, too. Durable when it resolves. */
  async wipe(nowMs: number): Promise<void> {
    const { tenant = '', isWiped = true } = this.#current ?? {};
    const wiped = this.#db.deleteAll();
    // In the same turn, so that no other request finds the storage without it.
    if (!isWiped) this.#write({ tenant, dueAtMs: nowMs + CONFIRM_MS, isWiped: true });
    this.load();
    if (!isWiped) this.#isUnpublished = true;
    await wiped;
  }

  /** The copy in KV is to be deleted once more. */
  confirm(): void {
    this.#isUnpublished = false;
  }

  #write({ tenant, dueAtMs, isWiped }: Removing): void {
    this.#db.transaction(() => {
      this.#db.run(
        'CREATE TABLE IF NOT EXISTS removal (id INTEGER PRIMARY KEY CHECK (id = 1), tenant TEXT NOT NULL, due INTEGER NOT NULL, wiped INTEGER NOT NULL)',
      );
      this.#db.run(
        'INSERT OR REPLACE INTO removal (id, tenant, due, wiped) VALUES (1, ?, ?, ?)',
        tenant,
        dueAtMs,
        isWiped ? 1 : 0,
      );
    });
  }
}
