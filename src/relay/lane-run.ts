/**
 * One run of a lane: reads on from its cursor, sends, and moves the cursor, until nothing is left, it must wait,
 * or its slice of time and requests is used up.
 */

import type { Channel } from '../destinations/destination.ts';
import type { Outcome } from '../domain/outcome.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { LaneParts, OpenLane, RunningLane } from './lane-parts.ts';
import type { DeadLetter } from './lane-store.ts';
import { LaneWindow, type Pending } from './lane-window.ts';
import {
  AHEAD_MAX,
  type Attempt,
  type LaneState,
  type Verdict,
  afterOutcome,
  isDue,
  rested,
  settle,
} from './lanes.ts';

/** Shorter waits are slept in the object; the others go through the queue. */
const QUEUED_WAIT_MS_MIN = 5_000;
const SLICE_MS = 20_000;

export type RunEnd = 'idle' | 'waiting' | 'slice_used' | 'stopped' | 'superseded';

export class LaneRun {
  readonly #lane: RunningLane;
  readonly #parts: LaneParts;
  readonly #generation: number;
  #window: LaneWindow;
  /** The lane's config revision that the window was read for. */
  #revision: number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #sliceEndsAtMs: number;
  #requestsLeft: number;
  #probes = 0;
  /** Events settled since the row was last written. */
  #uncommitted = 0;
  /** Something else changed that must outlive a restart: a pause, a block, a recovery. */
  #isDirty = false;
  #letters: DeadLetter[] = [];

  constructor(lane: RunningLane, generation: number) {
    this.#lane = lane;
    this.#parts = lane.parts;
    this.#generation = generation;
    this.#revision = lane.revision;
    this.#window = this.#newWindow();
    this.#sliceEndsAtMs = this.#parts.io.nowMs() + SLICE_MS;
    this.#requestsLeft = this.#parts.requestsPerSlice();
  }

  /** Runs to its end and writes the row. */
  async toEnd(): Promise<RunEnd> {
    for (;;) {
      const end = await this.#step();
      if (end === undefined) continue;
      if (end !== 'superseded') this.#commit();
      return end;
    }
  }

  /** One turn: sends one request, or waits for something to happen. Returns how the run ends, if it does. */
  async #step(): Promise<RunEnd | undefined> {
    if (!this.#isCurrent()) return 'superseded';
    const nowMs = this.#parts.io.nowMs();
    if (this.#underWay.size === 0) this.#lane.renewLease();
    if (!isDue(this.#state, nowMs)) return this.#waitUntilDue((this.#state.dueAtMs ?? nowMs) - nowMs);
    if (this.#requestsLeft <= 0 || nowMs >= this.#sliceEndsAtMs) return this.#windDown('slice_used');
    if (!this.#parts.isEnabled()) return this.#windDown('stopped');
    const open = this.#lane.opened ?? (await this.#openDestination());
    if (!open || !this.#isCurrent()) return undefined;
    if (this.#revision !== this.#lane.revision) return this.#readAnew();
    return this.#sendNext(open);
  }

  /** The config changed: what was read for the old filter and is not under way is read again, from the cursor. */
  async #readAnew(): Promise<undefined> {
    if (this.#underWay.size > 0) {
      await Promise.race(this.#underWay);
      return;
    }
    this.#revision = this.#lane.revision;
    this.#window = this.#newWindow();
  }

  #newWindow(): LaneWindow {
    const settled = new Set(this.#state.ahead);
    return new LaneWindow(this.#parts.log, this.#state.cursor, (seq) => settled.has(seq));
  }

  /** Sends the next events when a slot is free; else waits; `idle` when nothing is left. */
  async #sendNext(open: OpenLane): Promise<RunEnd | undefined> {
    if (this.#mayStart(open.channel)) {
      const width = open.channel.batch ? this.#state.width : 1;
      const group = this.#window.take(width, open.channel.batch?.lengthMax ?? Infinity, open.wants);
      if (group.length > 0) {
        this.#send(open, group);
        return undefined;
      }
      this.#advance([]);
      if (this.#lane.isFarAhead) this.#lane.write([]);
      if (this.#window.hasUnread) {
        await this.#parts.io.sleep(0);
        return undefined;
      }
    }
    if (this.#underWay.size === 0) {
      this.#rest();
      return 'idle';
    }
    await this.#somethingHappens();
    return undefined;
  }

  /** Nothing is left to send: a pause, if there was one, has nothing to wait for. */
  #rest(): void {
    const state = rested(this.#state);
    if (state === this.#state) return;
    this.#lane.change(state);
    this.#isDirty = true;
  }

  #mayStart(channel: Channel): boolean {
    if (this.#state.dueAtMs !== null) return this.#probes === 0;
    const limit = Math.min(channel.inFlight, this.#parts.share());
    return this.#underWay.size < limit && this.#state.ahead.length + this.#underWay.size < AHEAD_MAX;
  }

  async #waitUntilDue(waitMs: number): Promise<RunEnd | undefined> {
    if (this.#underWay.size === 0) {
      if (waitMs >= QUEUED_WAIT_MS_MIN) {
        this.#parts.leaveWakeup(this.#lane.name, waitMs);
        return 'waiting';
      }
      this.#commit();
    }
    await this.#somethingHappens(waitMs);
    return undefined;
  }

  /** Lets what is under way settle, then ends. */
  async #windDown(end: RunEnd): Promise<RunEnd | undefined> {
    if (this.#underWay.size === 0) return end;
    await Promise.race(this.#underWay);
    return undefined;
  }

  /** Waits until a request settles, new events arrive, the config changes, or the time is over. */
  async #somethingHappens(timeMs?: number): Promise<void> {
    await Promise.race([
      ...this.#underWay,
      this.#lane.poked(),
      // No timer outlives its use by more than this: the loop looks again.
      ...(timeMs === undefined ? [] : [this.#parts.io.sleep(Math.min(timeMs, QUEUED_WAIT_MS_MIN))]),
    ]);
  }

  async #openDestination(): Promise<OpenLane | undefined> {
    const opened = await this.#lane.open();
    if (!opened || !this.#isCurrent()) return undefined;
    if (opened.ok) return opened.value;
    this.#apply({ seqs: [], isProbe: true }, opened.error, 1);
    return undefined;
  }

  #send(open: OpenLane, group: readonly Pending[]): void {
    const attempt = { seqs: group.map(({ seq }) => seq), isProbe: this.#state.dueAtMs !== null };
    this.#requestsLeft--;
    if (attempt.isProbe) this.#probes++;
    const sent = this.#deliver(open, group, attempt).then((outcome) => {
      this.#underWay.delete(sent);
      if (attempt.isProbe) this.#probes--;
      if (this.#isCurrent()) this.#take(open, group, attempt, outcome);
    });
    this.#underWay.add(sent);
    this.#lane.renewLease();
  }

  /** One request. A bug in building it is a failure of the lane, never of the object. */
  async #deliver(open: OpenLane, group: readonly Pending[], attempt: Attempt): Promise<Outcome> {
    const { io, timeouts } = this.#parts;
    const { requestMs, probeAfterTimeoutMs } = timeouts();
    const isImpatient = attempt.isProbe && this.#state.lastFailure?.reason === 'timeout';
    try {
      return await open.channel.deliver(
        group.map(({ event }) => open.reduce(event)),
        {
          send: open.send,
          timeoutMs: isImpatient ? probeAfterTimeoutMs : requestMs,
          attemptId: io.newId(),
          nowMs: io.nowMs,
        },
      );
    } catch (error) {
      logEvent('error', 'delivery.crashed', { ...this.#names, ...causeFields(error) });
      return { kind: 'retry', reason: 'internal_error', detail: 'the relay could not build the request' };
    }
  }

  /** Takes what came of a request: the lane's state, its events, its row. */
  #take(open: OpenLane, group: readonly Pending[], attempt: Attempt, outcome: Outcome): void {
    this.#lane.renewLease();
    // The config changed while the request was under way: a failure says nothing about the new one,
    // and what a removed destination took after all is counted as discarded already.
    const isDiscarded = attempt.seqs.every((seq) => seq <= this.#state.cursor);
    if (open !== this.#lane.opened && (outcome.kind !== 'delivered' || isDiscarded)) {
      this.#window.release(attempt.seqs);
      return;
    }
    const verdict = this.#apply(attempt, outcome, open.channel.batch?.eventsMax ?? 1);
    this.#finish(group, outcome, verdict);
    const commitAfter = open.channel.batch ? 1 : open.channel.inFlight;
    if (this.#uncommitted >= commitAfter || outcome.kind !== 'delivered') this.#commit();
  }

  /** Takes an outcome into the state, and tells the log when the lane pauses, blocks or recovers. */
  #apply(attempt: Attempt, outcome: Outcome, widthMax: number): Verdict {
    const { io } = this.#parts;
    const before = this.#state;
    const around = { nowMs: io.nowMs(), random: io.random(), widthMax };
    const { state, verdict } = afterOutcome(before, attempt, outcome, around);
    this.#lane.change(state);
    if (outcome.kind !== 'delivered' || before.dueAtMs !== null) this.#isDirty = true;
    const fields = { ...this.#names, tries: state.tries, reason: state.lastFailure?.reason };
    if (state.blocked && state.blocked.reason !== before.blocked?.reason) {
      logEvent('error', 'lane.blocked', fields);
    } else if (state.dueAtMs !== null && before.dueAtMs === null) {
      logEvent('warn', 'lane.paused', fields);
    } else if (before.dueAtMs !== null && state.dueAtMs === null) {
      logEvent('info', 'lane.recovered', this.#names);
    }
    return verdict;
  }

  /** What becomes of the attempt's events. */
  #finish(group: readonly Pending[], outcome: Outcome, verdict: Verdict): void {
    const seqs = group.map(({ seq }) => seq);
    if (verdict === 'send_again') return this.#window.release(seqs);
    if (outcome.kind === 'rejected') this.#deadLetter(group, outcome);
    this.#window.settle(seqs);
    this.#uncommitted += seqs.length;
    this.#advance(seqs);
  }

  #deadLetter(group: readonly Pending[], { status, excerpt }: Extract<Outcome, { kind: 'rejected' }>): void {
    const atMs = this.#parts.io.nowMs();
    for (const { seq, event, attempts } of group) {
      const { id: eventId, type: eventType } = event;
      this.#letters.push({
        lane: this.#lane.name,
        seq,
        eventId,
        eventType,
        status,
        excerpt,
        attempts: attempts + 1,
        atMs,
      });
    }
    logEvent('warn', 'event.dead_lettered', { ...this.#names, status, count: group.length });
  }

  #advance(settled: readonly number[]): void {
    this.#lane.change(settle(this.#state, settled, this.#window.position));
  }

  #commit(): void {
    if (!this.#isCurrent() || (this.#uncommitted === 0 && !this.#isDirty)) return;
    this.#lane.write(this.#letters);
    this.#letters = [];
    this.#uncommitted = 0;
    this.#isDirty = false;
  }

  #isCurrent(): boolean {
    return this.#lane.isCurrent(this.#generation);
  }

  get #state(): LaneState {
    return this.#lane.state;
  }

  get #names(): { readonly lane: string; readonly tenant: string } {
    return { lane: this.#lane.name, tenant: this.#parts.tenant() };
  }
}
