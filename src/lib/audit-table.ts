/**
 * The table `audit` of an object's storage: who did what, why and when. Entries are added and dropped when old, never changed.
 * Columns: id, at (Unix ms), actor, action, request_id, reason, detail (JSON).
 */

import type { Database } from './database.ts';

/** Who does something. */
interface Actor {
  readonly by: string;
  readonly requestId: string;
  readonly reason?: string;
}

type Detail = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface AuditTableEntry<Action extends string> {
  readonly id: number;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly by: string;
  readonly action: Action;
  readonly requestId: string;
  readonly reason?: string;
  readonly detail: Detail;
}

interface AuditRow {
  readonly [column: string]: SqlStorageValue;
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly request_id: string;
  readonly reason: string | null;
  readonly detail: string;
}

export class AuditTable<Action extends string> {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Call inside the transaction of what is done. */
  append(action: Action, { by, requestId, reason }: Actor, detail: Detail, nowMs: number): void {
    this.#db.run(
      'INSERT INTO audit (at, actor, action, request_id, reason, detail) VALUES (?, ?, ?, ?, ?, ?)',
      nowMs,
      by,
      action,
      requestId,
      reason ?? null,
      JSON.stringify(detail),
    );
  }

  /** Newest first, below an id. */
  page(before: number, limit: number): AuditTableEntry<Action>[] {
    return this.#db
      .all<AuditRow>('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
      .map((row) => entryOf<Action>(row));
  }

  /** When the oldest was written; undefined: there is none. */
  get oldestAtMs(): number | undefined {
    return this.#db.first<{ at: number }>('SELECT at FROM audit ORDER BY id LIMIT 1')?.at;
  }

  /** How many `dropBefore` may drop, the newest included. */
  countBefore(atMs: number, max: number): number {
    if ((this.oldestAtMs ?? atMs) >= atMs) return 0;
    const sql = 'SELECT COUNT(*) AS count FROM (SELECT 1 FROM audit WHERE at < ? ORDER BY id LIMIT ?)';
    return this.#db.first<{ count: number }>(sql, atMs, max)?.count ?? 0;
  }

  /** Drops at most `max` entries of before a time, oldest first, and says how many. The newest stays: without it an id would come again. */
  dropBefore(atMs: number, max: number): number {
    const oldestMs = this.oldestAtMs;
    if (oldestMs === undefined || oldestMs >= atMs) return 0;
    const sql =
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? AND id < (SELECT MAX(id) FROM audit) ORDER BY id LIMIT ?)';
    return this.#db.run(sql, atMs, max);
  }
}

function entryOf<Action extends string>(row: AuditRow): AuditTableEntry<Action> {
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    by: row.actor,
    action: row.action as Action,
    requestId: row.request_id,
    ...(row.reason !== null && { reason: row.reason }),
    detail: JSON.parse(row.detail) as Detail,
  };
}
