/** One line of a selection, `field|modifier: values`, as a test of events. Pure; the line is right. */

import { compileCidr } from './cidr.ts';
import type { Scalar } from './document.ts';
import { elementsOf, fieldOf, someOf } from './field.ts';
import type { FieldOf, SigmaEvent } from './field.ts';
import { joined } from './joined.ts';
import { modifiersOf } from './modifiers.ts';
import type { Modifiers } from './modifiers.ts';
import { MANY, patternOf } from './pattern.ts';
import { compileRegex } from './regex.ts';
import { compileValues, fold, foldOnce, numberOf, patternsOf, textOf } from './values.ts';
import type { RuleValue, ValueTest } from './values.ts';

export type Test = (event: SigmaEvent) => boolean;
export type Values = Scalar | readonly Scalar[];

/** Of the event that was looked at last, which most often is the next one, too. */
let lastValues: readonly unknown[] = [];
let lastWhole = '';

/** Text that occurs in any value of the event. `isAll`: each of them does, wherever. */
export function compileKeywords(values: Values, isAll: boolean): Test {
  const keywords = [values].flat().map((value) => {
    const pattern = patternOf(String(value));
    return {
      isLike: compileValues([[MANY, ...pattern, MANY]], false),
      pieces: pattern.filter((piece) => typeof piece === 'string').map(foldOnce),
    };
  });
  return (event) => {
    const whole = wholeOf(event);
    for (const { isLike, pieces } of keywords) {
      const isThere = pieces.every((piece) => whole.includes(piece)) && someOf(event, isLike, true);
      if (isThere !== isAll) return !isAll;
    }
    return isAll;
  };
}

/** All values of an event, however nested, as one text without case: what is not in it is in none of them. */
function wholeOf(event: SigmaEvent): string {
  // By its values, as an event may have changed since.
  let at = 0;
  const isOther = someOf(event, (value) => value !== lastValues[at++], true);
  if (isOther || at < lastValues.length) {
    lastValues = elementsOf(event, true);
    lastWhole = foldOnce(lastValues.map(textOf).join(''));
  }
  return lastWhole;
}

export function compileItem(key: string, values: Values): Test {
  const [field = '', ...names] = key.split('|');
  if (field === '') return compileKeywords(values, true);
  const modifiers = modifiersOf(names);
  const test = compileField(fieldOf(field), modifiers, [values].flat());
  return modifiers.has('neq') ? (event) => !test(event) : test;
}

/** Characters of a list that regular expressions look at, whole texts from the first on: a name has some twelve. */
const LIST_CHARACTERS_MAX = 512;

function beginningOf(value: unknown): unknown {
  let left = LIST_CHARACTERS_MAX;
  return Array.isArray(value) ? value.filter((text) => (left -= String(text).length) > 0) : value;
}

function compileField(valueOf: FieldOf, modifiers: Modifiers, values: readonly Scalar[]): Test {
  const { kind, position, has } = modifiers;
  const isAll = has('all');
  if (kind === 'exists') return (event) => (valueOf(event) !== undefined) === values[0];
  if (kind === 'fieldref') {
    return joined(
      values.map((value) => compileReference(valueOf, String(value), position)),
      isAll,
    );
  }
  const tests = valueTests(modifiers, values);
  // Of a list, each may hold for another element; any may hold for one.
  return joined(
    (isAll ? tests : [joined(tests, false)]).map(
      (test): Test =>
        (event) =>
          someOf(kind === 're' ? beginningOf(valueOf(event)) : valueOf(event), test),
    ),
    true,
  );
}

/** One for each value where each has to hold by itself, or cannot be looked up. */
function valueTests(modifiers: Modifiers, values: readonly Scalar[]): ValueTest[] {
  const { kind, has } = modifiers;
  if (kind !== undefined) return values.map((value) => compileValue(kind, value, modifiers));
  const patterns = values.map((value): RuleValue[] =>
    typeof value === 'string' ? patternsOf(value, modifiers) : [value],
  );
  return (has('all') ? patterns : [patterns.flat()]).map((some) => compileValues(some, has('cased')));
}

function compileValue(kind: string, value: Scalar, modifiers: Modifiers): ValueTest {
  const bound = Number(value);
  if (kind === 'lt') return (found) => numberOf(found) < bound;
  if (kind === 'lte') return (found) => numberOf(found) <= bound;
  if (kind === 'gt') return (found) => numberOf(found) > bound;
  if (kind === 'gte') return (found) => numberOf(found) >= bound;
  const pattern = String(value);
  const test = kind === 're' ? compileRegex(pattern, modifiers.flags) : compileCidr(pattern);
  return (found) => {
    const text = textOf(found);
    return text !== undefined && test(text);
  };
}

function compileReference(valueOf: FieldOf, name: string, position: string | undefined): Test {
  const otherOf = fieldOf(patternOf(name).join(''));
  const isLike = (left: string, right: string): boolean => {
    if (position === 'contains') return left.includes(right);
    if (position === 'startswith') return left.startsWith(right);
    return position === 'endswith' ? left.endsWith(right) : left === right;
  };
  return (event) =>
    someOf(otherOf(event), (right) => {
      const end = textOf(right);
      if (end === undefined) return false;
      return someOf(valueOf(event), (left) => {
        const text = textOf(left);
        return text !== undefined && isLike(fold(text), fold(end));
      });
    });
}
