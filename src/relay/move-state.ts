/**
 * Where the object stands in a tenant's move: one row that outlives a restart, and the places in the tables where pages begin.
 * Reads nothing else, and makes its tables only when a move begins.
 */

import type { SealedTenantConfig, Residency } from '../domain/tenant-config.ts';
import type { MoveView } from '../domain/move.ts';
import { SETTLED_MS } from '../domain/move.ts';
import type { UnavailableReason } from '../domain/unavailable.ts';
import type { Database } from '../lib/database.ts';

interface Move {
  readonly move: string;
  readonly tenant: string;
  readonly to: Residency;
  /** What is to be done then, if nothing comes before. */
  readonly untilMs: number;
}

export interface Leaving extends Move {
  readonly side: 'leaving';
  readonly leavesEu: boolean;
  readonly release: string;
  /** The last page holds it: who has it, has them all. */
  readonly proof: string;
}

export interface Departed extends Move {
  readonly side: 'departed';
  readonly release: string;
  /** Of the copy in KV, which must go where no other has come in its place. */
  readonly published: { readonly version: number; readonly savedAt: string };
  /** Since when the target works; null: it is not known to. */
  readonly settledAtMs: number | null;
  readonly isUnpublished: boolean;
}

export interface Arriving extends Move {
  readonly side: 'arriving';
  readonly from: Residency;
  readonly releaseDigest: string;
  readonly pages: number;
  /** Of what arrived with the first page. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly begunAtMs: number;
  /** Sealed under this deployment's primary key. */
  readonly config: SealedTenantConfig;
  /** Everything is here. */
  readonly proof: string | null;
}

export interface Arrived {
  readonly side: 'arrived';
  readonly move: string;
}

export type MoveState = Leaving | Departed | Arriving | Arrived;

/** Where a page begins: after a row of a table, whose primary key it is; null: with its first. */
export interface PageStart {
  readonly table: string;
  readonly after: readonly SqlStorageValue[] | null;
}

export class MoveStore {
  readonly #db: Database;
  #current: MoveState | null = null;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads only. */
  load(): void {
    const row = this.#db.hasTable('move')
      ? this.#db.first<{ state: string }>('SELECT state FROM move')
      : undefined;
    this.#current = row ? (JSON.parse(row.state) as MoveState) : null;
  }

  get current(): MoveState | null {
    return this.#current;
  }

  /** Call inside a transaction, and `load` once it holds. */
  write(state: MoveState): void {
    this.#db.run(
      'CREATE TABLE IF NOT EXISTS move (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)',
    );
    this.#db.run(
      'CREATE TABLE IF NOT EXISTS move_pages (n INTEGER PRIMARY KEY, start TEXT NOT NULL) WITHOUT ROWID',
    );
    this.#db.run('INSERT OR REPLACE INTO move (id, state) VALUES (1, ?)', JSON.stringify(state));
  }

  /** Likewise. */
  forget(): void {
    this.#db.run('DELETE FROM move');
    this.#db.run('DELETE FROM move_pages');
  }

  /** Undefined: the page before was never made. */
  startOf(n: number): PageStart | undefined {
    const row = this.#db.first<{ start: string }>('SELECT start FROM move_pages WHERE n = ?', n);
    return row && (JSON.parse(row.start) as PageStart);
  }

  noteStart(n: number, start: PageStart): void {
    this.#db.run('INSERT OR IGNORE INTO move_pages (n, start) VALUES (?, ?)', n, JSON.stringify(start));
  }

  /** Why the object serves nobody now; undefined: a move is no reason. */
  refusal(nowMs: number): UnavailableReason | undefined {
    const state = this.#current;
    switch (state?.side) {
      case 'leaving':
      case 'arriving':
        return 'moving';
      case 'departed':
        return state.settledAtMs === null || this.settledInMs(nowMs) > 0 ? 'moved' : undefined;
      default:
        return undefined;
    }
  }

  /** How long senders of a tenant that has left, and works elsewhere, are still told so. */
  settledInMs(nowMs: number): number {
    const state = this.#current;
    if (state?.side !== 'departed' || state.settledAtMs === null) return 0;
    return Math.max(0, state.settledAtMs + SETTLED_MS - nowMs);
  }

  view(hasTenant: boolean): MoveView {
    const state = this.#current;
    switch (state?.side) {
      case 'leaving': {
        const { side, move, to, untilMs } = state;
        return { side, move, to, until: new Date(untilMs).toISOString() };
      }
      case 'departed': {
        const { side, move, to, release, settledAtMs } = state;
        return { side, move, to, release, isSettled: settledAtMs !== null };
      }
      case 'arriving': {
        const { side, move, pages, proof } = state;
        return { side, move, pages, ...(proof !== null && { proof }) };
      }
      case 'arrived':
        return { side: state.side, move: state.move };
      default:
        return { side: 'none', hasTenant };
    }
  }
}
