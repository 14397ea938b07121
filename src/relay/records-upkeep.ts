/**
 * What the alarm looks after of the records beside log and rules: roll-ups, digests, the audit and the memory of channels go when their
 * time is over, also of a tenant that gets no events any more. Each task may throw.
 */

import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { Activity } from './activity.ts';
import type { Audit } from './audit.ts';
import { dropExpiredMemory, memoryEndsAtMs } from './channel-memory.ts';
import { dropTold } from './digests-kept.ts';
import type { LegalHolds } from './legal-holds.ts';
import type { RetentionNotes } from './retention-notes.ts';

const DAY_MS = 24 * 3_600_000;
/** The memory of channels has no index on its time: it is looked through so often at most, and at least, while there is any. */
const MEMORY_LOOK_MS = 3_600_000;
const MEMORY_LOOK_MS_MAX = DAY_MS;

export interface RecordsUpkeepParts {
  readonly db: Database;
  readonly activity: Activity;
  readonly audit: Audit;
  readonly holds: LegalHolds;
  readonly notes: RetentionNotes;
  readonly config: () => TenantConfig;
}

/** What is done, and the log event of its failure. */
type Task = readonly [failed: `${string}.${string}`, work: () => void];

export class RecordsUpkeep {
  readonly #parts: RecordsUpkeepParts;
  /** In memory: an object that starts looks once. */
  #memoryLookedAtMs = 0;
  /** When the first of the memory that was there then is over. */
  #memoryEndsAtMs: number | undefined;

  constructor(parts: RecordsUpkeepParts) {
    this.#parts = parts;
  }

  tasks(nowMs: number): readonly Task[] {
    const { db, activity, audit, holds, notes } = this.#parts;
    const { retention } = this.#parts.config();
    const rollupsMs = nowMs - retention.rollups * DAY_MS;
    const tasks: Task[] = [
      ['holds.removing_failed', () => holds.removeLifted(notes.of('held_entries', nowMs), nowMs)],
      ['memory.drop_failed', () => this.#dropMemory(nowMs)],
    ];
    if (holds.isEverythingHeld) return tasks;
    return [
      ...tasks,
      ['rollups.drop_failed', () => activity.dropBefore(rollupsMs, notes.of('rollups', nowMs))],
      ['rollups.drop_failed', () => dropTold(db, rollupsMs, notes.of('digests', nowMs))],
      ['audit.drop_failed', () => audit.dropOld(retention.audit * DAY_MS, nowMs, notes.of('audit', nowMs))],
    ];
  }

  /** When each is next due. */
  dueAtMs(nowMs: number): (number | null)[] {
    const { activity, audit, holds } = this.#parts;
    const { retention } = this.#parts.config();
    const work = [holds.dueAtMs(nowMs), this.#memoryDueAtMs];
    if (holds.isEverythingHeld) return work;
    const hourMs = activity.oldestHourMs;
    return [
      ...work,
      audit.dueAtMs(retention.audit * DAY_MS),
      hourMs === undefined ? null : hourMs + retention.rollups * DAY_MS + 1,
    ];
  }

  #dropMemory(nowMs: number): void {
    const { db, notes } = this.#parts;
    // A clock that has gone back looks again, too.
    if (Math.abs(nowMs - this.#memoryLookedAtMs) < MEMORY_LOOK_MS) return;
    this.#memoryLookedAtMs = nowMs;
    dropExpiredMemory(db, nowMs, notes.of('channel_memory', nowMs));
    this.#memoryEndsAtMs = memoryEndsAtMs(db);
  }

  /** What was put there since the last look is looked at within a day. */
  get #memoryDueAtMs(): number | null {
    if (this.#parts.db.first('SELECT 1 FROM channel_memory LIMIT 1') === undefined) return null;
    const latestMs = this.#memoryLookedAtMs + MEMORY_LOOK_MS_MAX;
    return Math.max(
      this.#memoryLookedAtMs + MEMORY_LOOK_MS,
      Math.min(this.#memoryEndsAtMs ?? Infinity, latestMs),
    );
  }
}
