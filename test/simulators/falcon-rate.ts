/** A rate limit over a sliding minute, as Falcon's gateway counts it. The clock is passed in. */

const MINUTE_MS = 60_000;

export interface RateVerdict {
  readonly isOver: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** When the oldest request counted leaves the window. */
  readonly retryAtMs: number;
}

export class SlidingMinute {
  readonly #limit: number;
  /** The times of the last minute's requests, oldest first. */
  readonly #recentMs: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a request, unless it is over the limit. */
  take(nowMs: number): RateVerdict {
    while (nowMs - (this.#recentMs[0] ?? nowMs) >= MINUTE_MS) this.#recentMs.shift();
    const isOver = this.#recentMs.length >= this.#limit;
    if (!isOver) this.#recentMs.push(nowMs);
    const remaining = this.#limit - this.#recentMs.length;
    return { isOver, limit: this.#limit, remaining, retryAtMs: (this.#recentMs[0] ?? nowMs) + MINUTE_MS };
  }
}
