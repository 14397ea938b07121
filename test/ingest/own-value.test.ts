import { describe, expect, it } from 'vitest';

import { isObject, ownValue } from '../../src/ingest/own-value.ts';

describe('ownValue', () => {
  it.each<[unknown, string, unknown]>([
    [{ a: 1 }, 'a', 1],
    [{ a: null }, 'a', null],
    [{}, 'constructor', undefined],
    [{}, '__proto__', undefined],
    [{}, 'toString', undefined],
    [[1], '0', undefined],
    [[1], 'length', undefined],
    ['text', 'length', undefined],
    [null, 'a', undefined],
    [undefined, 'a', undefined],
  ])('finds in %j under %j: %j', (value, key, expected) => {
    expect(ownValue(value, key)).toBe(expected);
  });

  it('takes a parsed __proto__ for a member like any other', () => {
    expect(ownValue(JSON.parse('{"__proto__":7}'), '__proto__')).toBe(7);
  });
});

describe('isObject', () => {
  it.each([
    [{}, true],
    [[], false],
    [null, false],
    ['', false],
    [1, false],
  ])('judges %j as %s', (value, expected) => {
    expect(isObject(value)).toBe(expected);
  });
});
