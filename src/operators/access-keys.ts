/**
 * The public keys of Cloudflare Access, fetched when they are needed and kept in the isolate's memory.
 * Forged assertions can't make it fetch without bound: a key that is not known, and a fetch that failed, wait for their time.
 * Never throws for what the other side does.
 */

import { createLocalJWKSet } from 'jose/jwks/local';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';

import { withDeadline } from '../lib/deadline.ts';
import { guardedHttp } from '../lib/http.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { isRecord } from '../lib/record.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { Semaphore } from '../lib/semaphore.ts';

/** How long keys are taken as they are. Access rotates its keys every six weeks. Source: Cloudflare Access, "Validate JWTs", read 2026-11. */
const FRESH_MS = 3_600_000;
/** How long they still serve when no newer ones can be had: a fault of the endpoint must not lock everybody out. */
const USABLE_MS = 24 * 3_600_000;
/** At most one fetch in this time for keys that are not known. */
const COOLDOWN_MS = 30_000;
/** At most one in this time after one that failed. */
const RETRY_MS = 5_000;
const FETCH_TIMEOUT_MS = 5_000;

interface KeySet {
  readonly resolve: JWTVerifyGetKey;
  readonly kids: ReadonlySet<string>;
  readonly atMs: number;
}

export class AccessKeys {
  readonly #url: URL;
  readonly #fetch: typeof fetch;
  #keys: KeySet | undefined;
  /** The newest fetch: when it began, whether it failed, and itself while it is under way. */
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #hasFailed = false;
  #underWay: Promise<void> | undefined;

  /** `origin` is the team's. */
  constructor(origin: string, send: typeof fetch) {
    this.#url = new URL('/cdn-cgi/access/certs', origin);
    this.#fetch = send;
  }

  /** The keys to verify with; the one that is named is among them, unless Access does not have it. */
  async find(kid: unknown, nowMs: number): Promise<Result<JWTVerifyGetKey, 'unreachable'>> {
    const isMissing = typeof kid !== 'string' || !this.#keys?.kids.has(kid);
    const ageMs = nowMs - (this.#keys?.atMs ?? Number.NEGATIVE_INFINITY);
    if (isMissing || ageMs >= FRESH_MS) await this.#refresh(nowMs);
    const keys = this.#keys;
    if (!keys || nowMs - keys.atMs >= USABLE_MS) return failure('unreachable');
    // Unless the keys could be asked for, nobody knows that there is no such key.
    const isKnown = typeof kid === 'string' && keys.kids.has(kid);
    return isKnown || !this.#hasFailed ? success(keys.resolve) : failure('unreachable');
  }

  /** Waits for the fetch that is under way, or begins one unless it is too early. */
  async #refresh(nowMs: number): Promise<void> {
    const waitMs = this.#hasFailed || !this.#keys ? RETRY_MS : COOLDOWN_MS;
    if (nowMs - this.#lastAtMs < waitMs) {
      // It may be another request's, which may have been cancelled, and its I/O with it.
      if (this.#underWay) await withDeadline(this.#underWay, FETCH_TIMEOUT_MS);
      return;
    }
    this.#lastAtMs = nowMs;
    const underWay = this.#load(nowMs);
    this.#underWay = underWay;
    await underWay;
    if (this.#underWay === underWay) this.#underWay = undefined;
  }

  async #load(nowMs: number): Promise<void> {
    const keys = await this.#fetchKeys(nowMs);
    this.#hasFailed = !keys.ok;
    if (keys.ok) this.#keys = keys.value;
    else logEvent('error', 'access_keys.failed', { detail: keys.error });
  }

  async #fetchKeys(nowMs: number): Promise<Result<KeySet, string>> {
    const send = guardedHttp({
      fetch: this.#fetch,
      allows: ({ origin }) => origin === this.#url.origin,
      connections: new Semaphore(1),
    });
    const headers = { accept: 'application/json' };
    const answer = await send({ method: 'GET', url: this.#url.href, headers, timeoutMs: FETCH_TIMEOUT_MS });
    if (!answer.ok) return failure('detail' in answer.error ? answer.error.detail : answer.error.kind);
    if (answer.value.status !== 200) return failure(`status ${answer.value.status}`);
    try {
      return success(keySetOf(JSON.parse(answer.value.body), nowMs));
    } catch (error) {
      return failure(`not a set of keys: ${causeFields(error).cause}`);
    }
  }
}

/** Throws when it is no set of keys. */
function keySetOf(body: unknown, atMs: number): KeySet {
  const resolve = createLocalJWKSet(body as JSONWebKeySet);
  const keys: readonly unknown[] = isRecord(body) && Array.isArray(body['keys']) ? body['keys'] : [];
  const kids = keys.flatMap((key) => (isRecord(key) && typeof key['kid'] === 'string' ? [key['kid']] : []));
  return { resolve, kids: new Set(kids), atMs };
}
