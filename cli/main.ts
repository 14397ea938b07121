/** The process: its streams, signals and exit code around one run of the command line. */

import { EXIT } from './exit-codes.ts';
import { nodeIo } from './node-io.ts';
import { runCli } from './run.ts';

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  const { io, isOutputLost, end } = nodeIo();
  process.once('beforeExit', endUnsettled);
  try {
    const code = await runCli(process.argv.slice(2), io);
    process.exitCode = isOutputLost() && code === EXIT.ok ? EXIT.failed : code;
  } finally {
    process.removeListener('beforeExit', endUnsettled);
    end();
  }
}

/** Nothing is left to wait for, and the command waits: that is no success. */
function endUnsettled(): void {
  process.exitCode = EXIT.failed;
  process.stderr.write('noxys-relay ended before its command did.\n');
}
