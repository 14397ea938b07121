/**
 * The pace of a tenant's requests with one account of a vendor: one after the other, never more in a minute than configured,
 * and slower while the vendor's own quota runs low. In memory: a restart gains nothing, as it begins with one request and no more.
 */

import type { Quota } from '../destinations/api-account.ts';
import type { RelayIo } from './io.ts';
import { type Bucket, type BucketLimits, slowDownMs, takeTokens } from './limits.ts';

const MINUTE_MS = 60_000;
/** Of a minute's requests, how many may go at once after a rest. */
const BURST_SHARE = 1 / 6;
/** A quota is one of a sliding minute: what it told is over by then. Source: gofalcon#364, read 2026-11. */
const QUOTA_TOLD_MS = MINUTE_MS;

export class ApiRate {
  readonly #io: Pick<RelayIo, 'nowMs' | 'sleep'>;
  #limits: BucketLimits = { perMinute: 1, burst: 1 };
  #bucket: Bucket;
  /** When the requests of the last minute went out, ascending. The bucket alone would let a burst go on top of a minute's requests. */
  #wentOutMs: number[] = [];
  /** The vendor's quota is low: so far apart, until. */
  #slow = { apartMs: 0, fromMs: 0 };
  #last: Promise<void> = Promise.resolve();

  constructor(io: Pick<RelayIo, 'nowMs' | 'sleep'>) {
    this.#io = io;
    this.#bucket = { tokens: 1, filledAtMs: io.nowMs() };
  }

  configure(perMinute: number): void {
    this.#limits = { perMinute, burst: Math.max(1, perMinute * BURST_SHARE) };
  }

  /** Resolves when a request may go out, in the order of the calls. Rejects when the wait itself fails: those behind wait on. */
  async turn(): Promise<void> {
    const turn = this.#last.then(async () => this.#take());
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  noteQuota(quota: Quota): void {
    this.#slow = { apartMs: slowDownMs(quota), fromMs: this.#io.nowMs() };
  }

  async #take(): Promise<void> {
    for (;;) {
      const nowMs = this.#io.nowMs();
      this.#forget(nowMs);
      const waitMs = Math.max(this.#fullMs(nowMs), this.#slowMs(nowMs)) || this.#takeToken(nowMs);
      if (waitMs === 0) {
        this.#wentOutMs.push(nowMs);
        return;
      }
      await this.#io.sleep(waitMs);
    }
  }

  /** What is over a minute old, and what is in the future since the clock went back. */
  #forget(nowMs: number): void {
    const isRecent = (atMs: number | undefined) =>
      atMs !== undefined && atMs <= nowMs && nowMs - atMs < MINUTE_MS;
    while (this.#wentOutMs.length > 0 && !isRecent(this.#wentOutMs[0])) this.#wentOutMs.shift();
    while (this.#wentOutMs.length > 0 && !isRecent(this.#wentOutMs.at(-1))) this.#wentOutMs.pop();
  }

  /** Until a minute's requests are no longer all used up. */
  #fullMs(nowMs: number): number {
    const { perMinute } = this.#limits;
    const { length } = this.#wentOutMs;
    if (length < perMinute) return 0;
    return (this.#wentOutMs[length - perMinute] ?? nowMs) + MINUTE_MS - nowMs;
  }

  #slowMs(nowMs: number): number {
    const { apartMs, fromMs } = this.#slow;
    const lastMs = this.#wentOutMs.at(-1);
    const isTold = nowMs >= fromMs && nowMs - fromMs < QUOTA_TOLD_MS;
    return isTold && lastMs !== undefined ? Math.max(0, lastMs + apartMs - nowMs) : 0;
  }

  #takeToken(nowMs: number): number {
    const { bucket, waitMs } = takeTokens(this.#bucket, this.#limits, 1, nowMs);
    this.#bucket = bucket;
    return waitMs;
  }
}
