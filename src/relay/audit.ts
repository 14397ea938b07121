/**
 * Who did what in this tenant, why and when: every write, and every read that shows a person.
 * An entry is written in the transaction of what it is about, and never changed. It names no person and holds no secret.
 */

import type { AuditAction, AuditDetail, AuditEntry } from '../domain/rpc.ts';
import type { Actor } from '../domain/principal.ts';
import type { Database } from '../lib/database.ts';

/** An older Worker does not say who asks. */
const UNKNOWN: Actor = { by: 'unknown', requestId: '' };

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

export class Audit {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Call inside the transaction of what is done. */
  append(action: AuditAction, actor: Actor | undefined, detail: AuditDetail, nowMs: number): void {
    const { by, requestId, reason = null } = actor ?? UNKNOWN;
    this.#db.run(
      'INSERT INTO audit (at, actor, action, request_id, reason, detail) VALUES (?, ?, ?, ?, ?, ?)',
      nowMs,
      by,
      action,
      requestId,
      reason,
      JSON.stringify(detail),
    );
  }

  /** Newest first, below an id. */
  page(before: number, limit: number): AuditEntry[] {
    return this.#db
      .all<AuditRow>('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
      .map(entryOf);
  }

  /** Drops entries of before a time. Only the newest would let an id come again, and that one stays. */
  dropBefore(atMs: number): void {
    this.#db.run('DELETE FROM audit WHERE at < ? AND id < (SELECT MAX(id) FROM audit)', atMs);
  }
}

function entryOf(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    by: row.actor,
    action: row.action as AuditAction,
    requestId: row.request_id,
    ...(row.reason !== null && { reason: row.reason }),
    detail: JSON.parse(row.detail) as AuditDetail,
  };
}
