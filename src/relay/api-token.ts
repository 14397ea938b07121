/**
 * The token of one API client: in memory, then sealed in KV, where it outlives the object, then minted, once however many ask.
 * Never answers with a token that is about to expire or that was refused, and never makes a lane wait for KV longer than a moment.
 * Neither key nor value in KV tells client or tenant; the value opens for this tenant's credential alone.
 */

import type { ApiFailure, MintToken, MintedToken } from '../destinations/api-account.ts';
import { RETRY_AFTER_MS_MAX } from '../lib/backoff.ts';
import { withDeadline } from '../lib/deadline.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import { type Result, failure, success } from '../lib/result.ts';
import type { SealBinding, Sealer } from '../lib/seal.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import type { RelayIo } from './io.ts';

/** Renewed so much before it expires, or at half of its life where that is less: falconpy's default, the lower end of its range. Source: falconpy _auth_object, read 2026-11. */
export const RENEWED_BEFORE_MS = 120_000;
/** Clocks of two machines differ by less. A token from later than that is from before the clock went back: when it expires is not known. */
const CLOCK_ERROR_MS = 60_000;
/** KV takes no shorter one. Source: Cloudflare KV documentation, read 2026-11. */
const TTL_SECONDS_MIN = 60;
/** KV answers in milliseconds, or the token is minted. */
const KV_DEADLINE_MS = 3_000;
/** Refused tokens that are remembered: KV may still hold one that was refused before the last. */
const REFUSED_MAX = 8;
const PURPOSE = 'api-token';

export interface ApiTokenParts {
  readonly tenant: string;
  /** Undefined: nothing outlives the object, as in a test of a destination. */
  readonly kv: Pick<KVNamespace, 'get' | 'put'> | undefined;
  readonly sealer: Sealer;
  readonly io: Pick<RelayIo, 'nowMs'>;
  /** The connection for KV and the queue. */
  readonly outside: Semaphore;
  /** Of one call, waiting for the connection included. Default 3 s. */
  readonly kvDeadlineMs?: number;
}

interface HeldToken extends MintedToken {
  readonly mintedAtMs: number;
}

export class ApiToken {
  readonly #parts: ApiTokenParts;
  readonly #key: string;
  /** A seal says openly whom it is for: here, a hash that only who has the credential's secret can make. */
  readonly #binding: SealBinding;
  #current: HeldToken | undefined;
  readonly #refused = new Set<string>();
  /** The vendor asked for a wait: nobody asks again before. */
  #pause: { readonly failed: ApiFailure; readonly fromMs: number; readonly untilMs: number } | undefined;
  #underWay: Promise<Result<string, ApiFailure>> | undefined;

  constructor(id: string, parts: ApiTokenParts) {
    this.#parts = parts;
    this.#key = `api-token/v1/${sha256Hex(id)}`;
    this.#binding = { tenant: sha256Hex(`${parts.tenant}/${id}`), purpose: PURPOSE };
  }

  async token(mint: MintToken): Promise<Result<string, ApiFailure>> {
    if (this.#isGood(this.#current)) return success(this.#current.token);
    const others = this.#underWay;
    this.#underWay ??= this.#renew(mint).finally(() => {
      this.#underWay = undefined;
    });
    // What one throws is its own: who only waited for it asks itself.
    return others ? others.catch(async () => this.token(mint)) : this.#underWay;
  }

  /** A late answer about an earlier token leaves the current one alone. */
  refuse(token: string): void {
    this.#refused.add(token);
    const [oldest] = this.#refused;
    if (this.#refused.size > REFUSED_MAX && oldest !== undefined) this.#refused.delete(oldest);
    if (this.#current?.token === token) this.#current = undefined;
  }

  async #renew(mint: MintToken): Promise<Result<string, ApiFailure>> {
    const kept = await this.#read();
    if (this.#isGood(kept) && !this.#refused.has(kept.token)) {
      this.#current = kept;
      return success(kept.token);
    }
    const paused = this.#paused();
    if (paused) return failure(paused);
    const mintedAtMs = this.#parts.io.nowMs();
    const minted = await mint();
    if (!minted.ok) {
      this.#notePause(minted.error);
      return minted;
    }
    this.#current = { ...minted.value, mintedAtMs };
    this.#pause = undefined;
    void this.#write(this.#current);
    return success(minted.value.token);
  }

  #isGood(held: HeldToken | undefined): held is HeldToken {
    if (held === undefined) return false;
    const nowMs = this.#parts.io.nowMs();
    const lifeMs = Math.max(0, held.expiresAtMs - held.mintedAtMs);
    const leftMsMin = Math.min(RENEWED_BEFORE_MS, lifeMs / 2);
    return held.expiresAtMs - nowMs > leftMsMin && held.mintedAtMs <= nowMs + CLOCK_ERROR_MS;
  }

  /** What the vendor said when it asked for a wait, with what is left of it. */
  #paused(): ApiFailure | undefined {
    const nowMs = this.#parts.io.nowMs();
    const { failed, fromMs, untilMs } = this.#pause ?? { fromMs: 0, untilMs: 0 };
    if (failed?.outcome.kind !== 'retry' || nowMs < fromMs || nowMs >= untilMs) return undefined;
    return { ...failed, outcome: { ...failed.outcome, retryAfterMs: untilMs - nowMs } };
  }

  #notePause(failed: ApiFailure): void {
    const waitMs = failed.outcome.kind === 'retry' ? (failed.outcome.retryAfterMs ?? 0) : 0;
    const fromMs = this.#parts.io.nowMs();
    this.#pause = { failed, fromMs, untilMs: fromMs + Math.min(waitMs, RETRY_AFTER_MS_MAX) };
  }

  /** Undefined: there is none, or it can't be read now. Either way one is minted. */
  async #read(): Promise<HeldToken | undefined> {
    const { kv, sealer, tenant } = this.#parts;
    if (!kv) return undefined;
    try {
      const sealed = await this.#outside(async () => kv.get(this.#key));
      if (sealed === null || sealed === undefined) return undefined;
      const opened = await sealer.open(sealed, this.#binding);
      return opened.ok ? tokenIn(opened.value) : undefined;
    } catch (error) {
      logEvent('warn', 'token_cache.failed', { tenant, ...causeFields(error) });
      return undefined;
    }
  }

  /** Never throws: a token that KV lacks is minted again by the next object. */
  async #write(held: HeldToken): Promise<void> {
    const { kv, sealer, tenant, io } = this.#parts;
    if (!kv) return;
    try {
      const sealed = await sealer.seal(JSON.stringify(held), this.#binding);
      const leftSeconds = Math.floor((held.expiresAtMs - io.nowMs()) / 1000);
      const expirationTtl = Math.max(TTL_SECONDS_MIN, leftSeconds);
      await this.#outside(async () => kv.put(this.#key, sealed, { expirationTtl }));
    } catch (error) {
      logEvent('warn', 'token_cache.failed', { tenant, ...causeFields(error) });
    }
  }

  /** Undefined: it took too long. The connection is given back then, or as soon as it is had. */
  async #outside<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { outside, kvDeadlineMs = KV_DEADLINE_MS } = this.#parts;
    const acquired = outside.acquire();
    let isGivenUp = false;
    const done = await withDeadline(
      acquired.then(async () => (isGivenUp ? undefined : work())),
      kvDeadlineMs,
    ).finally(() => {
      isGivenUp = true;
      void acquired.then((release) => release());
    });
    return done.ok ? done.value : undefined;
  }
}

function tokenIn(text: string): HeldToken | undefined {
  const value = jsonIn(text);
  if (!isRecord(value)) return undefined;
  const { token, expiresAtMs, mintedAtMs } = value;
  const isWhole =
    typeof token === 'string' && typeof expiresAtMs === 'number' && typeof mintedAtMs === 'number';
  return isWhole ? { token, expiresAtMs, mintedAtMs } : undefined;
}
