import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cutText, listWithin, oneLine } from '../../src/lib/short-text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 80 });

describe('oneLine', () => {
  it('leaves nothing that breaks a line or turns its direction', () => {
    expect(oneLine(' a\r\nb\tc\u2028d\u202Ee\u0000f  g ')).toBe('a b c d e f g');
  });

  it('replaces half a character', () => {
    expect(oneLine('a\uD83D')).toBe('a\uFFFD');
  });

  it('keeps every other script as it is', () => {
    expect(oneLine('Ünïcödé 你好 שלום 👩‍💻')).toBe('Ünïcödé 你好 שלום 👩‍💻');
  });
});

describe('cutText', () => {
  it.each([
    ['as it is', 'short', 10, 'short'],
    ['after a word', 'one two three four', 15, 'one two three…'],
    ['at the end of a word', 'one two three four', 14, 'one two three…'],
    ['inside of a word that is too long to leave out', 'one twothreefourfive', 10, 'one twoth…'],
    ['before half a character', 'ab👍👍', 4, 'ab…'],
  ])('ends %s', (_where, text, lengthMax, cut) => {
    expect(cutText(text, lengthMax)).toBe(cut);
  });

  it('never is longer than it may be, nor ends in half a character', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 90 }), (text, lengthMax) => {
        const cut = cutText(text.toWellFormed(), lengthMax);
        expect(cut.length).toBeLessThanOrEqual(lengthMax);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('listWithin', () => {
  it.each([
    ['all of them', ['a', 'b', 'c'], 7, 'a, b, c'],
    ['those that fit', ['aaaa', 'bbbb', 'cccc', 'dddd'], 18, 'aaaa and 3 more'],
    ['none', ['a'.repeat(30), 'b'], 20, '2, too long to show'],
    ['nothing', [], 10, ''],
  ])('shows %s', (_what, items, lengthMax, shown) => {
    expect(listWithin(items, lengthMax)).toBe(shown);
  });
});
