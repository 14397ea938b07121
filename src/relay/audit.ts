/**
 * Who did what in this tenant, why and when: every write, and every read that shows a person.
 * An entry is written in the transaction of what it is about, and never changed. It names nobody but who did it, and holds no secret.
 */

import type { AuditAction, AuditDetail, AuditEntry, ConfigureRequest } from '../domain/rpc.ts';
import type { Actor } from '../domain/principal.ts';
import type { Database } from '../lib/database.ts';

/** Rows that go are billed: they are looked for so often, and at most so many go at once. */
const DROP_EVERY_MS = 24 * 3_600_000;
const DROPPED_MAX = 5_000;
/** Paths that an entry names of a config that changed: a whole new document has hundreds. */
const PATHS_MAX = 100;

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
  /** In memory: an object that starts looks once. */
  #nextDropAtMs = 0;

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

  /** A config was saved: which version, and what changed in it. Call inside the transaction of the config. */
  noteSaved(
    { action = 'config.saved', actor, changedPaths }: SavedConfig,
    version: number,
    nowMs: number,
  ): void {
    const paths = changedPaths && { changedPaths: changedPaths.slice(0, PATHS_MAX) };
    this.append(action, actor, { version, ...paths }, nowMs);
  }

  /** Drops entries that are older than the retention, once a day. Only the newest would let an id come again, and that one stays. */
  dropOld(retentionMs: number, nowMs: number): void {
    // A clock that has gone back looks again, too.
    if (nowMs < this.#nextDropAtMs && this.#nextDropAtMs - nowMs <= DROP_EVERY_MS) return;
    this.#nextDropAtMs = nowMs + DROP_EVERY_MS;
    const atMs = nowMs - retentionMs;
    const oldest = this.#db.first<{ at: number }>('SELECT at FROM audit ORDER BY id LIMIT 1')?.at;
    if (oldest === undefined || oldest >= atMs) return;
    this.#db.run(
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? AND id < (SELECT MAX(id) FROM audit) ORDER BY id LIMIT ?)',
      atMs,
      DROPPED_MAX,
    );
  }
}

/** What a request to save a config says for the audit. */
type SavedConfig = Pick<ConfigureRequest, 'action' | 'actor' | 'changedPaths'>;

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
