/**
 * What a correlation reads of an event, and what the entries of one window come to.
 * Pure: no I/O, no clock.
 */

import type { BoundOperator, SigmaCorrelation } from './document.ts';
import { elementsOf, fieldOf } from './field.ts';
import type { SigmaEvent } from './field.ts';
import { numberOf, textOf } from './values.ts';

/** What is counted: texts for `value_count`, numbers for sums, the place of the rule for temporal kinds. */
export type Counted = string | number;

/** Of one event; of one that counts one value, without brackets. */
export type Kept = Counted | readonly Counted[];

/** Oldest first. */
export interface Entries {
  readonly times: readonly number[];
  /** Empty where only events are counted. */
  readonly values: readonly Kept[];
}

export function listOf(kept: Kept = []): readonly Counted[] {
  return typeof kept === 'object' ? kept : [kept];
}

/** The value of the entries `from` to `to`, both included; `null`: of nothing. From one call to the next, neither may go down. */
export type Measure = (from: number, to: number) => number | null;

/** Combinations of one event that are counted, where several fields have several values. */
const TUPLES_MAX = 100;
/** Longer texts are kept as their beginning and a hash: a window is a row of a table. */
const KEPT_CHARACTERS_MAX = 64;

/** 64 bits, of two factors: no two values of one window are expected to share them, and nobody gains by making them. */
function hashOf(text: string): string {
  return [2654435761, 1597334677]
    .map((factor) => {
      let hash = factor;
      for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), factor);
      return hash;
    })
    .join('');
}

function textOfTuple(tuple: readonly string[]): string {
  const text = tuple.length === 1 ? (tuple[0] ?? '') : JSON.stringify(tuple);
  return text.length > KEPT_CHARACTERS_MAX ? text.slice(0, 40) + hashOf(text) : text;
}

/** What an event adds to a window. */
export function countedOf({ type, fields, rules }: SigmaCorrelation) {
  const reads = fields.map(fieldOf);
  const counted = (event: SigmaEvent, rule: string): readonly Counted[] => {
    if (type.startsWith('temporal')) return [rules.indexOf(rule)];
    if (type !== 'value_count') {
      return reads.flatMap((read) => elementsOf(read(event)).map(numberOf).filter(Number.isFinite));
    }
    const columns = reads.map((read) => elementsOf(read(event)).flatMap((value) => textOf(value) ?? []));
    let tuples: string[][] = [[]];
    for (const column of columns) {
      tuples = tuples.flatMap((tuple) => column.map((value) => [...tuple, value])).slice(0, TUPLES_MAX);
    }
    return [...new Set(tuples.map(textOfTuple))];
  };
  return (event: SigmaEvent, rule: string): Kept => {
    const values = counted(event, rule);
    return values.length === 1 ? (values[0] ?? []) : values;
  };
}

/**
 * By how many of the rules, from the first on: places at which these follow each other, beginning as late as can be. The same instant
 * counts as following; a rule that is named twice has to match at two.
 */
function chains({ times, values }: Entries, rules: readonly string[]) {
  const order = rules.map((rule) => rules.indexOf(rule));
  let found: (readonly number[])[] = order.map(() => []);
  let next = 0;
  return (to: number) => {
    while (next <= to) {
      const first = next;
      while (times[next] === times[first]) next++;
      const there = values.slice(first, next);
      const before = found;
      found = before.map((chain, last) => {
        let best = chain;
        let here: number[] = [];
        for (let n = last; n >= 0; n--) {
          const place = first + there.indexOf(order[n] ?? '');
          if (place < first || here.includes(place)) break;
          here = [place, ...here];
          const made = [...(before[n - 1] ?? []), ...here];
          if (made.length > last && (made[0] ?? 0) > (best[0] ?? -1)) best = made;
        }
        return best;
      });
    }
    return found;
  };
}

/** Places of entries without which an event that comes next could make something else of a window. */
export function neededOf({ type, rules }: SigmaCorrelation, entries: Entries): ReadonlySet<number> {
  if (type === 'temporal_ordered') return new Set(chains(entries, rules)(entries.times.length - 1).flat());
  const newest = new Map<Counted, number>();
  if (type === 'temporal' || type === 'value_count')
    for (const [n, kept] of entries.values.entries()) for (const value of listOf(kept)) newest.set(value, n);
  return new Set(newest.values());
}

/** What comes into the window, and what leaves it, one value after the other. */
function sliding(
  { values }: Entries,
  move: (value: Counted, isAdded: boolean) => void,
  valueOf: () => number | null,
): Measure {
  let first = 0;
  let next = 0;
  return (from, to) => {
    for (; next <= to; next++) for (const value of listOf(values[next])) move(value, true);
    for (; first < from; first++) for (const value of listOf(values[first])) move(value, false);
    return valueOf();
  };
}

function distinct(entries: Entries): Measure {
  const counts = new Map<Counted, number>();
  return sliding(
    entries,
    (value, isAdded) => {
      const left = (counts.get(value) ?? 0) + (isAdded ? 1 : -1);
      if (left) counts.set(value, left);
      else counts.delete(value);
    },
    () => counts.size,
  );
}

/** The first of so many places, the later ones all alike, for which it doesn't hold. */
export function placeOf(length: number, isBefore: (place: number) => boolean): number {
  let low = 0;
  for (let high = length; low < high;) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Nearest rank: the smallest number that at least `percent` of a hundred are not above. */
function percentile(entries: Entries, percent: number): Measure {
  const sorted: number[] = [];
  return sliding(
    entries,
    (value, isAdded) => {
      const number = Number(value);
      const at = placeOf(sorted.length, (place) => (sorted[place] ?? 0) < number);
      if (isAdded) sorted.splice(at, 0, number);
      else sorted.splice(at, 1);
    },
    () => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null,
  );
}

export function measureOf(document: SigmaCorrelation, entries: Entries): Measure {
  const { type, rules, percentile: percent = 50 } = document;
  if (type === 'event_count') return (from, to) => to - from + 1;
  if (type === 'value_count' || type === 'temporal') return distinct(entries);
  if (type === 'value_percentile') return percentile(entries, percent);
  if (type === 'temporal_ordered') {
    const upTo = chains(entries, rules);
    return (from, to) => upTo(to).filter(([start = -1]) => start >= from).length;
  }
  // Added up anew each time: what is taken off a sum again leaves traces in it.
  return (from, to) => {
    let sum = 0;
    let count = 0;
    for (let n = from; n <= to; n++) {
      for (const value of listOf(entries.values[n])) {
        sum += Number(value);
        count++;
      }
    }
    if (type === 'value_sum') return sum;
    return count ? sum / count : null;
  };
}

/** On which sides of the bound a value may be. */
const MEETS: Readonly<Record<BoundOperator, readonly number[]>> = {
  gt: [1],
  gte: [0, 1],
  lt: [-1],
  lte: [-1, 0],
  eq: [0],
  neq: [-1, 1],
};

/** All bounds hold; of temporal kinds: all rules were there. Nothing meets nothing. */
export function meetsOf({ type, bounds, rules }: SigmaCorrelation): (value: number | null) => boolean {
  const rulesCount = type === 'temporal' ? new Set(rules).size : rules.length;
  const wanted: SigmaCorrelation['bounds'] = type.startsWith('temporal') ? { gte: rulesCount } : bounds;
  return (value) =>
    value !== null &&
    Object.entries(wanted).every(([operator, bound]) =>
      MEETS[operator as BoundOperator].includes(Math.sign(value - bound)),
    );
}
