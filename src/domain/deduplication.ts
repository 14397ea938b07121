/** How long an event's (type, id) is remembered. Pure. */

const DAY_MS = 24 * 3_600_000;
/** A sender repeats a webhook for up to 76 hours (Standard Webhooks 1.0.0); a week covers slower ones. */
const DEDUPLICATION_MS_MIN = 7 * DAY_MS;

/** A week, and at least twice the signature's tolerance: a timestamp may lie on either side of now. In milliseconds. */
export function deduplicationMs(toleranceSeconds: number): number {
  return Math.max(DEDUPLICATION_MS_MIN, 2 * toleranceSeconds * 1000);
}
