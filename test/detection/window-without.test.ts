import { describe, expect, it } from 'vitest';

import type { StoredWindow } from '../../src/detection/correlation.ts';
import { isCountedName, windowWithout } from '../../src/detection/window-without.ts';

const isAnna = (text: string): boolean => isCountedName(text, ['anna']);

const WINDOW: StoredWindow = {
  at: 1_000,
  gaps: [0, 10, 20, 30],
  values: ['bob', 'anna', ['anna', 'eve'], 'anna'],
  ids: ['e4', 'e3', 'e2', 'e1'],
  alerts: [1_060],
};

describe('a window without a person', () => {
  it('keeps the other entries where they were, with their ids and what else they count', () => {
    expect(windowWithout(WINDOW, isAnna)).toEqual({
      at: 1_000,
      gaps: [0, 30],
      values: ['bob', 'eve'],
      ids: ['e3', 'e1'],
      alerts: [1_060],
    });
  });

  it('begins with its first entry that is left', () => {
    const first = { ...WINDOW, values: ['anna', 'bob', 'bob', 'bob'] };
    expect(windowWithout(first, isAnna)).toMatchObject({ at: 1_010, gaps: [0, 20, 30] });
  });

  it('is the same one where it counts nothing of theirs, and none where it counts nothing else', () => {
    expect(windowWithout({ ...WINDOW, values: ['bob', 1, [], 'eve'] }, isAnna)).toEqual({
      ...WINDOW,
      values: ['bob', 1, [], 'eve'],
    });
    expect(windowWithout({ at: 1, gaps: [0], values: ['anna'], ids: ['e1'] }, isAnna)).toBeUndefined();
  });

  it('keeps the ids with their entries where only the newest have one', () => {
    const some = { ...WINDOW, values: ['bob', 'bob', 'anna', 'eve'], ids: ['e4', 'e3'] };
    expect(windowWithout(some, isAnna)).toMatchObject({ values: ['bob', 'bob', 'eve'], ids: ['e4'] });
  });
});

describe('what is counted', () => {
  const long = `${'anna.keller'.repeat(8)}@acme.fr`;

  it.each<[string, boolean]>([
    ['anna', true],
    ['annabelle', false],
    ['["perplexity","anna"]', true],
    ['["perplexity","annabelle"]', false],
    [`${long.slice(0, 40)}123456789-987654321`, true],
    [`["${long.slice(0, 38)}-123456789987654321`, true],
    [`["${'b'.repeat(60)}`, false],
  ])('of %s is theirs: %s', (text, isTheirs) => {
    expect(isCountedName(text, ['anna', long])).toBe(isTheirs);
  });
});
