/**
 * Texts of somebody's own choice without the names that they may hold. Pure.
 * A name is found in any case, however it is composed, and with whatever separates its parts. Where it can't be cut out, nothing is left.
 */

import type { CanonicalEvent } from './event.ts';
import { LEFT_OUT, NAME_PART_LENGTH_MIN } from './personal-fields.ts';

/** One letter or digit names nobody. */
const NAME_LENGTH_MIN = 2;
const SEPARATORS = /[\s._-]+/gu;
const SEPARATORS_AROUND = /^[\s._-]+|[\s._-]+$/gu;
/** What mail systems put behind a name: `+ai` of whoever sorts by it, `#EXT#` of a guest. */
const AFTER_NAME = /\+|#EXT#/iu;
const NOT_LETTERS = /\P{L}+/u;
/** Fewer letters of a name are looked for nowhere, and fewer than `anywhere` only as a word of their own. */
const PART_LETTERS_MIN = { word: 3, anywhere: 5 };
/** Before numbers of users, and in too many texts. */
const NO_NAMES: readonly string[] = ['user', 'users', 'usr', 'uid', 'account', 'employee'];
/** Letters that are no others with an accent, as they are written without them. */
const LETTERS: Readonly<Record<string, string>> = {
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ß: 'ss',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};
const OWN_LETTERS = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');
const [NOT_AFTER_WORD, NOT_BEFORE_WORD] = [String.raw`(?<![\p{L}\p{N}])`, String.raw`(?![\p{L}\p{N}])`];

/** By which somebody may be called: an account or an address, and what is left of it without its domain and what follows the name. */
export function namesOfUser(account: string): readonly string[] {
  const bare = bareOf(account);
  const local = localOf(bare);
  return usable([account, bare, local, nameIn(local)]);
}

function bareOf(account: string): string {
  return account.slice(account.lastIndexOf('\\') + 1);
}

function localOf(bare: string): string {
  return bare.includes('@') ? bare.slice(0, bare.lastIndexOf('@')) : bare;
}

function nameIn(local: string): string {
  return local.split(AFTER_NAME)[0] ?? local;
}

/** With and without its domain. */
export function namesOfHost(hostname: string): readonly string[] {
  return usable([hostname, hostname.split('.')[0] ?? hostname]);
}

function usable(names: readonly string[]): readonly string[] {
  const bare = names.map((name) => name.replaceAll(SEPARATORS_AROUND, ''));
  return [...new Set(bare)].filter((name) => name.replaceAll(SEPARATORS, '').length >= NAME_LENGTH_MIN);
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

/**
 * Whether a text may name the user all the same: by a part of the name alone, by its parts without or with more between them, or with
 * `ue` for `ü` and the like.
 */
export function mayNameUser(text: string, { user }: Pick<CanonicalEvent, 'user'>): boolean {
  const accounts = [user?.id ?? '', user?.email ?? ''];
  const squashed = squash(text);
  const names = accounts.flatMap(namesOfUser).map(squash);
  if (names.some((name) => !isShortName(name) && squashed.includes(name))) return true;
  const words = wordsOf(text).map(plain);
  const joined = words.join('');
  const parts = accounts
    .flatMap((account) => wordsOf(nameIn(localOf(bareOf(account)))))
    .filter((part) => part.length >= PART_LETTERS_MIN.word && !NO_NAMES.includes(part));
  return [...new Set(parts.map(plain))].some(
    (part) => words.includes(part) || (part.length >= PART_LETTERS_MIN.anywhere && joined.includes(part)),
  );
}

/** Its words of letters alone. */
function wordsOf(text: string): readonly string[] {
  return asRead(text).split(NOT_LETTERS);
}

/** The same for each way to write a letter without its accent. */
function plain(word: string): string {
  return word.replaceAll(/a[ae]|[ou]e/gu, (pair) => pair.charAt(0));
}

/** Without case, accents, and whatever separates words. */
export function asRead(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll(OWN_LETTERS, (letter) => LETTERS[letter] ?? letter)
    .replaceAll(SEPARATORS, ' ');
}

function squash(text: string): string {
  return asRead(text).replaceAll(/[^\p{L}\p{N}]+/gu, '');
}

function patternOf(name: string): string {
  return isShortName(name) ? wordPatternOf(name) : anyPatternOf(name);
}

/** Of a name where it is a word of its own. */
export function wordPatternOf(name: string): string {
  return `${NOT_AFTER_WORD}${anyPatternOf(name)}${NOT_BEFORE_WORD}`;
}

function anyPatternOf(name: string): string {
  const parts = name.normalize('NFC').split(SEPARATORS).map(escaped);
  return parts.join(String.raw`[\s._\-]+`);
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
}
