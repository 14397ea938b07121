import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type DigestConfig, WEEKDAYS } from '../../src/domain/digest-config.ts';
import {
  type DigestTimes,
  digestSpan,
  digestTimes,
  lastDueMs,
  nextDueMs,
} from '../../src/domain/digest-times.ts';
import { DAY_MS, QUARTER_MS, ZONES, changesIn, dateOf, walkedTo } from '../lib/walked-zones.ts';

const HOUR_MS = 3_600_000;
const config = (changes: Partial<DigestConfig> = {}): DigestConfig => ({
  daily: '08:00',
  weekly: 'monday',
  time_zone: 'Europe/Paris',
  ...changes,
});
const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

/** All times from nine days before to nine days after, found by walking. */
function walkedDues({ timeZone, time, weekday }: DigestTimes, nearMs: number): number[] {
  const days = Array.from({ length: 19 }, (_, n) => dateOf(nearMs, n - 9));
  const wanted = days.filter(
    (date, n) =>
      (weekday === undefined && Math.abs(n - 9) < 3) ||
      (weekday !== undefined && new Date(date).getUTCDay() === (weekday + 1) % 7),
  );
  return wanted.map((date) => walkedTo(date, time, timeZone));
}

describe('the times of digests', () => {
  it.each(ZONES)('in %s are those that a walk through its clocks finds, over years', (timeZone) => {
    const any = fc.integer({ min: Date.UTC(2005, 1), max: Date.UTC(2037, 1) });
    const changes = changesIn(timeZone);
    const near =
      changes.length > 0
        ? fc.oneof(
            any,
            fc
              .tuple(fc.constantFrom(...changes), fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }))
              .map(([changeMs, apart]) => changeMs + apart),
          )
        : any;
    const weekday = fc.option(fc.nat(6), { nil: undefined });
    fc.assert(
      fc.property(
        near,
        fc.oneof(fc.nat(95), fc.nat(16)),
        weekday,
        fc.boolean(),
        (nearMs, quarter, day, isOnIt) => {
          const time = iso(quarter * QUARTER_MS).slice(11, 16);
          const times = { timeZone, time, ...(day !== undefined && { weekday: day }) };
          const dues = walkedDues(times, nearMs);
          // On a due time itself, too.
          const nowMs = isOnIt ? (dues[1] ?? nearMs) : nearMs;
          expect(nextDueMs(times, nowMs)).toBe(walkedDues(times, nowMs).find((dueMs) => dueMs > nowMs));
          expect(lastDueMs(times, nowMs)).toBe(walkedDues(times, nowMs).findLast((dueMs) => dueMs <= nowMs));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('come once a day and once a week in a row, through every change of the clocks', () => {
    for (const timeZone of ZONES) {
      const daily = digestTimes(config({ time_zone: timeZone }), 'daily');
      const weekly = digestTimes(config({ time_zone: timeZone }), 'weekly');
      if (!daily || !weekly) throw new Error('there are both');
      for (const [times, daysApart, count] of [
        [daily, 1, 730],
        [weekly, 7, 104],
      ] as const) {
        const dues = [nextDueMs(times, at('2026-01-01T00:00:00Z'))];
        while (dues.length < count) dues.push(nextDueMs(times, dues.at(-1) ?? NaN));
        const apartMs = dues.slice(1).map((dueMs, n) => dueMs - (dues[n] ?? NaN) - daysApart * DAY_MS);
        expect(Math.max(...apartMs.map(Math.abs))).toBeLessThanOrEqual(HOUR_MS);
      }
    }
  });

  it('are those of the config: the weekly one at the time of the daily one, at 08:00 without it', () => {
    expect(digestTimes(config({ daily: '17:30' }), 'weekly')).toEqual({
      timeZone: 'Europe/Paris',
      time: '17:30',
      weekday: 0,
    });
    expect(digestTimes(config({ daily: 'off', weekly: 'sunday' }), 'weekly')).toEqual({
      timeZone: 'Europe/Paris',
      time: '08:00',
      weekday: 6,
    });
    expect(digestTimes(config({ daily: 'off' }), 'daily')).toBeUndefined();
    expect(digestTimes(config({ weekly: 'off' }), 'weekly')).toBeUndefined();
  });

  it.each(WEEKDAYS)('of a %s are on one', (weekday) => {
    const times = digestTimes(config({ weekly: weekday }), 'weekly');
    const dueMs = times ? nextDueMs(times, at('2026-11-22T09:00:00Z')) : NaN;
    const shown = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', weekday: 'long' });
    expect(shown.format(dueMs).toLowerCase()).toBe(weekday);
  });

  it('are those of UTC where the platform does not know the zone', () => {
    const times = digestTimes(config({ time_zone: 'Mars/Olympus' }), 'daily');
    expect(times && iso(nextDueMs(times, at('2026-11-22T07:59:00Z')))).toBe('2026-11-22T08:00:00.000Z');
  });
});

describe('the hours of a digest', () => {
  const dueMs = at('2026-11-22T02:30:00Z');
  const toMs = at('2026-11-22T02:00:00Z');

  it('are whole, and a day or a week where there was none before', () => {
    expect(digestSpan('daily', dueMs, undefined)).toEqual({ fromMs: toMs - DAY_MS, toMs });
    expect(digestSpan('weekly', dueMs, undefined)).toEqual({ fromMs: toMs - 7 * DAY_MS, toMs });
  });

  it('begin where the last one ended, and not too long ago', () => {
    expect(digestSpan('daily', dueMs, toMs - 34 * HOUR_MS)).toEqual({ fromMs: toMs - 34 * HOUR_MS, toMs });
    expect(digestSpan('daily', dueMs, toMs - 99 * DAY_MS)).toEqual({ fromMs: toMs - 8 * DAY_MS, toMs });
    expect(digestSpan('weekly', dueMs, toMs - 99 * DAY_MS)).toEqual({ fromMs: toMs - 15 * DAY_MS, toMs });
  });

  it('are none while no whole one is over since the last', () => {
    expect(digestSpan('daily', dueMs, toMs)).toBeUndefined();
    expect(digestSpan('daily', dueMs, toMs + HOUR_MS)).toBeUndefined();
  });

  it.each(ZONES)('of a year in %s are each told once', (timeZone) => {
    const times = digestTimes(config({ time_zone: timeZone, daily: '02:15' }), 'daily');
    if (!times) throw new Error('there is one');
    let nowMs = nextDueMs(times, at('2026-01-01T00:00:00Z'));
    let told = digestSpan('daily', nowMs, undefined)?.toMs;
    for (let n = 0; n < 366; n++) {
      nowMs = nextDueMs(times, nowMs);
      const span = digestSpan('daily', nowMs, told);
      expect(span?.fromMs).toBe(told);
      expect((span?.toMs ?? NaN) % HOUR_MS).toBe(0);
      told = span?.toMs;
    }
  });
});
