/** A short run of the fault bench: everything fails for 20 s, and nothing is lost. `npm run chaos` is the long one. */

import { beforeAll, describe, expect, it } from 'vitest';

import { runChaos } from '../chaos/bench.ts';
import { parseOptions } from '../chaos/options.ts';
import { reportText } from '../chaos/print-report.ts';
import { buildChaosWorker } from '../chaos/relay-under-test.ts';

const ARGS = [
  '--seed',
  '1',
  '--events',
  '1500',
  '--tenants',
  '3',
  '--rate',
  '75',
  '--kills',
  '2',
  '--limit',
  '110',
];

describe('the relay under everything at once', () => {
  beforeAll(buildChaosWorker, 60_000);

  it('loses nothing, explains every duplicate and keeps the order', { timeout: 120_000 }, async () => {
    const parsed = parseOptions([...ARGS, '--poison', '3']);
    if (parsed.kind !== 'run') throw new Error(`Cannot run the bench: ${JSON.stringify(parsed)}`);
    const report = await runChaos(parsed.options, {
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    if (report.problems.length > 0) console.info(reportText(report));
    expect(report.problems).toEqual([]);
    expect(report.kills).toBe(2);
    expect(report.accepted).toBe(1500);
    const deliveries = report.lanes.reduce((sum, { delivered }) => sum + delivered, 0);
    console.info(
      `chaos: ${deliveries} deliveries, ${report.kills} kills, ${report.aborts} aborts, ${Math.round((report.loadMs + report.settleMs) / 1000)} s`,
    );
  });
});
