/**
 * How long a lane waits after a failure. Pure: chance and time are passed in.
 */

const FIRST_WAIT_MS = 1000;
/** The ceiling grows with the age of the outage: quick to notice a restart, polite to a long one. */
const CEILINGS = [
  { untilMs: 2 * 60_000, ceilingMs: 10_000 },
  { untilMs: 60 * 60_000, ceilingMs: 60_000 },
  { untilMs: Infinity, ceilingMs: 5 * 60_000 },
] as const;

/** A vendor may ask for more patience than ours, but not for more than this. */
export const RETRY_AFTER_MS_MAX = 15 * 60_000;

export interface BackoffInput {
  /** Failures in a row, this one included: at least 1. */
  readonly tries: number;
  /** Since the first of them. */
  readonly failingForMs: number;
  /** In [0, 1). */
  readonly random: number;
  /** What the vendor asked for, if it did. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Full jitter over an exponential of 1 s, doubling to 10 s for the first 2 minutes, 60 s for the first hour, then 5 minutes.
 * A longer `Retry-After` wins, capped at 15 minutes. In milliseconds.
 */
export function backoffMs({ tries, failingForMs, random, retryAfterMs = 0 }: BackoffInput): number {
  const ceilingMs = CEILINGS.find(({ untilMs }) => failingForMs < untilMs)?.ceilingMs ?? FIRST_WAIT_MS;
  const exponentialMs = Math.min(ceilingMs, FIRST_WAIT_MS * 2 ** Math.min(tries - 1, 30));
  return Math.max(Math.floor(random * exponentialMs), Math.min(retryAfterMs, RETRY_AFTER_MS_MAX));
}
