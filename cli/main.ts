/** The process: its streams, signals and exit code around one run of the command line. */

import { nodeIo } from './node-io.ts';
import { runCli } from './run.ts';

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  const { io, end } = nodeIo();
  try {
    process.exitCode = await runCli(process.argv.slice(2), io);
  } finally {
    end();
  }
}
