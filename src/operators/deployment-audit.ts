/**
 * Who did what to the deployment as a whole: tokens, tenants that came and went. What is done inside a tenant is in its own object.
 * An entry is written in the transaction of what it is about where that is in the registry, and never changed. It holds no secret.
 */

import type { Actor } from '../domain/principal.ts';
import type { DeploymentAuditAction, DeploymentAuditEntry } from '../domain/registry.ts';
import type { AuditDetail } from '../domain/rpc.ts';
import type { Database } from '../lib/database.ts';

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

export class DeploymentAudit {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  append(action: DeploymentAuditAction, actor: Actor, detail: AuditDetail, nowMs: number): void {
    const { by, requestId, reason = null } = actor;
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
  page(before: number, limit: number): DeploymentAuditEntry[] {
    return this.#db
      .all<AuditRow>('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
      .map(entryOf);
  }

  /** Drops at most `max` entries of before a time, oldest first, and says how many. */
  dropBefore(atMs: number, max: number): number {
    const sql =
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?) AND at < ? RETURNING 1';
    return this.#db.all(sql, max, atMs).length;
  }
}

function entryOf(row: AuditRow): DeploymentAuditEntry {
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    by: row.actor,
    action: row.action as DeploymentAuditAction,
    requestId: row.request_id,
    ...(row.reason !== null && { reason: row.reason }),
    detail: JSON.parse(row.detail) as AuditDetail,
  };
}
