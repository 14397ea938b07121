/**
 * What is wrong with a document, as it is found: thrown by what reads and compiles, gathered with its place by what parses.
 * Pure. Never knows lines and columns: those are of the text.
 */

/** Of YAML, and of brackets in a condition. */
export const NESTING_MAX = 32;

/** From the document down: names of attributes, and places in lists. */
export type Path = readonly (string | number)[];

export class Fault extends Error {
  /** Whether the name of the attribute is wrong, and not its value. */
  readonly isOfName: boolean;
  /** Of a condition: what stands before the place. */
  readonly before: string;

  constructor(message: string, isOfName = false, before = '') {
    super(message);
    this.isOfName = isOfName;
    this.before = before;
  }
}

/** What a field name is used for. */
export type FieldUse = 'match' | 'group' | 'value';

/** With what a document is read. */
export interface Reading {
  /** Reads one part. Of text that is being checked: a fault is noted with the path, and there is no answer. */
  part<T>(path: Path, read: () => T): T | undefined;
  /** Asked for every field name; throws a fault. */
  field(field: string, use: FieldUse): void;
  /** Counts what an evaluation has to look at; throws a fault where it is too much. */
  spend(amount: number): void;
}

/** Of a document that was checked before: nothing is to be found. */
export const TRUSTED: Reading = {
  part: (_path, read) => read(),
  field: () => {},
  spend: () => {},
};

const WORDS_SHOWN_MAX = 50;

/** `"tset" must be one of test, stable. Did you mean test?` */
export function notOneOf(word: unknown, words: readonly string[], isOfName = false): Fault {
  const near = typeof word === 'string' ? nearest(word, words) : undefined;
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  return new Fault(
    `${quote(word)} must be one of ${words.slice(0, WORDS_SHOWN_MAX).join(', ')}.${hint}`,
    isOfName,
  );
}

export function quote(value: unknown): string {
  return (JSON.stringify(value) ?? '').slice(0, 80);
}

function nearest(word: string, words: readonly string[]): string | undefined {
  const [best] = words
    .slice(0, WORDS_SHOWN_MAX)
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
