/**
 * The proof that what was older than it may be is gone: an entry of the audit for each kind that something was dropped of, at most one
 * a day, and when that was last. What goes within the same day is counted by the next entry. Drops nothing itself.
 */

import type { AuditDetail } from '../domain/audit.ts';
import type { Actor } from '../domain/principal.ts';
import type { Database } from '../lib/database.ts';
import { readMeta, writeMeta } from './schema.ts';

const DAY_MS = 24 * 3_600_000;
const RELAY: Actor = { by: 'relay', requestId: '' };

/** What is dropped when it is too old, as the audit and the report on retention name it. */
export type DroppedKind =
  | 'events'
  | 'deduplication_ids'
  | 'detections'
  | 'windows'
  | 'watched_users'
  | 'dead_letters'
  | 'follow_ups'
  | 'rollups'
  | 'audit'
  | 'rule_changes'
  | 'notices'
  | 'digests'
  | 'channel_memory'
  | 'held_entries';

/** These go by the table: they are counted so. */
const BY_PERIOD: readonly DroppedKind[] = ['events', 'deduplication_ids', 'windows'];

/** Tells that so many were dropped, of before a time. Call inside the transaction that drops them. */
export type NoteDropped = (count: number, beforeMs: number) => void;

/** The audit, as far as it takes these entries. */
interface Entries {
  append(action: 'retention.applied', actor: Actor, detail: AuditDetail, nowMs: number): void;
}

/** For who needs no proof. */
export const UNNOTED: NoteDropped = () => undefined;

export class RetentionNotes {
  readonly #db: Database;
  readonly #audit: Entries;

  constructor(db: Database, audit: Entries) {
    this.#db = db;
    this.#audit = audit;
  }

  /** For one kind, now. None: nothing is written. */
  of(kind: DroppedKind, nowMs: number): NoteDropped {
    return (count, beforeMs) => {
      if (count > 0) this.#note(kind, { count, beforeMs }, nowMs);
    };
  }

  /** When something of a kind last went; undefined: nothing ever did. */
  lastDroppedAtMs(kind: DroppedKind): number | undefined {
    return readMeta(this.#db, atKeyOf(kind));
  }

  #note(
    kind: DroppedKind,
    { count, beforeMs }: { readonly count: number; readonly beforeMs: number },
    nowMs: number,
  ): void {
    const db = this.#db;
    const notedAtMs = readMeta(db, `retention_noted_${kind}`);
    const uncounted = readMeta(db, `retention_more_${kind}`) ?? 0;
    writeMeta(db, atKeyOf(kind), nowMs);
    // A clock that has gone back notes again, too.
    if (notedAtMs !== undefined && Math.abs(nowMs - notedAtMs) < DAY_MS)
      return writeMeta(db, `retention_more_${kind}`, uncounted + count);
    const counted = { [BY_PERIOD.includes(kind) ? 'periods' : 'count']: uncounted + count };
    const before = new Date(beforeMs).toISOString();
    this.#audit.append('retention.applied', RELAY, { kind, ...counted, before }, nowMs);
    writeMeta(db, `retention_noted_${kind}`, nowMs);
    if (uncounted > 0) writeMeta(db, `retention_more_${kind}`, 0);
  }
}

function atKeyOf(kind: DroppedKind): string {
  return `retention_at_${kind}`;
}
