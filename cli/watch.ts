/** Work that is repeated until Ctrl-C, which is its ordinary end. */

import { CliFailure } from './failure.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';

/** Repeats the work, with a pause after each; ends with 0 when Ctrl-C comes. */
export async function untilInterrupted(
  { signal, sleep }: Pick<Io, 'signal' | 'sleep'>,
  pauseMs: number,
  work: () => Promise<void>,
): Promise<ExitCode> {
  try {
    while (!signal.aborted) {
      await work();
      await sleep(pauseMs, signal);
    }
  } catch (error) {
    const isExpected = signal.aborted && (!(error instanceof CliFailure) || error.kind === 'interrupted');
    if (!isExpected) throw error;
  }
  return EXIT.ok;
}
