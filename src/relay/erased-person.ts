/**
 * Who is erased, by all of their names: the keys, and the raw names as far as they are known. Somebody whose name only begins alike, or
 * whose id differs in its case, is somebody else; in an address case makes no difference. Pure.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { NameFinder } from '../domain/name-finder.ts';
import type { Subject } from '../domain/rights.ts';
import { readAddress, readId } from '../ingest/field-values.ts';
import type { PersonKeys } from './person-keys.ts';

/** Raw names, each once; addresses in lower case. */
export interface RawNames {
  readonly ids: readonly string[];
  readonly emails: readonly string[];
}

type User = NonNullable<CanonicalEvent['user']>;

/** The raw names that somebody gave, as written and as the parser reads them. */
export function namesGiven({ id, email }: Subject): RawNames {
  return {
    ids: id === undefined ? [] : unique([id, readId(id).value ?? id]),
    emails: email === undefined ? [] : [readAddress(email).value ?? email.toLowerCase()],
  };
}

export class ErasedPerson {
  readonly keys: readonly string[];
  readonly names: RawNames;
  readonly #ids: ReadonlySet<string>;
  readonly #emails: ReadonlySet<string>;
  readonly #all: ReadonlySet<string>;
  #finder: NameFinder | undefined;
  #rawFinder: NameFinder | undefined;

  constructor(keys: readonly string[], names: RawNames) {
    this.keys = keys;
    this.names = names;
    this.#ids = new Set([...names.ids, ...keys]);
    this.#emails = new Set(names.emails.map((email) => email.toLowerCase()));
    this.#all = new Set([...this.#ids, ...this.#emails]);
  }

  get finder(): NameFinder {
    this.#finder ??= new NameFinder([...this.#all]);
    return this.#finder;
  }

  /** Of the raw names alone: the audit keeps the keys. */
  get rawFinder(): NameFinder {
    this.#rawFinder ??= new NameFinder([...this.names.ids, ...this.names.emails]);
    return this.#rawFinder;
  }

  isUser(user: User | undefined): boolean {
    if (!user) return false;
    const { id, email } = user;
    return (id !== undefined && this.#ids.has(id)) || (email !== undefined && this.#isAddress(email));
  }

  /** Whether a value that may be anybody's is one of the names, whole. */
  isName(value: string): boolean {
    return this.#ids.has(value) || this.#isAddress(value);
  }

  /** In the map of devices case makes no difference. */
  isNameInAnyCase(value: string): boolean {
    return [...this.#all].some((name) => name.toLowerCase() === value.toLowerCase());
  }

  #isAddress(value: string): boolean {
    return this.keys.includes(value) || this.#emails.has(value.toLowerCase());
  }

  /** Whether an entry of the log is about the person: an event of theirs, or what a rule found of them. */
  isEntry({ user, detection }: Pick<CanonicalEvent, 'user' | 'detection'>): boolean {
    if (this.isUser(user)) return true;
    const group = detection?.groupKey;
    return group !== undefined && (this.isName(group) || group.split(', ').some((one) => this.isName(one)));
  }

  /** With the raw names of a user, where these are the person's by their key. */
  learnt({ id, email }: User, keys: PersonKeys): ErasedPerson {
    const { ids, emails } = this.names;
    const isTheirs = (user: User): boolean => this.keys.some((key) => keys.isOf(key, user));
    const isNew = (name: string, known: readonly string[]): boolean =>
      !known.includes(name) && !this.keys.includes(name);
    const newId = id !== undefined && isNew(id, ids) && isTheirs({ id });
    const address = email !== undefined && this.keys.includes(email) ? email : email?.toLowerCase();
    const newEmail = address !== undefined && isNew(address, emails) && isTheirs({ email: address });
    if (!newId && !newEmail) return this;
    return new ErasedPerson(this.keys, {
      ids: newId ? [...ids, id] : ids,
      emails: newEmail ? [...emails, address] : emails,
    });
  }

  /** Whether a key is not that of any raw name which is known: names have to be looked for. */
  hasUnknown(keys: PersonKeys): boolean {
    const { ids, emails } = this.names;
    const known = new Set([
      ...ids.map((id) => keys.ofUser({ id })),
      ...emails.map((email) => keys.ofUser({ email })),
    ]);
    return this.keys.some((key) => !known.has(key));
  }
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** When an entry began: when it happened or came, or the first event that a rule counted. */
export function beganAtMs({ occurredAt, receivedAt, detection }: CanonicalEvent): number {
  const times = [occurredAt, receivedAt, ...(detection ? [detection.firstAt] : [])];
  return Math.min(...times.map((time) => Date.parse(time)));
}
