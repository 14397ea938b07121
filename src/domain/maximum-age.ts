/**
 * How old what a destination is asked to do may be. A response that comes late does harm: a host is not isolated
 * for last month's event because a lane was resumed today. Pure.
 */

import type { CanonicalEvent } from './event.ts';

const HOUR_MS = 3_600_000;

/** Per verb of a destination, in milliseconds; verbs that are not named have none. */
export const MAXIMUM_AGE_MS = {
  contain: HOUR_MS,
  workflow: HOUR_MS,
  notify: HOUR_MS,
  case: 7 * 24 * HOUR_MS,
  incident: 7 * 24 * HOUR_MS,
  alert: 7 * 24 * HOUR_MS,
} as const;

/** What tells people of the relay or of a day is of use for longer than a channel's word on a detection. */
export const TOLD_AGE_MS = 24 * HOUR_MS;

/** Of an entry, what its age is judged by. */
type Aged = Pick<CanonicalEvent, 'occurredAt' | 'notice' | 'digest'>;

/**
 * Whether an entry happened too long ago to act on it, by the maximum of its channel: notices and digests have a day
 * whatever that is. Without a maximum nothing is too old.
 */
export function isTooOld(entry: Aged, maximumAgeMs: number | undefined, nowMs: number): boolean {
  if (maximumAgeMs === undefined) return false;
  const mostMs = entry.notice || entry.digest ? TOLD_AGE_MS : maximumAgeMs;
  return nowMs - Date.parse(entry.occurredAt) > mostMs;
}
