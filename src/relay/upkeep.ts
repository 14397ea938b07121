/**
 * What the alarm looks after besides the lanes: roll-ups, the end of periods, retention, space, notices that were held back,
 * digests.
 * Each task stands alone: one that fails is told to the log and does not keep the others from running.
 */

import { TELLING_TYPES, areTellings } from '../domain/wanted.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { countWanted } from './count-wanted.ts';
import { Digests } from './digests.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';
import type { LastWebhook } from './last-webhook.ts';
import type { Lane } from './lane.ts';
import { type LaneState, expire } from './lane-state.ts';
import { leaveSome } from './leaving.ts';
import type { Findings } from './findings.ts';
import type { EventLog, Period } from './log.ts';
import type { Occurrence } from './notices.ts';
import type { OwnEntries } from './own-entries.ts';
import { owesTellingsOnly } from './own-entries-lost.ts';
import type { PseudonymStore } from './pseudonym-store.ts';
import { RecordsUpkeep, type RecordsUpkeepParts } from './records-upkeep.ts';
import { eventsDue, nextDropAtMs, retentionRules, seenDue, warnsAtMs } from './retention.ts';
import { type RulesUpkeepParts, rulesUpkeep, rulesUpkeepDueAtMs } from './rules-upkeep.ts';

/** A task that is late is looked at again this soon. */
const LATE_RETRY_MS = 5_000;
/** Where the held can't be copied, as the tenant's key does not open. */
const SHUT_RETRY_MS = 3_600_000;
/** A lane that wants nothing of the period that goes next is looked at again this soon: the count reads the whole of it. */
const NOT_NEAR_MS = 3_600_000;
/** Between two steps of moving a removed lane's rest into the dead letters. */
const LEAVING_STEP_MS = 1_000;
/** Full storage that may not be emptied is told to the log so often. */
const HELD_LOG_MS = 3_600_000;

export interface UpkeepParts extends RulesUpkeepParts, RecordsUpkeepParts {
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
  readonly findings: Findings;
  readonly entries: OwnEntries;
  readonly lastWebhook: LastWebhook;
  readonly pseudonyms: PseudonymStore;
  readonly notify: (occurrence: Occurrence) => void;
  /** Bytes above which the oldest delivered periods go early. */
  readonly spaceBytesHigh: number;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #digests: Digests;
  readonly #records: RecordsUpkeep;
  /** Lanes that must come to rest, so that a period can go between their batches. */
  #held: ReadonlySet<string> = new Set();
  #heldLoggedAtMs = 0;
  /** Until when a lane is known to lose nothing with the period that goes next. */
  readonly #notNearUntilMs = new Map<string, number>();

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#digests = new Digests(parts);
    this.#records = new RecordsUpkeep(parts);
  }

  /** Whether a lane must come to rest: under a steady flow it would never be found between two batches. */
  holds(lane: string): boolean {
    return this.#held.has(lane);
  }

  run(nowMs: number): void {
    const { log, activity, notes } = this.#parts;
    this.#task('period.closing_failed', () => log.closeAged(nowMs));
    this.#task('rollups.flush_failed', () => {
      if (activity.dueAtMs === null || activity.dueAtMs > nowMs) return;
      activity.flush(nowMs);
      log.storeSize();
      this.#parts.lastWebhook.flush(nowMs);
    });
    this.#task('retention.failed', () => this.#applyRetention(nowMs));
    this.#task('space.failed', () => this.#makeRoom(nowMs));
    this.#task('lanes.leaving_failed', () => this.#leave(nowMs));
    this.#task('lanes.rest_failed', () => {
      for (const lane of this.#parts.lanes.all) lane.writeRest(nowMs);
    });
    this.#task('notices.flush_failed', () => {
      this.#warnOfRetention(nowMs);
      this.#parts.findings.flush(nowMs, notes.of('notices', nowMs));
    });
    for (const work of rulesUpkeep(this.#parts, nowMs)) this.#task('rules.upkeep_failed', work);
    this.makeDigests(nowMs);
    this.#task('pseudonym_map.drop_failed', () => {
      if (!this.#parts.holds.isEverythingHeld) this.#parts.pseudonyms.dropOld(nowMs);
    });
    for (const [failed, work] of this.#records.tasks(nowMs)) this.#task(failed, work);
  }

  /** Makes the digests that are due. Call after every save of the config, too. Never throws. */
  makeDigests(nowMs: number): void {
    this.#task('digests.failed', () => this.#digests.run(nowMs));
  }

  /** When each task is next due. One that is late has just failed, or has more to do: never at once, or the alarm would spin. */
  dueAtMs(nowMs: number): (number | null)[] {
    const { log, activity, findings, lanes, holds, pseudonyms } = this.#parts;
    const lateMs = holds.isShut ? SHUT_RETRY_MS : LATE_RETRY_MS;
    const periods = holds.isEverythingHeld
      ? log.periods.map((period) => ({ ...period, hasEvents: false }))
      : log.periods;
    const times = [
      activity.dueAtMs,
      log.periodEndsAtMs,
      nextDropAtMs(periods, this.#rules()),
      ...this.#records.dueAtMs(nowMs),
      findings.dueAtMs,
      this.#digests.dueAtMs(nowMs),
      this.#nextRetentionWarningAtMs(nowMs),
      holds.isEverythingHeld ? null : pseudonyms.dueAtMs,
      ...rulesUpkeepDueAtMs(this.#parts),
      ...lanes.all.map((lane) => lane.restDueAtMs(nowMs)),
    ].map((atMs) => (atMs !== null && atMs <= nowMs ? nowMs + lateMs : atMs));
    return lanes.owing.some(({ state }) => state.leaving.length > 0)
      ? [...times, nowMs + LEAVING_STEP_MS]
      : times;
  }

  #rules(): ReturnType<typeof retentionRules> {
    const { retention, webhook } = this.#parts.config();
    return retentionRules(retention.events, webhook.tolerance_seconds);
  }

  #applyRetention(nowMs: number): void {
    const { db, log, holds, notes } = this.#parts;
    const rules = this.#rules();
    this.#held = new Set();
    // One period a run: counting what it still held takes time, and the alarm comes back for the next.
    const [due] = eventsDue(log.periods, rules, nowMs);
    if (due && holds.copy(due)) this.#held = new Set(this.#dropEvents(due, nowMs).map(({ name }) => name));
    for (const period of seenDue(log.periods, rules, nowMs))
      db.transaction(() => {
        log.dropSeen(period);
        notes.of('deduplication_ids', nowMs)(1, nowMs - rules.dedupMs);
      });
  }

  /** Above the high mark the oldest fully delivered periods go early: every lane has them behind it, none retries anything of them. */
  #makeRoom(nowMs: number): void {
    const { db, log, lanes, laneStore, holds, spaceBytesHigh } = this.#parts;
    if (holds.isEverythingHeld) return this.#tellHeld(nowMs);
    for (const period of log.periods) {
      if (db.sizeBytes <= spaceBytesHigh) return;
      if (!period.hasEvents || period.closedAtMs === null) continue;
      const lastSeq = log.lastSeqOf(period);
      if (lanes.owing.some((lane) => lane.state.cursor < lastSeq)) return;
      if (laneStore.holdsBetween(period.firstSeq, lastSeq)) continue;
      if (!holds.copy(period) || this.#dropEvents(period, nowMs).length > 0) return;
      logEvent('warn', 'period.dropped_early', { tenant: this.#parts.config().id, sizeBytes: db.sizeBytes });
    }
  }

  /** A hold of everything keeps what would make room: the operator must know before the storage is full. */
  #tellHeld(nowMs: number): void {
    const { db, config, holds, spaceBytesHigh } = this.#parts;
    const isTold = Math.abs(nowMs - this.#heldLoggedAtMs) < HELD_LOG_MS;
    if (isTold || db.sizeBytes <= spaceBytesHigh) return;
    this.#heldLoggedAtMs = nowMs;
    const ids = holds.all.filter(({ keys }) => keys === null).map(({ id }) => id);
    logEvent('error', 'space.held', { tenant: config().id, sizeBytes: db.sizeBytes, holds: ids.join(' ') });
  }

  /**
   * Drops a period's events between batches; what it still held is counted as expired, per lane, in the same transaction.
   * Does nothing while lanes run that lose something with it: returns them.
   */
  #dropEvents(period: Period, nowMs: number): readonly Lane[] {
    const { db, log, lanes, laneStore, activity, holds, notes } = this.#parts;
    const lastSeq = log.lastSeqOf(period);
    for (const lane of lanes.known) lane.restore();
    const running = lanes.known.filter((lane) => lane.isRunning(nowMs) && this.#loses(lane, period, lastSeq));
    if (running.length > 0) return running;
    const expired = lanes.known.flatMap((lane) => this.#expired(lane, period, lastSeq));
    activity.flushTo(lastSeq, nowMs);
    db.transaction(() => {
      for (const { lane, state } of expired) laneStore.save(lane.name, state);
      holds.keepLetters(period.firstSeq, lastSeq);
      const removed = laneStore.removeBetween(period.firstSeq, lastSeq);
      const beforeMs = period.closedAtMs ?? nowMs;
      notes.of('events', nowMs)(1, beforeMs);
      notes.of('dead_letters', nowMs)(removed.letters, beforeMs);
      notes.of('follow_ups', nowMs)(removed.followUps, beforeMs);
      log.dropEvents(period);
    });
    for (const { lane, count, isRowOnly, state } of expired) {
      lane.adopt(state);
      if (count === 0) continue;
      logEvent('error', 'events.expired', { tenant: this.#parts.config().id, lane: lane.name, count });
      this.#parts.notify({ kind: 'events_expired', lane: lane.name, count, isRowOnly });
    }
    return [];
  }

  /** Whether a lane loses anything with a period, or has it not behind it. Counts no events. */
  #loses(lane: Lane, { firstSeq }: Period, lastSeq: number): boolean {
    const { lanes, laneStore } = this.#parts;
    if (lane.state.cursor < lastSeq && lanes.owing.includes(lane)) return true;
    return (
      laneStore.followUps.between(lane.name, firstSeq, lastSeq).length > 0 ||
      laneStore.letters.countWaitingBetween(lane.name, firstSeq, lastSeq) > 0
    );
  }

  /** What a lane loses with a period: waiting events, those retried alone, dead letters. Empty when nothing changes for it. */
  #expired(
    lane: Lane,
    period: Period,
    lastSeq: number,
  ): { lane: Lane; count: number; isRowOnly: boolean; state: LaneState }[] {
    const { log, lanes, laneStore } = this.#parts;
    const { firstSeq } = period;
    const isBehind = lane.state.cursor < lastSeq && lanes.owing.includes(lane);
    const waiting = isBehind ? countWanted(log, lane.state, lastSeq, lanes.filterOf(lane)) : 0;
    const parked = laneStore.followUps.between(lane.name, firstSeq, lastSeq).length;
    // A redriven dead letter is counted as parked.
    const letters = laneStore.letters.countWaitingBetween(lane.name, firstSeq, lastSeq);
    if (!isBehind && parked + letters === 0) return [];
    const count = waiting + parked + letters;
    const state = {
      ...expire(lane.state, isBehind ? lastSeq : lane.state.cursor, count),
      parked: Math.max(0, lane.state.parked - parked),
      deadLettered: Math.max(0, lane.state.deadLettered - letters),
    };
    const isRowOnly =
      laneStore.letters.countWaitingBetween(lane.name, firstSeq, lastSeq, TELLING_TYPES) === 0 &&
      owesTellingsOnly(this.#parts, lane, { firstSeq, lastSeq });
    return [{ lane, count, isRowOnly, state }];
  }

  /** Moves what removed destinations had left into the dead letters. */
  #leave(nowMs: number): void {
    const { db, log, lanes, laneStore: store } = this.#parts;
    for (const lane of lanes.owing.filter(({ state }) => state.leaving.length > 0)) {
      const letters = leaveSome(lane, { db, log, store, filterOf: (left) => lanes.filterOf(left) }, nowMs);
      const count = letters.length;
      const isRowOnly = areTellings(letters.map(({ eventType }) => ({ type: eventType })));
      if (count > 0) this.#parts.notify({ kind: 'dead_letters', lane: lane.name, count, isRowOnly });
      lane.start();
    }
  }

  /** Tells which lanes still hold events that are about to be dropped. */
  #warnOfRetention(nowMs: number): void {
    const { log, lanes, findings } = this.#parts;
    for (const { lane, period, goesAtMs } of this.#owed()) {
      const occurrence: Occurrence = { kind: 'retention_near', lane: lane.name };
      if (nowMs < warnsAtMs(goesAtMs, this.#rules().eventsMs) || !findings.mayTell(occurrence, nowMs))
        continue;
      if (nowMs < (this.#notNearUntilMs.get(lane.name) ?? 0)) continue;
      const lastSeq = log.lastSeqOf(period);
      const count =
        countWanted(log, lane.state, lastSeq, lanes.filterOf(lane)) +
        this.#parts.laneStore.followUps.between(lane.name, 0, lastSeq).length;
      const detail = new Date(goesAtMs).toISOString();
      const isRowOnly = count > 0 && owesTellingsOnly(this.#parts, lane, { firstSeq: 0, lastSeq });
      const near = { ...occurrence, count, detail, isRowOnly };
      if (count > 0 && findings.mayTell(near, nowMs)) this.#parts.notify(near);
      else this.#notNearUntilMs.set(lane.name, nowMs + NOT_NEAR_MS);
    }
  }

  #nextRetentionWarningAtMs(nowMs: number): number | null {
    const times = this.#owed()
      .map(({ goesAtMs }) => warnsAtMs(goesAtMs, this.#rules().eventsMs))
      .filter((atMs) => atMs > nowMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The oldest closed period that each lane still has undelivered events in, and when it goes. */
  #owed(): { lane: Lane; period: Period; goesAtMs: number }[] {
    const { log, lanes, laneStore, holds } = this.#parts;
    // Nothing goes.
    if (holds.isEverythingHeld) return [];
    const { eventsMs } = this.#rules();
    return lanes.owing.flatMap((lane) => {
      const fromSeq = Math.min(lane.state.cursor + 1, laneStore.followUps.oldestSeq(lane.name) ?? Infinity);
      const period = log.periods.find((p) => p.hasEvents && log.lastSeqOf(p) >= fromSeq);
      if (!period || period.closedAtMs === null) return [];
      return [{ lane, period, goesAtMs: period.closedAtMs + eventsMs }];
    });
  }

  #task(event: `${string}.${string}`, work: () => void): void {
    try {
      work();
    } catch (error) {
      logEvent('error', event, { tenant: this.#parts.config().id, ...causeFields(error) });
    }
  }
}
