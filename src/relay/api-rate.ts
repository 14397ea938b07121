/**
 * The pace of a tenant's requests with one account of a vendor: one after the other, never more in a minute than configured,
 * and slower while the vendor's own quota runs low. In memory: a restart gains nothing, as a burst's worth of time passes first.
 */

import type { Quota } from '../destinations/api-account.ts';
import type { RelayIo } from './io.ts';
import { type Bucket, type BucketLimits, fullBucket, slowDownMs, takeTokens } from './limits.ts';

const MINUTE_MS = 60_000;
/** Of a minute's requests, how many may go at once after a rest. */
const BURST_SHARE = 1 / 6;
/** A quota is one of a sliding minute: what it told is over by then. Source: gofalcon#364, read 2026-11. */
const QUOTA_TOLD_MS = MINUTE_MS;
/** Who waits longer is told so often that it goes on. */
const STEP_MS_MAX = 5_000;

export class ApiRate {
  readonly #io: Pick<RelayIo, 'nowMs' | 'sleep'>;
  /** When other instances may have made requests last, as fast as they could. Undefined: there were none. */
  readonly #usedUntilMs: number | undefined;
  #bucket: Bucket | undefined;
  /** When the requests of the last minute went out, ascending. The bucket alone would let a burst go on top of a minute's requests. */
  #wentOutMs: number[] = [];
  /** The vendor's quota is low: so far apart, until. */
  #slow = { apartMs: 0, fromMs: 0 };
  #last: Promise<void> = Promise.resolve();
  readonly #waiting = new Set<{ readonly noteAlive: () => void }>();

  constructor(io: Pick<RelayIo, 'nowMs' | 'sleep'>, usedUntilMs?: number) {
    this.#io = io;
    this.#usedUntilMs = usedUntilMs;
  }

  /**
   * Resolves when a request may go out, in the order of the calls. Rejects when the wait itself fails: those behind wait on.
   * All who wait are told with each step of the one whose turn it is: when the steps end, nobody is.
   */
  async turn(perMinute: number, noteAlive: () => void = () => undefined): Promise<void> {
    const limits = { perMinute, burst: Math.max(1, perMinute * BURST_SHARE) };
    const waiter = { noteAlive };
    this.#waiting.add(waiter);
    const turn = this.#last
      .then(async () => this.#take(limits))
      .finally(() => {
        this.#waiting.delete(waiter);
      });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  noteQuota(quota: Quota): void {
    this.#slow = { apartMs: slowDownMs(quota), fromMs: this.#io.nowMs() };
  }

  async #take(limits: BucketLimits): Promise<void> {
    for (;;) {
      for (const { noteAlive } of this.#waiting) noteAlive();
      const nowMs = this.#io.nowMs();
      this.#forget(nowMs);
      const waitMs =
        Math.max(this.#fullMs(limits, nowMs), this.#slowMs(nowMs)) || this.#takeToken(limits, nowMs);
      if (waitMs === 0) {
        this.#wentOutMs.push(nowMs);
        return;
      }
      await this.#io.sleep(Math.min(waitMs, STEP_MS_MAX));
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
  #fullMs({ perMinute }: BucketLimits, nowMs: number): number {
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

  #takeToken(limits: BucketLimits, nowMs: number): number {
    this.#bucket ??= this.#firstBucket(limits, nowMs);
    const { bucket, waitMs } = takeTokens(this.#bucket, limits, 1, nowMs);
    this.#bucket = bucket;
    return waitMs;
  }

  /** Other instances may have begun their last minute with a burst: so much is owed, and no minute has more than one's requests. */
  #firstBucket(limits: BucketLimits, nowMs: number): Bucket {
    if (this.#usedUntilMs === undefined) return fullBucket(limits, nowMs);
    return { tokens: -limits.burst, filledAtMs: this.#usedUntilMs };
  }
}
