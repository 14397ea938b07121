/**
 * Who did what in this tenant, why and when: every write, and every read that shows a person.
 * An entry is written in the transaction of what it is about, and never changed. It names nobody but who did it, and holds no secret.
 */

import type { AuditAction, AuditDetail, AuditEntry } from '../domain/audit.ts';
import type { ConfigureRequest } from '../domain/rpc.ts';
import type { Actor } from '../domain/principal.ts';
import { AuditTable } from '../lib/audit-table.ts';
import type { Database } from '../lib/database.ts';
import type { NoteDropped } from './retention-notes.ts';

/** Rows that go are billed: they are looked for so often, and at most so many go at once. */
const DROP_EVERY_MS = 24 * 3_600_000;
const DROPPED_MAX = 5_000;
/** Paths that an entry names of a config that changed: a whole new document has hundreds. */
const PATHS_MAX = 100;

/** An older Worker does not say who asks. */
const UNKNOWN: Actor = { by: 'unknown', requestId: '' };

export class Audit {
  readonly #db: Database;
  readonly #table: AuditTable<AuditAction>;
  /** In memory: an object that starts looks once. */
  #nextDropAtMs = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#table = new AuditTable(db);
  }

  /** Call inside the transaction of what is done. */
  append(action: AuditAction, actor: Actor | undefined, detail: AuditDetail, nowMs: number): void {
    this.#table.append(action, actor ?? UNKNOWN, detail, nowMs);
  }

  /** Newest first, below an id. */
  page(before: number, limit: number): AuditEntry[] {
    return this.#table.page(before, limit);
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

  /** Drops entries that are older than the retention, once a day. The newest goes, too: the entry that notes it is newer. */
  dropOld(retentionMs: number, nowMs: number, note: NoteDropped): void {
    // A clock that has gone back looks again, too.
    if (nowMs < this.#nextDropAtMs && this.#nextDropAtMs - nowMs <= DROP_EVERY_MS) return;
    this.#nextDropAtMs = nowMs + DROP_EVERY_MS;
    const beforeMs = nowMs - retentionMs;
    this.#db.transaction(() => {
      note(this.#table.countBefore(beforeMs, DROPPED_MAX), beforeMs);
      this.#table.dropBefore(beforeMs, DROPPED_MAX);
    });
  }

  /** When `dropOld` has something to do; null: never. */
  dueAtMs(retentionMs: number): number | null {
    const oldestMs = this.oldestAtMs;
    return oldestMs === undefined ? null : Math.max(oldestMs + retentionMs + 1, this.#nextDropAtMs);
  }

  get oldestAtMs(): number | undefined {
    return this.#table.oldestAtMs;
  }
}

/** What a request to save a config says for the audit. */
type SavedConfig = Pick<ConfigureRequest, 'action' | 'actor' | 'changedPaths'>;
