/**
 * A lane at work: reads on from its cursor, sends, and moves the cursor, until nothing is left, it must wait,
 * or its slice of time and requests is used up. At most one run counts at a time: a run that was given up
 * (its lease ran out) can no longer write.
 */

import type { Channel } from '../destinations/destination.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { SendRequest } from '../lib/http.ts';
import { logEvent } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import type { RelayIo } from './io.ts';
import type { DeadLetter, LaneStore } from './lane-store.ts';
import { LaneWindow, type Pending } from './lane-window.ts';
import { AHEAD_MAX, type LaneState, afterOutcome, madeDue, settle, undelivered } from './lanes.ts';
import type { EventLog } from './log.ts';

export interface Timeouts {
  readonly requestMs: number;
  /** A destination that just timed out is probed with less patience. */
  readonly probeAfterTimeoutMs: number;
}

export const TIMEOUTS: Timeouts = { requestMs: 15_000, probeAfterTimeoutMs: 5_000 };
/** Shorter waits are slept in the object; longer ones go through the queue. */
export const SLEPT_WAIT_MS_MAX = 5_000;
const SLICE_MS = 20_000;
/** A run that has not moved for this long is given up. Longer than any single request or sleep. */
const LEASE_MS = 60_000;

/** A lane's destination, ready to send to: secrets open, filters compiled. */
export interface OpenLane {
  readonly channel: Channel;
  readonly send: SendRequest;
  readonly wants: (event: CanonicalEvent) => boolean;
  /** Applies what the destination's privacy reduces further. */
  readonly reduce: (event: CanonicalEvent) => CanonicalEvent;
}

export interface LaneParts {
  readonly name: string;
  readonly log: EventLog;
  readonly store: LaneStore;
  readonly io: RelayIo;
  readonly tenant: () => string;
  /** Whether the lane's destination is configured and enabled. */
  readonly isEnabled: () => boolean;
  /** Opens the destination as configured now. */
  readonly open: () => Promise<Result<OpenLane, Extract<Outcome, { kind: 'blocked' }>>>;
  /** Requests that this lane may have under way, given what else runs. */
  readonly share: () => number;
  readonly requestsPerSlice: () => number;
  readonly timeouts: () => Timeouts;
  /** Leaves a wake-up in the queue for a wait that is not slept. */
  readonly leaveWakeup: (lane: string, waitMs: number) => void;
  /** Asks for a fresh invocation: the slice of this one is used up. */
  readonly askForSlice: () => void;
}

type RunEnd = 'idle' | 'waiting' | 'slice_used' | 'stopped' | 'superseded';

interface Run {
  readonly generation: number;
  readonly window: LaneWindow;
  readonly underWay: Set<Promise<void>>;
  readonly sliceEndsAtMs: number;
  requestsLeft: number;
  probes: number;
  /** Events settled since the row was last written. */
  uncommitted: number;
  /** Something else changed that must outlive a restart: a pause, a block, a recovery. */
  isDirty: boolean;
  letters: DeadLetter[];
}

export class Lane {
  readonly name: string;
  readonly #parts: LaneParts;
  #state: LaneState;
  #generation = 0;
  /** 0: not running. */
  #leaseEndsAtMs = 0;
  #opened: OpenLane | undefined;
  #poke: () => void = () => undefined;

  constructor(parts: LaneParts, state: LaneState) {
    this.name = parts.name;
    this.#parts = parts;
    this.#state = state;
  }

  get state(): LaneState {
    return this.#state;
  }

  get undelivered(): number {
    return undelivered(this.#state, this.#parts.log.head);
  }

  isRunning(nowMs: number): boolean {
    return this.#leaseEndsAtMs > nowMs;
  }

  /** Whether there is something to send, and nothing forbids it now. */
  isDue(nowMs: number): boolean {
    return this.undelivered > 0 && (this.#state.dueAtMs ?? 0) <= nowMs && this.#parts.isEnabled();
  }

  /** Starts a run when there is something to send and the lane is due. Never waits for it, never fails. */
  start(): void {
    const nowMs = this.#parts.io.nowMs();
    if (!this.isDue(nowMs)) return;
    if (this.isRunning(nowMs)) return this.#poke();
    const generation = ++this.#generation;
    this.#leaseEndsAtMs = nowMs + LEASE_MS;
    this.#run(generation)
      .catch((error: unknown) => {
        logEvent('error', 'lane.crashed', {
          lane: this.name,
          tenant: this.#parts.tenant(),
          error: String(error),
        });
        return 'stopped' as const;
      })
      .then((end) => {
        if (generation !== this.#generation) return;
        this.#leaseEndsAtMs = 0;
        if (end === 'slice_used') this.#parts.askForSlice();
      })
      .catch(() => undefined);
  }

  /** The destination's config changed: the next request is made with the new one, and a pause ends at once. */
  reconfigure(): void {
    this.#opened = undefined;
    this.#state = madeDue(this.#state, this.#parts.io.nowMs());
    this.#poke();
  }

  /** Takes over what was settled for the lane while it did not run: its period expired. The row is written by then. */
  adopt(state: LaneState): void {
    this.#state = state;
  }

  async #run(generation: number): Promise<RunEnd> {
    const { io, log } = this.#parts;
    const settledAhead = new Set(this.#state.ahead);
    const run: Run = {
      generation,
      window: new LaneWindow(log, this.#state.cursor, (seq) => settledAhead.has(seq)),
      underWay: new Set(),
      sliceEndsAtMs: io.nowMs() + SLICE_MS,
      requestsLeft: this.#parts.requestsPerSlice(),
      probes: 0,
      uncommitted: 0,
      isDirty: false,
      letters: [],
    };
    for (;;) {
      const end = await this.#step(run);
      if (end === 'superseded') return end;
      if (end) {
        this.#commit(run);
        return end;
      }
    }
  }

  /** One turn of the loop: sends one request, or waits for something to happen. Returns how the run ends, if it does. */
  async #step(run: Run): Promise<RunEnd | undefined> {
    const { io } = this.#parts;
    if (run.generation !== this.#generation) return 'superseded';
    const nowMs = io.nowMs();
    if (run.underWay.size === 0) this.#renewLease();

    const waitMs = (this.#state.dueAtMs ?? 0) - nowMs;
    if (waitMs > 0) return this.#waitUntilDue(run, waitMs);

    if (run.requestsLeft <= 0 || nowMs >= run.sliceEndsAtMs) return this.#wind(run, 'slice_used');
    if (!this.#parts.isEnabled()) return this.#wind(run, 'stopped');
    const open = this.#opened ?? (await this.#open(run));
    if (!open || run.generation !== this.#generation) return undefined;

    if (this.#mayStart(run, open.channel)) {
      const width = open.channel.batch ? this.#state.width : 1;
      const group = run.window.take(width, open.channel.batch?.bytesMax ?? Infinity, open.wants);
      if (group.length > 0) {
        this.#send(run, open, group);
        return undefined;
      }
      if (run.window.hasUnread) {
        await io.sleep(0);
        return undefined;
      }
    }
    if (run.underWay.size > 0) {
      await this.#somethingHappens(run);
      return undefined;
    }
    this.#advance(run, []);
    return 'idle';
  }

  #mayStart(run: Run, channel: Channel): boolean {
    if (this.#state.dueAtMs !== null) return run.probes === 0;
    const limit = Math.min(channel.inFlight, this.#parts.share());
    return run.underWay.size < limit && this.#state.ahead.length + run.underWay.size < AHEAD_MAX;
  }

  async #waitUntilDue(run: Run, waitMs: number): Promise<RunEnd | undefined> {
    if (run.underWay.size > 0) {
      await this.#somethingHappens(run, waitMs);
      return undefined;
    }
    if (waitMs > SLEPT_WAIT_MS_MAX) {
      this.#parts.leaveWakeup(this.name, waitMs);
      return 'waiting';
    }
    this.#commit(run);
    await this.#somethingHappens(run, waitMs);
    return undefined;
  }

  /** Lets what is under way settle, then ends. */
  async #wind(run: Run, end: RunEnd): Promise<RunEnd | undefined> {
    if (run.underWay.size === 0) return end;
    await Promise.race(run.underWay);
    return undefined;
  }

  /** Waits until a request settles, new events arrive, the config changes, or the time is over. */
  async #somethingHappens(run: Run, timeMs?: number): Promise<void> {
    const poked = new Promise<void>((resolve) => {
      this.#poke = resolve;
    });
    await Promise.race([
      ...run.underWay,
      poked,
      ...(timeMs === undefined ? [] : [this.#parts.io.sleep(timeMs)]),
    ]);
  }

  async #open(run: Run): Promise<OpenLane | undefined> {
    const opened = await this.#parts.open();
    if (run.generation !== this.#generation) return undefined;
    if (opened.ok) this.#opened = opened.value;
    else this.#apply(run, { seqs: [], isProbe: true }, opened.error, 1);
    return this.#opened;
  }

  #send(run: Run, open: OpenLane, group: readonly Pending[]): void {
    const { io } = this.#parts;
    const timeouts = this.#parts.timeouts();
    const isProbe = this.#state.dueAtMs !== null;
    const isImpatient = isProbe && this.#state.lastFailure?.reason === 'timeout';
    const seqs = group.map(({ seq }) => seq);
    run.requestsLeft--;
    if (isProbe) run.probes++;
    const attempt = open.channel
      .deliver(
        group.map(({ event }) => open.reduce(event)),
        {
          send: open.send,
          timeoutMs: isImpatient ? timeouts.probeAfterTimeoutMs : timeouts.requestMs,
          attemptId: io.newId(),
          nowMs: io.nowMs,
        },
      )
      .catch((error: unknown): Outcome => {
        logEvent('error', 'delivery.crashed', {
          lane: this.name,
          tenant: this.#parts.tenant(),
          error: String(error),
        });
        return {
          kind: 'retry',
          reason: 'internal_error',
          detail: 'the relay could not build or send the request',
        };
      })
      .then((outcome) => {
        run.underWay.delete(attempt);
        if (isProbe) run.probes--;
        if (run.generation !== this.#generation) return;
        this.#renewLease();
        const widthMax = open.channel.batch?.eventsMax ?? 1;
        const verdict = this.#apply(run, { seqs, isProbe }, outcome, widthMax);
        this.#finish(run, group, outcome, verdict);
        const commitAfter = open.channel.batch ? 1 : open.channel.inFlight;
        if (run.uncommitted >= commitAfter || outcome.kind !== 'delivered') this.#commit(run);
      });
    run.underWay.add(attempt);
    this.#renewLease();
  }

  /** Only what moves the lane renews the lease: a request that starts or ends. */
  #renewLease(): void {
    this.#leaseEndsAtMs = this.#parts.io.nowMs() + LEASE_MS;
  }

  /** Takes an outcome into the state and tells the log when the lane pauses, blocks or recovers. */
  #apply(
    run: Run,
    attempt: { readonly seqs: readonly number[]; readonly isProbe: boolean },
    outcome: Outcome,
    widthMax: number,
  ): ReturnType<typeof afterOutcome>['verdict'] {
    const { io, tenant, name } = this.#parts;
    const before = this.#state;
    const { state, verdict } = afterOutcome(before, attempt, outcome, {
      nowMs: io.nowMs(),
      random: io.random(),
      widthMax,
    });
    this.#state = state;
    const fields = {
      lane: name,
      tenant: tenant(),
      tries: state.tries,
      reason: state.lastFailure?.reason ?? '',
    };
    if (state.blocked && state.blocked.reason !== before.blocked?.reason)
      logEvent('error', 'lane.blocked', fields);
    else if (state.dueAtMs !== null && before.dueAtMs === null) logEvent('warn', 'lane.paused', fields);
    else if (before.dueAtMs !== null && state.dueAtMs === null) logEvent('info', 'lane.recovered', fields);
    if (outcome.kind !== 'delivered' || before.dueAtMs !== null) run.isDirty = true;
    return verdict;
  }

  /** What becomes of the attempt's events. */
  #finish(
    run: Run,
    group: readonly Pending[],
    outcome: Outcome,
    verdict: ReturnType<typeof afterOutcome>['verdict'],
  ): void {
    const seqs = group.map(({ seq }) => seq);
    if (verdict === 'send_again') return run.window.release(seqs);
    if (verdict === 'dead_letter' && outcome.kind === 'rejected') {
      for (const { seq, event, attempts } of group) {
        run.letters.push({
          lane: this.name,
          seq,
          eventId: event.id,
          eventType: event.type,
          status: outcome.status,
          excerpt: outcome.excerpt,
          attempts: attempts + 1,
          atMs: this.#parts.io.nowMs(),
        });
      }
      logEvent('warn', 'event.dead_lettered', {
        lane: this.name,
        tenant: this.#parts.tenant(),
        status: outcome.status,
      });
    }
    run.window.settle(seqs);
    run.uncommitted += seqs.length;
    this.#advance(run, seqs);
  }

  #advance(run: Run, settled: readonly number[]): void {
    this.#state = settle(this.#state, settled, run.window.position);
  }

  #commit(run: Run): void {
    if (run.generation !== this.#generation) return;
    if (run.uncommitted === 0 && !run.isDirty) return;
    this.#parts.store.save(this.name, this.#state, run.letters);
    run.isDirty = false;
    run.uncommitted = 0;
    run.letters = [];
  }
}
