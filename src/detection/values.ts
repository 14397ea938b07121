/**
 * Values of a rule compared with one value of an event: text without case, numbers, nothing. Everything that can be is looked up
 * at once, however many values there are. Pure.
 */

import type { Scalar } from './document.ts';
import { base64Of, dashesOf } from './encode.ts';
import type { Modifiers } from './modifiers.ts';
import { compilePattern, literalOf, MANY, patternOf } from './pattern.ts';
import type { Pattern } from './pattern.ts';

/** Of one value, never of a list; undefined: the field is missing. */
export type ValueTest = (value: unknown) => boolean;

export type RuleValue = Exclude<Scalar, string> | Pattern;

const NUMBER = /^\s*[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i;

/** Texts of the event that is looked at, by how they were: every rule asks for the same ones. */
const folds = new Map<string, string>();
const FOLDS_MAX = 64;

/** As letters are compared without case: also a sigma is one letter, wherever in a word it stands. */
export function foldOnce(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ');
}

/** The same, remembered. */
export function fold(text: string): string {
  let folded = folds.get(text);
  if (folded === undefined) {
    folded = foldOnce(text);
    if (folds.size === FOLDS_MAX) folds.clear();
    folds.set(text, folded);
  }
  return folded;
}

/** Text, numbers and booleans as text; undefined: neither. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Of a number, and of text that is one; else NaN. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : Number.NaN;
}

/** The texts that a value stands for. */
export function patternsOf(text: string, modifiers: Modifiers): Pattern[] {
  let patterns = [patternOf(text)];
  if (modifiers.has('windash')) patterns = patterns.flatMap(dashesOf);
  const isShifted = modifiers.has('base64offset');
  if (isShifted || modifiers.has('base64')) {
    patterns = patterns.flatMap((pattern) =>
      base64Of(pattern.join(''), modifiers.encoding, isShifted).map((encoded) => [encoded]),
    );
  }
  return patterns.map((pattern) => placed(pattern, modifiers.position));
}

function placed(pattern: Pattern, position: string | undefined): Pattern {
  if (position === undefined) return pattern;
  const isOpenBefore = position === 'startswith' || pattern[0] === MANY;
  const isOpenAfter = position === 'endswith' || pattern.at(-1) === MANY;
  return [
    ...(isOpenBefore ? [] : [MANY as typeof MANY]),
    ...pattern,
    ...(isOpenAfter ? [] : [MANY as typeof MANY]),
  ];
}

/** Whether a value equals one of these, or is like one of the patterns. */
export function compileValues(values: readonly RuleValue[], isCased: boolean): ValueTest {
  const words = new Set<string>();
  const numbers = new Set<number>();
  const likes: ((text: string) => boolean)[] = [];
  const hasNull = values.includes(null);
  let isAny = false;
  const folded = isCased ? (text: string) => text : fold;
  for (const value of values) {
    if (typeof value === 'number') numbers.add(value);
    // The boolean, or the text.
    else if (typeof value === 'boolean') words.add(String(value));
    else if (value !== null) {
      const pattern = value.map((piece) => (typeof piece === 'string' ? folded(piece) : piece));
      const word = literalOf(pattern);
      if (word !== undefined) words.add(word);
      else if (pattern.every((piece) => piece === MANY)) isAny = true;
      else likes.push(compilePattern(pattern));
    }
  }
  return (value) => {
    if (value === undefined || value === null) return hasNull;
    if (isAny) return true;
    const text = textOf(value);
    if (text === undefined) return false;
    const word = folded(text);
    if (words.has(word)) return true;
    if (numbers.size > 0 && numbers.has(numberOf(value))) return true;
    for (const isLike of likes) if (isLike(word)) return true;
    return false;
  };
}
