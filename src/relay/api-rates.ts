/**
 * The rates of a tenant's API accounts, and of the storage one number: when one of them was last used. A restart forgets what went out,
 * and takes it that as much as may had gone out until then.
 */

import type { Quota } from '../destinations/api-account.ts';
import { ApiRate } from './api-rate.ts';
import type { RelayIo } from './io.ts';

/** The last use is written so seldom: it may have been so much later than written. */
const WRITTEN_EVERY_MS = 10_000;

/** Where the time of the last use outlives the object. */
export interface LastUse {
  readonly read: () => number | undefined;
  readonly write: (atMs: number) => void;
}

export interface Turn {
  readonly rateKey: string;
  readonly requestsPerMinute: number;
  readonly noteAlive?: () => void;
}

export class ApiRates {
  readonly #io: Pick<RelayIo, 'nowMs' | 'sleep'>;
  readonly #lastUse: LastUse | undefined;
  readonly #rates = new Map<string, ApiRate>();
  /** By the instances of the object before this one; asked for once, with the first request. */
  #before: { readonly usedUntilMs: number | undefined } | undefined;
  #writtenAtMs = -Infinity;

  /** Without `lastUse` nothing outlives the object. */
  constructor(io: Pick<RelayIo, 'nowMs' | 'sleep'>, lastUse?: LastUse) {
    this.#io = io;
    this.#lastUse = lastUse;
  }

  /** Resolves when a request may go out. That one does is written by then. */
  async turn({ rateKey, requestsPerMinute, noteAlive }: Turn): Promise<void> {
    await this.#rateOf(rateKey).turn(requestsPerMinute, noteAlive);
    const nowMs = this.#io.nowMs();
    if (nowMs >= this.#writtenAtMs && nowMs - this.#writtenAtMs < WRITTEN_EVERY_MS) return;
    this.#lastUse?.write(nowMs);
    this.#writtenAtMs = nowMs;
  }

  noteQuota(rateKey: string, quota: Quota): void {
    this.#rateOf(rateKey).noteQuota(quota);
  }

  #rateOf(rateKey: string): ApiRate {
    this.#before ??= { usedUntilMs: this.#usedUntilMs() };
    const rate = this.#rates.get(rateKey) ?? new ApiRate(this.#io, this.#before.usedUntilMs);
    this.#rates.set(rateKey, rate);
    return rate;
  }

  #usedUntilMs(): number | undefined {
    const writtenAtMs = this.#lastUse?.read();
    return writtenAtMs === undefined ? undefined : Math.min(this.#io.nowMs(), writtenAtMs + WRITTEN_EVERY_MS);
  }
}
