/**
 * The tokens and rates of a tenant's API clients: one authority per tenant, whatever number of lanes asks.
 * A token lives in memory, then sealed in KV, where it outlives the object; the key there tells neither client nor tenant.
 * Never answers with a token that is about to expire, and never makes a lane wait for KV longer than a moment.
 */

import type {
  ApiAccount,
  ApiAccounts as Accounts,
  ApiFailure,
  MintToken,
  MintedToken,
  Quota,
} from '../destinations/api-account.ts';
import { withDeadline } from '../lib/deadline.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { isRecord } from '../lib/record.ts';
import { type Result, success } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import type { RelayIo } from './io.ts';
import { type Bucket, type BucketLimits, SLOW_DOWN_MS_MAX, slowDownMs, takeTokens } from './limits.ts';

/** Renewed so much before it expires: falconpy's default, the lower end of its range. Source: falconpy _auth_object, read 2026-11. */
const RENEWED_BEFORE_MS = 120_000;
/** KV takes no shorter one. */
const TTL_SECONDS_MIN = 60;
/** KV answers in milliseconds, or the token is minted. */
const KV_DEADLINE_MS = 3_000;
/** Of a minute's requests, how many may go at once after a rest. */
const BURST_SHARE = 1 / 6;

export interface ApiAccountsParts {
  readonly tenant: string;
  /** Undefined: nothing outlives the object, as in a test of a destination. */
  readonly kv: KVNamespace | undefined;
  readonly sealer: Sealer;
  readonly io: Pick<RelayIo, 'nowMs' | 'sleep'>;
  /** The connection for KV and the queue. */
  readonly outside: Semaphore;
}

export class ApiAccounts implements Accounts {
  readonly #parts: ApiAccountsParts;
  readonly #tokens = new Map<string, TokenSource>();
  readonly #rates = new Map<string, Rate>();

  constructor(parts: ApiAccountsParts) {
    this.#parts = parts;
  }

  of({ id, rateKey, requestsPerMinute }: Parameters<Accounts['of']>[0]): ApiAccount {
    const source = this.#tokens.get(id) ?? new TokenSource(id, this.#parts);
    this.#tokens.set(id, source);
    const rate = this.#rates.get(rateKey) ?? new Rate(this.#parts.io);
    this.#rates.set(rateKey, rate);
    rate.configure(requestsPerMinute);
    return {
      token: async (mint) => source.token(mint),
      refuse: (token) => source.refuse(token),
      turn: async () => rate.turn(),
      noteQuota: (quota) => rate.noteQuota(quota),
    };
  }
}

/** The token of one credential. */
class TokenSource {
  readonly #parts: ApiAccountsParts;
  readonly #key: string;
  #current: MintedToken | undefined;
  /** The API took it no more: what KV has may be the same. */
  #refused: string | undefined;
  #underWay: Promise<Result<string, ApiFailure>> | undefined;

  constructor(id: string, parts: ApiAccountsParts) {
    this.#parts = parts;
    this.#key = `api-token:${sha256Hex(id)}`;
  }

  async token(mint: MintToken): Promise<Result<string, ApiFailure>> {
    if (this.#isGood(this.#current)) return success(this.#current.token);
    this.#underWay ??= this.#renew(mint).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** A late answer about an earlier token changes nothing. */
  refuse(token: string): void {
    if (this.#current?.token !== token) return;
    this.#current = undefined;
    this.#refused = token;
  }

  async #renew(mint: MintToken): Promise<Result<string, ApiFailure>> {
    const kept = await this.#read();
    if (this.#isGood(kept) && kept.token !== this.#refused) {
      this.#current = kept;
      return success(kept.token);
    }
    const minted = await mint();
    if (!minted.ok) return minted;
    this.#current = minted.value;
    void this.#write(minted.value);
    return success(minted.value.token);
  }

  #isGood(token: MintedToken | undefined): token is MintedToken {
    return token !== undefined && token.expiresAtMs - this.#parts.io.nowMs() > RENEWED_BEFORE_MS;
  }

  /** Undefined: there is none, or it can't be read now. Either way one is minted. */
  async #read(): Promise<MintedToken | undefined> {
    const { kv, sealer, tenant } = this.#parts;
    if (!kv) return undefined;
    try {
      const sealed = await this.#outside(async () => kv.get(this.#key));
      if (sealed === null || sealed === undefined) return undefined;
      const opened = await sealer.open(sealed, { tenant, purpose: 'api-token' });
      return opened.ok ? tokenIn(opened.value) : undefined;
    } catch (error) {
      logEvent('warn', 'token_cache.failed', { tenant, ...causeFields(error) });
      return undefined;
    }
  }

  /** Never throws: a token that KV lacks is minted again by the next object. */
  async #write(minted: MintedToken): Promise<void> {
    const { kv, sealer, tenant, io } = this.#parts;
    if (!kv) return;
    try {
      const sealed = await sealer.seal(JSON.stringify(minted), { tenant, purpose: 'api-token' });
      const leftSeconds = Math.floor((minted.expiresAtMs - io.nowMs()) / 1000);
      const expirationTtl = Math.max(TTL_SECONDS_MIN, leftSeconds);
      await this.#outside(async () => kv.put(this.#key, sealed, { expirationTtl }));
    } catch (error) {
      logEvent('warn', 'token_cache.failed', { tenant, ...causeFields(error) });
    }
  }

  async #outside<T>(work: () => Promise<T>): Promise<T | undefined> {
    const release = await this.#parts.outside.acquire();
    try {
      const done = await withDeadline(work(), KV_DEADLINE_MS);
      return done.ok ? done.value : undefined;
    } finally {
      release();
    }
  }
}

function tokenIn(text: string): MintedToken | undefined {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) return undefined;
  const { token, expiresAtMs } = value;
  return typeof token === 'string' && typeof expiresAtMs === 'number' ? { token, expiresAtMs } : undefined;
}

/** Requests that go out one after the other, no faster than a rate. After a restart it begins empty: a restart gains nothing. */
class Rate {
  readonly #io: Pick<RelayIo, 'nowMs' | 'sleep'>;
  #limits: BucketLimits = { perMinute: 1, burst: 1 };
  #bucket: Bucket;
  #slowUntilMs = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(io: Pick<RelayIo, 'nowMs' | 'sleep'>) {
    this.#io = io;
    this.#bucket = { tokens: 1, filledAtMs: io.nowMs() };
  }

  configure(perMinute: number): void {
    this.#limits = { perMinute, burst: Math.max(1, perMinute * BURST_SHARE) };
  }

  async turn(): Promise<void> {
    this.#last = this.#last.then(async () => this.#take());
    return this.#last;
  }

  noteQuota(quota: Quota): void {
    const waitMs = slowDownMs(quota);
    if (waitMs > 0) this.#slowUntilMs = this.#io.nowMs() + waitMs;
  }

  async #take(): Promise<void> {
    for (;;) {
      const nowMs = this.#io.nowMs();
      const slowMs = this.#slowUntilMs - nowMs;
      // Longer than any slow-down lasts, or than the bucket takes to fill: the clock has gone back.
      if (slowMs > 0 && slowMs <= SLOW_DOWN_MS_MAX) {
        await this.#io.sleep(slowMs);
        continue;
      }
      if (this.#bucket.filledAtMs > nowMs) this.#bucket = { ...this.#bucket, filledAtMs: nowMs };
      const { bucket, waitMs } = takeTokens(this.#bucket, this.#limits, 1, nowMs);
      this.#bucket = bucket;
      if (waitMs === 0) return;
      await this.#io.sleep(waitMs);
    }
  }
}
