/** One line of a selection, `field|modifier: values`, as a test of events. Pure. */

import type { Scalar } from './document.ts';
import { compileCidr } from './cidr.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import { fieldOf, someOf } from './field.ts';
import type { SigmaEvent } from './field.ts';
import { modifiersOf } from './modifiers.ts';
import type { Modifiers } from './modifiers.ts';
import { literalOf, MANY, patternOf } from './pattern.ts';
import { compileRegex } from './regex.ts';
import { compileValues, fold, numberOf, patternsOf, textOf, textValue } from './values.ts';
import type { RuleValue, ValueTest } from './values.ts';

export type Test = (event: SigmaEvent) => boolean;

type Values = Scalar | readonly Scalar[];

/** Each value by itself, with its own path. */
function each<T>(values: Values, reading: Reading, path: Path, read: (value: Scalar) => T): T[] {
  const isList = Array.isArray(values);
  const list: readonly unknown[] = isList ? values : [values];
  if (list.length === 0) throw new Fault('no_values');
  return list.flatMap((value, at) => {
    const found = reading.part(isList ? [...path, at] : path, () => {
      if (typeof value === 'object' && value !== null) {
        throw new Fault('no_scalar');
      }
      return { value: read(value as Scalar) };
    });
    return found === undefined ? [] : [found.value];
  });
}

function both<T>(tests: readonly ((value: T) => boolean)[], isAll: boolean): (value: T) => boolean {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return isAll ? (value) => tests.every((test) => test(value)) : (value) => tests.some((test) => test(value));
}

/** Text that occurs in any value of the event. `isAll`: each of them does, wherever. */
export function compileKeywords(values: Values, isAll: boolean, reading: Reading, path: Path): Test {
  const tests = each(values, reading, path, (value) => {
    const text = textOf(value);
    if (text === undefined || text === '') throw new Fault('no_keyword');
    const pattern = patternOf(text);
    const isLike = compileValues([[MANY, ...pattern, MANY]], false, reading.spend);
    const pieces = pattern.filter((piece) => typeof piece === 'string').map(fold);
    return (event: SigmaEvent, whole: string) =>
      pieces.every((piece) => whole.includes(piece)) && someOf(event, isLike, true);
  });
  return (event) => {
    const whole = fold(wholeOf(event));
    return isAll ? tests.every((test) => test(event, whole)) : tests.some((test) => test(event, whole));
  };
}

/** All values of an event, however nested, as one text: what is not in it is in none of them. */
function wholeOf(event: SigmaEvent): string {
  const open: object[] = [event];
  let whole = '';
  for (const container of open) {
    for (const inner of Object.values(container) as unknown[]) {
      if (typeof inner === 'string') whole += inner;
      else if (typeof inner !== 'object') whole += textOf(inner) ?? '';
      else if (inner !== null) open.push(inner);
    }
  }
  return whole;
}

export function compileItem(key: string, values: Values, reading: Reading, path: Path): Test {
  const [field = '', ...names] = key.split('|');
  if (field === '') {
    if (names.join() === 'all') return compileKeywords(values, true, reading, path);
    throw new Fault('no_field', { value: key });
  }
  reading.modifiers(names);
  const modifiers = modifiersOf(names);
  reading.field(field, 'match');
  const test = compileField(field, modifiers, values, reading, path);
  return modifiers.has('neq') ? (event) => !test(event) : test;
}

function compileField(
  field: string,
  modifiers: Modifiers,
  values: Values,
  reading: Reading,
  path: Path,
): Test {
  const valueOf = fieldOf(field);
  const isAll = modifiers.has('all');
  if (modifiers.kind === 'exists') {
    const [isThere, ...more] = each(values, reading, path, (value) => value);
    if (typeof isThere !== 'boolean' || more.length > 0) throw new Fault('exists');
    return (event) => (valueOf(event) !== undefined) === isThere;
  }
  if (modifiers.kind === 'fieldref') {
    return both(
      each(values, reading, path, (value) =>
        compileReference(valueOf, textValue(value), modifiers.position, reading),
      ),
      isAll,
    );
  }
  const tests = valueTests(modifiers, values, reading, path);
  if (isAll)
    return both(
      tests.map(
        (test): Test =>
          (event) =>
            someOf(valueOf(event), test),
      ),
      true,
    );
  const test = both(tests, false);
  return (event) => someOf(valueOf(event), test);
}

/** All of them, or one for each value where each has to hold by itself. */
function valueTests(modifiers: Modifiers, values: Values, reading: Reading, path: Path): ValueTest[] {
  const { kind } = modifiers;
  if (kind !== undefined) {
    return each(values, reading, path, (value) => {
      reading.spend(1);
      if (kind === 're') return ofText(compileRegularExpression(textValue(value), modifiers, reading.spend));
      return kind === 'cidr' ? ofText(compileCidr(textValue(value))) : compileComparison(kind, value);
    });
  }
  const patterns = each(values, reading, path, (value): RuleValue[] => {
    if (typeof value !== 'string' && !modifiers.isOfText) return [value];
    const texts = patternsOf(textValue(value), modifiers);
    // Before there are more of them than memory takes.
    reading.spend(texts.length - 1);
    return texts;
  });
  const compile = (some: readonly RuleValue[]): ValueTest =>
    compileValues(some, modifiers.has('cased'), reading.spend);
  return modifiers.has('all') ? patterns.map(compile) : [compile(patterns.flat())];
}

function ofText(test: (text: string) => boolean): ValueTest {
  return (value) => {
    const text = textOf(value);
    return text !== undefined && test(text);
  };
}

function compileRegularExpression(
  pattern: string,
  { has }: Modifiers,
  spend: Reading['spend'],
): (text: string) => boolean {
  const flags = {
    i: has('i') || has('ignorecase'),
    m: has('m') || has('multiline'),
    s: has('s') || has('dotall'),
  };
  const compiled = compileRegex(pattern, flags, spend);
  if (compiled.ok) return compiled.value;
  throw new Fault(compiled.error);
}

function compileComparison(operator: string, bound: Scalar): ValueTest {
  if (typeof bound !== 'number') throw new Fault('no_number', { value: bound });
  if (operator === 'lt') return (value) => numberOf(value) < bound;
  if (operator === 'lte') return (value) => numberOf(value) <= bound;
  if (operator === 'gt') return (value) => numberOf(value) > bound;
  return (value) => numberOf(value) >= bound;
}

function compileReference(
  valueOf: Test | ((event: SigmaEvent) => unknown),
  name: string,
  position: string | undefined,
  reading: Reading,
): Test {
  const other = literalOf(patternOf(name));
  if (name === '' || other === undefined) throw new Fault('no_reference', { value: name });
  reading.field(name, 'match');
  const otherOf = fieldOf(name);
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
