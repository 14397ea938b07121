/**
 * Whether every repeated arrival of an event has a reason. Pure.
 * An event may arrive again when its last arrival was not taken, or was and the relay could not see it; or when a kill or an
 * abort of the tenant's object lies between and the relay may not have written down the last arrival: for a lane with one event per
 * request it was among the last 2 × `in_flight` that were settled before, for a batched lane in one of the last two batches.
 * A refusal that came while a config was being saved counts no more than a failure: it says nothing about the new config.
 * Sources: docs/decisions/0002; docs/architecture.md, "Lane state".
 */

import type { Arrival } from './ledger.ts';

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A kill of the runtime, or an abort of one object: it happened at some moment from one time to the other. */
export interface Interruption extends TimeSpan {
  readonly kind: 'kill' | 'abort';
}

export interface DuplicatesInput {
  readonly arrivals: readonly Arrival[];
  readonly isBatched: boolean;
  readonly inFlight: number;
  readonly interruptions: readonly Interruption[];
  /** When the tenant's config was saved, from the request to its answer. */
  readonly saves: readonly TimeSpan[];
}

export interface DuplicatesAudit {
  /** Arrivals taken although an earlier one was: the answer to that one never went out whole. */
  readonly afterUnseen: number;
  /** … or a kill or an abort lay between. */
  readonly afterInterruption: number;
  readonly unexplained: readonly string[];
}

const BATCHES_MAX = 2;

export function auditDuplicates(input: DuplicatesInput): DuplicatesAudit {
  const counts = { afterUnseen: 0, afterInterruption: 0 };
  const unexplained: string[] = [];
  const settled = settledArrivals(input);
  const last = new Map<string, Arrival>();
  const lastTaken = new Map<string, Arrival>();
  for (const arrival of input.arrivals) {
    for (const key of arrival.keys) {
      const previous = last.get(key);
      if (previous && !isReasonToRepeat(previous, arrival, settled, input)) {
        unexplained.push(
          `${key} arrived at ${arrival.atMs}, ${arrival.atMs - previous.answeredAtMs} ms after it was ${previous.result}`,
        );
      }
      last.set(key, arrival);
      if (arrival.result !== 'delivered' && arrival.result !== 'unseen') continue;
      const taken = lastTaken.get(key);
      if (taken?.result === 'unseen') counts.afterUnseen++;
      if (taken?.result === 'delivered') counts.afterInterruption++;
      lastTaken.set(key, arrival);
    }
  }
  return { ...counts, unexplained };
}

function isReasonToRepeat(
  previous: Arrival,
  next: Arrival,
  settled: readonly Arrival[],
  input: DuplicatesInput,
): boolean {
  if (!isSettled(previous) || isForgotten(previous, input)) return true;
  const max = input.isBatched ? BATCHES_MAX : 2 * input.inFlight;
  return input.interruptions.some(({ fromMs, toMs }) => {
    if (previous.atMs > toMs || next.atMs < fromMs) return false;
    // The moment in question that leaves the fewest arrivals between is good enough.
    const momentMs = Math.max(fromMs, previous.answeredAtMs);
    return answeredWithin(settled, previous.answeredAtMs, momentMs) < max;
  });
}

/** A refusal that the relay got while the config changed. */
function isForgotten({ result, atMs, answeredAtMs }: Arrival, { saves }: DuplicatesInput): boolean {
  return result === 'rejected' && saves.some(({ fromMs, toMs }) => atMs <= toMs && answeredAtMs >= fromMs);
}

/** A refusal of several events at once settles none of them: the lane tries fewer. */
function isSettled({ result, keys }: Arrival): boolean {
  return result === 'delivered' || (result === 'rejected' && keys.length === 1);
}

function settledArrivals({ arrivals }: DuplicatesInput): Arrival[] {
  return arrivals.filter(isSettled).toSorted((a, b) => a.answeredAtMs - b.answeredAtMs);
}

/** How many were answered after one moment, up to the other. */
function answeredWithin(settled: readonly Arrival[], afterMs: number, toMs: number): number {
  return firstAfter(settled, toMs) - firstAfter(settled, afterMs);
}

/** Index of the first that was answered later. */
function firstAfter(settled: readonly Arrival[], ms: number): number {
  let [low, high] = [0, settled.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((settled[middle]?.answeredAtMs ?? Infinity) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
