/** How long an event's (type, id) is remembered, and how long a sealed event may wait. Pure. */

const DAY_MS = 24 * 3_600_000;
/** A sender repeats a webhook for up to 76 hours (Standard Webhooks 1.0.0); a week covers slower ones. */
const DEDUPLICATION_MS_MIN = 7 * DAY_MS;
/**
 * Sealed events that waited longer are dropped: the object may have stored them when they were sealed, its answer lost,
 * and must still remember them when they come. A day less than it does.
 */
export const OVERFLOW_AGE_MS_MAX = DEDUPLICATION_MS_MIN - DAY_MS;

/** A week, and at least twice the signature's tolerance: a timestamp may lie on either side of now. In milliseconds. */
export function deduplicationMs(toleranceSeconds: number): number {
  return Math.max(DEDUPLICATION_MS_MIN, 2 * toleranceSeconds * 1000);
}
