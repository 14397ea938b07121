/**
 * A lane made of its pure decisions alone, played step by step: what lane-run.ts does with a log, a network and a store,
 * with numbers only. It keeps its own account of every event, to hold against the lane's totals.
 */

import * as fc from 'fast-check';

import type { Outcome } from '../../src/domain/outcome.ts';
import {
  type FollowUp,
  type FollowUpAttempt,
  afterFollowUp,
  asideAt,
  followUpRole,
  parkedAt,
} from '../../src/relay/follow-up.ts';
import { type LaneState, isDue, newLane, rested } from '../../src/relay/lane-state.ts';
import {
  type Attempt,
  type Surroundings,
  afterOutcome,
  afterTryPast,
  isAside,
} from '../../src/relay/lanes.ts';

export const START_MS = Date.UTC(2026, 10, 22, 8);
const IN_FLIGHT = 4;

type UnderWay =
  | { readonly kind: 'log'; readonly attempt: Attempt }
  | { readonly kind: 'past'; readonly head: number; readonly seq: number }
  | { readonly kind: 'follow_up'; readonly attempt: FollowUpAttempt };

export type Step =
  /** Sends the log's next events; a paused lane first waits until it is due. */
  | { readonly do: 'send' }
  | { readonly do: 'send_follow_up' }
  /** Any of the requests under way is answered. */
  | {
      readonly do: 'answer';
      readonly which: number;
      readonly outcome: Outcome;
      readonly afterMs: number;
      readonly random: number;
    };

export class PureLane {
  state: LaneState;
  nowMs = START_MS;
  /** Neither delivered nor dead-lettered nor parked, ascending. */
  open: number[];
  followUps: FollowUp[] = [];
  deliveredSeqs: number[] = [];
  deadSeqs: number[] = [];
  underWay: UnderWay[] = [];
  readonly #widthMax: number;

  constructor(events: number, widthMax: number, state: LaneState = newLane(0)) {
    this.open = Array.from({ length: events }, (_, index) => index + 1);
    this.#widthMax = widthMax;
    this.state = state;
  }

  play(step: Step): void {
    if (step.do === 'send') return this.send();
    if (step.do === 'send_follow_up') return this.sendFollowUp();
    return this.answer(step.which, step.outcome, step.afterMs, step.random);
  }

  send(): void {
    if (this.waiting.length === 0) {
      if (this.open.length === 0 && isDue(this.state, this.nowMs)) this.state = rested(this.state);
      return;
    }
    const isProbe = this.state.dueAtMs !== null;
    if (isProbe ? this.#isProbing : this.underWay.length >= IN_FLIGHT) return;
    if (!isDue(this.state, this.nowMs)) this.nowMs = this.state.dueAtMs ?? this.nowMs;
    const seqs = this.waiting.slice(0, this.state.width);
    this.underWay.push({ kind: 'log', attempt: { seqs, isProbe } });
  }

  sendFollowUp(): void {
    if (this.underWay.some(({ kind }) => kind === 'follow_up')) return;
    const followUp = this.followUps.toSorted((a, b) => a.dueAtMs - b.dueAtMs).at(0);
    if (!followUp) return;
    // Where nothing of the log is left, the end of a pause is waited for.
    const pausedToMs = this.open.length === 0 ? (this.state.dueAtMs ?? 0) : 0;
    const nowMs = Math.max(this.nowMs, followUp.dueAtMs, pausedToMs);
    const role = followUpRole(this.state, nowMs, this.open.length === 0);
    if (role === 'not_now') return;
    this.nowMs = nowMs;
    this.underWay.push({ kind: 'follow_up', attempt: { followUp, isProbe: role === 'probe' } });
  }

  answer(which: number, outcome: Outcome, afterMs: number, random: number): void {
    const [answered] = this.underWay.splice(which % Math.max(1, this.underWay.length), 1);
    this.nowMs += afterMs;
    const around = { nowMs: this.nowMs, random, widthMax: this.#widthMax };
    if (answered?.kind === 'log') this.#take(answered.attempt, outcome, around);
    if (answered?.kind === 'past') this.#takePast(answered, outcome, around);
    if (answered?.kind === 'follow_up') this.#takeFollowUp(answered.attempt, outcome, around);
  }

  /** Open, and in no request that is under way. */
  get waiting(): number[] {
    const busy = new Set(this.underWay.flatMap((request) => seqsOf(request)));
    return this.open.filter((seq) => !busy.has(seq));
  }

  get #isProbing(): boolean {
    return this.underWay.some((request) => request.kind === 'past' || request.attempt.isProbe);
  }

  #take(attempt: Attempt, outcome: Outcome, around: Surroundings): void {
    const { state, verdict } = afterOutcome(this.state, attempt, outcome, around);
    this.state = state;
    if (verdict === 'settled') this.#settle(attempt.seqs, this.deliveredSeqs);
    if (verdict === 'dead_letter') this.#settle(attempt.seqs, this.deadSeqs);
    if (verdict === 'aside') this.#putAside(attempt.seqs, outcome, around);
    if (verdict === 'try_past') this.#tryPast();
  }

  #putAside(seqs: readonly number[], outcome: Outcome, { nowMs }: Surroundings): void {
    this.#settle(seqs, []);
    for (const seq of seqs)
      this.followUps.push(asideAt({ lane: 'edr/events', seq, attempts: 1 }, outcome, nowMs));
  }

  #tryPast(): void {
    const { head, pastHead } = this.state;
    if (!head || this.underWay.length > 0) return;
    const seq = this.waiting.find((other) => other > Math.max(head.seq, pastHead));
    if (seq === undefined) this.state = { ...this.state, pastHead: 0 };
    else this.underWay.push({ kind: 'past', head: head.seq, seq });
  }

  #takePast({ head, seq }: Extract<UnderWay, { kind: 'past' }>, outcome: Outcome, around: Surroundings) {
    const { state, verdict } = afterTryPast(this.state, seq, outcome, around);
    this.state = state;
    if (verdict === 'dead_letter') this.#settle([seq], this.deadSeqs);
    const isTaken = verdict === 'settled' || verdict === 'park_head';
    if (isAside(outcome) && (isTaken || verdict === 'aside')) this.#putAside([seq], outcome, around);
    else if (isTaken) this.#settle([seq], this.deliveredSeqs);
    if (verdict !== 'park_head') return;
    this.#settle([head], []);
    this.followUps.push(parkedAt({ lane: 'edr/events', seq: head, attempts: 3 }, around));
  }

  #takeFollowUp(attempt: FollowUpAttempt, outcome: Outcome, around: Surroundings): void {
    const { seq } = attempt.followUp;
    const { state, verdict } = afterFollowUp(this.state, attempt, outcome, around);
    this.state = state;
    this.followUps = this.followUps.filter((other) => other.seq !== seq);
    if (verdict.kind === 'again') this.followUps.push(verdict.followUp);
    if (verdict.kind === 'settled') this.deliveredSeqs.push(seq);
    if (verdict.kind === 'dead_letter') this.deadSeqs.push(seq);
  }

  #settle(seqs: readonly number[], into: number[]): void {
    into.push(...seqs);
    this.open = this.open.filter((seq) => !seqs.includes(seq));
  }
}

function seqsOf(request: UnderWay): readonly number[] {
  if (request.kind === 'log') return request.attempt.seqs;
  return request.kind === 'past' ? [request.seq] : [];
}

export const DELIVERED: Outcome = { kind: 'delivered' };
export const FAILED: Outcome = { kind: 'retry', reason: 'server_error', detail: 'HTTP 503', status: 503 };
export const TIMED_OUT: Outcome = { kind: 'retry', reason: 'timeout', detail: 'no answer within 15 s' };
export const BUSY: Outcome = { kind: 'retry', reason: 'busy', detail: 'HTTP 429', status: 429 };
export const DENIED: Outcome = { kind: 'blocked', reason: 'unauthorized', detail: 'HTTP 401' };
/** Asked for: look again in half a minute. */
export const ASIDE = {
  kind: 'retry',
  reason: 'pending',
  detail: 'isolation is under way',
  retryAfterMs: 30_000,
  isAside: true,
} as const satisfies Outcome;
export const REFUSED: Outcome = { kind: 'rejected', status: 400, excerpt: 'no' };

/** In [0, 1). */
export const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Failures that say nothing against the events. */
export const anyFailure: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom(FAILED, TIMED_OUT, BUSY, DENIED),
  fc
    .record({
      reason: fc.constantFrom('busy' as const, 'server_error' as const),
      retryAfterMs: fc.nat(3_600_000),
    })
    .map((asked) => ({ kind: 'retry', detail: 'HTTP 5xx', ...asked }) as const),
);

export const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  { arbitrary: fc.constantFrom(DELIVERED, FAILED, REFUSED), weight: 3 },
  { arbitrary: anyFailure, weight: 1 },
  { arbitrary: fc.constant(ASIDE), weight: 1 },
);

/** A script of sends and answers; `outcomes` is what the destination may answer. */
export function anySteps(outcomes: fc.Arbitrary<Outcome>, maxLength = 300): fc.Arbitrary<Step[]> {
  const answer = fc.record({
    do: fc.constant('answer' as const),
    which: fc.nat(IN_FLIGHT),
    outcome: outcomes,
    afterMs: fc.nat(15_000),
    random: anyRandom,
  });
  const send = fc.constantFrom<Step>({ do: 'send' }, { do: 'send' }, { do: 'send_follow_up' });
  return fc.array(fc.oneof(send, answer), { maxLength, size: 'max' });
}
