/** Words that are meant by words that are not known. Pure. */

import { Fault, quote } from './fault.ts';
import type { FaultDetails } from './fault.ts';

const WORDS_MAX = 50;

/** `"tset" must be one of stable, test.` */
export function notOneOf(word: string, words: readonly string[], isOfName = false): Fault {
  return new Fault(`${quote(word)} must be one of ${words.slice(0, WORDS_MAX).join(', ')}.`, {
    isOfName,
    word,
    words,
  });
}

/** ` Did you mean test?`, or nothing. */
export function hintOf({ word, words = [] }: FaultDetails): string {
  const near = word === undefined ? undefined : nearest(word, words);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

function nearest(word: string, words: readonly string[]): string | undefined {
  const [best] = words
    .slice(0, WORDS_MAX)
    .map((name) => ({ name, steps: stepsBetween(word.slice(0, 40).toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, steps }) => steps <= 1 + name.length / 4)
    .toSorted((a, b) => a.steps - b.steps);
  return best?.name;
}

/** Letters to add, leave out or change. */
function stepsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const letter of from) {
    let left = (row[0] ?? 0) + 1;
    const next = [left];
    for (let at = 1; at <= to.length; at += 1) {
      const changed = (row[at - 1] ?? 0) + (to[at - 1] === letter ? 0 : 1);
      left = Math.min(changed, left + 1, (row[at] ?? 0) + 1);
      next.push(left);
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
