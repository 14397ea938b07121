import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ApiAccount, ApiFailure, MintToken } from '../../src/destinations/api-account.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { failure, success } from '../../src/lib/result.ts';
import { type SealBinding, createSealer } from '../../src/lib/seal.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { ApiAccounts, type ApiAccountsParts } from '../../src/relay/api-accounts.ts';

const START_MS = Date.UTC(2026, 10, 22, 8);
const LIFETIME_MS = 1_799_000;
/** A sixth of a minute's requests. */
const BURST = 100;
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

function account(
  of: ApiAccounts = accounts(),
  changes: Partial<Parameters<ApiAccounts['of']>[0]> = {},
): ApiAccount {
  return of.of({ id, rateKey: 'eu-1|cid', requestsPerMinute: 600, ...changes });
}

/** What a token of the credential in KV belongs to. */
function binding(tenant = 'acme', credential = id): SealBinding {
  return { tenant: sha256Hex(`${tenant}/${credential}`), purpose: 'api-token' };
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

  it.each([
    [240_000, 120_000],
    [120_000, 60_000],
    [60_000, 30_000],
    [1, 0],
  ])('of a life of %i ms is used while more than %i ms of it are left', async (lifeMs, leftMs) => {
    const mine = account(accounts({ kv: undefined }));
    let asked = 0;
    const short: MintToken = async () => success({ token: `t${++asked}`, expiresAtMs: nowMs + lifeMs });
    await mine.token(short);
    nowMs += Math.max(0, lifeMs - leftMs - 1);
    expect(await mine.token(neverMint)).toEqual(success('t1'));
    nowMs += 1;
    expect(await mine.token(short)).toEqual(success('t2'));
  });

  it('whose request throws fails who asked for it, and who waited for it asks again', async () => {
    const shared = accounts();
    const crashing: MintToken = async () => {
      throw new Error('the run was given up');
    };
    const [first, second] = await Promise.allSettled([
      account(shared).token(crashing),
      account(shared).token(mint),
    ]);
    expect(first.status).toBe('rejected');
    expect(second).toEqual({ status: 'fulfilled', value: success(minted[0]) });
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
  it('is sealed for its tenant and credential, and neither key nor value tells which', async () => {
    await account().token(mint);
    const sealed = await stored();
    expect(sealed.split('.')).toHaveLength(5);
    expect(sealed).not.toContain('secret-token');
    const header = Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString();
    expect(JSON.parse(header)).toMatchObject({ purpose: 'api-token' });
    expect(header).not.toMatch(/acme|credential/);
    const opened = await createSealer({ primary: MASTER }).open(sealed, binding());
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
    const sealed = await sealer.seal(JSON.stringify(stale), binding());
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
    ['another tenant’s', () => seal(binding('globex'))],
    ['another credential’s', () => seal(binding('acme', 'another'))],
    ['a seal for something else', () => seal({ ...binding(), purpose: 'destination' })],
    ['a seal of another key', () => seal(binding(), new Uint8Array(32).fill(9))],
    ['no JSON', () => seal(binding(), MASTER, 'secret-token-x')],
    ['no token', () => seal(binding(), MASTER, '{"expiresAtMs":1}')],
    ['a list', () => seal(binding(), MASTER, '[]')],
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
    for (let i = 0; i < BURST; i++) await one.turn();
    await other.turn();
    expect(nowMs).toBe(START_MS);
    await same.turn();
    expect(nowMs).toBe(START_MS + 100);
  });

  it('is that of the lanes for a test of a destination, too, which asks for a token of its own', async () => {
    const shared = accounts();
    const [lane, test] = [account(shared), account(shared.withoutTokens())];
    for (let i = 0; i < BURST; i++) await lane.turn();
    await test.turn();
    expect(nowMs).toBe(START_MS + 100);
    await lane.token(mint);
    expect(await test.token(mint)).toEqual(success(minted[1]));
    expect(await lane.token(neverMint)).toEqual(success(minted[0]));
  });

  it('tells who waits for a turn or a token that it goes on', async () => {
    let told = 0;
    const mine = account(accounts(), { noteAlive: () => void told++ });
    await mine.turn();
    expect(told).toBeGreaterThan(0);
    told = 0;
    await mine.token(mint);
    expect(told).toBe(1);
  });
});

describe('the rate after a restart', () => {
  let writtenAtMs: number | undefined;
  let writes: number;
  const lastUse = {
    read: () => writtenAtMs,
    write: (atMs: number) => {
      writtenAtMs = atMs;
      writes++;
    },
  };
  beforeEach(() => {
    writtenAtMs = undefined;
    writes = 0;
  });

  it('is in no minute more than configured, however often and whenever the object restarts', async () => {
    const step = fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40_000 })),
      turns: fc.integer({ min: 1, max: 80 }),
      isRestart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 120 }),
        fc.array(step, { minLength: 5, maxLength: 20 }),
        async (requestsPerMinute, steps) => {
          writtenAtMs = undefined;
          let shared = accounts({ lastUse });
          const atMs: number[] = [];
          for (const { gapMs, turns, isRestart } of steps) {
            nowMs += gapMs;
            if (isRestart) shared = accounts({ lastUse });
            for (let i = 0; i < turns; i++) {
              await account(shared, { requestsPerMinute }).turn();
              atMs.push(nowMs);
            }
          }
          const minutes = atMs.map((from) => atMs.filter((at) => at >= from && at - from < 60_000).length);
          expect(Math.max(...minutes)).toBeLessThanOrEqual(requestsPerMinute);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('holds nothing up when the last request was half a minute ago', async () => {
    await account(accounts({ lastUse })).turn();
    nowMs += 30_000;
    const fromMs = nowMs;
    const mine = account(accounts({ lastUse }));
    for (let i = 0; i < BURST; i++) await mine.turn();
    expect(nowMs).toBe(fromMs);
  });

  it('costs one write in ten seconds', async () => {
    const mine = account(accounts({ lastUse }));
    for (let i = 0; i < 700; i++) await mine.turn();
    expect(nowMs - START_MS).toBeGreaterThan(59_000);
    expect(writes).toBeLessThanOrEqual(7);
    expect(nowMs - (writtenAtMs ?? 0)).toBeLessThan(10_000);
  });
});

function fakeKv(changes: object): KVNamespace {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two calls that are made
  return { get: async () => null, put: async () => undefined, ...changes } as unknown as KVNamespace;
}

async function seal(
  bound: SealBinding,
  primary = MASTER,
  text = JSON.stringify({ token: 'foreign', expiresAtMs: START_MS + LIFETIME_MS, mintedAtMs: START_MS }),
): Promise<string> {
  return createSealer({ primary }).seal(text, bound);
}
