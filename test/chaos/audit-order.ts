/**
 * Whether a lane's first attempts follow the log. Pure.
 * The rule: an event's first arrival is overtaken by the first arrivals of at most `overtakersMax` events that are later in
 * the log. For a lane with one event per request that is its `in_flight`, as so many attempts run side by side; for a batched
 * lane 0, as it has one request at a time. After a change of the filter a lane reads on from its cursor again: what was first
 * tried before the change does not count as having overtaken what is first tried after it.
 */

import type { Arrival } from './ledger.ts';

export interface OrderInput {
  readonly arrivals: readonly Arrival[];
  readonly seqOf: ReadonlyMap<string, number>;
  readonly overtakersMax: number;
  /** When the lane's filter changed. */
  readonly rereadAtMs: readonly number[];
}

export interface OrderAudit {
  readonly overtakersMax: number;
  /** Such as `key was overtaken by 9 later events`. */
  readonly violations: readonly string[];
}

export function auditOrder({ arrivals, seqOf, overtakersMax, rereadAtMs }: OrderInput): OrderAudit {
  const seen = new Set<string>();
  const rereads = rereadAtMs.toSorted((a, b) => a - b);
  const violations: string[] = [];
  let most = 0;
  let ahead = new SeqCounter(seqOf.size);
  const ranks = ranksOf(seqOf);
  for (const { atMs, keys } of arrivals) {
    while (rereads[0] !== undefined && rereads[0] <= atMs) {
      rereads.shift();
      ahead = new SeqCounter(seqOf.size);
    }
    for (const key of keys) {
      const rank = ranks.get(key);
      if (rank === undefined || seen.has(key)) continue;
      seen.add(key);
      const overtakers = ahead.above(rank);
      ahead.add(rank);
      most = Math.max(most, overtakers);
      if (overtakers > overtakersMax) violations.push(`${key} was overtaken by ${overtakers} later events`);
    }
  }
  return { overtakersMax: most, violations };
}

/** Place in the log, from 1. */
function ranksOf(seqOf: ReadonlyMap<string, number>): Map<string, number> {
  const keys = [...seqOf].toSorted(([, a], [, b]) => a - b).map(([key]) => key);
  return new Map(keys.map((key, i) => [key, i + 1]));
}

/** A Fenwick tree: how many of the added ranks are above one. */
class SeqCounter {
  readonly #sums: Uint32Array;
  #count = 0;

  constructor(size: number) {
    this.#sums = new Uint32Array(size + 1);
  }

  add(rank: number): void {
    this.#count++;
    for (let i = rank; i < this.#sums.length; i += i & -i) this.#sums[i] = (this.#sums[i] ?? 0) + 1;
  }

  above(rank: number): number {
    let upTo = 0;
    for (let i = rank; i > 0; i -= i & -i) upTo += this.#sums[i] ?? 0;
    return this.#count - upTo;
  }
}
