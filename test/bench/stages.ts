/** The stages of the running bench, so that whatever ends it, Ctrl-C included, leaves neither a process nor a file behind. */

import { Stage, type StageOptions } from '../e2e/stage.ts';
import { nowMs } from './load.ts';

const opened = new Set<Promise<Stage>>();

/** A stage whose relay has a process of its own, with the bench's clock. */
export async function openStage(options: Pick<StageOptions, 'hasInspector'> = {}): Promise<Stage> {
  const opening = Stage.open({ ...options, isApart: true, nowMs });
  opened.add(opening);
  return opening;
}

/** Closes all of them. */
export async function closeStages(): Promise<void> {
  const closing = [...opened].map(async (opening) => (await opening).close());
  opened.clear();
  await Promise.allSettled(closing);
}
