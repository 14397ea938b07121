import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { instantMsOf, isTimeZone, wallMsAt } from '../../src/lib/zoned-time.ts';
import { DAY_MS, QUARTER_MS, ZONES, changesIn, dateOf, shownAt, walkedTo } from './walked-zones.ts';

const iso = (ms: number) => new Date(ms).toISOString().replace(/:00\.000Z$/, 'Z');
const wall = (text: string) => Date.parse(`${text}:00Z`);

describe('the instant of a wall time', () => {
  it.each([
    ['Europe/Paris', '2026-01-15T08:00', '2026-01-15T07:00Z', 'in winter'],
    ['Europe/Paris', '2026-07-15T08:00', '2026-07-15T06:00Z', 'in summer'],
    ['Europe/Paris', '2026-03-29T01:59', '2026-03-29T00:59Z', 'before the leap'],
    ['Europe/Paris', '2026-03-29T02:00', '2026-03-29T01:00Z', 'that is leapt over: right after it'],
    ['Europe/Paris', '2026-03-29T02:59', '2026-03-29T01:00Z', 'that is leapt over: right after it'],
    ['Europe/Paris', '2026-03-29T03:00', '2026-03-29T01:00Z', 'right after the leap'],
    ['Europe/Paris', '2026-10-25T02:30', '2026-10-25T00:30Z', 'that comes twice: the first time'],
    ['Europe/Paris', '2026-10-25T03:00', '2026-10-25T02:00Z', 'after both'],
    ['America/New_York', '2026-03-08T02:30', '2026-03-08T07:00Z', 'that is leapt over'],
    ['America/New_York', '2026-11-01T01:30', '2026-11-01T05:30Z', 'that comes twice'],
    ['Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:30Z', 'in a leap of half an hour'],
    ['Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-04T14:45Z', 'twice, half an hour apart'],
    ['Asia/Kolkata', '2026-11-22T08:00', '2026-11-22T02:30Z', 'half an hour off'],
    ['Pacific/Apia', '2011-12-30T08:00', '2011-12-30T10:00Z', 'of a day that there was not'],
    ['UTC', '2026-11-22T08:00', '2026-11-22T08:00Z', 'of UTC'],
  ])('in %s of %s is %s: %s', (timeZone, shown, instant) => {
    expect(iso(instantMsOf(wall(shown), timeZone))).toBe(instant);
  });

  it.each(ZONES)(
    'in %s is where a walk through its clocks finds it, changes of the clocks above all',
    (timeZone) => {
      const changes = changesIn(timeZone);
      expect(changes.length > 10).toBe(!['UTC', 'Asia/Kolkata'].includes(timeZone));
      const anyDay = fc.integer({ min: 0, max: 32 * 365 }).map((n) => Date.UTC(2005, 0, 2) + n * DAY_MS);
      const day = changes.length > 0 ? fc.oneof(anyDay, fc.constantFrom(...changes)) : anyDay;
      fc.assert(
        fc.property(
          day,
          fc.integer({ min: -1, max: 1 }),
          fc.oneof(fc.nat(95), fc.nat(16)),
          (atMs, away, quarter) => {
            const date = dateOf(atMs, away);
            const time = new Date(quarter * QUARTER_MS).toISOString().slice(11, 16);
            expect(iso(instantMsOf(wall(`${date}T${time}`), timeZone))).toBe(
              iso(walkedTo(date, time, timeZone)),
            );
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});

describe('the wall time of an instant', () => {
  it.each(ZONES)('in %s is what its clocks show', (timeZone) => {
    const any = fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(any, (atMs) => {
        const shown = new Date(wallMsAt(atMs, timeZone)).toISOString();
        expect(shown.slice(0, 16).replace('T', ' ')).toBe(shownAt(atMs, timeZone));
      }),
    );
  });
});

describe('the name of a zone', () => {
  it('is one that the platform knows', () => {
    for (const timeZone of ZONES) expect(isTimeZone(timeZone)).toBe(true);
    for (const name of ['', 'Paris', 'Europe/Pariss', 'CET+1', '08:00']) expect(isTimeZone(name)).toBe(false);
  });
});
