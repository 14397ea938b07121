/**
 * How old what a destination is asked to do may be. A response that comes late does harm: a host is not isolated
 * for last month's event because a lane was resumed today. Pure.
 */

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

/** Whether it happened too long ago to act on it. `occurredAt` is ISO 8601; without a maximum nothing is too old. */
export function isTooOld(occurredAt: string, maximumAgeMs: number | undefined, nowMs: number): boolean {
  return maximumAgeMs !== undefined && nowMs - Date.parse(occurredAt) > maximumAgeMs;
}
