/**
 * What the alarm looks after besides the lanes: roll-ups, the end of periods, retention, space, the copy of the config in KV.
 * Each task stands alone: one that fails is told to the log and does not keep the others from running.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Activity } from './activity.ts';
import type { Database } from './database.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import { expire } from './lanes.ts';
import type { EventLog, Period } from './log.ts';
import { eventsDue, nextDropAtMs, retentionRules, seenDue } from './retention.ts';

const DAY_MS = 24 * 3_600_000;
/** A task that is late is looked at again this soon. */
const LATE_RETRY_MS = 5_000;

export interface UpkeepParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
  readonly activity: Activity;
  readonly config: () => TenantConfig;
  /** A lane's own filter, if it has one: what it does not want cannot expire. */
  readonly filterOf: (lane: string) => ((event: CanonicalEvent) => boolean) | undefined;
  /** Bytes above which the oldest delivered periods go early. */
  readonly spaceBytesHigh: number;
}

export class Upkeep {
  readonly #parts: UpkeepParts;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  run(nowMs: number): void {
    const { log, activity } = this.#parts;
    const config = this.#parts.config();
    this.#task('period.closing_failed', () => log.closeAged(nowMs));
    this.#task('rollups.flush_failed', () => {
      if (activity.dueAtMs === null || activity.dueAtMs > nowMs) return;
      activity.flush(nowMs);
      log.storeSize();
    });
    this.#task('retention.failed', () => this.#applyRetention(nowMs));
    this.#task('space.failed', () => this.#makeRoom(nowMs));
    this.#task('rollups.drop_failed', () => activity.dropBefore(nowMs - config.retention.rollups * DAY_MS));
  }

  /** When each task is next due. One that is late has just failed, or has more to do: never at once, or the alarm would spin. */
  dueAtMs(nowMs: number): (number | null)[] {
    const { log, activity, laneStore } = this.#parts;
    const rules = this.#rules();
    const oldestLetterAtMs = laneStore.oldestDeadLetterAtMs();
    const times = [
      activity.dueAtMs,
      log.periodEndsAtMs,
      nextDropAtMs(log.periods, rules),
      oldestLetterAtMs === null ? null : oldestLetterAtMs + rules.eventsMs + 1,
    ];
    return times.map((atMs) => (atMs !== null && atMs <= nowMs ? nowMs + LATE_RETRY_MS : atMs));
  }

  #rules(): ReturnType<typeof retentionRules> {
    const { retention, webhook } = this.#parts.config();
    return retentionRules(retention.events, webhook.tolerance_seconds);
  }

  #applyRetention(nowMs: number): void {
    const { log } = this.#parts;
    const rules = this.#rules();
    // One period a run: counting what it still held takes time, and the alarm comes back for the next.
    const [due] = eventsDue(log.periods, rules, nowMs);
    if (due) this.#dropEvents(due, nowMs);
    for (const period of seenDue(log.periods, rules, nowMs)) log.dropSeen(period);
    this.#parts.laneStore.dropDeadLettersBefore(nowMs - rules.eventsMs);
  }

  /** Above the high mark the oldest period that every lane has behind it goes early. */
  #makeRoom(nowMs: number): void {
    const { db, log, lanes, spaceBytesHigh } = this.#parts;
    while (db.sizeBytes > spaceBytesHigh) {
      const oldest = log.periods.find((period) => period.hasEvents);
      if (!oldest || oldest.closedAtMs === null) return;
      const lastSeq = log.lastSeqOf(oldest);
      if (lanes.all.some((lane) => lane.state.cursor < lastSeq)) return;
      if (!this.#dropEvents(oldest, nowMs)) return;
      logEvent('warn', 'period.dropped_early', { tenant: this.#parts.config().id, sizeBytes: db.sizeBytes });
    }
  }

  /** Drops a period's events between batches; what it still held is counted as expired, per lane, in the same transaction. */
  #dropEvents(period: Period, nowMs: number): boolean {
    const { db, log, lanes, laneStore, activity } = this.#parts;
    const lastSeq = log.lastSeqOf(period);
    for (const lane of lanes.all) lane.restore();
    const behind = lanes.all.filter((lane) => lane.state.cursor < lastSeq);
    if (behind.some((lane) => lane.isRunning(nowMs))) return false;
    activity.flushTo(lastSeq, nowMs);
    const expired = behind.map((lane) => {
      const count = this.#countUndelivered(lane, period, lastSeq);
      return { lane, count, state: expire(lane.state, lastSeq, count) };
    });
    db.transaction(() => {
      for (const { lane, state } of expired) laneStore.save(lane.name, state);
      log.dropEvents(period);
    });
    for (const { lane, count, state } of expired) {
      lane.adopt(state);
      if (count > 0)
        logEvent('error', 'events.expired', { tenant: this.#parts.config().id, lane: lane.name, count });
    }
    return true;
  }

  /** Events of a period that a lane wants and has not settled. They are read only where there is a filter. */
  #countUndelivered(lane: Lane, period: Period, lastSeq: number): number {
    const { log, filterOf } = this.#parts;
    const { cursor, ahead } = lane.state;
    const filter = filterOf(lane.name);
    if (!filter) return log.countAfter(period, cursor) - ahead.filter((seq) => seq <= lastSeq).length;
    const settled = new Set(ahead);
    let count = 0;
    for (let readTo = cursor; readTo < lastSeq;) {
      const entries = log.page(readTo, 500, 1024 * 1024);
      count += entries.filter(
        ({ seq, event }) => seq <= lastSeq && !settled.has(seq) && filter(event),
      ).length;
      readTo = entries.at(-1)?.seq ?? lastSeq;
    }
    return count;
  }

  #task(event: `${string}.${string}`, work: () => void): void {
    try {
      work();
    } catch (error) {
      logEvent('error', event, { tenant: this.#parts.config().id, ...causeFields(error) });
    }
  }
}
