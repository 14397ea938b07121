import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TokenBucket } from '../../src/relay/limits.ts';
import type { Period } from '../../src/relay/log.ts';
import { eventsDue, nextDropAtMs, retentionRules, seenDue } from '../../src/relay/retention.ts';
import { WATCH_MS, nextAlarmAtMs } from '../../src/relay/watchdog.ts';

const DAY_MS = 24 * 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 22);

describe('the inbound bucket', () => {
  it('never lets through more than its burst plus what flowed in, and says when there is room', () => {
    const step = fc.record({ afterMs: fc.nat(20_000), count: fc.integer({ min: 1, max: 100 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 100, max: 60_000 }),
        fc.array(step),
        (perMinute, burst, steps) => {
          const bucket = new TokenBucket({ perMinute, burst }, NOW_MS);
          let nowMs = NOW_MS;
          let taken = 0;
          for (const { afterMs, count } of steps) {
            nowMs += afterMs;
            const waitMs = bucket.take(count, nowMs);
            // Two milliseconds early it is refused still; on time it is taken. (The sums are floating-point.)
            const isTaken = waitMs === 0 || (waitMs > 2 && bucket.take(count, nowMs + waitMs - 2) === 0);
            expect(isTaken).toBe(waitMs === 0);
            nowMs += waitMs;
            const again = waitMs === 0 ? 0 : bucket.take(count, nowMs);
            expect(again).toBe(0);
            taken += count;
            expect(taken).toBeLessThanOrEqual(burst + ((nowMs - NOW_MS) * perMinute) / 60_000 + 1e-3);
          }
        },
      ),
    );
  });

  it('is not confused by a clock that goes back', () => {
    const bucket = new TokenBucket({ perMinute: 60, burst: 100 }, NOW_MS);
    expect(bucket.take(100, NOW_MS)).toBe(0);
    expect(bucket.take(1, NOW_MS - 60_000)).toBe(1000);
    expect(bucket.take(1, NOW_MS)).toBe(0);
  });
});

describe('retention', () => {
  const rules = retentionRules(30, 300);
  const period = (n: number, closedDaysAgo: number | null, changes: Partial<Period> = {}): Period => ({
    n,
    openedAtMs: 0,
    closedAtMs: closedDaysAgo === null ? null : NOW_MS - closedDaysAgo * DAY_MS,
    firstSeq: 1,
    bytes: 0,
    hasEvents: true,
    hasSeen: true,
    ...changes,
  });

  it('drops what was closed long enough ago, never what is written to', () => {
    const periods = [period(1, 31), period(2, 30), period(3, 29.9), period(4, 6), period(5, null)];
    expect(eventsDue(periods, rules, NOW_MS).map(({ n }) => n)).toEqual([1, 2]);
    expect(seenDue(periods, rules, NOW_MS).map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  it('knows when the next drop is due', () => {
    expect(nextDropAtMs([period(1, null)], rules)).toBeNull();
    expect(nextDropAtMs([period(1, 2)], rules)).toBe(NOW_MS + 5 * DAY_MS);
    expect(nextDropAtMs([period(1, 8, { hasSeen: false })], rules)).toBe(NOW_MS + 22 * DAY_MS);
  });

  it('remembers ids for a week, and for at least twice the tolerance', () => {
    expect(retentionRules(1, 300).dedupMs).toBe(7 * DAY_MS);
    expect(retentionRules(1, 5 * 86_400).dedupMs).toBe(10 * DAY_MS);
  });
});

describe('the next alarm', () => {
  const lane = { isEnabled: true, undelivered: 1, dueAtMs: null, followUpAtMs: null };
  const idle = { ...lane, undelivered: 0 };

  it.each([
    ['nothing to watch', [], [null], null],
    ['an idle lane', [{ ...lane, undelivered: 0 }], [], null],
    ['a disabled lane', [{ ...lane, isEnabled: false }], [], null],
    ['a lane with something to send', [lane], [], NOW_MS + WATCH_MS],
    ['a lane that waits', [{ ...lane, dueAtMs: NOW_MS + 60_000 }], [], NOW_MS + 60_000 + WATCH_MS],
    ['a lane past its due time', [{ ...lane, dueAtMs: NOW_MS - 60_000 }], [], NOW_MS + WATCH_MS],
    ['the earliest of all', [{ ...lane, dueAtMs: NOW_MS + 60_000 }, lane], [NOW_MS + 1, null], NOW_MS + 1],
    ['a task that is late', [], [NOW_MS - 5], NOW_MS],
    ['a follow-up', [{ ...idle, followUpAtMs: NOW_MS + 60_000 }], [], NOW_MS + 60_000],
    ['a follow-up that is late', [{ ...idle, followUpAtMs: NOW_MS - 60_000 }], [], NOW_MS + WATCH_MS],
    ['a follow-up that is due now', [{ ...idle, followUpAtMs: NOW_MS }], [], NOW_MS + WATCH_MS],
    ['a follow-up of a disabled lane', [{ ...idle, isEnabled: false, followUpAtMs: NOW_MS + 1 }], [], null],
    [
      'a follow-up beside a log that flows',
      [{ ...lane, followUpAtMs: NOW_MS + 60_000 }],
      [],
      NOW_MS + WATCH_MS,
    ],
    [
      'a follow-up that is due while the log waits',
      [{ ...lane, dueAtMs: NOW_MS + 60_000, followUpAtMs: NOW_MS + 9_000 }],
      [],
      NOW_MS + 9_000,
    ],
  ])('for %s', (_name, lanes, tasksDueAtMs, expected) => {
    expect(nextAlarmAtMs({ nowMs: NOW_MS, lanes, tasksDueAtMs })).toBe(expected);
  });

  it('is never in the past, never later than anything that is to be watched, and never at once for a lane', () => {
    const anyTime = fc.option(fc.integer({ min: NOW_MS - DAY_MS, max: NOW_MS + DAY_MS }));
    const anyLane = fc.record({
      isEnabled: fc.boolean(),
      undelivered: fc.nat(3),
      dueAtMs: anyTime,
      followUpAtMs: anyTime,
    });
    fc.assert(
      fc.property(fc.array(anyLane), fc.array(anyTime), (lanes, tasksDueAtMs) => {
        const atMs = nextAlarmAtMs({ nowMs: NOW_MS, lanes, tasksDueAtMs });
        const enabled = lanes.filter(({ isEnabled }) => isEnabled);
        const watched = enabled.filter(
          ({ undelivered, followUpAtMs }) => undelivered > 0 || followUpAtMs !== null,
        );
        const tasks = tasksDueAtMs.filter((taskAtMs) => taskAtMs !== null);
        expect(atMs === null).toBe(watched.length + tasks.length === 0);
        if (atMs === null) return;
        const latestMs = enabled.flatMap(({ undelivered, dueAtMs, followUpAtMs }) => [
          ...(undelivered > 0 ? [Math.max(dueAtMs ?? 0, NOW_MS) + WATCH_MS] : []),
          ...(followUpAtMs === null ? [] : [Math.max(followUpAtMs, NOW_MS + WATCH_MS)]),
        ]);
        expect(atMs).toBeLessThanOrEqual(
          Math.min(...latestMs, ...tasks.map((taskAtMs) => Math.max(taskAtMs, NOW_MS))),
        );
        // At once only for a task: a lane that must wait would make the alarm spin.
        expect(atMs).toBeGreaterThanOrEqual(tasks.length === 0 ? NOW_MS + 1 : NOW_MS);
      }),
    );
  });
});
