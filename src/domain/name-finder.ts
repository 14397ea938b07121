/**
 * Finds the names of one person in texts that are not about them, and takes them out. A name is found where it stands as a word of its own,
 * in any case and with whatever separates its parts: another name that begins with it is another person's. Pure.
 */

import { LEFT_OUT } from './personal-fields.ts';
import { asRead, isShortName, namesOfUser, wordPatternOf } from './without-name.ts';

/** Stands for a name in an id: headers of HTTP take it. */
const IN_IDS = 'erased';
const SEPARATED = /[\p{L}\p{N}][\s._-]+[\p{L}\p{N}]/u;
const ID_KEYS: ReadonlySet<string> = new Set(['id', 'interactionId', 'causeId', 'eventIds', 'ids', 'spent']);
/** What the relay reads, and what names somebody else: no text of anybody's choice. */
const NO_TEXT_KEYS: ReadonlySet<string> = new Set(
  (
    'user groupKey type tenant source occurredAt receivedAt severity raisedFrom level decision ruleId playbook respond ' +
    'firstAt lastAt watchedUntil lane kind state reason verdict period tag caseId items heldBack faults'
  ).split(' '),
);

/** The forms of an account or address that are looked for. A short one, or a common word before an `@`, is in too many texts. */
function formsOf(name: string): readonly string[] {
  const derived = namesOfUser(name).filter((form) => form !== name && SEPARATED.test(form));
  const escaped = JSON.stringify(name).slice(1, -1);
  return [name, escaped, ...derived].filter((form) => !isShortName(form));
}

export class NameFinder {
  readonly #read: readonly { readonly text: string; readonly pattern: RegExp }[];
  readonly #all: RegExp | undefined;

  /** Accounts, addresses, keys. */
  constructor(names: readonly string[]) {
    const forms = [...new Set(names.flatMap(formsOf))].toSorted((a, b) => b.length - a.length);
    this.#read = forms.map((form) => {
      const text = asRead(form);
      return { text, pattern: new RegExp(wordPatternOf(text), 'iu') };
    });
    this.#all = forms.length === 0 ? undefined : new RegExp(forms.map(wordPatternOf).join('|'), 'giu');
  }

  isIn(text: string): boolean {
    if (!this.#all) return false;
    const read = asRead(text);
    return this.#read.some(({ text: form, pattern }) => read.includes(form) && pattern.test(read));
  }

  /** With `…` for each of the names; where one can't be cut out, nothing is left. */
  without(text: string, standIn: string = LEFT_OUT): string {
    if (!this.#all || !this.isIn(text)) return text;
    const clean = text.normalize('NFC').replaceAll(this.#all, standIn);
    return this.isIn(clean) ? standIn : clean;
  }

  /** The JSON of a value whose texts hold none of the names; the same text where it needs no change. */
  withoutInJson(json: string): string {
    return this.isIn(json) ? JSON.stringify(this.#clean(JSON.parse(json), '')) : json;
  }

  /** A value out of JSON without the names in its texts. */
  cleaned<T>(value: T): T {
    return this.#clean(value, '') as T;
  }

  #clean(value: unknown, key: string): unknown {
    if (NO_TEXT_KEYS.has(key)) return value;
    if (typeof value === 'string') return this.without(value, ID_KEYS.has(key) ? IN_IDS : LEFT_OUT);
    if (Array.isArray(value)) return value.map((one) => this.#clean(one, key));
    if (typeof value !== 'object' || value === null) return value;
    const clean: Record<string, unknown> = {};
    for (const [name, held] of Object.entries(value)) {
      const shown = this.without(name);
      const [one, other] = [this.#clean(held, name), clean[shown]];
      clean[shown] = typeof one === 'number' && typeof other === 'number' ? one + other : one;
    }
    return clean;
  }
}
