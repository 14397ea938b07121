/**
 * What a correlation reads of an event, and what the entries of one window come to.
 * Pure: no I/O, no clock.
 */

import type { BoundOperator, SigmaCorrelation } from './document.ts';
import { fieldOf, someOf } from './field.ts';
import type { SigmaEvent } from './field.ts';
import { numberOf, textOf } from './values.ts';

/** What is counted: texts for `value_count`, numbers for sums, the place of the rule for temporal kinds. */
export type Counted = string | number;

export interface Entry {
  readonly atMs: number;
  readonly values: readonly Counted[];
  /** Unknown of all but the newest entries. */
  readonly id?: string | undefined;
}

/** The value of the entries `from` to `to`, both included; `null`: of nothing. From one call to the next, neither may go down. */
export type Measure = (from: number, to: number) => number | null;

/** Combinations of one event that are counted, where several fields have several values. */
const TUPLES_MAX = 100;
/** Longer texts are kept as their beginning and a hash: a window is a row of a table. */
const KEPT_CHARACTERS_MAX = 64;

/** 53 bits (cyrb53, public domain): no two values of one window are expected to share it, and nobody gains by making them. */
function hashOf(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let n = 0; n < text.length; n++) {
    a = Math.imul(a ^ text.charCodeAt(n), 2654435761);
    b = Math.imul(b ^ text.charCodeAt(n), 1597334677);
  }
  return (4294967296 * (2097151 & (b ^ (a >>> 15))) + ((a ^ (b >>> 13)) >>> 0)).toString(36);
}

function scalarsOf(value: unknown): string[] {
  const texts: string[] = [];
  someOf(value, (one) => {
    const text = textOf(one);
    if (text !== undefined) texts.push(text);
    return false;
  });
  return texts;
}

function numbersOf(value: unknown): number[] {
  const numbers: number[] = [];
  someOf(value, (one) => {
    const number = numberOf(one);
    if (Number.isFinite(number)) numbers.push(number);
    return false;
  });
  return numbers;
}

function keptOf(tuple: readonly string[]): string {
  const text = tuple.length === 1 ? (tuple[0] ?? '') : JSON.stringify(tuple);
  return text.length > KEPT_CHARACTERS_MAX ? text.slice(0, 40) + hashOf(text) : text;
}

/** What an event adds to a window. */
export function countedOf({ type, fields, rules }: SigmaCorrelation) {
  const reads = fields.map(fieldOf);
  return (event: SigmaEvent, rule: string): readonly Counted[] => {
    if (type === 'event_count') return [];
    if (type.startsWith('temporal')) return [rules.indexOf(rule)];
    if (type !== 'value_count') return reads.flatMap((read) => numbersOf(read(event)));
    const columns = reads.map((read) => scalarsOf(read(event)));
    let tuples: string[][] = [[]];
    for (const column of columns) {
      tuples = tuples.flatMap((tuple) => column.map((value) => [...tuple, value])).slice(0, TUPLES_MAX);
    }
    return [...new Set(tuples.map(keptOf))];
  };
}

/** How many of the rules, from the first on, follow each other; at the same instant counts as following. */
function followed(entries: readonly Entry[], order: readonly number[], from: number, to: number): number {
  let done = 0;
  for (let n = from; n <= to;) {
    const atMs = entries[n]?.atMs;
    const instant = new Set<Counted | undefined>();
    for (; n <= to && entries[n]?.atMs === atMs; n++) instant.add(entries[n]?.values[0]);
    while (instant.delete(order[done])) done++;
  }
  return done;
}

/** Each value is told of once when it comes into the window, and once when it leaves it. */
function sliding(
  entries: readonly Entry[],
  move: (value: Counted, by: 1 | -1) => void,
  read: () => number | null,
): Measure {
  let first = 0;
  let next = 0;
  return (from, to) => {
    while (next <= to) for (const value of entries[next++]?.values ?? []) move(value, 1);
    while (first < from) for (const value of entries[first++]?.values ?? []) move(value, -1);
    return read();
  };
}

function distinct(entries: readonly Entry[]): Measure {
  const counts = new Map<Counted, number>();
  return sliding(
    entries,
    (value, by) => {
      const left = (counts.get(value) ?? 0) + by;
      if (left) counts.set(value, left);
      else counts.delete(value);
    },
    () => counts.size,
  );
}

/** Nearest rank: the smallest number that at least `percent` of a hundred are not above. */
function percentileOf(entries: readonly Entry[], percent: number): Measure {
  const sorted: Counted[] = [];
  return sliding(
    entries,
    (value, by) => {
      const place = sorted.findIndex((other) => other >= value);
      if (by < 0) sorted.splice(place, 1);
      else sorted.splice(place < 0 ? sorted.length : place, 0, value);
    },
    () => {
      const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
      return value === undefined ? null : Number(value);
    },
  );
}

export function measureOf(document: SigmaCorrelation, entries: readonly Entry[]): Measure {
  const { type, rules, percentile = 50 } = document;
  if (type === 'event_count') return (from, to) => to - from + 1;
  if (type === 'value_count' || type === 'temporal') return distinct(entries);
  if (type === 'temporal_ordered') {
    const order = rules.map((rule) => rules.indexOf(rule));
    return (from, to) => followed(entries, order, from, to);
  }
  if (type === 'value_percentile') return percentileOf(entries, percentile);
  return (from, to) => {
    let sum = 0;
    let count = 0;
    for (let n = from; n <= to; n++)
      for (const value of entries[n]?.values ?? []) {
        sum += Number(value);
        count++;
      }
    if (type === 'value_sum') return sum;
    return count ? sum / count : null;
  };
}

const MEETS: Readonly<Record<BoundOperator, (value: number, bound: number) => boolean>> = {
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
  eq: (value, bound) => value === bound,
  neq: (value, bound) => value !== bound,
};

/** All bounds hold; of temporal kinds: all rules were there. Nothing meets nothing. */
export function meetsOf({ type, bounds, rules }: SigmaCorrelation): (value: number | null) => boolean {
  const rulesCount = type === 'temporal' ? new Set(rules).size : rules.length;
  const wanted: SigmaCorrelation['bounds'] = type.startsWith('temporal') ? { gte: rulesCount } : bounds;
  const tests = Object.entries(wanted).map(
    ([operator, bound]) =>
      (value: number) =>
        MEETS[operator as BoundOperator](value, bound),
  );
  return (value) => value !== null && tests.every((test) => test(value));
}
