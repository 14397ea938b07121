/**
 * `npm run chaos`: events through a local relay while everything around it fails, and a check that nothing was lost.
 * Exit code 0 clean, 1 not, 2 a wrong option, 130 after Ctrl-C; what it started ends with it.
 */

import { runChaos } from './bench.ts';
import { type ChaosOptions, parseOptions, USAGE } from './options.ts';
import { reportText } from './print-report.ts';
import { buildChaosWorker } from './relay-under-test.ts';

/** As a shell reports a program that Ctrl-C ended. Source: POSIX 2.8.2, 128 + SIGINT. */
const INTERRUPTED_EXIT_CODE = 130;

const parsed = parseOptions(process.argv.slice(2));
switch (parsed.kind) {
  case 'help':
    console.log(USAGE);
    break;
  case 'wrong':
    console.error(`${parsed.message}\n\n${USAGE}`);
    process.exitCode = 2;
    break;
  case 'run':
    process.exitCode = await run(parsed.options);
}

async function run(options: ChaosOptions): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort(new Error('Ended before it was done.')));
  }
  try {
    console.error(`chaos: ${options.events} events, ${options.tenants} tenants, seed ${options.seed}`);
    await buildChaosWorker();
    const progress = (line: string): void => console.error(line);
    const report = await runChaos(options, { signal: interrupt.signal, progress });
    console.log(options.isJson ? JSON.stringify(report, null, 2) : reportText(report));
    return report.problems.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return interrupt.signal.aborted ? INTERRUPTED_EXIT_CODE : 1;
  }
}
