/**
 * The verdict on one lane: what became of every event of the log, which duplicates have a reason, whether the order held.
 * Pure: from what was logged, what arrived and what the relay says of itself.
 */

import { auditDuplicates, type Interruption, type TimeSpan } from './audit-duplicates.ts';
import { auditOrder } from './audit-order.ts';
import type { LoggedEvent } from './dials.ts';
import type { Expectation } from './expectations.ts';
import type { Arrival } from './ledger.ts';

export interface LaneInput {
  readonly tenant: string;
  readonly lane: string;
  readonly isBatched: boolean;
  readonly inFlight: number;
  readonly log: readonly LoggedEvent[];
  readonly expectationOf: (event: LoggedEvent) => Expectation;
  readonly arrivals: readonly Arrival[];
  readonly interruptions: readonly Interruption[];
  readonly saves: readonly TimeSpan[];
  readonly rereadAtMs: readonly number[];
  /** By key: why it is a dead letter. */
  readonly deadLetters: ReadonlyMap<string, string>;
  /** Events that the lane says it retries alone. */
  readonly parked: number;
  /** Events that the lane says it gave up as its destination was removed: at most so many. */
  readonly discarded: number;
  /** When the sender got its 202, by key. */
  readonly acceptedAtMs: ReadonlyMap<string, number>;
}

export interface LaneAudit {
  readonly tenant: string;
  readonly lane: string;
  /** Events of the log that the lane must deliver. */
  readonly wanted: number;
  /** Distinct events that the destination took. */
  readonly delivered: number;
  readonly deadLettered: number;
  /** Of those that must arrive and did not. */
  readonly parked: number;
  /** Not delivered when the destination was removed. */
  readonly discarded: number;
  readonly duplicatesAfterUnseen: number;
  readonly duplicatesAfterInterruption: number;
  readonly overtakersMax: number;
  /** From the 202 to the first time that the destination took it. */
  readonly longestWaitMs: number;
  readonly faults: Readonly<Record<LaneFault, readonly string[]>>;
}

export const LANE_FAULTS = ['lost', 'unexplained', 'disordered', 'unwanted', 'unfounded'] as const;
export type LaneFault = (typeof LANE_FAULTS)[number];

export function auditLane(input: LaneInput): LaneAudit {
  const { tenant, lane, log, arrivals, deadLetters } = input;
  const seqOf = new Map(log.map(({ key, seq }) => [key, seq]));
  const takenAtMs = firstTaken(arrivals);
  const isMissing = ({ key }: LoggedEvent): boolean => !takenAtMs.has(key) && !deadLetters.has(key);
  const wanted = log.filter((event) => input.expectationOf(event) === 'must');
  const missing = wanted.filter(isMissing);
  const givenUp = log.filter((event) => input.expectationOf(event) === 'unless_discarded').filter(isMissing);
  const order = auditOrder({ ...input, seqOf });
  const duplicates = auditDuplicates(input);
  return {
    tenant,
    lane,
    wanted: wanted.length,
    delivered: takenAtMs.size,
    deadLettered: deadLetters.size,
    parked: Math.min(missing.length, input.parked),
    discarded: givenUp.length,
    duplicatesAfterUnseen: duplicates.afterUnseen,
    duplicatesAfterInterruption: duplicates.afterInterruption,
    overtakersMax: order.overtakersMax,
    longestWaitMs: longestWait(takenAtMs, input.acceptedAtMs),
    faults: {
      lost: [...lostOf(missing, input.parked), ...lostOf(givenUp, input.discarded)],
      unexplained: duplicates.unexplained,
      disordered: order.violations,
      unwanted: unwantedOf(takenAtMs, input),
      unfounded: unfoundedOf(input),
    },
  };
}

/** A lane names neither parked nor discarded events, only how many: with more missing than that, any of them may be the lost ones. */
function lostOf(missing: readonly LoggedEvent[], accountedFor: number): string[] {
  if (missing.length <= accountedFor) return [];
  return missing.map(({ key, seq }) => `${key} (seq ${seq})`);
}

function firstTaken(arrivals: readonly Arrival[]): Map<string, number> {
  const atMs = new Map<string, number>();
  for (const arrival of arrivals) {
    if (arrival.result !== 'delivered' && arrival.result !== 'unseen') continue;
    for (const key of arrival.keys) if (!atMs.has(key)) atMs.set(key, arrival.atMs);
  }
  return atMs;
}

/** What the destination took and the lane should not have sent, or nobody ever stored. */
function unwantedOf(takenAtMs: ReadonlyMap<string, number>, { log, expectationOf }: LaneInput): string[] {
  const unwanted = log.filter((event) => takenAtMs.has(event.key) && expectationOf(event) === 'never');
  const known = new Set(log.map(({ key }) => key));
  return [
    ...unwanted.map(({ key, seq }) => `${key} (seq ${seq}) is not this lane's`),
    ...[...takenAtMs.keys()].filter((key) => !known.has(key)).map((key) => `${key} is in no log`),
  ];
}

/** Dead letters that no answer of the destination justifies. */
function unfoundedOf({ deadLetters, arrivals }: LaneInput): string[] {
  const rejected = keysOf(arrivals.filter(({ result }) => result === 'rejected'));
  const failed = keysOf(arrivals.filter(({ result }) => result === 'failed'));
  return [...deadLetters]
    .filter(([key, reason]) => {
      if (reason === 'rejected') return !rejected.has(key);
      return reason === 'attempts_exhausted' ? !failed.has(key) : false;
    })
    .map(([key, reason]) => `${key} is a dead letter, ${reason}, without such an answer`);
}

function keysOf(arrivals: readonly Arrival[]): Set<string> {
  return new Set(arrivals.flatMap(({ keys }) => keys));
}

function longestWait(
  takenAtMs: ReadonlyMap<string, number>,
  acceptedAtMs: ReadonlyMap<string, number>,
): number {
  let longest = 0;
  for (const [key, atMs] of takenAtMs)
    longest = Math.max(longest, atMs - (acceptedAtMs.get(key) ?? Infinity));
  return longest;
}
