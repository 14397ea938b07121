/** Work that is repeated until Ctrl-C, or until nobody reads its output: both are its ordinary end. */

import { CliFailure } from './failure.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';

/** Repeats the work, with a pause after each; ends with 0. */
export async function untilInterrupted(
  { signal, readerGone, sleep }: Pick<Io, 'signal' | 'readerGone' | 'sleep'>,
  pauseMs: number,
  work: () => Promise<void>,
): Promise<ExitCode> {
  const end = readerGone === undefined ? signal : AbortSignal.any([signal, readerGone]);
  try {
    while (!end.aborted) {
      await work();
      await sleep(pauseMs, end);
    }
  } catch (error) {
    const isExpected = end.aborted && (!(error instanceof CliFailure) || error.kind === 'interrupted');
    if (!isExpected) throw error;
  }
  return EXIT.ok;
}
