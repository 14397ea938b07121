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
    if (type !== 'value_count') {
      return reads.flatMap((read) => elementsOf(read(event)).map(numberOf).filter(Number.isFinite));
    }
    const columns = reads.map((read) => elementsOf(read(event)).flatMap((value) => textOf(value) ?? []));
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

function distinct(entries: readonly Entry[]): Measure {
  const counts = new Map<Counted, number>();
  let first = 0;
  let next = 0;
  function count(n: number, by: number): void {
    for (const value of entries[n]?.values ?? []) {
      const left = (counts.get(value) ?? 0) + by;
      if (left) counts.set(value, left);
      else counts.delete(value);
    }
  }
  return (from, to) => {
    while (next <= to) count(next++, 1);
    while (first < from) count(first++, -1);
    return counts.size;
  };
}

/** Nearest rank: the smallest number that at least `percent` of a hundred are not above. */
function percentileOf(numbers: readonly number[], percent: number): number | null {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

export function measureOf(document: SigmaCorrelation, entries: readonly Entry[]): Measure {
  const { type, rules, percentile = 50 } = document;
  if (type === 'event_count') return (from, to) => to - from + 1;
  if (type === 'value_count' || type === 'temporal') return distinct(entries);
  if (type === 'temporal_ordered') {
    const order = rules.map((rule) => rules.indexOf(rule));
    return (from, to) => followed(entries, order, from, to);
  }
  return (from, to) => {
    const numbers = entries.slice(from, to + 1).flatMap(({ values }) => values.map(Number));
    if (type === 'value_percentile') return percentileOf(numbers, percentile);
    const sum = numbers.reduce((total, number) => total + number, 0);
    if (type === 'value_sum') return sum;
    return numbers.length ? sum / numbers.length : null;
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
