/**
 * An event that a lane deals with alone, beside its log: parked because it failed where others passed, redriven by an operator,
 * or aside because the destination was asked and is at it.
 * Pure: time and chance are passed in. Source: docs/architecture.md, "Behaviour of a lane".
 */

import type { DeadLetterReason } from '../domain/lane-view.ts';
import type { Outcome } from '../domain/outcome.ts';
import { RETRY_AFTER_MS_MAX, backoffMs } from '../lib/backoff.ts';
import { unreachable } from '../lib/result.ts';
import { BLOCKED_PROBE_MS, type LaneState, isDue, madeDue, unpaused } from './lane-state.ts';
import {
  PARKED_MAX,
  type Surroundings,
  afterBlocked,
  askedWaitMs,
  countDelivered,
  isAside,
} from './lanes.ts';

export interface FollowUp {
  readonly lane: string;
  readonly seq: number;
  readonly dueAtMs: number;
  /** Failures since it was set aside. */
  readonly tries: number;
  /** Attempts since the event came, those before it was set aside included. */
  readonly attempts: number;
  /** The dead letter that is redriven; null: parked, and no dead letter yet. */
  readonly letterId: number | null;
  /** An operator redrives this very dead letter, and not all that are like it: what waited for a person's word has it. */
  readonly isNamed?: boolean;
  /** Since when the destination was asked and is at it: it is looked at again, and nothing has failed. Null: it is not aside. */
  readonly asideSinceMs: number | null;
}

/** With the waits below an event has about an hour to be taken; then it is a dead letter. */
export const FOLLOW_UP_TRIES_MAX = 10;
/** Of an event that was just parked: the destination may have come back between its probe and the one past it. */
const PARKED_WAIT_MS = 1_000;
const FIRST_WAIT_MS = 15_000;
const WAIT_MS_MAX = 10 * 60_000;
/** What is under way is never asked after without a pause. */
const ASIDE_WAIT_MS_MIN = 1_000;
/** So long a destination may be at an entry; from then on each look that finds it still at it is a failure. Longer than any channel means to wait. */
export const ASIDE_MS_MAX = 2 * 3_600_000;
/**
 * What was asked for in time is followed to its end: the age of an entry aside may be so much beyond its channel's maximum. Longer than any
 * channel waits for one; a lane that is resumed later than that acts on nothing old.
 */
export const ASIDE_AGE_MS = 3_600_000;
/** Of the wait, up or down: events that were parked together need not come back together. */
const JITTER = 0.1;

/** How long a follow-up waits after so many failures: 15 s, doubling to 10 minutes, ±10 %. */
export function followUpWaitMs(tries: number, random: number): number {
  return jittered(Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** Math.min(tries, 30)), random);
}

function jittered(waitMs: number, random: number): number {
  return Math.floor(waitMs * (1 - JITTER + 2 * JITTER * random));
}

/** The follow-up of an event that is parked now. */
export function parkedAt(
  { lane, seq, attempts }: Pick<FollowUp, 'lane' | 'seq' | 'attempts'>,
  { nowMs, random }: Pick<Surroundings, 'nowMs' | 'random'>,
): FollowUp {
  const dueAtMs = nowMs + jittered(PARKED_WAIT_MS, random);
  return { lane, seq, attempts, dueAtMs, tries: 0, letterId: null, asideSinceMs: null };
}

/** The follow-up of an event that the destination was asked for now, and is at. */
export function asideAt(
  { lane, seq, attempts }: Pick<FollowUp, 'lane' | 'seq' | 'attempts'>,
  outcome: Outcome,
  nowMs: number,
): FollowUp {
  const dueAtMs = nowMs + asideWaitMs(outcome);
  return { lane, seq, attempts, dueAtMs, tries: 0, letterId: null, asideSinceMs: nowMs };
}

/** Until it is looked at again: as long as its channel says, within bounds. */
function asideWaitMs(outcome: Outcome): number {
  const askedMs = outcome.kind === 'retry' ? outcome.retryAfterMs : undefined;
  return Math.min(RETRY_AFTER_MS_MAX, Math.max(ASIDE_WAIT_MS_MIN, askedMs ?? FIRST_WAIT_MS));
}

/**
 * How a lane may send a follow-up that is due: `beside` a log that flows, as the `probe` of a paused lane whose log holds nothing,
 * or not now.
 */
export function followUpRole(
  state: LaneState,
  nowMs: number,
  isLogEmpty: boolean,
): 'beside' | 'probe' | 'not_now' {
  if (!holdsFollowUps(state)) return 'beside';
  return isLogEmpty && isDue(state, nowMs) ? 'probe' : 'not_now';
}

/**
 * Whether the lane's pause is one for its follow-ups, too. A lane that is blocked by too many of them goes on with them:
 * only that makes room. But not against a 429.
 */
export function holdsFollowUps({ dueAtMs, blocked, lastFailure }: LaneState): boolean {
  return dueAtMs !== null && (blocked?.reason !== 'too_many_parked' || lastFailure?.reason === 'busy');
}

export interface FollowUpAttempt {
  readonly followUp: FollowUp;
  readonly isProbe: boolean;
}

export type FollowUpVerdict =
  | { readonly kind: 'settled' }
  | { readonly kind: 'dead_letter'; readonly reason: DeadLetterReason }
  | { readonly kind: 'again'; readonly followUp: FollowUp };

interface Next {
  readonly state: LaneState;
  readonly verdict: FollowUpVerdict;
}

/** How the outcome of a follow-up's attempt changes its lane, and what becomes of it. */
export function afterFollowUp(
  state: LaneState,
  attempt: FollowUpAttempt,
  outcome: Outcome,
  around: Surroundings,
): Next {
  const { nowMs } = around;
  const tried = { ...attempt.followUp, attempts: attempt.followUp.attempts + 1 };
  switch (outcome.kind) {
    case 'delivered': {
      const counted = countDelivered(withRoom(state, nowMs), 1, nowMs);
      return { state: attempt.isProbe ? unpaused(counted) : counted, verdict: { kind: 'settled' } };
    }
    case 'rejected':
      return deadLettered(attempt.isProbe ? afterRefusedProbe(state, nowMs) : state, nowMs, 'rejected');
    case 'blocked': {
      if (!isAloneAtFault(state, attempt.followUp))
        return again(afterBlocked(state, outcome, nowMs), { ...tried, dueAtMs: nowMs });
      const lastFailure = { reason: outcome.reason, detail: outcome.detail, atMs: nowMs };
      return inVain({ ...state, lastFailure }, tried, around, 0);
    }
    case 'retry':
      if (isAside(outcome) && !isAsideTooLong(tried, nowMs)) {
        const asideSinceMs = tried.asideSinceMs ?? nowMs;
        const asked = { ...tried, tries: 0, asideSinceMs, dueAtMs: nowMs + asideWaitMs(outcome) };
        return again(attempt.isProbe ? unpaused(state) : state, asked);
      }
      return afterRetry(state, { followUp: tried, isProbe: attempt.isProbe }, outcome, around);
    default:
      return unreachable(outcome);
  }
}

function isAsideTooLong({ asideSinceMs }: FollowUp, nowMs: number): boolean {
  return asideSinceMs !== null && nowMs - asideSinceMs >= ASIDE_MS_MAX;
}

/** The destination answers again, unless refusals are what the lane is blocked for: then one event is given up per probe. */
function afterRefusedProbe(state: LaneState, nowMs: number): LaneState {
  const isRefusedStill = state.blocked?.reason === 'rejected_in_a_row';
  return isRefusedStill ? { ...state, dueAtMs: nowMs + BLOCKED_PROBE_MS } : unpaused(state);
}

function afterRetry(
  before: LaneState,
  { followUp, isProbe }: FollowUpAttempt,
  outcome: Extract<Outcome, { kind: 'retry' }>,
  { nowMs, random }: Surroundings,
): Next {
  const state = {
    ...before,
    lastFailure: { reason: outcome.reason, detail: outcome.detail, atMs: nowMs },
    // The probe of a blocked lane failed: the next one is as far away as ever.
    ...(isProbe && before.blocked ? { dueAtMs: nowMs + BLOCKED_PROBE_MS } : {}),
  };
  if (outcome.reason === 'busy') {
    // Too many requests: the whole lane waits, and the event is not at fault.
    const failingSinceMs = state.failingSinceMs ?? nowMs;
    const waitMs = backoffMs({
      tries: state.tries + 1,
      failingForMs: nowMs - failingSinceMs,
      random,
      retryAfterMs: outcome.retryAfterMs,
    });
    // A pause that is over does not count, however far ahead it seems: the clock may have gone back.
    const pausedToMs = isDue(state, nowMs) ? nowMs : (state.dueAtMs ?? nowMs);
    const dueAtMs = Math.max(pausedToMs, nowMs + waitMs);
    return again(
      { ...state, dueAtMs, tries: state.tries + 1, failingSinceMs, width: 1 },
      { ...followUp, dueAtMs: nowMs + waitMs },
    );
  }
  return inVain(state, followUp, { nowMs, random }, askedWaitMs(outcome));
}

/** One try more, or none any more. */
function inVain(
  state: LaneState,
  followUp: FollowUp,
  { nowMs, random }: Pick<Surroundings, 'nowMs' | 'random'>,
  askedMs: number,
): Next {
  const tries = followUp.tries + 1;
  if (tries >= FOLLOW_UP_TRIES_MAX) return deadLettered(state, nowMs, 'attempts_exhausted');
  const dueAtMs = nowMs + Math.max(followUpWaitMs(tries, random), askedMs);
  return again(state, { ...followUp, tries, dueAtMs });
}

/**
 * Whether the lane flows and has delivered since the last try: what would block it is this event's own fault then,
 * and blocking would only stop the others, again and again. If it is not, the next event of the log will tell.
 */
function isAloneAtFault({ dueAtMs, lastDeliveredAtMs }: LaneState, followUp: FollowUp): boolean {
  const waitedMs = followUp.tries === 0 ? 0 : followUpWaitMs(followUp.tries, 0);
  return dueAtMs === null && lastDeliveredAtMs !== null && lastDeliveredAtMs > followUp.dueAtMs - waitedMs;
}

function again(state: LaneState, followUp: FollowUp): Next {
  return { state, verdict: { kind: 'again', followUp } };
}

function deadLettered(state: LaneState, nowMs: number, reason: DeadLetterReason): Next {
  const counted = { ...withRoom(state, nowMs), deadLettered: state.deadLettered + 1 };
  return { state: counted, verdict: { kind: 'dead_letter', reason } };
}

/** One parked event less. A lane that is blocked by too many of them may look at its head again. */
function withRoom(state: LaneState, nowMs: number): LaneState {
  const fewer = { ...state, parked: Math.max(0, state.parked - 1) };
  const isFreed = state.blocked?.reason === 'too_many_parked' && fewer.parked < PARKED_MAX;
  return isFreed ? madeDue(fewer, nowMs) : fewer;
}
