import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DigestFacts } from '../../src/domain/digest.ts';
import { MAXIMUM_AGE_MS, isTooOld } from '../../src/domain/maximum-age.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 8);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function digestForTest(): DigestFacts {
  const totals = {
    events: 0,
    limited: 0,
    byLevel: {},
    byDecision: {},
    byPlatform: {},
    byClassification: {},
    detections: [],
  };
  return {
    period: 'daily',
    from: '2026-11-21T07:00:00.000Z',
    to: '2026-11-22T07:00:00.000Z',
    timeZone: 'Europe/Paris',
    totals,
    before: totals,
    notices: {},
    blockedLanes: [],
  };
}

function from(ageMs: number): { readonly occurredAt: string } {
  return { occurredAt: new Date(NOW_MS - ageMs).toISOString() };
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
    expect(isTooOld(from(maximumMs), MAXIMUM_AGE_MS[verb], NOW_MS)).toBe(false);
    expect(isTooOld(from(maximumMs + 1), MAXIMUM_AGE_MS[verb], NOW_MS)).toBe(true);
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
    fc.assert(fc.property(fc.nat(1e12), (ageMs) => !isTooOld(from(ageMs), undefined, NOW_MS)));
  });

  it('never keeps back what just happened, or what a clock that is ahead says happens soon', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(MAXIMUM_AGE_MS)), fc.nat(DAY_MS), (maximumMs, aheadMs) => {
        expect(isTooOld(from(-aheadMs), maximumMs, NOW_MS)).toBe(false);
      }),
    );
  });

  it('keeps back, once it is over, for ever', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * DAY_MS }), fc.nat(400 * DAY_MS), (ageMs, laterMs) => {
        const entry = from(ageMs);
        const [now, later] = [0, laterMs].map((ms) => isTooOld(entry, HOUR_MS, NOW_MS + ms));
        expect(now && !later).toBe(false);
      }),
    );
  });

  it.each([
    ['a notice', { notice: { kind: 'lane_blocked', since: '2026-11-22T07:00:00.000Z' } }],
    ['a digest', { digest: digestForTest() }],
  ] as const)(
    'is a day for %s, where its channel has one of its own, and none where it has none',
    (_, part) => {
      expect(isTooOld({ ...from(DAY_MS), ...part }, HOUR_MS, NOW_MS)).toBe(false);
      expect(isTooOld({ ...from(DAY_MS + 1), ...part }, HOUR_MS, NOW_MS)).toBe(true);
      expect(isTooOld({ ...from(DAY_MS + 1), ...part }, 7 * DAY_MS, NOW_MS)).toBe(true);
      expect(isTooOld({ ...from(400 * DAY_MS), ...part }, undefined, NOW_MS)).toBe(false);
    },
  );
});
