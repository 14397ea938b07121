/** What an erasure has come to, as its steps add to it. Pure. */

import type { OutsideCopies, Removed } from '../domain/rights.ts';
import type { Lost } from './erase-entries.ts';
import type { Erasure, ErasureState } from './erasure-store.ts';

const ALSO_SEEN_MAX = 100;

/** With what one page of the log lost. */
export function stateAfter(erasure: Erasure, lost: Lost): Partial<ErasureState> {
  const { state, keys } = erasure;
  const { events, deadLetters, followUps, texts } = lost;
  const undelivered: Record<string, number> = { ...state.undelivered };
  for (const [lane, count] of lost.undelivered)
    if (count > 0) undelivered[lane] = (undelivered[lane] ?? 0) + count;
  const seen = [...new Set([...state.alsoSeen, ...lost.alsoSeen])].filter((key) => !keys.includes(key));
  return {
    removed: plus(erasure, { events, deadLetters, followUps, texts }),
    undelivered,
    destinations: summed([...state.destinations, ...lost.destinations]),
    alsoSeen: seen.slice(0, ALSO_SEEN_MAX),
  };
}

function summed(copies: readonly OutsideCopies[]): readonly OutsideCopies[] {
  const sums = new Map<string, OutsideCopies>();
  for (const { entries, ...of } of copies) {
    const known = sums.get(of.destination);
    if (entries > 0) sums.set(of.destination, { ...of, entries: entries + (known?.entries ?? 0) });
  }
  return [...sums.values()];
}

/** With so much more of some kinds. */
export function plus({ state }: Erasure, added: Partial<Removed>): Removed {
  const sum = { ...state.removed };
  for (const [name, count] of Object.entries(added)) sum[name as keyof Removed] += count;
  return sum;
}
