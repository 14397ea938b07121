/**
 * The inbound token bucket of a tenant. It lives in memory: after a restart the tenant has its full burst again.
 * Pure: the time is passed in.
 */

export interface BucketLimits {
  readonly perMinute: number;
  readonly burst: number;
}

/** Sums of fractions of a token err by less than this: who waited as long as told is let through. */
const ROUNDING = 1e-6;

export class TokenBucket {
  #limits: BucketLimits;
  #tokens: number;
  #filledAtMs: number;

  constructor(limits: BucketLimits, nowMs: number) {
    this.#limits = limits;
    this.#tokens = limits.burst;
    this.#filledAtMs = nowMs;
  }

  /** Changes the limits; what was saved up stays, up to the new burst. */
  configure(limits: BucketLimits): void {
    this.#limits = limits;
    this.#tokens = Math.min(this.#tokens, limits.burst);
  }

  /** Takes `count` tokens at once or none: 0 when taken, else the milliseconds until that many are there. */
  take(count: number, nowMs: number): number {
    const perMs = this.#limits.perMinute / 60_000;
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#tokens = Math.min(this.#limits.burst, this.#tokens + elapsedMs * perMs);
    this.#filledAtMs = nowMs;
    if (this.#tokens + ROUNDING >= count) {
      this.#tokens = Math.max(0, this.#tokens - count);
      return 0;
    }
    return Math.ceil((count - this.#tokens) / perMs);
  }
}
