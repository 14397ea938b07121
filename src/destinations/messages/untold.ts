/** How many messages were not told since the last digest of each kind. Counts only. */

import type { DigestFacts } from '../../domain/digest.ts';
import type { ChannelMemory } from '../destination.ts';

const KEY = 'untold';
/** A weekly digest that was missed does not lose the count of its week. */
const KEPT_MS = 15 * 24 * 3_600_000;

export type Untold = Readonly<Record<DigestFacts['period'], number>>;
export const NO_UNTOLD: Untold = { daily: 0, weekly: 0 };

export function readUntold(memory: ChannelMemory): Untold {
  const value = memory.get(KEY);
  return value === undefined ? NO_UNTOLD : (JSON.parse(value) as Untold);
}

export function writeUntold(memory: ChannelMemory, untold: Untold, nowMs: number): void {
  memory.put(KEY, JSON.stringify(untold), nowMs + KEPT_MS);
}
