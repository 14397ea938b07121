import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { isSampled } from '../../src/lib/sampling.ts';

const COUNT = 200_000;

function hexOf(i: number): string {
  return createHash('sha256').update(String(i)).digest('hex');
}

/** Ids as senders make them: at random, and counted up, where a poor hash shows. */
const SHAPES: readonly (readonly [string, (i: number) => string])[] = [
  ['random', (i) => `evt_${hexOf(i).slice(0, 20)}`],
  ['counted up', (i) => `evt_${i}`],
  ['counted up with zeros before', (i) => `evt_01JD${String(i).padStart(22, '0')}`],
  ['elements of arrays', (i) => `msg_${hexOf(Math.floor(i / 100)).slice(0, 24)}:${i % 100}`],
];

describe('isSampled', () => {
  it.each(SHAPES)('keeps one in N of ids that are %s, within five standard deviations', (_shape, idOf) => {
    const ids = Array.from({ length: COUNT }, (_, i) => idOf(i));
    for (const oneIn of [2, 3, 10, 64, 100, 1000]) {
      const kept = ids.filter((id) => isSampled(id, oneIn)).length;
      const tolerance = 5 * Math.sqrt((COUNT / oneIn) * (1 - 1 / oneIn));
      expect({ oneIn, isNear: Math.abs(kept - COUNT / oneIn) < tolerance, kept }).toEqual({
        oneIn,
        isNear: true,
        kept,
      });
    }
  });

  it('keeps none with 0 and all with 1', () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `evt_${i}`);
    expect(ids.filter((id) => isSampled(id, 0))).toEqual([]);
    expect(ids.filter((id) => isSampled(id, 1))).toEqual(ids);
  });

  it('keeps the same ones in every version: a Worker and an object of different versions agree', () => {
    const ids = Array.from({ length: 500 }, (_, i) => `evt_${i}`);
    expect(ids.filter((id) => isSampled(id, 100))).toMatchInlineSnapshot(`
      [
        "evt_138",
        "evt_150",
        "evt_175",
        "evt_448",
        "evt_455",
        "evt_482",
      ]
    `);
  });

  it('keeps fewer of the same ones when N grows by a factor', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `evt_${i}`);
    const rare = ids.filter((id) => isSampled(id, 100));
    expect(rare.every((id) => isSampled(id, 10))).toBe(true);
  });

  it('takes any text', () => {
    for (const key of ['', '\0', '語', '\ud800', 'x'.repeat(256)]) {
      expect(isSampled(key, 1_000_000)).toBe(isSampled(key, 1_000_000));
    }
  });
});
