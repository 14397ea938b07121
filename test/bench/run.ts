/**
 * `npm run bench -- NAME [options]`: measures a local relay; `throughput` without a name. Build first (`npm run build`).
 * Exits with 1 when a promise of the bench is broken. Relay, vendors and sender share this machine: figures are floors for it, and
 * only ratios of one run are promised. They say nothing of the network: no replication latency, no jurisdictions, no connection
 * or subrequest limits of the platform.
 */

import { availableParallelism, loadavg } from 'node:os';

import { detection } from './detection.ts';
import { memory } from './memory.ts';
import { neighbours } from './neighbours.ts';
import { outage } from './outage.ts';
import { type Report, printReport } from './report.ts';
import { closeStages } from './stages.ts';
import { tenants } from './tenants.ts';
import { throughput } from './throughput.ts';

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<Report>>> = {
  throughput,
  outage,
  neighbours,
  memory,
  tenants,
  detection,
};
/** No bench takes longer than this on a machine that can run it. */
const RUN_MS_MAX = 20 * 60_000;
/** As a shell reports a program that Ctrl-C ended. Source: POSIX 2.8.2, 128 + SIGINT. */
const INTERRUPTED_EXIT_CODE = 130;

let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(INTERRUPTED_EXIT_CODE));
setTimeout(() => {
  console.error(`Cannot go on as the bench must be over in ${RUN_MS_MAX / 60_000} minutes: it is not`);
  end(1);
}, RUN_MS_MAX).unref();

try {
  const isKept = await run(process.argv.slice(2));
  process.exitCode = isKept ? 0 : 1;
} catch (error) {
  // What an interrupted bench still throws is of no interest.
  if (!isEnding) console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await closeStages();
}

async function run(args: readonly string[]): Promise<boolean> {
  const [first = ''] = args;
  const isNamed = first !== '' && !first.startsWith('-');
  const name = isNamed ? first : 'throughput';
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!bench) {
    const known = Object.keys(BENCHES).join(', ');
    throw new Error(`Cannot run a bench as its name must be one of ${known}: it is ${JSON.stringify(name)}`);
  }
  const [load = 0] = loadavg();
  const cores = availableParallelism();
  if (load > cores / 2)
    console.log(
      `The machine is busy with other work (load ${load.toFixed(1)} on ${cores} cores): a broken promise may be its fault, so repeat the bench.`,
    );
  return printReport(await bench(isNamed ? args.slice(1) : args));
}

/** A second signal ends it at once; the relay's process ends with this one's. */
function end(code: number): void {
  if (isEnding) return;
  isEnding = true;
  void closeStages().finally(() => process.exit(code));
}
