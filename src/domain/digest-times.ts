/**
 * When a tenant's digests are due, by the clocks of its own zone, and which hours each of them tells of. Pure; no clock.
 * Summer time is minded: a time of day that the clocks leap over is due right after the leap, one that they show twice the first time.
 */

import { instantMsOf, isTimeZone, wallMsAt } from '../lib/zoned-time.ts';
import type { DigestFacts } from './digest.ts';
import { type DigestConfig, WEEKDAYS } from './digest-config.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of the weekly digest, where there is no daily one. */
const WEEKLY_TIME = '08:00';
/** 1 January 1970 was a Thursday: so many days after a Monday. */
const EPOCH_WEEKDAY = 3;
/** A week, and the days that a change of the clocks may leave out. */
const DAYS_LOOKED_AT = 9;

export type DigestPeriod = DigestFacts['period'];
export const DIGEST_PERIODS = ['daily', 'weekly'] as const satisfies readonly DigestPeriod[];

/** What a digest tells of when there was none before, and how far it reaches back at most: an object may have slept. */
const LENGTH_MS: Readonly<Record<DigestPeriod, number>> = { daily: DAY_MS, weekly: 7 * DAY_MS };
const LENGTH_MS_MAX: Readonly<Record<DigestPeriod, number>> = { daily: 8 * DAY_MS, weekly: 15 * DAY_MS };

export interface DigestTimes {
  readonly timeZone: string;
  /** `HH:MM`. */
  readonly time: string;
  /** 0: Monday. Absent: every day. */
  readonly weekday?: number;
}

/** Undefined: there is no digest of that period. A zone that the platform does not know any more counts as UTC. */
export function digestTimes(config: DigestConfig, period: DigestPeriod): DigestTimes | undefined {
  const timeZone = isTimeZone(config.time_zone) ? config.time_zone : 'UTC';
  if (period === 'daily') return config.daily === 'off' ? undefined : { timeZone, time: config.daily };
  if (config.weekly === 'off') return undefined;
  const time = config.daily === 'off' ? WEEKLY_TIME : config.daily;
  return { timeZone, time, weekday: WEEKDAYS.indexOf(config.weekly) };
}

/** The first time after an instant. */
export function nextDueMs(times: DigestTimes, afterMs: number): number {
  return duesAround(times, afterMs).find((dueMs) => dueMs > afterMs) ?? Infinity;
}

/** The last time up to an instant. */
export function lastDueMs(times: DigestTimes, atMs: number): number {
  return duesAround(times, atMs).findLast((dueMs) => dueMs <= atMs) ?? -Infinity;
}

/**
 * The whole hours that a digest tells of, `[fromMs, toMs)`: from where the last one of its period ended, so that no hour is told twice
 * or left out. Undefined: no whole hour is over since then.
 */
export function digestSpan(
  period: DigestPeriod,
  dueMs: number,
  lastToMs: number | undefined,
): { readonly fromMs: number; readonly toMs: number } | undefined {
  const toMs = Math.floor(dueMs / HOUR_MS) * HOUR_MS;
  if (lastToMs === undefined) return { fromMs: toMs - LENGTH_MS[period], toMs };
  if (lastToMs >= toMs) return undefined;
  return { fromMs: Math.max(lastToMs, toMs - LENGTH_MS_MAX[period]), toMs };
}

/** In order, from the last one before an instant to the first one after it, and some more. */
function duesAround({ timeZone, time, weekday }: DigestTimes, instantMs: number): number[] {
  const today = Math.floor(wallMsAt(instantMs, timeZone) / DAY_MS);
  const days = Array.from({ length: 2 * DAYS_LOOKED_AT + 1 }, (_, n) => today - DAYS_LOOKED_AT + n);
  const near = weekday === undefined ? days.slice(DAYS_LOOKED_AT - 2, DAYS_LOOKED_AT + 3) : days;
  return near
    .filter((day) => weekday === undefined || (day + EPOCH_WEEKDAY) % 7 === weekday)
    .map((day) => instantMsOf(day * DAY_MS + timeOfDayMs(time), timeZone));
}

function timeOfDayMs(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * HOUR_MS + minutes * 60_000;
}
