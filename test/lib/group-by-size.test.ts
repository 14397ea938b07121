import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { groupBySize } from '../../src/lib/group-by-size.ts';

it.each<[number[], number[][]]>([
  [[], []],
  [[4, 4, 2], [[4, 4, 2]]],
  [
    [4, 4, 3],
    [[4, 4], [3]],
  ],
  [
    [11, 1],
    [[11], [1]],
  ],
  [
    [1, 11, 1],
    [[1], [11], [1]],
  ],
])('fills groups of 10 with %j', (sizes, groups) => {
  expect(groupBySize(sizes, (size) => size, 10)).toEqual(groups);
});

it('keeps every item once and in order, fills no group above the limit, and opens none too early', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 })), (sizes) => {
      const groups = groupBySize(sizes, (size) => size, 10);
      expect(groups.flat()).toEqual(sizes);
      const sums = groups.map((group) => group.reduce((sum, size) => sum + size, 0));
      expect(sums.every((sum, i) => sum <= 10 || groups[i]?.length === 1)).toBe(true);
      expect(groups.slice(1).every(([first = 0], i) => (sums[i] ?? 0) + first > 10)).toBe(true);
    }),
  );
});
