import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type LaneState, newLane } from '../../src/relay/lane-state.ts';
import { slowDownMs, takeTokens } from '../../src/relay/limits.ts';
import { afterOutcome, countDelivered } from '../../src/relay/lanes.ts';
import { paced } from '../../src/relay/pace.ts';
import { START_MS } from './pure-lane.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A sixth of a minute's requests, one at least. */
const burstOf = (perMinute: number) => Math.max(1, perMinute / 6);

/** What the row of a lane holds, read again. */
function reloaded(state: LaneState): LaneState {
  return JSON.parse(JSON.stringify(state)) as LaneState;
}

const anyRate = fc.integer({ min: 1, max: 6_000 });
const anyPauses = fc.array(fc.nat(20_000), { minLength: 1, maxLength: 200 });

describe('a lane with a rate', () => {
  it('sends no more in any stretch of time than its burst and what its rate allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 900 }),
        fc.array(fc.nat(5_000), { minLength: 200, maxLength: 300 }),
        (perMinute, gaps) => {
          let state = newLane(0);
          let nowMs = START_MS;
          const sentAtMs: number[] = [];
          for (const gapMs of gaps) {
            // Impatient: half of the requests come at once, the others after a while.
            nowMs += gapMs % 2 === 0 ? 0 : gapMs;
            const { waitMs } = paced(state, perMinute, nowMs);
            nowMs += waitMs;
            const next = paced(state, perMinute, nowMs);
            expect(next.waitMs).toBe(0);
            state = next.state;
            sentAtMs.push(nowMs);
          }
          const excesses = sentAtMs.flatMap((fromMs, first) =>
            sentAtMs.slice(first).map((toMs, n) => n + 1 - ((toMs - fromMs) * perMinute) / 60_000),
          );
          expect(Math.max(...excesses)).toBeLessThanOrEqual(burstOf(perMinute) + 1e-3);
        },
      ),
    );
  });

  it('that was idle may send a sixth of a minute at once, then one at a time', () => {
    let state = newLane(0);
    for (let n = 0; n < 100; n++) {
      const next = paced(state, 600, START_MS);
      expect(next.waitMs).toBe(0);
      state = next.state;
    }
    expect(paced(state, 600, START_MS).waitMs).toBe(100);
    expect(paced(state, 600, START_MS + 90).waitMs).toBeGreaterThan(0);
    expect(paced(state, 600, START_MS + 100).waitMs).toBe(0);
    expect(paced(state, 600, START_MS + DAY_MS).state.bucket?.tokens).toBe(99);
  });

  it('goes on after a restart where it was: the bucket is in its row', () => {
    fc.assert(
      fc.property(anyRate, anyPauses, (perMinute, pauses) => {
        let kept = newLane(0);
        let stored = newLane(0);
        let nowMs = START_MS;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          const next = paced(kept, perMinute, nowMs);
          const same = paced(reloaded(stored), perMinute, nowMs);
          expect(same).toEqual(next);
          kept = next.state;
          stored = same.state;
        }
      }),
    );
  });

  it('does not change by asking: only what is sent counts', () => {
    const emptied = { ...newLane(0), bucket: { tokens: 0, filledAtMs: START_MS } };
    const { state, waitMs } = paced(emptied, 60, START_MS);
    expect(waitMs).toBe(1_000);
    expect(state).toBe(emptied);
  });

  it('is not stopped by a clock that goes back', () => {
    fc.assert(
      fc.property(anyRate, fc.integer({ min: 1, max: 400 * DAY_MS }), (perMinute, backMs) => {
        const emptied = { ...newLane(0), bucket: { tokens: 0, filledAtMs: START_MS } };
        const fillMs = (burstOf(perMinute) * 60_000) / perMinute;
        let waitedMs = 0;
        for (let n = 0; n < 2_000; n++) {
          const { waitMs } = paced(emptied, perMinute, START_MS - backMs + waitedMs);
          if (waitMs === 0) break;
          waitedMs += waitMs;
        }
        // Until the clock was set back by no more than a burst's time, and for the one request.
        expect(waitedMs).toBeLessThanOrEqual(fillMs + (2 * 60_000) / perMinute + 2);
      }),
    );
  });

  it('does not gain a burst by a clock that goes back a little', () => {
    const emptied = { ...newLane(0), bucket: { tokens: 0, filledAtMs: START_MS } };
    expect(paced(emptied, 600, START_MS - 5_000).waitMs).toBeGreaterThan(0);
  });

  it('keeps to a rate that was lowered, and never holds more than its burst', () => {
    const rich = { ...newLane(0), bucket: { tokens: 1_000, filledAtMs: START_MS } };
    expect(paced(rich, 60, START_MS).state.bucket?.tokens).toBe(9);
  });

  it('has no bucket without a rate', () => {
    expect(paced(newLane(0), undefined, START_MS)).toEqual({ state: newLane(0), waitMs: 0 });
  });
});

describe('tokens', () => {
  it('are taken all at once or not at all, and are there after the wait that was told', () => {
    const limits = { perMinute: 60, burst: 10 };
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.integer({ min: 1, max: 10 }),
        (tokens, count) => {
          const { bucket, waitMs } = takeTokens({ tokens, filledAtMs: START_MS }, limits, count, START_MS);
          expect(bucket.tokens).toBeCloseTo(waitMs === 0 ? Math.max(0, tokens - count) : tokens, 6);
          const later = takeTokens(bucket, limits, count, START_MS + waitMs + (waitMs === 0 ? 60_000 : 0));
          expect(later.waitMs).toBe(0);
        },
      ),
    );
  });
});

describe("a vendor's quota", () => {
  const anyQuota = fc.record({ limit: fc.nat(100_000), remaining: fc.nat(100_000) });

  it('does not slow a lane down while more than a tenth is left', () => {
    fc.assert(
      fc.property(anyQuota, ({ limit, remaining }) => {
        fc.pre(remaining > limit / 10);
        expect(slowDownMs({ limit, remaining })).toBe(0);
      }),
    );
  });

  it('slows it down the more the less is left, by 5 s at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(10_000), fc.nat(10_000), (limit, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const slower = slowDownMs({ limit, remaining: less });
        expect(slower).toBeGreaterThanOrEqual(slowDownMs({ limit, remaining: more }));
        expect(slower).toBeLessThanOrEqual(5_000);
        expect(slower > 0).toBe(less <= limit / 10);
      }),
    );
  });

  it.each([
    [{ limit: 6_000, remaining: 601 }, 0],
    [{ limit: 6_000, remaining: 600 }, 10],
    [{ limit: 6_000, remaining: 60 }, 100],
    [{ limit: 6_000, remaining: 6 }, 1_000],
    [{ limit: 6_000, remaining: 1 }, 5_000],
    [{ limit: 6_000, remaining: 0 }, 5_000],
    [{ limit: 0, remaining: 0 }, 0],
  ])('of %o makes a lane wait %i ms', (quota, waitMs) => {
    expect(slowDownMs(quota)).toBe(waitMs);
  });

  const low = { kind: 'delivered', quota: { limit: 6_000, remaining: 6 } } as const;

  it('that runs low holds the next request, with or without a rate, and the longer wait counts', () => {
    const state = countDelivered(newLane(0), 1, low, START_MS);
    expect(state.slowUntilMs).toBe(START_MS + 1_000);
    expect(paced(state, undefined, START_MS + 1).waitMs).toBe(999);
    expect(paced(state, 600, START_MS + 1).waitMs).toBe(999);
    const emptied = { ...state, bucket: { tokens: 0, filledAtMs: START_MS } };
    expect(paced(emptied, 30, START_MS).waitMs).toBe(2_000);
    expect(paced(state, undefined, START_MS + 1_000).waitMs).toBe(0);
  });

  it('is no pause: the lane does not probe, and its batches stay as wide', () => {
    const around = { nowMs: START_MS, random: 0.5, widthMax: 500 };
    const { state } = afterOutcome({ ...newLane(0), width: 8 }, { seqs: [1], isProbe: false }, low, around);
    expect(state).toMatchObject({ dueAtMs: null, tries: 0, width: 16 });
  });

  it('holds nothing any more when the next answer has enough left, or tells none', () => {
    const state = countDelivered(newLane(0), 1, low, START_MS);
    const enough = { limit: 6_000, remaining: 5_000 };
    for (const told of [{ quota: enough }, {}])
      expect(countDelivered(state, 1, { kind: 'delivered', ...told }, START_MS).slowUntilMs).toBeNull();
  });

  it('never holds a lane for longer than 5 s, also when the clock goes back', () => {
    const state = countDelivered(newLane(0), 1, low, START_MS);
    fc.assert(
      fc.property(fc.nat(400 * DAY_MS), (backMs) => {
        expect(paced(state, undefined, START_MS - backMs).waitMs).toBeLessThanOrEqual(5_000);
        expect(paced(state, 600, START_MS - backMs).waitMs).toBeLessThanOrEqual(5_000);
      }),
    );
  });
});
