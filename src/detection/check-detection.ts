/** The selections and conditions of a rule, as they are written: everything that is wrong with them, each with its path. Pure. */

import { checkModifiers } from './check-modifiers.ts';
import { checkRegex } from './check-regex.ts';
import { compileCidr } from './cidr.ts';
import { compileCondition } from './condition.ts';
import { OF_NAME, quote } from './fault-words.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import { COMPARISONS, modifiersOf } from './modifiers.ts';
import type { Modifiers } from './modifiers.ts';
import { costOf, literalOf, patternOf } from './pattern.ts';
import { isMap } from './selection.ts';
import { patternsOf, textOf } from './values.ts';

export function checkDetection(
  selections: Readonly<Record<string, unknown>>,
  conditions: readonly string[],
  reading: Reading,
  path: Path,
): void {
  for (const [name, selection] of Object.entries(selections)) {
    const at = [...path, name];
    reading.part(at, () => {
      if (!/^[\w-]+$/.test(name))
        throw new Fault('The name of a selection is of letters, digits, _ and -.', OF_NAME);
      checkSelection(selection, reading, at);
    });
  }
  const names = Object.keys(selections);
  for (const [index, condition] of conditions.entries()) {
    reading.part([...path, 'condition', ...(conditions.length > 1 ? [index] : [])], () => {
      // Every pattern of names is compared with all of them.
      reading.spend(names.length * (condition.split(/\sof\s/i).length - 1));
      compileCondition(condition, names, () => {
        reading.spend(1);
        return () => false;
      });
    });
  }
}

function checkSelection(selection: unknown, reading: Reading, path: Path): void {
  if (isMap(selection)) {
    const items = Object.entries(selection);
    for (const [key, values] of items) {
      const at = [...path, key];
      reading.part(at, () => checkItem(key, values, reading, at));
    }
    if (items.length === 0) throw new Fault('It is empty: write a field with a value.');
  } else if (Array.isArray(selection) && selection.some(isMap)) {
    for (const [index, member] of selection.entries()) {
      if (Array.isArray(member)) throw new Fault('A list in a list is not a selection.');
      const at = [...path, index];
      reading.part(at, () => checkSelection(member, reading, at));
    }
  } else checkKeywords(selection, reading, path);
}

function checkKeywords(values: unknown, reading: Reading, path: Path): void {
  each(values, reading, path, (value) => {
    const text = textOf(value) ?? '';
    if (text === '') throw new Fault('A keyword must be text that is not empty.');
    reading.spend(costOf(patternOf(text)));
  });
}

function checkItem(key: string, values: unknown, reading: Reading, path: Path): void {
  const [field = '', ...names] = key.split('|');
  if (key === '|all') return checkKeywords(values, reading, path);
  if (field === '') throw new Fault(`${quote(key)} has no field: keywords take |all alone.`, OF_NAME);
  checkModifiers(names);
  reading.field(field, 'match');
  const modifiers = modifiersOf(names);
  if (modifiers.kind === 'exists') {
    const [isThere, ...more] = [values].flat();
    if (typeof isThere !== 'boolean' || more.length > 0) throw new Fault('exists must be true or false.');
  } else {
    const isOfText = names.some((name) => !['all', 'neq'].includes(name));
    each(values, reading, path, (value) => {
      if (isOfText || typeof value === 'string') checkValue(value, modifiers, reading);
    });
  }
}

function checkValue(value: unknown, modifiers: Modifiers, reading: Reading): void {
  const { kind = '', flags, has } = modifiers;
  if (COMPARISONS.includes(kind)) {
    if (typeof value !== 'number') throw new Fault(`${quote(value)} must be a number, without quotes.`);
    return reading.spend(1);
  }
  if (typeof value !== 'string')
    throw new Fault(`${quote(value)} must be text for this modifier: put it in quotes.`);
  const literal = literalOf(patternOf(value));
  if (kind === 'fieldref') {
    if (!literal) throw new Fault(`${quote(value)} must be the name of a field, without wildcards.`);
    return reading.field(literal, 'match');
  }
  if (kind === '') {
    if (literal === undefined && (has('base64') || has('base64offset')))
      throw new Fault(
        String.raw`${quote(value)} has wildcards, which base64 does not take: write \* and \?.`,
      );
    const patterns = patternsOf(value, modifiers);
    // Before there are more of them than memory takes.
    reading.spend(patterns.length - 1);
    for (const pattern of patterns) reading.spend(costOf(pattern));
    return;
  }
  if (kind === 're') return reading.spend(checkRegex(value, flags));
  reading.spend(1);
  const [base = ''] = value.split('/');
  if (!compileCidr(value)(base)) throw new Fault('host_bits', { value });
}

/** Each value by itself, with its own path. */
function each(values: unknown, reading: Reading, path: Path, check: (value: unknown) => void): void {
  const list: readonly unknown[] = Array.isArray(values) ? values : [values];
  if (list.length === 0) throw new Fault('It has no values: write one, or leave it out.');
  for (const [at, value] of list.entries()) {
    reading.part(Array.isArray(values) ? [...path, at] : path, () => {
      if (typeof value === 'object' && value !== null)
        throw new Fault('A value must be text, a number, true, false or null.');
      check(value);
    });
  }
}
