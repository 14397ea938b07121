/** What a bench measured and what it promises, as tables. */

import Table from 'cli-table3';

import { quantile } from './load.ts';

/** A bound that must hold on any machine that can run the bench: most are on ratios of figures of one run. */
export interface Promised {
  readonly what: string;
  readonly measured: string;
  readonly bound: string;
  readonly isKept: boolean;
}

export interface Report {
  /** Column heads; the first is that of the figures' names. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly promises: readonly Promised[];
}

/** Prints the tables; whether every promise is kept. */
export function printReport({ head, rows, promises }: Report): boolean {
  printTable(head, rows);
  const lines = promises.map(({ what, measured, bound, isKept }) => {
    return [what, measured, bound, isKept ? 'kept' : 'BROKEN'];
  });
  printTable(['promise', 'measured', 'bound', ''], lines);
  const broken = promises.filter(({ isKept }) => !isKept).length;
  if (broken > 0) console.log(`${broken} of ${promises.length} promises are broken.`);
  return broken === 0;
}

export function promiseMost(
  what: string,
  figure: number,
  max: number,
  print: (figure: number) => string,
): Promised {
  return { what, measured: print(figure), bound: `≤ ${print(max)}`, isKept: figure <= max };
}

/** That the p99 of samples is at most `max` times that of undisturbed ones. */
export function promiseRatio(
  what: string,
  samples: readonly number[],
  undisturbed: readonly number[],
  max: number,
): Promised {
  const [p99, undisturbedP99] = [quantile(samples, 0.99), quantile(undisturbed, 0.99)];
  return {
    what,
    measured: `${ratioOf(samples, undisturbed)} (${ms(p99)} to ${ms(undisturbedP99)})`,
    bound: `≤ ${max} ×`,
    isKept: p99 <= max * undisturbedP99,
  };
}

/** The p99 of samples to that of undisturbed ones. */
export function ratioOf(samples: readonly number[], undisturbed: readonly number[]): string {
  return `${(quantile(samples, 0.99) / quantile(undisturbed, 0.99)).toFixed(2)} ×`;
}

/** Milliseconds, to a tenth where that matters. */
export function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** p50 and p99 of samples in milliseconds. */
export function both(samples: readonly number[]): string {
  return `${ms(quantile(samples, 0.5))} · ${ms(quantile(samples, 0.99))}`;
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  console.log(table.toString());
}
