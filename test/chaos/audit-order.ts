/**
 * Whether a lane's attempts begin in the order of the log. Pure.
 * The rule: sorted by the moment when the relay began them, the first attempts of a lane's events ascend in the log. One excuse: a
 * kill or an abort may cut a first attempt off before the destination sees it; then the event's first visible attempt is a later
 * one, after at most `in_flight` events that were under way beside it. A batched lane has one request at a time, so no excuse.
 * After a change of the filter a lane reads on from its cursor again: what was first tried before counts no more.
 */

import type { Interruption } from './audit-duplicates.ts';
import type { Arrival } from './ledger.ts';

export interface OrderInput {
  readonly arrivals: readonly Arrival[];
  readonly seqOf: ReadonlyMap<string, number>;
  readonly isBatched: boolean;
  readonly inFlight: number;
  readonly interruptions: readonly Interruption[];
  /** When the lane's filter changed. */
  readonly rereadAtMs: readonly number[];
}

export interface OrderAudit {
  /** Most later events that were first tried before an event: 0 where nothing was cut off. */
  readonly overtakersMax: number;
  readonly violations: readonly string[];
}

interface FirstAttempt {
  readonly key: string;
  readonly seq: number;
  readonly atMs: number;
}

export function auditOrder(input: OrderInput): OrderAudit {
  const rereads = input.rereadAtMs.toSorted((a, b) => a - b);
  const violations: string[] = [];
  let overtakersMax = 0;
  let earlier: FirstAttempt[] = [];
  let highest = 0;
  for (const attempt of firstAttempts(input)) {
    while (rereads[0] !== undefined && rereads[0] <= attempt.atMs) {
      rereads.shift();
      earlier = [];
      highest = 0;
    }
    if (attempt.seq < highest) {
      const overtakers = earlier.filter(({ seq }) => seq > attempt.seq);
      overtakersMax = Math.max(overtakersMax, overtakers.length);
      if (!isExcused(attempt, overtakers, input)) {
        violations.push(
          `${attempt.key} was first tried at ${attempt.atMs}, after ${overtakers.length} later events`,
        );
      }
    }
    earlier.push(attempt);
    highest = Math.max(highest, attempt.seq);
  }
  return { overtakersMax, violations };
}

function firstAttempts({ arrivals, seqOf }: OrderInput): FirstAttempt[] {
  const seen = new Set<string>();
  const first: FirstAttempt[] = [];
  for (const { atMs, keys } of arrivals.toSorted((a, b) => compare(a.start, b.start))) {
    for (const key of keys) {
      const seq = seqOf.get(key);
      if (seq === undefined || seen.has(key)) continue;
      seen.add(key);
      first.push({ key, seq, atMs });
    }
  }
  return first;
}

/** Whether an interruption lies between the event and the first that overtook it, and few enough did. */
function isExcused(
  { atMs }: FirstAttempt,
  overtakers: readonly FirstAttempt[],
  { isBatched, inFlight, interruptions }: OrderInput,
): boolean {
  if (isBatched || overtakers.length > inFlight) return false;
  const fromMs = Math.min(...overtakers.map((overtaker) => overtaker.atMs));
  return interruptions.some((interruption) => interruption.toMs >= fromMs && interruption.fromMs <= atMs);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
