/**
 * A lane of a tenant: its state, its row, and at most one run that counts.
 * A run that was given up (its lease ran out) can no longer change the lane: only the newest generation can.
 */

import { causeFields, logEvent } from '../lib/log.ts';
import type { LaneParts, OpenLane, Opened, RunningLane } from './lane-parts.ts';
import { LaneRun } from './lane-run.ts';
import { followUpRole, holdsFollowUps } from './follow-up.ts';
import { filterIn } from './lane-history.ts';
import type { LaneChanges } from './lane-store.ts';
import { type LaneState, hurried, isDue, undelivered } from './lane-state.ts';

/** A run that has not moved for this long is given up. Longer than any single request or sleep. */
const LEASE_MS = 60_000;
/** A cursor that passed so many events that nobody wanted is written, so that a restart does not read them all again … */
const UNWRITTEN_EVENTS_MAX = 500;
/** … and so is that of a lane at rest that passed fewer: a new instance would show them as undelivered, and read them again. One row a minute at most. */
const REST_WRITE_MS = 60_000;
/** Most of the log that one start looks through for an event beside a head that fails alone. */
const SEARCHED_ENTRIES = 256;
const SEARCHED_LENGTH_MAX = 1024 * 1024;

export class Lane implements RunningLane {
  readonly name: string;
  readonly parts: LaneParts;
  #state: LaneState;
  #writtenCursor: number;
  #generation = 0;
  /** 0: not running. */
  #leaseEndsAtMs = 0;
  #opened: OpenLane | undefined;
  #mustRestore = false;
  /** The history has the filter of now. */
  #isFilterNoted = false;
  /** Up to here the log holds nothing that the lane wants, but a head that fails alone. */
  #searchedTo = 0;
  /** Counts config changes: what was opened before one is stale. */
  #revision = 0;
  #isStopped = false;
  /** When the cursor of rest was last written; 0: not since the object started. */
  #restWrittenAtMs = 0;
  #poke: () => void = () => undefined;

  constructor(parts: LaneParts, state: LaneState) {
    this.name = parts.name;
    this.parts = parts;
    this.#state = state;
    this.#writtenCursor = state.cursor;
  }

  get state(): LaneState {
    return this.#state;
  }

  get undelivered(): number {
    return undelivered(this.#state, this.parts.log.head);
  }

  get opened(): OpenLane | undefined {
    return this.#opened;
  }

  get revision(): number {
    return this.#revision;
  }

  isRunning(nowMs: number): boolean {
    return this.#leaseEndsAtMs > nowMs;
  }

  /** Whether there is something to send, and nothing forbids it now. Throws only when storage does. */
  isDue(nowMs: number): boolean {
    this.restore();
    if (!this.parts.isEnabled()) return false;
    if (this.undelivered > 0 && isDue(this.#state, nowMs)) return true;
    const followUpDueAtMs = this.followUpDueAtMs;
    const isLogEmpty = this.undelivered === 0;
    return (
      followUpDueAtMs !== null &&
      followUpDueAtMs <= nowMs &&
      followUpRole(this.#state, nowMs, isLogEmpty) !== 'not_now'
    );
  }

  /** When the next event that is retried alone is due; null when there is none. */
  get followUpDueAtMs(): number | null {
    return this.parts.store.followUps.nextDueAtMs(this.name);
  }

  /** When it may be sent at the earliest: not while the lane is paused. */
  get followUpSendableAtMs(): number | null {
    const dueAtMs = this.followUpDueAtMs;
    if (dueAtMs === null || !holdsFollowUps(this.#state)) return dueAtMs;
    return Math.max(dueAtMs, this.#state.dueAtMs ?? 0);
  }

  /** Starts a run when there is something to send and the lane is due. Never waits for it. Throws only when storage does. */
  start(): void {
    if (this.#isStopped) return;
    const nowMs = this.parts.io.nowMs();
    this.restore();
    if (this.#state.isHeadAlone && this.#hasOthers()) this.#state = hurried(this.#state, nowMs);
    if (!this.isDue(nowMs)) return;
    if (this.isRunning(nowMs)) return this.#poke();
    const generation = ++this.#generation;
    this.renewLease();
    void this.#run(generation);
  }

  /** What came after the log's entry `before` is not for this lane: where it is at the log's end, it goes over it without a run, paused or not. */
  pass(before: number): void {
    this.restore();
    const { cursor, leaving } = this.#state;
    const isAtEnd = cursor === before && leaving.length === 0 && !this.isRunning(this.parts.io.nowMs());
    if (this.#isStopped || !isAtEnd) return;
    this.noteFilter();
    this.#state = { ...this.#state, cursor: this.parts.log.head };
    if (this.isFarAhead) this.write();
  }

  /** The config changed and the row is written: the next request is made with the new one, from the new state. */
  reconfigure(state: LaneState): void {
    this.#revision++;
    this.#opened = undefined;
    this.#searchedTo = 0;
    this.adopt(state);
    this.#poke();
  }

  /** Has a run look again whether it may go on. */
  nudge(): void {
    this.#poke();
  }

  /** For good: the tenant is removed. What is under way changes nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#generation++;
    this.#leaseEndsAtMs = 0;
    this.#poke();
  }

  /** Takes over a state whose row is written. */
  adopt(state: LaneState): void {
    this.#state = state;
    this.#writtenCursor = state.cursor;
    this.#isFilterNoted = false;
  }

  isCurrent(generation: number): boolean {
    return generation === this.#generation;
  }

  renewLease(): void {
    this.#leaseEndsAtMs = this.parts.io.nowMs() + LEASE_MS;
  }

  /** The next state in memory; `write` makes it last. */
  change(state: LaneState): void {
    this.#state = state;
  }

  write(changes?: LaneChanges): void {
    this.parts.store.save(this.name, this.#state, changes);
    this.#writtenCursor = this.#state.cursor;
  }

  noteFilter(): void {
    if (this.#isFilterNoted) return;
    const { store } = this.parts;
    const { cursor, ahead } = this.#state;
    const rule = { kind: 'sent', ...filterIn(this.parts.filter()) } as const;
    // With the row: what was passed by the filter of before must stay behind the cursor.
    if (store.history.isNew(this.name, rule)) {
      store.save(this.name, this.#state, { spans: [{ after: cursor, rule, settled: ahead }] });
      this.#writtenCursor = cursor;
    }
    this.#isFilterNoted = true;
  }

  get isFarAhead(): boolean {
    return this.#state.cursor - this.#writtenCursor >= UNWRITTEN_EVENTS_MAX;
  }

  /** When the cursor that passed what nobody wanted is to be written; null: it is, or the lane runs. */
  restDueAtMs(nowMs: number): number | null {
    const isAtRest = this.#state.cursor > this.#writtenCursor && !this.isRunning(nowMs) && !this.#mustRestore;
    if (!isAtRest) return null;
    // Later than a wait ever is: the clock has gone back.
    const dueAtMs = this.#restWrittenAtMs + REST_WRITE_MS;
    return dueAtMs > nowMs + REST_WRITE_MS ? nowMs : Math.max(nowMs, dueAtMs);
  }

  /** Writes it, if it is due. */
  writeRest(nowMs: number): void {
    const dueAtMs = this.restDueAtMs(nowMs);
    if (dueAtMs === null || dueAtMs > nowMs) return;
    this.write();
    this.#restWrittenAtMs = nowMs;
  }

  async poked(): Promise<void> {
    return new Promise((resolve) => {
      this.#poke = resolve;
    });
  }

  async open(): Promise<Opened | undefined> {
    const revision = this.#revision;
    const opened = await this.parts.open();
    if (revision !== this.#revision) return undefined;
    if (opened.ok) this.#opened = opened.value;
    return opened;
  }

  /** Whether events beside the head wait that the lane wants: what others want is no reason to hurry. */
  #hasOthers(): boolean {
    if (this.undelivered <= 1) return false;
    const wants = this.#opened?.wants;
    if (!wants) return true;
    const { cursor, ahead, head } = this.#state;
    const fromSeq = Math.max(cursor, this.#searchedTo);
    const entries = this.parts.log.page(fromSeq, SEARCHED_ENTRIES, SEARCHED_LENGTH_MAX);
    const other = entries.find(({ seq, event }) => seq !== head?.seq && !ahead.includes(seq) && wants(event));
    this.#searchedTo = other ? other.seq - 1 : (entries.at(-1)?.seq ?? fromSeq);
    return other !== undefined;
  }

  async #run(generation: number): Promise<void> {
    try {
      const end = await new LaneRun(this, generation).toEnd();
      if (!this.isCurrent(generation)) return;
      this.#leaseEndsAtMs = 0;
      if (end === 'slice_used') this.parts.askForSlice();
    } catch (error) {
      logEvent('error', 'lane.crashed', {
        lane: this.name,
        tenant: this.parts.tenant(),
        ...causeFields(error),
      });
      if (!this.isCurrent(generation)) return;
      // What is under way still belongs to a run that is over: its answers must not touch the lane any more.
      this.#generation++;
      this.#leaseEndsAtMs = 0;
      this.#mustRestore = true;
    }
  }

  /**
   * After a write failed, memory is ahead of the row: the row counts, or what was settled in between would vanish.
   * Does nothing otherwise. Call before the state is used for anything that lasts.
   */
  restore(): void {
    if (!this.#mustRestore) return;
    const stored = this.parts.store.load(this.name);
    if (stored) this.adopt(stored);
    this.#mustRestore = false;
  }
}
