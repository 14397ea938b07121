/** The process: its streams, signals and exit code around one run of the command line. */

import { nodeIo } from './node-io.ts';
import { runCli } from './run.ts';

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  const { io, end } = nodeIo();
  try {
    process.exitCode = await runCli(process.argv.slice(2), io);
  } catch (error) {
    // A bug of the command line: the one case in which a stack trace helps somebody.
    process.stderr.write(
      `noxys-relay failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  } finally {
    end();
  }
}
