/** Attributes of a document: which there may be, and what each must be. Pure. */

import { notOneOf, quote } from './fault-words.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import { isMap } from './selection.ts';

/** Of one attribute; throws a fault. */
export type Read = (value: unknown, path: Path) => unknown;
export type Shape = Readonly<Record<string, Read>>;
type Attributes = Record<string, unknown>;

export function mapOf(value: unknown): Readonly<Attributes> {
  if (isMap(value) && Object.keys(value).length > 0) return value;
  throw new Fault('It must be a map of attributes.');
}

/**
 * Reads the attributes that are there; those that `shape` doesn't know are faults, or go to `rest` as they are.
 * Faults are noted; what was read without them is answered.
 */
export function readShape(
  value: unknown,
  shape: Shape,
  mandatory: readonly string[],
  reading: Reading,
  path: Path,
  rest?: Attributes,
): Attributes {
  const found: [string, unknown][] = [];
  const map = mapOf(value);
  for (const [name, attribute] of Object.entries(map)) {
    const at = [...path, name];
    reading.part(at, () => {
      const read = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (read !== undefined) found.push([name, read(attribute, at)]);
      else if (rest === undefined) throw notOneOf(name, Object.keys(shape), true);
      else Object.defineProperty(rest, name, { value: attribute, enumerable: true });
    });
  }
  for (const name of mandatory) {
    if (Object.hasOwn(map, name)) continue;
    reading.part([...path, name], () => {
      throw new Fault(`${name} is missing.`);
    });
  }
  return Object.fromEntries(found);
}

/** Of a name or id: UUIDs are the same in upper case. */
export function handle(value: unknown): string {
  const written = text(value);
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(written) ? written.toLowerCase() : written;
}

export function handles(value: unknown): readonly string[] {
  return texts(value).map(handle);
}

export function text(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new Fault(`${quote(value)} must be text${typeof value === 'number' ? ': put it in quotes' : ''}.`);
}

export function like(pattern: RegExp, words: string): Read {
  return (value) => {
    if (pattern.test(text(value))) return value;
    throw new Fault(`${quote(value)} must be ${words}.`);
  };
}

export function wordOf(words: readonly string[]): Read {
  return (value) => {
    if (words.includes(text(value))) return value;
    throw notOneOf(text(value), words);
  };
}

/** One, or a list of at least one. */
export function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new Fault('It is empty: write at least one.');
  return list.map(text);
}

export function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Fault(`${quote(value)} must be true or false.`);
}
