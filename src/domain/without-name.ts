/**
 * Texts of somebody's own choice without the names that they may hold. Pure.
 * A name is found in any case, however it is composed, and with whatever separates its parts. Where it can't be cut out, nothing is left.
 */

import type { CanonicalEvent } from './event.ts';
import { LEFT_OUT, NAME_PART_LENGTH_MIN } from './personal-fields.ts';

/** One letter or digit names nobody. */
const NAME_LENGTH_MIN = 2;
const SEPARATORS = /[\s._-]+/gu;
const NAME_OF_PERSON_PATTERN = /^\p{L}+(?:[\s._-]+\p{L}+)+$/u;
const [NOT_AFTER_WORD, NOT_BEFORE_WORD] = [String.raw`(?<![\p{L}\p{N}])`, String.raw`(?![\p{L}\p{N}])`];

/** By which somebody may be called: an account or an address, and what is left of it without its domain. */
export function namesOfUser(account: string): readonly string[] {
  const bare = account.slice(account.lastIndexOf('\\') + 1);
  return usable([account, bare, bare.includes('@') ? bare.slice(0, bare.lastIndexOf('@')) : bare]);
}

/** With and without its domain. */
export function namesOfHost(hostname: string): readonly string[] {
  return usable([hostname, hostname.split('.')[0] ?? hostname]);
}

function usable(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => name.replaceAll(SEPARATORS, '').length >= NAME_LENGTH_MIN);
}

export function isShortName(name: string): boolean {
  return name.length < NAME_PART_LENGTH_MIN;
}

/** With `…` for each of the names; for a short one where it is a word of its own, as it is part of too many. */
export function withoutNames(text: string, names: readonly string[]): string {
  const held = namesIn(text, names);
  if (held.length === 0) return text;
  // The address before what stands before its @.
  const longestFirst = held.toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(patternOf).join('|'), 'giu');
  const clean = text.normalize('NFC').replaceAll(pattern, LEFT_OUT);
  return namesIn(clean, held).length === 0 ? clean : LEFT_OUT;
}

/** Those that a text holds, as it is read: without accents, and with one space for what separates. */
export function namesIn(text: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return names;
  const read = asRead(text);
  return names.filter((name) => {
    const wanted = asRead(name);
    return read.includes(wanted) && (!isShortName(name) || new RegExp(patternOf(wanted), 'iu').test(read));
  });
}

/** Whether a text may name the user all the same: by a part of the name alone, or by its parts without or with more between them. */
export function mayNameUser(text: string, { user }: Pick<CanonicalEvent, 'user'>): boolean {
  const names = [user?.id ?? '', user?.email ?? ''].flatMap(namesOfUser);
  const squashed = squash(text);
  const words = new Set(asRead(text).split(/[^\p{L}\p{N}]+/u));
  return names.some((name) => {
    const isPart =
      NAME_OF_PERSON_PATTERN.test(name) &&
      asRead(name)
        .split(' ')
        .some((part) => words.has(part));
    return isPart || (!isShortName(squash(name)) && squashed.includes(squash(name)));
  });
}

function asRead(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll(SEPARATORS, ' ');
}

function squash(text: string): string {
  return asRead(text).replaceAll(/[^\p{L}\p{N}]+/gu, '');
}

function patternOf(name: string): string {
  const parts = name.normalize('NFC').split(SEPARATORS).map(escaped);
  const pattern = parts.join(String.raw`[\s._\-]+`);
  return isShortName(name) ? `${NOT_AFTER_WORD}${pattern}${NOT_BEFORE_WORD}` : pattern;
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
}
