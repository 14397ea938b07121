/**
 * Token buckets, for what a tenant may send in and what may be sent out with an API client, and the slow-down when a vendor's quota runs low.
 * Pure: the time is passed in.
 */

import type { Quota } from '../destinations/api-account.ts';

export interface BucketLimits {
  readonly perMinute: number;
  readonly burst: number;
}

export interface Bucket {
  readonly tokens: number;
  readonly filledAtMs: number;
}

/** Sums of fractions of a token err by less than this: who waited as long as told is let through. */
const ROUNDING = 1e-6;

export function fullBucket({ burst }: BucketLimits, nowMs: number): Bucket {
  return { tokens: burst, filledAtMs: nowMs };
}

/** Takes `count` tokens at once or none: `waitMs` is 0 when taken, else the milliseconds until that many are there. */
export function takeTokens(
  bucket: Bucket,
  limits: BucketLimits,
  count: number,
  nowMs: number,
): { readonly bucket: Bucket; readonly waitMs: number } {
  const perMs = limits.perMinute / 60_000;
  const elapsedMs = Math.max(0, nowMs - bucket.filledAtMs);
  const tokens = Math.min(limits.burst, bucket.tokens + elapsedMs * perMs);
  if (tokens + ROUNDING >= count)
    return { bucket: { tokens: Math.max(0, tokens - count), filledAtMs: nowMs }, waitMs: 0 };
  return { bucket: { tokens, filledAtMs: nowMs }, waitMs: Math.ceil((count - tokens) / perMs) };
}

/** A bucket of a tenant. It lives in memory: after a restart the tenant has its full burst again. */
export class TokenBucket {
  #limits: BucketLimits;
  #bucket: Bucket;

  constructor(limits: BucketLimits, nowMs: number) {
    this.#limits = limits;
    this.#bucket = fullBucket(limits, nowMs);
  }

  /** Changes the limits; what was saved up stays, up to the new burst. */
  configure(limits: BucketLimits): void {
    this.#limits = limits;
    this.#bucket = { ...this.#bucket, tokens: Math.min(this.#bucket.tokens, limits.burst) };
  }

  take(count: number, nowMs: number): number {
    const taken = takeTokens(this.#bucket, this.#limits, count, nowMs);
    this.#bucket = taken.bucket;
    return taken.waitMs;
  }

  /** Of what was taken, what was not needed. */
  giveBack(count: number): void {
    this.#bucket = { ...this.#bucket, tokens: Math.min(this.#limits.burst, this.#bucket.tokens + count) };
  }
}

/** Of a vendor's quota: below this share a client begins to slow down. The pool is shared with the customer's other tools. */
const LOW_SHARE = 0.1;
export const SLOW_DOWN_MS_MAX = 5_000;

/** How long a client waits after an answer that told its quota: 0 while enough is left, then longer the less there is, to 5 s. */
export function slowDownMs({ limit, remaining }: Quota): number {
  const low = limit * LOW_SHARE;
  if (limit <= 0 || remaining > low) return 0;
  return Math.min(SLOW_DOWN_MS_MAX, Math.ceil(((60_000 / limit) * low) / Math.max(1, remaining)));
}
