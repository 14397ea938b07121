import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RETRY_AFTER_MS_MAX, backoffMs } from '../../src/lib/backoff.ts';

const MINUTE_MS = 60_000;

describe('backoffMs', () => {
  it.each([
    { tries: 1, failingForMs: 0, ceilingMs: 1_000 },
    { tries: 2, failingForMs: 1_000, ceilingMs: 2_000 },
    { tries: 4, failingForMs: 6_000, ceilingMs: 8_000 },
    { tries: 5, failingForMs: 12_000, ceilingMs: 10_000 },
    { tries: 50, failingForMs: 2 * MINUTE_MS - 1, ceilingMs: 10_000 },
    { tries: 50, failingForMs: 2 * MINUTE_MS, ceilingMs: 60_000 },
    { tries: 500, failingForMs: 60 * MINUTE_MS, ceilingMs: 5 * MINUTE_MS },
  ])(
    'waits up to $ceilingMs ms at try $tries after $failingForMs ms',
    ({ tries, failingForMs, ceilingMs }) => {
      expect(backoffMs({ tries, failingForMs, random: 0.999_999 })).toBeCloseTo(ceilingMs, -2);
      expect(backoffMs({ tries, failingForMs, random: 0 })).toBe(0);
    },
  );

  it('waits as long as the vendor asks when that is longer', () => {
    expect(backoffMs({ tries: 1, failingForMs: 0, random: 0.5, retryAfterMs: 30_000 })).toBe(30_000);
  });

  it('waits its own time when the vendor asks for less', () => {
    expect(backoffMs({ tries: 5, failingForMs: 0, random: 0.9, retryAfterMs: 1 })).toBe(9_000);
  });

  it('is never longer than a quarter of an hour, never negative, always whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 1e10 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: -1e12, max: 1e12 }),
        (tries, failingForMs, random, retryAfterMs) => {
          const waitMs = backoffMs({ tries, failingForMs, random, retryAfterMs });
          expect(Number.isInteger(waitMs)).toBe(true);
          expect(waitMs).toBeGreaterThanOrEqual(0);
          expect(waitMs).toBeLessThanOrEqual(RETRY_AFTER_MS_MAX);
        },
      ),
    );
  });
});
