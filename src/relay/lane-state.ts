/**
 * What a lane remembers: cursor, back-off, block, batch width, totals; and the moves that no outcome causes.
 * Pure: the time is passed in. How outcomes change it is in lanes.ts. Source: docs/architecture.md, "Behaviour of a lane".
 */

import type { BlockedReason, RetryReason } from '../domain/outcome.ts';
import type { DestinationConfig } from '../domain/tenant-config.ts';
import type { Takes } from '../domain/wanted.ts';
import { RETRY_AFTER_MS_MAX } from '../lib/backoff.ts';

/** A blocked lane probes this often; a config change unblocks it at once. */
export const BLOCKED_PROBE_MS = 15 * 60_000;
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
  /** The event that failed last as the first of its request, and how often in a row. */
  readonly head: { readonly seq: number; readonly failures: number } | null;
  /** The newest seq that was tried past a failing head: the next probe tries the event after it. 0: none was. */
  readonly pastHead: number;
  /** The last probe had no event to try past its head: the next one that comes is a reason to probe at once. */
  readonly isHeadAlone: boolean;
  /** Events of the lane that are retried alone, beside the log: rows of `follow_ups`. */
  readonly parked: number;
  /** Events that the next request may carry; batched lanes grow and shrink it. */
  readonly width: number;
  readonly rejectedInARow: number;
  /** The destination was removed, once or more often: what it wanted up to each `to` becomes dead letters. Nothing is sent until then. */
  readonly leaving: readonly Leaving[];
  readonly lastDeliveredAtMs: number | null;
  readonly delivered: number;
  /** Dead letters that wait for an operator; redriven ones count as parked. */
  readonly deadLettered: number;
  readonly expired: number;
  /** Given up by an operator. */
  readonly discarded: number;
  /** Of a person whose data were erased before they were delivered. */
  readonly erased: number;
}

export interface Leaving {
  readonly to: number;
  /** The destination is back already: once all is moved, the lane goes on after this seq. */
  readonly thenFrom?: number;
  /** The removed destination's own filter. */
  readonly events?: DestinationConfig['events'];
  readonly where?: DestinationConfig['where'];
  /** What its channel took; absent: Noxys' events. */
  readonly takes?: Takes;
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
    head: null,
    pastHead: 0,
    isHeadAlone: false,
    parked: 0,
    width: 1,
    rejectedInARow: 0,
    leaving: [],
    lastDeliveredAtMs: null,
    delivered: 0,
    deadLettered: 0,
    expired: 0,
    discarded: 0,
    erased: 0,
  };
}

/** No pause is longer than this. */
const PAUSE_MS_MAX = Math.max(BLOCKED_PROBE_MS, RETRY_AFTER_MS_MAX);

/** Whether an attempt may start. A pause that would last longer than any does says that the clock has gone back. */
export function isDue(state: LaneState, nowMs: number): boolean {
  return state.dueAtMs === null || state.dueAtMs <= nowMs || state.dueAtMs > nowMs + PAUSE_MS_MAX;
}

/** The pause is over: the destination answers. */
export function unpaused(state: LaneState): LaneState {
  return {
    ...state,
    tries: 0,
    failingSinceMs: null,
    dueAtMs: null,
    blocked: null,
    head: null,
    pastHead: 0,
    isHeadAlone: false,
  };
}

/** A lane with nothing to send waits for nothing. A block stays until something is delivered: the next event is its probe. */
export function rested(state: LaneState): LaneState {
  return state.dueAtMs === null || state.blocked ? state : unpaused(state);
}

/** Ends a pause at once, as after a config change: the next attempt is a probe still. */
export function madeDue(state: LaneState, nowMs: number): LaneState {
  return state.dueAtMs === null ? state : { ...state, dueAtMs: Math.min(state.dueAtMs, nowMs) };
}

/** Events came beside a head that failed alone: they must not wait for its back-off. */
export function hurried(state: LaneState, nowMs: number): LaneState {
  return state.isHeadAlone && !state.blocked ? { ...madeDue(state, nowMs), isHeadAlone: false } : state;
}

/** The lane's destination was removed: what it had not delivered is to become dead letters, up to `leaving.to`. Nothing is sent until then. */
export function left(state: LaneState, leaving: Leaving): LaneState {
  return { ...unpaused(state), lastFailure: null, width: 1, leaving: [...state.leaving, leaving] };
}

/** The lane's destination came back. It starts after `cursor`, once what it had left is moved. */
export function rejoined(state: LaneState, cursor: number): LaneState {
  const last = state.leaving.at(-1);
  if (last) return { ...state, leaving: [...state.leaving.slice(0, -1), { ...last, thenFrom: cursor }] };
  const { delivered, deadLettered, expired, discarded, erased, parked, lastDeliveredAtMs } = state;
  const totals = { delivered, deadLettered, expired, discarded, erased, parked, lastDeliveredAtMs };
  return { ...newLane(Math.max(cursor, 0)), ...totals };
}

/** An operator gives up everything up to `head`: `count` events, the parked ones included. */
export function discard(state: LaneState, head: number, count: number): LaneState {
  return {
    ...unpaused(state),
    cursor: Math.max(state.cursor, head),
    ahead: [],
    // Of an earlier removal, too, nothing is left to be moved.
    leaving: [],
    parked: 0,
    discarded: state.discarded + count,
  };
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

/** What a lane loses with single entries that are erased. */
export interface Erased {
  /** All of them, whatever became of them. */
  readonly seqs: ReadonlySet<number>;
  /** Those that it wanted and had not settled. */
  readonly waiting: number;
  readonly parked: number;
  /** Dead letters that waited for an operator. */
  readonly letters: number;
}

/** Single entries are gone from the log; the same state where that changes nothing for the lane. */
export function erase(state: LaneState, { seqs, waiting, parked, letters }: Erased): LaneState {
  const count = waiting + parked + letters;
  const ahead = state.ahead.filter((seq) => !seqs.has(seq));
  const isHeadGone = state.head !== null && seqs.has(state.head.seq);
  if (count === 0 && ahead.length === state.ahead.length && !isHeadGone) return state;
  return {
    ...state,
    ahead,
    ...(isHeadGone && { head: null, pastHead: 0, isHeadAlone: false }),
    parked: Math.max(0, state.parked - parked),
    deadLettered: Math.max(0, state.deadLettered - letters),
    erased: state.erased + count,
  };
}

/** A stretch of the log that a lane owes, settled events included: after one seq, up to and with another. */
export interface Stretch {
  readonly after: number;
  readonly to: number;
  /** What a removed destination left; undefined: the destination's of now. */
  readonly leaving?: Leaving;
}

/** What a lane owes above its cursor, up to and with `lastSeq`. What came while its destination was away is not its own. */
export function owedStretches(
  { cursor, leaving }: Pick<LaneState, 'cursor' | 'leaving'>,
  lastSeq: number,
): Stretch[] {
  const stretches: Stretch[] = [];
  let after = cursor;
  for (const stretch of leaving) {
    stretches.push({ after, to: Math.min(stretch.to, lastSeq), leaving: stretch });
    after = Math.max(after, stretch.to, stretch.thenFrom ?? lastSeq);
  }
  return [...stretches, { after, to: lastSeq }].filter(({ after: from, to }) => to > from);
}

/** Events that the lane owes and has not settled: an upper bound, for some may not be wanted. */
export function undelivered(state: LaneState, head: number): number {
  const owed = owedStretches(state, head).reduce((sum, { after, to }) => sum + to - after, 0);
  return Math.max(0, owed - state.ahead.length);
}
