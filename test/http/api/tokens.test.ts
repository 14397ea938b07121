import { beforeEach, describe, expect, it } from 'vitest';

import { createApp } from '../../../src/http/app.ts';
import { TokenAuthority } from '../../../src/operators/minted-tokens.ts';
import { objectName } from '../../../src/residency.ts';
import { settingsOf } from '../../../src/settings.ts';
import { sampleDocument } from '../../tenants/sample.ts';
import { makeAcme } from '../acme.ts';
import { tokenFor, unknownTokenFor } from '../callers.ts';
import { expectDescribed } from '../described.ts';
import { ADMIN_TOKEN, type World } from '../fakes.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 5, 0, 0, 321);
const DAY_MS = 24 * 3_600_000;

let world: World;
let tenantAdmin: string;
beforeEach(async () => {
  ({ world } = await makeAcme());
  tenantAdmin = await tokenFor(world, { role: 'admin', tenant: 'acme' });
});

async function call(method: string, path: string, body?: unknown, token = ADMIN_TOKEN) {
  let ids = 0;
  const app = createApp({ newRequestId: () => 'req-1', newTokenId: () => `new-${++ids}` });
  const response = await app.fetch(
    new Request(`https://relay.example.com/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'relay-reason': 'ticket%2012',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
    world.env,
  );
  const text = await response.text();
  expectDescribed(method, `/api/v1/${path}`, response.status, JSON.parse(text));
  return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
}

describe('POST /api/v1/tokens', () => {
  it('mints a token that works at once, and is shown once', async () => {
    const minted = await call('POST', 'tokens', { name: 'ci', role: 'operator', tenant: 'acme' });
    expect([minted.status, minted.body]).toMatchObject([
      201,
      { id: 'new-1', name: 'ci', role: 'operator', tenant: 'acme' },
    ]);
    const token = String(minted.body['token']);
    const me = await call('GET', 'me', undefined, token);
    expect(me.body).toMatchObject({ id: 'token:new-1', grants: [{ role: 'operator', tenant: 'acme' }] });
    expect((await call('GET', 'tokens')).text).not.toContain(token);
    expect((await call('GET', 'audit')).text).not.toContain(token);
  });

  it.each([
    [undefined, 90],
    [1, 1],
    [366, 366],
  ])('is valid for %j days', async (given, validDays) => {
    const days = given === undefined ? {} : { expires_in_days: given };
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { body } = await call('POST', 'tokens', { name: 'ci', role: 'viewer', ...days });
    const left = Date.parse(String(body['expiresAt'])) - before;
    expect(left).toBeGreaterThanOrEqual(validDays * DAY_MS);
    expect(left).toBeLessThan(validDays * DAY_MS + 60_000);
  });

  it('takes the time from the clock that it is given, in whole seconds', async () => {
    const app = createApp({ nowMs: () => NOW_MS });
    const response = await app.fetch(
      new Request('https://relay.example.com/api/v1/tokens', {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: '{"name":"ci","role":"viewer","expires_in_days":1}',
      }),
      world.env,
    );
    const { token, expiresAt } = await response.json<{ token: string; expiresAt: string }>();
    expect(expiresAt).toBe('2026-11-23T05:00:00.000Z');
    const settings = settingsOf(world.env);
    const authority = new TokenAuthority(settings.masterKeys, settings);
    expect(await authority.verify(token, NOW_MS)).toMatchObject({
      ok: true,
      value: { name: 'ci', role: 'viewer', tenant: null, expiresAtMs: Date.parse(expiresAt) },
    });
  });

  it.each([
    [{}, ['name', 'role']],
    [{ name: 'ci' }, ['role']],
    [{ name: '', role: 'viewer' }, ['name']],
    [{ name: ' ci', role: 'viewer' }, ['name']],
    [{ name: 'a\nb', role: 'viewer' }, ['name']],
    [{ name: 'x'.repeat(65), role: 'viewer' }, ['name']],
    [{ name: 7, role: 'root' }, ['name', 'role']],
    [{ name: 'ci', role: 'viewer', tenant: 'ACME' }, ['tenant']],
    [{ name: 'ci', role: 'viewer', tenant: null }, ['tenant']],
    [{ name: 'ci', role: 'viewer', expires_in_days: 0 }, ['expires_in_days']],
    [{ name: 'ci', role: 'viewer', expires_in_days: 367 }, ['expires_in_days']],
    [{ name: 'ci', role: 'viewer', expires_in_days: 1.5 }, ['expires_in_days']],
    [{ name: 'ci', role: 'viewer', expires_in_days: '30' }, ['expires_in_days']],
    [{ name: 'ci', role: 'viewer', tennant: 'acme' }, ['tennant']],
  ])('refuses %j with every fault', async (given, paths) => {
    const { status, body } = await call('POST', 'tokens', given);
    expect(status).toBe(422);
    expect((body['faults'] as { path: string }[]).map(({ path }) => path)).toEqual(paths);
    expect((await world.registry.list({ limit: 10 })).tokens).toHaveLength(1);
  });

  it('takes names of the world', async () => {
    const name = 'Grafana — préprod (été)';
    expect((await call('POST', 'tokens', { name, role: 'metrics' })).body).toMatchObject({ name });
  });

  it("mints for a tenant's admin within the tenant, and nowhere else", async () => {
    const own = await call('POST', 'tokens', { name: 'ci', role: 'admin', tenant: 'acme' }, tenantAdmin);
    expect(own.status).toBe(201);
    const wide = await call('POST', 'tokens', { name: 'ci', role: 'metrics' }, tenantAdmin);
    expect([wide.status, wide.body['type']]).toEqual([403, 'urn:noxys-relay:problem:role-missing']);
    const other = await call('POST', 'tokens', { name: 'ci', role: 'viewer', tenant: 'other' }, tenantAdmin);
    expect([other.status, other.body['type']]).toEqual([404, 'urn:noxys-relay:problem:tenant-not-found']);
    expect((await world.registry.list({ limit: 10 })).tokens).toHaveLength(2);
  });

  it('mints nothing for a tenant that does not exist', async () => {
    const { status } = await call('POST', 'tokens', { name: 'ci', role: 'viewer', tenant: 'nobody' });
    expect(status).toBe(404);
    expect((await world.registry.list({ tenant: 'nobody', limit: 10 })).tokens).toEqual([]);
  });

  it('shows no token for a tenant that was deleted meanwhile, and leaves none that holds', async () => {
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    world.registry.answers = async () => {
      if (relay && world.registry.asked.at(-1) === 'mint') relay.stored = null;
    };
    const { status, text } = await call('POST', 'tokens', { name: 'ci', role: 'viewer', tenant: 'acme' });
    expect([status, text.includes('eyJ')]).toEqual([404, false]);
    const { tokens } = await world.registry.list({ limit: 1 });
    expect(tokens[0]).toHaveProperty('revokedAt');
  });

  it('shows no token that the registry did not take', async () => {
    world.registry.answers = async () => Promise.reject(new Error('overloaded'));
    const { status, text } = await call('POST', 'tokens', { name: 'ci', role: 'viewer' });
    expect([status, text.includes('eyJ')]).toEqual([503, false]);
  });

  it('says when there are too many', async () => {
    world.registry.mint = async () => ({ kind: 'too_many_tokens', max: 1_000, counted: 'valid' });
    const valid = await call('POST', 'tokens', { name: 'ci', role: 'viewer' });
    expect([valid.status, valid.body['type']]).toEqual([409, 'urn:noxys-relay:problem:too-many-tokens']);
    expect(valid.body['detail']).toMatch(/^1000 .* are valid: revoke some/);
    world.registry.mint = async () => ({ kind: 'too_many_tokens', max: 10_000, counted: 'kept' });
    const kept = await call('POST', 'tokens', { name: 'ci', role: 'viewer' });
    expect(kept.body['detail']).toMatch(/^10000 .* are kept/);
  });
});

describe('GET /api/v1/tokens', () => {
  it('lists page by page, revoked ones too, for who is admin of all tenants', async () => {
    await tokenFor(world, { role: 'viewer' });
    const first = await call('GET', 'tokens?limit=1');
    expect(first.body).toMatchObject({ tokens: [{ role: 'viewer', tenant: null }], nextBefore: 2 });
    const second = await call('GET', `tokens?limit=1&before=${String(first.body['nextBefore'])}`);
    expect(second.body).toMatchObject({ tokens: [{ role: 'admin', tenant: 'acme' }] });
    expect((await call('GET', 'tokens?tenant=acme')).body['tokens']).toHaveLength(1);
    expect((await call('GET', 'tokens?tenant=nobody')).body).toEqual({ tokens: [] });
  });

  it("shows who is admin of all tenants a deleted tenant's tokens, and the next tenant's admin none of them", async () => {
    const { tokens } = await world.registry.list({ limit: 1 });
    const id = tokens[0]?.id ?? '';
    await call('DELETE', 'tenants/acme');
    expect((await call('PUT', 'tenants/acme', sampleDocument())).status).toBe(201);
    const next = await tokenFor(world, { role: 'admin', tenant: 'acme' });
    const own = await call('GET', 'tokens?tenant=acme', undefined, next);
    expect(own.body['tokens']).toHaveLength(1);
    expect(own.text).not.toContain('isTenantGone');
    expect((await call('DELETE', `tokens/${id}`, undefined, next)).status).toBe(404);
    const all = await call('GET', 'tokens?tenant=acme');
    expect(all.body['tokens']).toMatchObject([{ createdBy: 'bootstrap' }, { id, isTenantGone: true }]);
    expect((await call('DELETE', `tokens/${id}`)).status).toBe(200);
  });

  it("shows a tenant's admin the tenant's alone", async () => {
    await tokenFor(world, { role: 'viewer' });
    await tokenFor(world, { role: 'viewer', tenant: 'other' });
    const own = await call('GET', 'tokens?tenant=acme', undefined, tenantAdmin);
    expect(own.body['tokens']).toMatchObject([{ tenant: 'acme' }]);
    expect((await call('GET', 'tokens', undefined, tenantAdmin)).status).toBe(403);
    const other = await call('GET', 'tokens?tenant=other', undefined, tenantAdmin);
    const nobody = await call('GET', 'tokens?tenant=nobody', undefined, tenantAdmin);
    expect([other.status, other.text]).toEqual([404, nobody.text]);
  });
});

describe('DELETE /api/v1/tokens/{id}', () => {
  it('revokes, once for all', async () => {
    const { text, record } = await unknownTokenFor(world, { role: 'viewer' });
    const actor = { by: 'bootstrap', requestId: 'req-0' };
    await world.registry.mint({ v: 1, actor, nowMs: Date.now(), token: record });
    expect((await call('GET', 'me', undefined, text)).status).toBe(200);
    const revoked = await call('DELETE', `tokens/${record.id}`);
    expect(revoked).toMatchObject({ status: 200, body: { id: record.id } });
    expect((await call('GET', 'me', undefined, text)).status).toBe(401);
    expect(await call('DELETE', `tokens/${record.id}`)).toEqual(revoked);
  });

  it('may be used by who holds the token', async () => {
    const id = (await world.registry.list({ limit: 1 })).tokens[0]?.id ?? '';
    expect((await call('DELETE', `tokens/${id}`, undefined, tenantAdmin)).status).toBe(200);
    expect((await call('GET', 'me', undefined, tenantAdmin)).status).toBe(401);
  });

  it("does not tell a tenant's admin somebody else's token from one that is not there", async () => {
    await tokenFor(world, { role: 'viewer', tenant: 'other' });
    await tokenFor(world, { role: 'viewer' });
    const { tokens } = await world.registry.list({ limit: 2 });
    const answers = await Promise.all(
      [...tokens.map(({ id }) => id), 'nobody', '..%2F..'].map(async (id) =>
        call('DELETE', `tokens/${id}`, undefined, tenantAdmin),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]).toMatchObject({
      status: 404,
      body: { type: 'urn:noxys-relay:problem:token-not-found' },
    });
    const after = await world.registry.list({ limit: 2 });
    expect(after).toEqual({ tokens, nextBefore: 2 });
  });
});

describe('GET /api/v1/audit', () => {
  it('says who minted and revoked, when and why', async () => {
    const { body } = await call('POST', 'tokens', { name: 'ci', role: 'viewer', tenant: 'acme' });
    await call('DELETE', `tokens/${String(body['id'])}`);
    const audit = await call('GET', 'audit?limit=2');
    expect(audit.body).toMatchObject({
      entries: [
        {
          by: 'bootstrap',
          action: 'token.revoked',
          requestId: 'req-1',
          reason: 'ticket 12',
          detail: { id: 'new-1', name: 'ci', role: 'viewer', tenant: 'acme' },
        },
        { by: 'bootstrap', action: 'token.minted', reason: 'ticket 12' },
      ],
      nextBefore: 3,
    });
    expect((await call('GET', 'audit?before=3')).body['entries']).toMatchObject([
      { action: 'token.minted' },
      { action: 'tenant.created', detail: { tenant: 'acme' } },
    ]);
  });
});

it.each([
  ['GET', 'tokens'],
  ['DELETE', 'tokens/abc'],
  ['GET', 'audit'],
])('%s /api/v1/%s answers 503 while the registry throws', async (method, path) => {
  world.registry.answers = async () => Promise.reject(new Error('overloaded'));
  expect((await call(method, path)).status).toBe(503);
});
