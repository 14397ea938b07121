import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MAXIMUM_AGE_MS, isTooOld } from '../../src/domain/maximum-age.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 8);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function agoIso(ageMs: number): string {
  return new Date(NOW_MS - ageMs).toISOString();
}

describe('the maximum age of what a destination is asked to do', () => {
  it.each([
    ['contain', HOUR_MS],
    ['workflow', HOUR_MS],
    ['notify', HOUR_MS],
    ['case', 7 * DAY_MS],
    ['incident', 7 * DAY_MS],
    ['alert', 7 * DAY_MS],
  ] as const)('of %s is kept to the millisecond', (verb, maximumMs) => {
    expect(MAXIMUM_AGE_MS[verb]).toBe(maximumMs);
    expect(isTooOld(agoIso(maximumMs), MAXIMUM_AGE_MS[verb], NOW_MS)).toBe(false);
    expect(isTooOld(agoIso(maximumMs + 1), MAXIMUM_AGE_MS[verb], NOW_MS)).toBe(true);
  });

  it('is named for nothing else: events, comments, indicators and rules are never too old', () => {
    expect(Object.keys(MAXIMUM_AGE_MS).toSorted()).toEqual([
      'alert',
      'case',
      'contain',
      'incident',
      'notify',
      'workflow',
    ]);
    fc.assert(fc.property(fc.nat(1e12), (ageMs) => !isTooOld(agoIso(ageMs), undefined, NOW_MS)));
  });

  it('never keeps back what just happened, or what a clock that is ahead says happens soon', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(MAXIMUM_AGE_MS)), fc.nat(DAY_MS), (maximumMs, aheadMs) => {
        expect(isTooOld(agoIso(-aheadMs), maximumMs, NOW_MS)).toBe(false);
      }),
    );
  });

  it('keeps back, once it is over, for ever', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * DAY_MS }), fc.nat(400 * DAY_MS), (ageMs, laterMs) => {
        const occurredAt = agoIso(ageMs);
        const [now, later] = [0, laterMs].map((ms) => isTooOld(occurredAt, HOUR_MS, NOW_MS + ms));
        expect(now && !later).toBe(false);
      }),
    );
  });
});
