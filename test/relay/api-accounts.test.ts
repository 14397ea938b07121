import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ApiFailure, MintToken } from '../../src/destinations/api-account.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { failure, success } from '../../src/lib/result.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { ApiAccounts, type ApiAccountsParts } from '../../src/relay/api-accounts.ts';

const START_MS = Date.UTC(2026, 10, 22, 8);
const LIFETIME_MS = 1_799_000;
const MASTER = new Uint8Array(32).fill(7);
const BUSY: ApiFailure = {
  outcome: { kind: 'retry', reason: 'busy', detail: 'HTTP 429', retryAfterMs: 60_000 },
  mayBeDone: false,
};
const REFUSED: ApiFailure = {
  outcome: { kind: 'blocked', reason: 'unauthorized', detail: 'no' },
  mayBeDone: false,
};

let nowMs: number;
let minted: string[];
let id: string;
let ids = 0;
const logged: string[] = [];

beforeEach(() => {
  nowMs = START_MS;
  minted = [];
  id = `credential-${ids++}`;
  logged.length = 0;
  vi.spyOn(console, 'warn').mockImplementation((line: unknown) => void logged.push(String(line)));
});
afterEach(() => vi.restoreAllMocks());

/** As an object has them after it started. */
function accounts(changes: Partial<ApiAccountsParts> = {}): ApiAccounts {
  return new ApiAccounts({
    tenant: 'acme',
    kv: env.RELAY_KV,
    sealer: createSealer({ primary: MASTER }),
    io: { nowMs: () => nowMs, sleep: async (ms) => void (nowMs += ms) },
    outside: new Semaphore(1),
    kvDeadlineMs: 50,
    ...changes,
  });
}

function account(of: ApiAccounts = accounts(), changes: Partial<{ id: string; rateKey: string }> = {}) {
  return of.of({ id, rateKey: 'eu-1|cid', requestsPerMinute: 600, ...changes });
}

const mint: MintToken = async () => {
  const token = `secret-token-${minted.length}-${id}`;
  minted.push(token);
  return success({ token, expiresAtMs: nowMs + LIFETIME_MS });
};
const neverMint: MintToken = async () => {
  throw new Error('a token was asked for');
};

/** What KV holds of the credential, once it is written. */
async function stored(isAwaited: (sealed: string) => boolean = () => true): Promise<string> {
  return vi.waitFor(async () => {
    const sealed = await env.RELAY_KV.get(`api-token/v1/${sha256Hex(id)}`);
    if (sealed === null || !isAwaited(sealed)) throw new Error('it is not stored yet');
    return sealed;
  });
}

describe('a token', () => {
  it('is minted once for 200 calls of several lanes at once, when there is none or it has expired', async () => {
    const shared = accounts();
    const lanes = Array.from({ length: 4 }, () => account(shared));
    for (const count of [1, 2]) {
      const asked = Array.from({ length: 200 }, async (_, index) => lanes[index % 4]?.token(mint));
      const tokens = new Set((await Promise.all(asked)).map((token) => token?.ok && token.value));
      expect(tokens).toEqual(new Set([minted.at(-1)]));
      expect(minted).toHaveLength(count);
      nowMs += LIFETIME_MS;
    }
  });

  it('is minted once for calls that come into the object by requests of their own', async () => {
    const shared = accounts();
    const object = env.TENANT_RELAY.getByName(`accounts of ${id}`);
    const slowly: MintToken = async () => {
      await env.RELAY_KV.get('asked meanwhile');
      return mint();
    };
    const asked = Array.from({ length: 20 }, async () =>
      runInDurableObject(object, async () => account(shared).token(slowly)),
    );
    expect(new Set((await Promise.all(asked)).map((token) => token.ok && token.value))).toEqual(
      new Set([minted[0]]),
    );
    expect(minted).toHaveLength(1);
  });

  it('of one credential is never given for another', async () => {
    const shared = accounts();
    const [one, other] = [account(shared), account(shared, { id: `${id}-rotated` })];
    const tokens = await Promise.all([one.token(mint), other.token(mint)]);
    expect(new Set(tokens.map((token) => token.ok && token.value)).size).toBe(2);
  });

  it('is never given when less than two minutes are left, over several lifetimes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 1_200_000 }), { minLength: 30, maxLength: 60 }),
        async (gapsMs) => {
          const expiresAtMs = new Map<string, number>();
          const noting: MintToken = async () => {
            const token = `t${expiresAtMs.size}`;
            expiresAtMs.set(token, nowMs + LIFETIME_MS);
            return success({ token, expiresAtMs: nowMs + LIFETIME_MS });
          };
          const mine = account(accounts({ kv: undefined }));
          const fromMs = nowMs;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            const token = await mine.token(noting);
            expect((expiresAtMs.get(token.ok ? token.value : '') ?? 0) - nowMs).toBeGreaterThan(120_000);
          }
          expect(expiresAtMs.size).toBeLessThanOrEqual(1 + (nowMs - fromMs) / (LIFETIME_MS - 120_000));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('that was minted before the clock went back is not trusted', async () => {
    const mine = account(accounts({ kv: undefined }));
    await mine.token(mint);
    nowMs -= 59_000;
    await mine.token(neverMint);
    nowMs -= 3_600_000;
    expect(await mine.token(mint)).toEqual(success(minted[1]));
    expect(await mine.token(neverMint)).toEqual(success(minted[1]));
  });

  it('that cannot be minted is told to all who wait, and asked for again by the next', async () => {
    const mine = account();
    let asked = 0;
    const refusing: MintToken = async () => {
      asked++;
      return failure(REFUSED);
    };
    const waiting = await Promise.all(Array.from({ length: 50 }, async () => mine.token(refusing)));
    expect(new Set(waiting)).toEqual(new Set([failure(REFUSED)]));
    expect(asked).toBe(1);
    expect(await mine.token(mint)).toEqual(success(minted[0]));
  });

  it('is asked for again after a mint that threw', async () => {
    const mine = account();
    await expect(mine.token(neverMint)).rejects.toThrow('a token was asked for');
    expect(await mine.token(mint)).toEqual(success(minted[0]));
  });

  it('is not asked for before the time that the vendor told, unless another instance got one', async () => {
    const shared = accounts();
    const mine = account(shared);
    expect(await mine.token(async () => failure(BUSY))).toEqual(failure(BUSY));
    nowMs += 20_000;
    expect(await mine.token(neverMint)).toMatchObject({ error: { outcome: { retryAfterMs: 40_000 } } });
    await account(accounts()).token(mint);
    await stored();
    expect(await mine.token(neverMint)).toEqual(success(minted[0]));
  });

  it.each([60_000, -1])('is asked for when the time that the vendor told is over: %i ms on', async (onMs) => {
    const mine = account();
    await mine.token(async () => failure(BUSY));
    nowMs += onMs;
    expect(await mine.token(mint)).toEqual(success(minted[0]));
  });
});

describe('a token in KV', () => {
  it('is sealed for its tenant, under a key that tells nothing', async () => {
    await account().token(mint);
    const sealed = await stored();
    expect(sealed.split('.')).toHaveLength(5);
    expect(sealed).not.toContain('secret-token');
    const opened = await createSealer({ primary: MASTER }).open(sealed, {
      tenant: 'acme',
      purpose: 'api-token',
    });
    expect(opened.ok && opened.value).toContain(minted[0]);
    const { keys } = await env.RELAY_KV.list({ prefix: 'api-token/v1/' });
    expect(keys.every(({ name }) => /^api-token\/v1\/[0-9a-f]{64}$/.test(name))).toBe(true);
    expect(JSON.stringify(keys)).not.toMatch(/acme|credential/);
  });

  it('is used by the next instance', async () => {
    await account().token(mint);
    await stored();
    nowMs += 600_000;
    expect(await account().token(neverMint)).toEqual(success(minted[0]));
  });

  it.each([
    ['two minutes are left', () => (nowMs += LIFETIME_MS - 120_000)],
    ['it has expired', () => (nowMs += LIFETIME_MS)],
    ['it is from the future', () => (nowMs -= 3_600_000)],
  ])('is not used when %s', async (_, turnClock) => {
    await account().token(mint);
    await stored();
    turnClock();
    expect(await account().token(mint)).toEqual(success(minted[1]));
  });

  it('is used when the API refused another one, but never once it was refused itself', async () => {
    const mine = account(accounts());
    await mine.token(mint);
    const first = await stored();
    mine.refuse(minted[0] ?? '');
    // KV still has the refused one.
    expect(await mine.token(mint)).toEqual(success(minted[1]));
    await stored((sealed) => sealed !== first);
    // A third instance is told of neither, and mints what the first then takes over.
    const other = account(accounts());
    expect(await other.token(neverMint)).toEqual(success(minted[1]));
    other.refuse(minted[1] ?? '');
    const second = await stored((sealed) => sealed !== first);
    await other.token(mint);
    await stored((sealed) => sealed !== first && sealed !== second);
    mine.refuse(minted[1] ?? '');
    expect(await mine.token(neverMint)).toEqual(success(minted[2]));
  });

  it('that was refused before the last one is not used either, should KV still have it', async () => {
    const sealer = createSealer({ primary: MASTER });
    const stale = { token: 'stale', expiresAtMs: nowMs + LIFETIME_MS, mintedAtMs: nowMs };
    const sealed = await sealer.seal(JSON.stringify(stale), { tenant: 'acme', purpose: 'api-token' });
    const mine = account(accounts({ kv: fakeKv({ get: async () => sealed }) }));
    expect(await mine.token(neverMint)).toEqual(success('stale'));
    mine.refuse('stale');
    await mine.token(mint);
    mine.refuse(minted[0] ?? '');
    expect(await mine.token(mint)).toEqual(success(minted[1]));
  });

  it('survives a late refusal of an earlier one', async () => {
    const mine = account();
    await mine.token(mint);
    mine.refuse(minted[0] ?? '');
    await mine.token(mint);
    mine.refuse(minted[0] ?? '');
    expect(await mine.token(neverMint)).toEqual(success(minted[1]));
  });

  it.each([
    [LIFETIME_MS, 1799],
    [90_500, 90],
    [10_000, 60],
  ])('of %i ms has %i seconds to live', async (lifetimeMs, expirationTtl) => {
    const puts: unknown[] = [];
    const put = async (_key: string, _value: string, options: unknown) => void puts.push(options);
    const short: MintToken = async () => success({ token: 'x', expiresAtMs: nowMs + lifetimeMs });
    await account(accounts({ kv: fakeKv({ put }) })).token(short);
    await vi.waitFor(() => expect(puts).toEqual([{ expirationTtl }]));
  });

  it.each([
    ['nothing', 'not a seal'],
    ['another tenant’s', () => seal({ tenant: 'globex', purpose: 'api-token' })],
    ['a seal for something else', () => seal({ tenant: 'acme', purpose: 'destination' })],
    [
      'a seal of another key',
      () => seal({ tenant: 'acme', purpose: 'api-token' }, new Uint8Array(32).fill(9)),
    ],
    ['no JSON', () => seal({ tenant: 'acme', purpose: 'api-token' }, MASTER, 'secret-token-x')],
    ['no token', () => seal({ tenant: 'acme', purpose: 'api-token' }, MASTER, '{"expiresAtMs":1}')],
    ['a list', () => seal({ tenant: 'acme', purpose: 'api-token' }, MASTER, '[]')],
  ])('that is %s is minted anew, and told to no log', async (_, value) => {
    const sealed = typeof value === 'string' ? value : await value();
    const mine = account(accounts({ kv: fakeKv({ get: async () => sealed }) }));
    expect(await mine.token(mint)).toEqual(success(minted[0]));
    expect(logged.join('')).not.toContain('secret-token');
  });
});

describe('a KV that fails', () => {
  const hang = async () => new Promise<never>(() => undefined);
  const fail = async () => Promise.reject(new Error('KV failed: 500'));

  it.each([
    ['hangs on reading', { get: hang }],
    ['hangs on writing', { put: hang }],
    ['hangs on both', { get: hang, put: hang }],
    ['fails on reading', { get: fail }],
    ['fails on writing', { put: fail }],
  ])('and %s delays a token by a moment, and later ones not at all', async (_, broken) => {
    const mine = account(accounts({ kv: fakeKv(broken) }));
    expect(await mine.token(mint)).toEqual(success(minted[0]));
    expect(await mine.token(neverMint)).toEqual(success(minted[0]));
  });

  it('gives its connection back after the deadline', async () => {
    const outside = new Semaphore(1);
    await account(accounts({ outside, kv: fakeKv({ get: hang, put: hang }) })).token(mint);
    const release = await outside.acquire();
    expect(release).toBeTypeOf('function');
  });

  it('is not waited for when its connection is not to be had, and takes none later', async () => {
    const outside = new Semaphore(1);
    const held = await outside.acquire();
    let isAsked = false;
    const get = async () => {
      isAsked = true;
      return null;
    };
    const mine = account(accounts({ outside, kv: fakeKv({ get }) }));
    expect(await mine.token(mint)).toEqual(success(minted[0]));
    held();
    const release = await outside.acquire();
    release();
    expect(isAsked).toBe(false);
  });

  it('is told to the log without the token', async () => {
    await account(accounts({ kv: fakeKv({ get: fail, put: fail }) })).token(mint);
    await vi.waitFor(() => expect(logged).toHaveLength(2));
    expect(logged[0]).toContain('token_cache.failed');
    expect(logged.join('')).not.toContain('secret-token');
  });
});

describe('the rate', () => {
  it('is shared by all credentials of an account, and by no other account', async () => {
    const shared = accounts();
    const one = account(shared);
    const same = account(shared, { id: `${id}-rotated` });
    const other = account(shared, { rateKey: 'eu-1|other' });
    await one.turn();
    await other.turn();
    expect(nowMs).toBe(START_MS);
    await same.turn();
    expect(nowMs).toBe(START_MS + 100);
  });
});

function fakeKv(changes: object): KVNamespace {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two calls that are made
  return { get: async () => null, put: async () => undefined, ...changes } as unknown as KVNamespace;
}

async function seal(
  binding: { readonly tenant: string; readonly purpose: string },
  primary = MASTER,
  text = JSON.stringify({ token: 'foreign', expiresAtMs: START_MS + LIFETIME_MS, mintedAtMs: START_MS }),
): Promise<string> {
  return createSealer({ primary }).seal(text, binding);
}
