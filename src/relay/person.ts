/**
 * One person among what is stored: known by keys, and found whether a name was kept or is stored as its pseudonym.
 * Knows no table, and tells nobody's name.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { Subject } from '../domain/rights.ts';
import type { PersonKeys } from './person-keys.ts';

/** The keys of all names of a person, each once, in the order id, e-mail address, key. */
export function keysOfSubject({ id, email, key }: Subject, names: PersonKeys): readonly string[] {
  const keys = [
    ...(id === undefined ? [] : [names.ofName({ id })]),
    ...(email === undefined ? [] : [names.ofName({ email })]),
    ...(key === undefined ? [] : [key]),
  ];
  return [...new Set(keys)];
}

export class Person {
  readonly keys: readonly string[];
  readonly #names: PersonKeys;

  constructor(keys: readonly string[], names: PersonKeys) {
    this.keys = keys;
    this.#names = names;
  }

  /** Whether an entry of the log is theirs: its user, or what its rule groups by. */
  isIn({ user, detection }: Pick<CanonicalEvent, 'user' | 'detection'>): boolean {
    if (user && this.keys.some((key) => this.#names.isOf(key, user))) return true;
    const group = detection?.groupKey;
    return group !== undefined && [group, ...group.split(', ')].some((value) => this.isNamed(value));
  }

  /** Whether a value is a name of theirs, of either kind, or the pseudonym of one. */
  isNamed(value: string): boolean {
    return this.keys.some(
      (key) => this.#names.isOf(key, { id: value }) || this.#names.isOf(key, { email: value }),
    );
  }
}
