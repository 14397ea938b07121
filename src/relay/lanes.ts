/**
 * How the outcome of a request to a destination changes its lane. Pure: time and chance are passed in.
 * Source: docs/architecture.md, "Behaviour of a lane".
 */

import type { BlockedReason, FailedOutcome, Outcome } from '../domain/outcome.ts';
import { RETRY_AFTER_MS_MAX, backoffMs } from '../lib/backoff.ts';
import { unreachable } from '../lib/result.ts';
import { BLOCKED_PROBE_MS, type LaneState, unpaused } from './lane-state.ts';

/** So many rejections without a delivery say that the destination, not the event, is wrong. */
export const REJECTED_IN_A_ROW_MAX = 20;
/** From so many failures in a row of the same event on, a probe tries the next one too. */
export const HEAD_FAILURES_MIN = 3;
/** Events of a lane that may be retried alone at the same time; with more, the lane blocks. */
export const PARKED_MAX = 1000;

export interface Attempt {
  /** Seqs of the events in the request, ascending. */
  readonly seqs: readonly number[];
  /** The lane was paused when the attempt started: its outcome decides whether the pause ends. */
  readonly isProbe: boolean;
}

export interface Surroundings {
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
  /** Most events that a request may carry: 1 for lanes without batches. */
  readonly widthMax: number;
}

/** What is to be done with the events of a settled attempt. */
export type Verdict =
  | 'settled'
  | 'dead_letter'
  /** The destination is at it: a follow-up looks at it again. */
  | 'aside'
  | 'send_again'
  /** Send again, but first try the next event, at once: the head may be the only one that fails. */
  | 'try_past'
  /** The event past the head is delivered, or aside: the head is parked and retried alone. */
  | 'park_head';

export interface Next {
  readonly state: LaneState;
  readonly verdict: Verdict;
}

/** How an outcome changes the lane, and what becomes of the attempt's events. The cursor moves in `settle`. */
export function afterOutcome(
  state: LaneState,
  attempt: Attempt,
  outcome: Outcome,
  around: Surroundings,
): Next {
  switch (outcome.kind) {
    case 'delivered':
      return afterDelivery(state, attempt, outcome, around);
    case 'rejected':
      return afterRejection(state, attempt, outcome, around);
    case 'retry':
      return isAside(outcome)
        ? afterAside(state, attempt, around.nowMs)
        : afterRetry(state, attempt, outcome, around);
    case 'blocked':
      return { state: afterBlocked(state, outcome, around.nowMs), verdict: 'send_again' };
    default:
      return unreachable(outcome);
  }
}

/**
 * The same for the event that a probe tries past a failing head. Only that it is taken proves that the head alone is at fault;
 * whatever else comes of it, the lane's pause goes on.
 */
export function afterTryPast(before: LaneState, seq: number, outcome: Outcome, around: Surroundings): Next {
  const { nowMs } = around;
  const state = { ...before, isHeadAlone: false, pastHead: seq };
  switch (outcome.kind) {
    case 'delivered': {
      const counted = countDelivered(state, 1, nowMs);
      return afterTaken(counted, seq, 'settled', nowMs);
    }
    case 'rejected':
      return afterRejectionAlone(state, outcome, nowMs);
    case 'retry': {
      if (isAside(outcome)) {
        if (state.parked >= PARKED_MAX) return fullOfParked(state, 'send_again', nowMs);
        return afterTaken({ ...state, parked: state.parked + 1 }, seq, 'aside', nowMs);
      }
      const dueAtMs = Math.max(state.dueAtMs ?? nowMs, nowMs + askedWaitMs(outcome));
      const lastFailure = { reason: outcome.reason, detail: outcome.detail, atMs: nowMs };
      return {
        state: { ...state, dueAtMs, lastFailure },
        verdict: 'send_again',
      };
    }
    case 'blocked':
      return { state: afterBlocked(state, outcome, nowMs), verdict: 'send_again' };
    default:
      return unreachable(outcome);
  }
}

/** The event past the head was taken: the head is parked, if there is room. */
function afterTaken(state: LaneState, seq: number, verdict: 'settled' | 'aside', nowMs: number): Next {
  if (state.parked >= PARKED_MAX) return fullOfParked(state, verdict, nowMs);
  // The next head may have been tried past this one, and have failed alike: those after it were not tried yet.
  return { state: { ...unpaused(state), pastHead: seq, parked: state.parked + 1 }, verdict: 'park_head' };
}

function fullOfParked(state: LaneState, verdict: Verdict, nowMs: number): Next {
  const detail = `${PARKED_MAX} events fail or wait while others are taken: see their last answers`;
  return { state: blockedState(state, 'too_many_parked', detail, nowMs), verdict };
}

/** Whether the destination was asked and is at it: nothing has failed. */
export function isAside(outcome: Outcome): boolean {
  return outcome.kind === 'retry' && outcome.isAside === true;
}

/** The destination answered: a pause that this was the probe of is over. Those aside are bounded as parked ones are. */
function afterAside(state: LaneState, { seqs, isProbe }: Attempt, nowMs: number): Next {
  const parked = state.parked + seqs.length;
  if (parked > PARKED_MAX) return fullOfParked(state, 'send_again', nowMs);
  const counted = { ...state, parked, rejectedInARow: 0 };
  // A sibling that was under way when the lane paused says nothing about the destination now.
  const isAnswered = state.dueAtMs === null || isProbe;
  return { state: isAnswered ? unpaused(counted) : counted, verdict: 'aside' };
}

type Delivered = Extract<Outcome, { kind: 'delivered' }>;
type Rejected = Extract<Outcome, { kind: 'rejected' }>;
type Retry = Extract<Outcome, { kind: 'retry' }>;

/** Counts events that were taken. */
export function countDelivered(state: LaneState, count: number, nowMs: number): LaneState {
  return {
    ...state,
    delivered: state.delivered + count,
    lastDeliveredAtMs: nowMs,
    rejectedInARow: 0,
  };
}

/** Of a request's events, how many of the first are delivered. */
export function settledOf(outcome: Outcome, count: number): number {
  return outcome.kind === 'delivered' ? Math.min(Math.max(1, outcome.settled ?? count), count) : 0;
}

/** What came of the events that are not delivered; undefined: there are none, or they were not tried. */
export function failureOf(outcome: Outcome, count: number): FailedOutcome | undefined {
  if (outcome.kind !== 'delivered') return outcome;
  return settledOf(outcome, count) < count ? outcome.others : undefined;
}

/** Only what was delivered: a failure under an earlier config says nothing about the lane's. */
export function withoutFailure(outcome: Outcome): Outcome {
  if (outcome.kind !== 'delivered') return outcome;
  const { others: _, ...delivered } = outcome;
  return delivered;
}

/** The verdict is that of the events that failed, if there are any. */
function afterDelivery(state: LaneState, attempt: Attempt, outcome: Delivered, around: Surroundings): Next {
  const count = settledOf(outcome, attempt.seqs.length);
  const delivered = afterDeliveryOf(count, state, attempt, around);
  const failed = failureOf(outcome, attempt.seqs.length);
  if (!failed) return { state: delivered, verdict: 'settled' };
  // The destination answered: the pause that a probe ends is over, and what failed since begins another one.
  return afterOutcome(delivered, { seqs: attempt.seqs.slice(count), isProbe: false }, failed, around);
}

function afterDeliveryOf(
  count: number,
  state: LaneState,
  { isProbe }: Attempt,
  { nowMs, widthMax }: Surroundings,
): LaneState {
  const counted = countDelivered(state, count, nowMs);
  // A sibling that was under way when the lane paused says nothing about the destination now.
  if (state.dueAtMs !== null && !isProbe) return counted;
  return { ...unpaused(counted), width: Math.min(widthMax, Math.max(1, state.width * 2)) };
}

function afterRejection(
  state: LaneState,
  attempt: Attempt,
  outcome: Rejected,
  { nowMs }: Surroundings,
): Next {
  const isRefusedStill = attempt.isProbe && state.blocked?.reason === 'rejected_in_a_row';
  if (isRefusedStill) {
    // One event per probe is given up, not twenty: the next one may be taken.
    const again = { ...state, deadLettered: state.deadLettered + 1, dueAtMs: nowMs + BLOCKED_PROBE_MS };
    return { state: again, verdict: 'dead_letter' };
  }
  const answered = attempt.isProbe ? unpaused(state) : state;
  if (attempt.seqs.length > 1) {
    // One event spoils the batch: halve until it stands alone. A lane that is paused meanwhile probes with one event.
    const width = answered.dueAtMs === null ? Math.ceil(attempt.seqs.length / 2) : 1;
    return { state: { ...answered, width }, verdict: 'send_again' };
  }
  return afterRejectionAlone(answered, outcome, nowMs);
}

function afterRejectionAlone(state: LaneState, outcome: Rejected, nowMs: number): Next {
  const deadLettered = state.deadLettered + 1;
  // What the relay itself refuses says nothing about the destination.
  if (outcome.status === null) return { state: { ...state, deadLettered }, verdict: 'dead_letter' };
  const rejectedInARow = state.rejectedInARow + 1;
  const counted = { ...state, rejectedInARow, deadLettered };
  if (rejectedInARow < REJECTED_IN_A_ROW_MAX) return { state: counted, verdict: 'dead_letter' };
  const detail = `${rejectedInARow} events in a row were refused, the last with HTTP ${outcome.status}: ${outcome.excerpt}`;
  return { state: blockedState(counted, 'rejected_in_a_row', detail, nowMs), verdict: 'dead_letter' };
}

function afterRetry(state: LaneState, attempt: Attempt, outcome: Retry, around: Surroundings): Next {
  const { nowMs } = around;
  const lastFailure = { reason: outcome.reason, detail: outcome.detail, atMs: nowMs };
  // The pause belongs to the first failure of a group; its siblings do not lengthen it.
  if (state.dueAtMs !== null && !attempt.isProbe)
    return { state: { ...state, lastFailure }, verdict: 'send_again' };
  const tries = state.tries + 1;
  const failingSinceMs = state.failingSinceMs ?? nowMs;
  const waitMs = state.blocked
    ? BLOCKED_PROBE_MS
    : backoffMs({
        tries,
        failingForMs: nowMs - failingSinceMs,
        random: around.random,
        retryAfterMs: outcome.retryAfterMs,
      });
  const head = headAfterFailure(state, attempt.seqs[0]);
  const paused = { ...state, tries, failingSinceMs, dueAtMs: nowMs + waitMs, lastFailure, head, width: 1 };
  // A destination that is asked too much gets no second request in the same breath.
  const isPoisonLikely = outcome.reason !== 'busy' && (head?.failures ?? 0) >= HEAD_FAILURES_MIN;
  if (!isPoisonLikely || !attempt.isProbe)
    return { state: { ...paused, isHeadAlone: false }, verdict: 'send_again' };
  // Until an event past it is tried; a destination that asked for patience gets it all the same.
  const isHeadAlone = outcome.retryAfterMs === undefined;
  return { state: { ...paused, isHeadAlone }, verdict: 'try_past' };
}

function headAfterFailure({ head }: LaneState, seq: number | undefined): LaneState['head'] {
  if (seq === undefined) return head;
  return { seq, failures: head?.seq === seq ? head.failures + 1 : 1 };
}

/** What the destination asked for, capped; 0 when it did not. */
export function askedWaitMs({ retryAfterMs }: Retry): number {
  return Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX);
}

/** Nothing passes until an operator acts. */
export function afterBlocked(
  state: LaneState,
  outcome: Extract<Outcome, { kind: 'blocked' }>,
  nowMs: number,
): LaneState {
  return blockedState(state, outcome.reason, outcome.detail, nowMs);
}

function blockedState(state: LaneState, reason: BlockedReason, detail: string, nowMs: number): LaneState {
  return {
    ...state,
    tries: state.tries + 1,
    failingSinceMs: state.failingSinceMs ?? nowMs,
    dueAtMs: nowMs + BLOCKED_PROBE_MS,
    blocked: { reason, detail, sinceMs: state.blocked?.sinceMs ?? nowMs },
    lastFailure: { reason, detail, atMs: nowMs },
    rejectedInARow: 0,
    width: 1,
  };
}
