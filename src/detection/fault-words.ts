/** What is said of a fault. Pure: words only. */

import { BRACKETS_MAX } from './condition.ts';
import { EXPANSIONS_MAX } from './encode.ts';
import { Fault } from './fault.ts';
import type { FaultDetails } from './fault.ts';
import { CLASSES_MAX, SIZE_MAX } from './regex-parse.ts';

/** By reason; % is what was found. */
const WORDS: Readonly<Record<string, string>> = {
  no_network: '% must be a network such as 10.0.0.0/8 or 2001:db8::/32.',
  host_bits: '% has bits of a host: clear what is after its prefix.',
  expansions: `It stands for more than ${EXPANSIONS_MAX} texts: write fewer dashes.`,
  too_short: 'It is too short for base64offset: write two bytes or more.',
  steps: `Regular expressions: at most ${SIZE_MAX} steps, with repetitions written out.`,
  classes: `Regular expressions: at most ${CLASSES_MAX} different classes.`,
  too_deep: `The condition must be at most ${BRACKETS_MAX} brackets deep.`,
  open_bracket: 'A bracket is not closed: ) is missing here.',
  no_name: 'The name of a selection is missing here.',
  aggregation: 'A condition takes no |: to count, write a correlation.',
  no_word: 'and or or is missing before %.',
  no_selection: '% is not a selection.',
  no_quantity: '% of is not known: write 1 of, any of or all of.',
  no_match: '% matches no selection: write them, or a name with *.',
};
const WORDS_MAX = 50;
/** Nobody means a longer one, and to compare it takes long. */
const NAME_LENGTH_MAX = 64;

export const OF_NAME: FaultDetails = { isOfName: true };

export function quote(value: unknown): string {
  return (JSON.stringify(value) ?? '').slice(0, 80);
}

/** `"tset" must be one of stable, test.` */
export function notOneOf(value: string, words: readonly string[], isOfName = false): Fault {
  return new Fault(`${quote(value)} must be one of ${words.slice(0, WORDS_MAX).join(', ')}.`, {
    isOfName,
    value,
    words,
  });
}

/** The sentence, and whether it is about the name of the attribute. */
export function wordsOf({ message, details }: Fault): { words: string; isOfName: boolean } {
  const { value, words, isOfName = false } = details;
  const said = WORDS[message]?.replace('%', () => quote(value)) ?? message;
  const near = words === undefined ? undefined : nearest(String(value), words);
  return { words: near === undefined ? said : `${said} Did you mean ${near}?`, isOfName };
}

function nearest(word: string, words: readonly string[]): string | undefined {
  const [best] = words
    .slice(0, WORDS_MAX)
    .filter((name) => name.length <= NAME_LENGTH_MAX)
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
