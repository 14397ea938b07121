/**
 * What the rules cost: a hundred compiled Sigma rules of ordinary shape per event, in workerd, on one core. The time of the same requests
 * without rules is taken off. Time is what the processor worked for workerd, where /proc tells: other work of the machine does not count.
 */

import { build } from 'esbuild';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { fileURLToPath } from 'node:url';

import { parseRules } from '../../src/detection/sigma.ts';
import { ordinaryRules } from './detection-rules.ts';
import { nowMs, quantile } from './load.ts';
import { numbersOf } from './options.ts';
import { type Report, promiseMost } from './report.ts';
import { cpuNsOf, workerdOf } from './workerd-memory.ts';

/** Of 100 rules. Source: what an event may cost at the edge, a tenth of a Durable Object's turn for it. */
const EVENT_US_MAX = 50;
const RULES = 100;
const COMPATIBILITY_DATE = '2026-04-01';
/** Code that has never run is slow: these are not measured. */
const WARM_UP_TURNS = 5;

export async function detection(args: readonly string[]): Promise<Report> {
  const { rounds, turns } = numbersOf(args, { rounds: 100, turns: 20 });
  const parsed = parseRules(ordinaryRules(RULES));
  if (!parsed.ok)
    throw new Error(`Cannot measure as the rules must be right: ${JSON.stringify(parsed.error[0])}`);
  const worker = await startWorker();
  try {
    await worker.dispatchFetch('http://bench/', { method: 'PUT', body: JSON.stringify(parsed.value) });
    const sizes = [0, 1, 10, RULES];
    const samples = new Map(sizes.map((size) => [size, [] as number[]]));
    let matches = 0;
    // In turns, so that whatever else the machine does disturbs all alike.
    for (let turn = 0; turn < WARM_UP_TURNS + turns; turn++)
      for (const size of sizes) {
        const { perEventUs, matched } = await measure(worker, size, rounds);
        if (turn >= WARM_UP_TURNS) samples.get(size)?.push(perEventUs);
        matches = Math.max(matches, matched);
      }
    return reportOf(samples, matches);
  } finally {
    await worker.dispose();
  }
}

async function startWorker(): Promise<Miniflare> {
  const entry = fileURLToPath(import.meta.resolve('./detection-worker.ts'));
  const bundled = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm' });
  const script = bundled.outputFiles[0]?.text ?? '';
  return new Miniflare(
    convertV4MiniflareOptions({ modules: true, script, compatibilityDate: COMPATIBILITY_DATE }),
  );
}

/** Microseconds per event, the request itself included. */
async function measure(
  worker: Miniflare,
  rules: number,
  rounds: number,
): Promise<{ readonly perEventUs: number; readonly matched: number }> {
  const startedAt = timeMs();
  const response = await worker.dispatchFetch(`http://bench/?rules=${rules}&rounds=${rounds}`);
  const { matches, evaluated } = (await response.json()) as { matches: number; evaluated: number };
  return { perEventUs: ((timeMs() - startedAt) * 1000) / evaluated, matched: matches };
}

/** Of the processor for workerd; else of the clock. */
function timeMs(): number {
  const pid = workerdOf(process.pid);
  const cpuNs = pid === undefined ? undefined : cpuNsOf(pid);
  return cpuNs === undefined ? nowMs() : cpuNs / 1e6;
}

function reportOf(samples: ReadonlyMap<number, readonly number[]>, matches: number): Report {
  const median = (size: number): number => quantile(samples.get(size) ?? [], 0.5);
  const own = (size: number): number => median(size) - median(0);
  return {
    head: ['compiled rules', 'per event', 'per rule and event'],
    rows: [1, 10, RULES].map((size) => [`${size}`, us(own(size)), us(own(size) / size)]),
    promises: [
      promiseMost(`${RULES} rules on one event, in workerd`, own(RULES), EVENT_US_MAX, us),
      {
        what: 'rules matched, so that something was evaluated',
        measured: `${matches}`,
        bound: '> 0',
        isKept: matches > 0,
      },
    ],
  };
}

function us(value: number): string {
  return `${value.toFixed(2)} µs`;
}
