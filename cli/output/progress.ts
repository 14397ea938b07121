/** How far a long piece of work is, on stderr: a bar on a terminal, else nothing. */

import { Presets, SingleBar } from 'cli-progress';

import type { Io } from '../io.ts';

export interface Progress {
  /** One more is done. */
  advance(): void;
  /** So much is done. */
  reach(done: number): void;
  /** A word beside the bar, such as why it stands still; empty: none. */
  tell(note: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/** Shorter work needs no bar. */
const TOTAL_MIN = 5;

const SILENT: Progress = {
  advance: () => undefined,
  reach: () => undefined,
  tell: () => undefined,
  stop: () => undefined,
};

/** Starts a bar for `total` steps. */
export function startProgress(io: Pick<Io, 'stderr'>, title: string, total: number): Progress {
  const { stream, isTTY } = io.stderr;
  if (!isTTY || stream === undefined || total < TOTAL_MIN) return SILENT;
  const bar = new SingleBar(
    {
      stream,
      format: `${title} {bar} {value} of {total} · {note}`,
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false,
      fps: 8,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { note: '' });
  return {
    advance: () => bar.increment(1),
    reach: (done) => bar.update(done),
    tell: (note) => bar.update({ note }),
    stop: () => bar.stop(),
  };
}
