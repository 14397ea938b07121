import { expect, it } from 'vitest';

import { nearestWord } from '../../src/lib/nearest.ts';

const KEYS = ['base_url', 'token', 'events', 'events_path', 'where'];

it.each([
  ['baseurl', 'base_url'],
  ['TOKEN', 'token'],
  ['event', 'events'],
  ['eventspath', 'events_path'],
  ['were', 'where'],
])('takes %s for %s', (word, nearest) => {
  expect(nearestWord(word, KEYS)).toBe(nearest);
});

it.each(['', 'q', 'completely-different', '42'])('finds nothing near %j', (word) => {
  expect(nearestWord(word, KEYS)).toBeUndefined();
});
