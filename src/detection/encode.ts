/** What the modifiers for encoded text and for dashes make of a value: the texts that stand for it. Pure. */

import { Fault } from './fault.ts';
import type { Pattern } from './pattern.ts';

export const EXPANSIONS_MAX = 1_000;
const DASHES = ['-', '/', '–', '—', '―'];
/** A dash or slash at the beginning of a word. */
const DASH = /(?<![\p{L}\p{N}_])[-/](?=[\p{L}\p{N}_])/u;

/** Every dash that starts a word, in every one of its shapes. */
export function dashesOf(pattern: Pattern): Pattern[] {
  return pattern.reduce<Pattern[]>(
    (found, piece) =>
      product(found, typeof piece === 'string' ? shapesOf(piece) : ([piece] as Pattern), (a, b) => [...a, b]),
    [[]],
  );
}

function shapesOf(text: string): string[] {
  const [first = '', ...rest] = text.split(DASH);
  return rest.reduce((found, part) => product(found, DASHES, (a, dash) => a + dash + part), [first]);
}

function product<A, B, C>(left: readonly A[], right: readonly B[], join: (a: A, b: B) => C): C[] {
  if (left.length * right.length > EXPANSIONS_MAX) {
    throw new Fault('expansions');
  }
  return left.flatMap((a) => right.map((b) => join(a, b)));
}

/** The text's bytes, one a character. */
function bytesOf(text: string, encoding: string | undefined): string {
  if (encoding === undefined) {
    return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  }
  const units = text.split('').map((unit) => unit.charCodeAt(0));
  if (encoding === 'utf16') units.unshift(0xfeff);
  return units
    .map((unit) => {
      const [high, low] = [String.fromCharCode(unit >> 8), String.fromCharCode(unit & 255)];
      return encoding === 'utf16be' ? high + low : low + high;
    })
    .join('');
}

/** Base64 of the text; `isShifted`: what stands in it wherever in longer text it begins, at each of three shifts. */
export function base64Of(text: string, encoding: string | undefined, isShifted: boolean): string[] {
  const bytes = bytesOf(text, encoding);
  if (!isShifted) return [btoa(bytes)];
  return [0, 1, 2].map((shift) => {
    const end = [undefined, -3, -2][(bytes.length + shift) % 3];
    const found = btoa(' '.repeat(shift) + bytes).slice([0, 2, 3][shift], end);
    if (found === '') throw new Fault('too_short');
    return found;
  });
}
