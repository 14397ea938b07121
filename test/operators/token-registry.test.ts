/** The registry as an object of the platform, and the fake that stands for it in other tests: both must do the same. */

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';

import type { RegistryWrite, TokenRecord, TokenRegistryRpc } from '../../src/domain/registry.ts';
import { KEPT_TOKENS_MAX, TOKENS_MAX } from '../../src/operators/token-registry.ts';
import { FakeRegistry } from '../http/fake-registry.ts';

const DAY_MS = 24 * 3_600_000;
/** Far ahead of the platform's clock: it fires no alarm of its own that the test has set. */
const NOW_MS = Date.UTC(2096, 10, 22);
const WRITE: RegistryWrite = { v: 1, actor: { by: 'bootstrap', requestId: 'req-1' }, nowMs: NOW_MS };

afterEach(async () => {
  await reset();
});

function realRegistry() {
  return env.TOKENS.getByName('registry');
}

function record(id: string, changes: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id,
    digest: `digest of ${id}`,
    name: `token ${id}`,
    role: 'viewer',
    tenant: 'acme',
    expiresAtMs: NOW_MS + DAY_MS,
    ...changes,
  };
}

async function mint(registry: TokenRegistryRpc, id: string, changes: Partial<TokenRecord> = {}) {
  return registry.mint({ ...WRITE, token: record(id, changes) });
}

describe.each<[string, () => TokenRegistryRpc]>([
  ['TokenRegistry', realRegistry],
  ['FakeRegistry', () => new FakeRegistry()],
])('%s', (_name, makeRegistry) => {
  it('knows the tokens that it minted, and no other', async () => {
    const registry = makeRegistry();
    expect(await registry.check({ id: 'a', digest: 'digest of a' })).toBe('unknown');
    expect(await mint(registry, 'a')).toEqual({ kind: 'minted' });
    expect(await registry.check({ id: 'a', digest: 'digest of a' })).toBe('active');
    expect(await registry.check({ id: 'b', digest: 'digest of a' })).toBe('unknown');
  });

  it('does not take another token for the one that has its id', async () => {
    const registry = makeRegistry();
    await mint(registry, 'a');
    expect(await registry.check({ id: 'a', digest: 'digest of another' })).toBe('unknown');
    expect(await registry.check({ id: 'a', digest: '' })).toBe('unknown');
  });

  it('revokes at once and for good, and the first time stands', async () => {
    const registry = makeRegistry();
    await mint(registry, 'a');
    const revoked = await registry.revoke({ ...WRITE, nowMs: NOW_MS + 1_000, id: 'a' });
    expect(revoked).toEqual({
      id: 'a',
      name: 'token a',
      role: 'viewer',
      tenant: 'acme',
      createdAt: '2096-11-22T00:00:00.000Z',
      createdBy: 'bootstrap',
      expiresAt: '2096-11-23T00:00:00.000Z',
      revokedAt: '2096-11-22T00:00:01.000Z',
    });
    expect(await registry.check({ id: 'a', digest: 'digest of a' })).toBe('revoked');
    expect(await registry.revoke({ ...WRITE, nowMs: NOW_MS + 2_000, id: 'a' })).toEqual(revoked);
    expect((await registry.audit({ limit: 10 })).map(({ action }) => action)).toEqual([
      'token.revoked',
      'token.minted',
    ]);
  });

  it('mints nothing for a token that was revoked, or that it does not know', async () => {
    const registry = makeRegistry();
    await mint(registry, 'a');
    const write = { ...WRITE, actor: { by: 'token:a', requestId: 'req-2' } };
    expect(await registry.mint({ ...write, token: record('b') })).toEqual({ kind: 'minted' });
    await registry.revoke({ ...WRITE, id: 'a' });
    expect(await registry.mint({ ...write, token: record('c') })).toEqual({ kind: 'minter_revoked' });
    const unknown = { ...write, actor: { ...write.actor, by: 'token:x' } };
    expect(await registry.mint({ ...unknown, token: record('c') })).toEqual({ kind: 'minter_revoked' });
    expect(await registry.find('c')).toBeNull();
  });

  it('has nothing to say of a token that it does not know', async () => {
    const registry = makeRegistry();
    expect(await registry.revoke({ ...WRITE, id: 'a' })).toBeNull();
    expect(await registry.find('a')).toBeNull();
    expect(await registry.list({ limit: 10 })).toEqual({ tokens: [] });
    expect(await registry.audit({ limit: 10 })).toEqual([]);
    expect(await registry.revokeTenant({ ...WRITE, tenant: 'acme' })).toBe(0);
  });

  it("revokes a tenant's tokens all at once, and nobody else's", async () => {
    const registry = makeRegistry();
    await mint(registry, 'a');
    await mint(registry, 'b');
    await mint(registry, 'old', { expiresAtMs: NOW_MS - 1 });
    await mint(registry, 'other', { tenant: 'other' });
    await mint(registry, 'all', { tenant: null });
    await registry.revoke({ ...WRITE, id: 'b' });
    expect(await registry.revokeTenant({ ...WRITE, tenant: 'acme' })).toBe(1);
    const { tokens } = await registry.list({ limit: 10, withGone: true });
    expect(tokens.filter(({ revokedAt }) => revokedAt !== undefined).map(({ id }) => id)).toEqual(['b', 'a']);
    expect((await registry.audit({ limit: 1 }))[0]).toMatchObject({
      action: 'tokens.revoked',
      detail: { tenant: 'acme', count: 1 },
    });
    expect(await registry.revokeTenant({ ...WRITE, tenant: 'acme' })).toBe(0);
  });

  it('lists page by page, newest first, all tokens or those of a tenant', async () => {
    const registry = makeRegistry();
    for (const id of ['a', 'b', 'c']) await mint(registry, id);
    await mint(registry, 'x', { tenant: null });
    const first = await registry.list({ limit: 2 });
    expect(first.tokens.map(({ id }) => id)).toEqual(['x', 'c']);
    const second = await registry.list({ limit: 2, before: first.nextBefore ?? 0 });
    expect(second.tokens.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(await registry.list({ limit: 2, before: second.nextBefore ?? 0 })).toEqual({ tokens: [] });
    const ofAcme = await registry.list({ tenant: 'acme', limit: 10 });
    expect([ofAcme.tokens.map(({ id }) => id), ofAcme.nextBefore]).toEqual([['c', 'b', 'a'], undefined]);
    expect(await registry.list({ tenant: 'nobody', limit: 10 })).toEqual({ tokens: [] });
  });

  it('keeps who did what, why and when, newest first', async () => {
    const registry = makeRegistry();
    const actor = { by: 'access:ops@mssp.eu', requestId: 'req-2', reason: 'ticket 12' };
    await mint(registry, 'a', { tenant: null, role: 'admin' });
    await registry.note({ ...WRITE, actor, action: 'tenant.created', detail: { tenant: 'acme' } });
    const [newest, oldest] = await registry.audit({ limit: 10 });
    expect(newest).toEqual({
      id: 2,
      at: '2096-11-22T00:00:00.000Z',
      by: 'access:ops@mssp.eu',
      action: 'tenant.created',
      requestId: 'req-2',
      reason: 'ticket 12',
      detail: { tenant: 'acme' },
    });
    expect(oldest).toEqual({
      id: 1,
      at: '2096-11-22T00:00:00.000Z',
      by: 'bootstrap',
      action: 'token.minted',
      requestId: 'req-1',
      detail: { id: 'a', name: 'token a', role: 'admin' },
    });
    expect(await registry.audit({ limit: 1, before: 2 })).toEqual([oldest]);
  });

  it('mints no more for a tenant than it may have, and others are not in its way', async () => {
    const registry = makeRegistry();
    for (let i = 0; i < TOKENS_MAX; i++) await mint(registry, `t${i}`);
    expect(await mint(registry, 'one-more')).toEqual({
      kind: 'too_many_tokens',
      max: TOKENS_MAX,
      counted: 'valid',
    });
    expect(await registry.find('one-more')).toBeNull();
    expect(await mint(registry, 'other', { tenant: 'other' })).toEqual({ kind: 'minted' });
    expect(await mint(registry, 'all', { tenant: null })).toEqual({ kind: 'minted' });
    const later = { ...WRITE, nowMs: NOW_MS + 2 * DAY_MS, token: record('later') };
    expect(await registry.mint(later)).toEqual({ kind: 'minted' });
    await registry.revoke({ ...WRITE, id: 'later' });
    await registry.revoke({ ...WRITE, id: 't0' });
    expect(await mint(registry, 'instead')).toEqual({ kind: 'minted' });
    expect(await mint(registry, 'one-more')).toMatchObject({ kind: 'too_many_tokens' });
    await registry.revokeTenant({ ...WRITE, tenant: 'acme' });
    expect(await mint(registry, 'of-the-next')).toEqual({ kind: 'minted' });
  });

  it('keeps the tokens of a deleted tenant apart from those of the next one of its id', async () => {
    const registry = makeRegistry();
    await mint(registry, 'old', { expiresAtMs: NOW_MS - 1 });
    await mint(registry, 'revoked');
    await registry.revoke({ ...WRITE, id: 'revoked' });
    await mint(registry, 'a');
    await registry.revokeTenant({ ...WRITE, tenant: 'acme' });
    await mint(registry, 'next');
    const ids = async (withGone: boolean, tenant?: string) => {
      const { tokens } = await registry.list({
        limit: 10,
        withGone,
        ...(tenant !== undefined && { tenant }),
      });
      return tokens.map(({ id, isTenantGone = false }) => `${id} ${isTenantGone}`);
    };
    const all = ['next false', 'a true', 'revoked true', 'old true'];
    expect(await ids(true)).toEqual(all);
    expect(await ids(true, 'acme')).toEqual(all);
    expect(await ids(false)).toEqual(['next false']);
    expect(await ids(false, 'acme')).toEqual(['next false']);
    expect(await registry.check({ id: 'old', digest: 'digest of old' })).toBe('revoked');
  });
});

describe('TokenRegistry', () => {
  it('keeps a bounded number of tokens of a tenant, whatever became of them', async () => {
    await mint(realRegistry(), 'first');
    await runInDurableObject(realRegistry(), async (_object, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${KEPT_TOKENS_MAX})
         INSERT INTO tokens (id, digest, name, role, tenant, created_at, created_by, expires_at, revoked_at)
         SELECT 'n' || i, 'x', 'x', 'viewer', 'acme', 0, 'bootstrap', ${NOW_MS}, 1 FROM n`,
      );
    });
    expect(await mint(realRegistry(), 'one-more')).toEqual({
      kind: 'too_many_tokens',
      max: KEPT_TOKENS_MAX,
      counted: 'kept',
    });
    expect(await mint(realRegistry(), 'other', { tenant: 'other' })).toEqual({ kind: 'minted' });
  });

  it('leaves no trace of being read before anything was written', async () => {
    const registry = realRegistry();
    await registry.check({ id: 'a', digest: 'x' });
    await registry.list({ limit: 1 });
    await registry.audit({ limit: 1 });
    await registry.revoke({ ...WRITE, id: 'a' });
    await registry.revokeTenant({ ...WRITE, tenant: 'acme' });
    await runInDurableObject(registry, async (_object, { storage }) => {
      const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray();
      expect(tables).toEqual([]);
      expect(await storage.getAlarm()).toBeNull();
    });
  });

  it('knows what it knew after it was evicted', async () => {
    await mint(realRegistry(), 'a');
    await mint(realRegistry(), 'b');
    await realRegistry().revoke({ ...WRITE, id: 'b' });
    await evictDurableObject(realRegistry());
    expect(await realRegistry().check({ id: 'a', digest: 'digest of a' })).toBe('active');
    expect(await realRegistry().check({ id: 'b', digest: 'digest of b' })).toBe('revoked');
  });

  it('keeps no token, only its digest', async () => {
    await mint(realRegistry(), 'a');
    await runInDurableObject(realRegistry(), async (_object, { storage }) => {
      const columns = storage.sql.exec('SELECT * FROM tokens').columnNames;
      expect(columns).toEqual([
        'seq',
        'id',
        'digest',
        'name',
        'role',
        'tenant',
        'created_at',
        'created_by',
        'expires_at',
        'revoked_at',
        'tenant_gone',
      ]);
    });
  });

  it('mints nothing when its audit entry can not be written', async () => {
    await mint(realRegistry(), 'a');
    await runInDurableObject(realRegistry(), async (_object, { storage }) => {
      storage.sql.exec('DROP TABLE audit');
    });
    await runInDurableObject(realRegistry(), async (object) => {
      await expect(mint(object, 'b')).rejects.toThrow('audit');
    });
    expect(await realRegistry().find('b')).toBeNull();
  });

  it('refuses to write what a newer Worker asks for', async () => {
    const newer = { ...WRITE, v: 2 } as unknown as RegistryWrite;
    await runInDurableObject(realRegistry(), async (object) => {
      await expect(object.mint({ ...newer, token: record('a') })).rejects.toThrow('version');
      await expect(object.revoke({ ...newer, id: 'a' })).resolves.toBeNull();
    });
    expect(await realRegistry().find('a')).toBeNull();
  });

  it('drops entries and expired tokens after a year, a bounded number at a time, and never one that holds', async () => {
    const registry = realRegistry();
    await runInDurableObject(registry, async (object) => {
      for (let i = 0; i < 1_100; i++)
        await object.note({ ...WRITE, action: 'tenant.created', detail: { i } });
    });
    await mint(registry, 'short');
    await mint(registry, 'long', { expiresAtMs: NOW_MS + 366 * DAY_MS });
    const sweep = async () => {
      await runDurableObjectAlarm(registry);
      return runInDurableObject(registry, async (_object, { storage }) => ({
        alarmMs: await storage.getAlarm(),
        tokens: storage.sql.exec('SELECT id FROM tokens').toArray().length,
        entries: storage.sql.exec('SELECT id FROM audit').toArray().length,
      }));
    };
    expect(await sweep()).toEqual({ alarmMs: NOW_MS + 2 * DAY_MS, tokens: 2, entries: 1_102 });
    await runInDurableObject(registry, async (_object, { storage }) => {
      storage.sql.exec('UPDATE sweep SET at = ?', NOW_MS + 365 * DAY_MS + 1);
    });
    const first = await sweep();
    expect(first).toEqual({ alarmMs: NOW_MS + 365 * DAY_MS + 60_001, tokens: 2, entries: 102 });
    expect(await sweep()).toMatchObject({ alarmMs: NOW_MS + 366 * DAY_MS + 60_001, tokens: 2, entries: 1 });
    expect(await sweep()).toMatchObject({ tokens: 1, entries: 1 });
    expect(await registry.check({ id: 'long', digest: 'digest of long' })).toBe('active');
    // An id of the audit is never used again.
    await mint(registry, 'new');
    expect((await registry.audit({ limit: 1 }))[0]?.id).toBe(1_103);
  });
});
