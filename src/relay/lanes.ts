/**
 * What a lane remembers and how each outcome changes it: cursor, back-off, blocking, batch width.
 * Pure: time and chance are passed in. Source: docs/architecture.md, "Behaviour of a lane".
 */

import type { BlockedReason, Outcome, RetryReason } from '../domain/outcome.ts';
import { RETRY_AFTER_MS_MAX, backoffMs } from '../lib/backoff.ts';
import { unreachable } from '../lib/result.ts';

/** A blocked lane probes this often; a config change unblocks it at once. */
export const BLOCKED_PROBE_MS = 15 * 60_000;
/** So many rejections without a delivery say that the destination, not the event, is wrong. */
export const REJECTED_IN_A_ROW_MAX = 20;
/** Settled events above the cursor that a lane's row may hold. */
export const AHEAD_MAX = 64;

export interface LaneState {
  /** Every event up to here is settled. */
  readonly cursor: number;
  /** Settled above the cursor, ascending: never sent again. */
  readonly ahead: readonly number[];
  /** Failures in a row. */
  readonly tries: number;
  readonly failingSinceMs: number | null;
  /** Nothing is sent before; then one probe. Null: not paused. */
  readonly dueAtMs: number | null;
  readonly blocked: {
    readonly reason: BlockedReason;
    readonly detail: string;
    readonly sinceMs: number;
  } | null;
  readonly lastFailure: {
    readonly reason: RetryReason | BlockedReason;
    readonly detail: string;
    readonly atMs: number;
  } | null;
  /** Events that the next request may carry; batched lanes grow and shrink it. */
  readonly width: number;
  readonly rejectedInARow: number;
  readonly lastDeliveredAtMs: number | null;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly expired: number;
  /** Given up because the destination was removed. */
  readonly discarded: number;
}

/** A lane that starts after `cursor`: events up to there are not its own. */
export function newLane(cursor: number): LaneState {
  return {
    cursor,
    ahead: [],
    tries: 0,
    failingSinceMs: null,
    dueAtMs: null,
    blocked: null,
    lastFailure: null,
    width: 1,
    rejectedInARow: 0,
    lastDeliveredAtMs: null,
    delivered: 0,
    deadLettered: 0,
    expired: 0,
    discarded: 0,
  };
}

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
export type Verdict = 'settled' | 'dead_letter' | 'send_again';

/** How an outcome changes the lane, and what becomes of the attempt's events. The cursor moves in `settle`. */
export function afterOutcome(
  state: LaneState,
  attempt: Attempt,
  outcome: Outcome,
  around: Surroundings,
): { readonly state: LaneState; readonly verdict: Verdict } {
  switch (outcome.kind) {
    case 'delivered':
      return { state: afterDelivery(state, attempt, around), verdict: 'settled' };
    case 'rejected':
      return afterRejection(state, attempt, outcome, around);
    case 'retry':
    case 'blocked':
      return { state: afterFailure(state, attempt, outcome, around), verdict: 'send_again' };
    default:
      return unreachable(outcome);
  }
}

function afterDelivery(state: LaneState, attempt: Attempt, { nowMs, widthMax }: Surroundings): LaneState {
  const counted = {
    ...state,
    delivered: state.delivered + attempt.seqs.length,
    lastDeliveredAtMs: nowMs,
    rejectedInARow: 0,
  };
  // A sibling that was under way when the lane paused says nothing about the destination now.
  if (state.dueAtMs !== null && !attempt.isProbe) return counted;
  return { ...unpaused(counted), width: Math.min(widthMax, Math.max(1, state.width * 2)) };
}

function unpaused(state: LaneState): LaneState {
  return { ...state, tries: 0, failingSinceMs: null, dueAtMs: null, blocked: null };
}

function afterRejection(
  state: LaneState,
  attempt: Attempt,
  outcome: Extract<Outcome, { kind: 'rejected' }>,
  { nowMs }: Surroundings,
): { readonly state: LaneState; readonly verdict: Verdict } {
  const isRefusedStill = attempt.isProbe && state.blocked?.reason === 'rejected_in_a_row';
  if (isRefusedStill) {
    // One event per probe is given up, not twenty: the next one may be taken.
    const again = { ...state, deadLettered: state.deadLettered + 1, dueAtMs: nowMs + BLOCKED_PROBE_MS };
    return { state: again, verdict: 'dead_letter' };
  }
  const answered = attempt.isProbe ? unpaused(state) : state;
  if (attempt.seqs.length > 1) {
    // One event spoils the batch: halve until it stands alone.
    return { state: { ...answered, width: Math.ceil(attempt.seqs.length / 2) }, verdict: 'send_again' };
  }
  const rejectedInARow = state.rejectedInARow + 1;
  const counted = { ...answered, rejectedInARow, deadLettered: state.deadLettered + 1 };
  if (rejectedInARow < REJECTED_IN_A_ROW_MAX) return { state: counted, verdict: 'dead_letter' };
  const detail = `${rejectedInARow} events in a row were refused, the last with HTTP ${outcome.status}: ${outcome.excerpt}`;
  return {
    state: blockedState(counted, 'rejected_in_a_row', detail, nowMs),
    verdict: 'dead_letter',
  };
}

function afterFailure(
  state: LaneState,
  attempt: Attempt,
  outcome: Extract<Outcome, { kind: 'retry' | 'blocked' }>,
  { nowMs, random }: Surroundings,
): LaneState {
  if (outcome.kind === 'blocked') return blockedState(state, outcome.reason, outcome.detail, nowMs);
  const lastFailure = { reason: outcome.reason, detail: outcome.detail, atMs: nowMs };
  // The pause belongs to the first failure of a group; its siblings do not lengthen it.
  if (state.dueAtMs !== null && !attempt.isProbe) return { ...state, lastFailure };
  const tries = state.tries + 1;
  const failingSinceMs = state.failingSinceMs ?? nowMs;
  const waitMs = state.blocked
    ? BLOCKED_PROBE_MS
    : backoffMs({ tries, failingForMs: nowMs - failingSinceMs, random, retryAfterMs: outcome.retryAfterMs });
  return { ...state, tries, failingSinceMs, dueAtMs: nowMs + waitMs, lastFailure, width: 1 };
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

/** No pause is longer than this. */
const PAUSE_MS_MAX = Math.max(BLOCKED_PROBE_MS, RETRY_AFTER_MS_MAX);

/** Whether an attempt may start. A pause that would last longer than any does says that the clock has gone back. */
export function isDue(state: LaneState, nowMs: number): boolean {
  return state.dueAtMs === null || state.dueAtMs <= nowMs || state.dueAtMs > nowMs + PAUSE_MS_MAX;
}

/** A lane with nothing to send waits for nothing. A block stays until something is delivered: the next event is its probe. */
export function rested(state: LaneState): LaneState {
  return state.dueAtMs === null || state.blocked
    ? state
    : { ...state, dueAtMs: null, tries: 0, failingSinceMs: null };
}

/** The lane's destination was removed: what it had not delivered is given up, as its operator asked. */
export function discard(state: LaneState, head: number): LaneState {
  return { ...rejoined(state, head), discarded: state.discarded + undelivered(state, head) };
}

/** The lane's destination came back: it starts after `head`, as a new one would. */
export function rejoined(state: LaneState, head: number): LaneState {
  const { delivered, deadLettered, expired, discarded, lastDeliveredAtMs } = state;
  return { ...newLane(head), delivered, deadLettered, expired, discarded, lastDeliveredAtMs };
}

/** Ends a pause at once, as after a config change: the next attempt is a probe still. */
export function madeDue(state: LaneState, nowMs: number): LaneState {
  return state.dueAtMs === null ? state : { ...state, dueAtMs: Math.min(state.dueAtMs, nowMs) };
}

/**
 * Moves the cursor after events were settled. `firstOpen` is the lowest seq that is read and not settled (null: none),
 * `readTo` the highest seq that was read.
 */
export function settle(
  state: LaneState,
  settled: readonly number[],
  position: { readonly firstOpen: number | null; readonly readTo: number },
): LaneState {
  const cursor = Math.max(
    state.cursor,
    position.firstOpen === null ? position.readTo : position.firstOpen - 1,
  );
  const ahead = [...new Set([...state.ahead, ...settled])]
    .filter((seq) => seq > cursor)
    .toSorted((a, b) => a - b);
  return { ...state, cursor, ahead };
}

/** Everything up to `seq` went with its period, `count` events of it wanted and undelivered. */
export function expire(state: LaneState, seq: number, count: number): LaneState {
  const cursor = Math.max(state.cursor, seq);
  return {
    ...state,
    cursor,
    ahead: state.ahead.filter((settled) => settled > cursor),
    expired: state.expired + count,
  };
}

/** Events of the lane above its cursor that are not settled: an upper bound, for some may not be wanted. */
export function undelivered(state: LaneState, head: number): number {
  return Math.max(0, head - state.cursor - state.ahead.length);
}
