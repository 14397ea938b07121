import { beforeEach, describe, expect, it } from 'vitest';

import type { Grant } from '../../../src/domain/principal.ts';
import { sampleDocument } from '../../tenants/sample.ts';
import type { World } from '../fakes.ts';
import { fakeWorld } from '../fakes.ts';
import { callOperator } from '../operator.ts';
import { callAs } from '../principal.ts';

let world: World;
beforeEach(() => {
  world = fakeWorld();
});

const list = async (query = '') => callOperator(world.env, 'GET', `/api/v1/tenants${query}`);

async function put(id: string, residency = 'eu'): Promise<void> {
  const document = { ...sampleDocument(), id, residency };
  await callOperator(world.env, 'PUT', `/api/v1/tenants/${id}`, { body: document });
}

/** As KV holds it, without the work of a PUT. */
function putInKv(id: string, metadata: unknown): void {
  world.kv.values.set(`ingest/v1/${id}`, '{}');
  world.kv.metadata.set(`ingest/v1/${id}`, metadata);
}

const idsOf = (body: { tenants: { id: string }[] }) => body.tenants.map(({ id }) => id);

describe('GET /api/v1/tenants', () => {
  it('lists every tenant in the order of the ids, from KV alone', async () => {
    await put('zeta', 'global');
    await put('acme');
    const asked = world.relays.size;
    const { status, body } = await list();
    expect([status, body]).toEqual([
      200,
      {
        tenants: [
          { id: 'acme', residency: 'eu', version: 1, savedAt: '2026-11-22T00:00:00.000Z' },
          { id: 'zeta', residency: 'global', version: 1, savedAt: '2026-11-22T00:00:00.000Z' },
        ],
      },
    ]);
    expect(world.kv.lists).toBe(1);
    expect(world.relays.size).toBe(asked);
  });

  it('lists what an earlier release published, and what it can not read, without the version', async () => {
    putInKv('old', { residency: 'eu' });
    putInKv('odd', 'text');
    putInKv('older', undefined);
    expect((await list()).body.tenants).toEqual([
      { id: 'odd', residency: null, version: null, savedAt: null },
      { id: 'old', residency: 'eu', version: null, savedAt: null },
      { id: 'older', residency: null, version: null, savedAt: null },
    ]);
  });

  it('comes in pages, each with one list of KV', async () => {
    for (let i = 10; i < 35; i++) putInKv(`t${i}`, { residency: 'eu', version: i, savedAt: 'x' });
    const seen: string[] = [];
    let query = '?limit=10';
    for (;;) {
      const { status, body } = await list(query);
      expect(status).toBe(200);
      seen.push(...idsOf(body));
      if (body.nextCursor === undefined) break;
      query = `?limit=10&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `t${i + 10}`));
    expect(world.kv.lists).toBe(3);
  });

  it('has 50 on a page unless told otherwise', async () => {
    for (let i = 0; i < 60; i++) putInKv(`t${i}`, { residency: 'eu' });
    expect(idsOf((await list()).body)).toHaveLength(50);
  });

  it('lists the ids with a prefix', async () => {
    for (const id of ['acme-1', 'acme-2', 'acne']) putInKv(id, { residency: 'eu' });
    expect(idsOf((await list('?prefix=acme')).body)).toEqual(['acme-1', 'acme-2']);
    expect(idsOf((await list('?prefix=')).body)).toHaveLength(3);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=x', 'limit'],
    ['prefix=ACME', 'prefix'],
    ['prefix=a/b', 'prefix'],
    ['cursor=', 'cursor'],
    ['cursor=abc', 'cursor'],
    ['cursor=after%20ingest', 'cursor'],
    ['curser=x', 'curser'],
  ])('answers 400 to ?%s', async (query, path) => {
    expect(await list(`?${query}`)).toMatchObject({ status: 400, body: { path } });
    expect(world.kv.lists).toBe(0);
  });

  it('refuses the cursor of another prefix, and one that was changed', async () => {
    for (let i = 0; i < 20; i++) putInKv(`acme-${i}`, { residency: 'eu' });
    const { nextCursor } = (await list('?limit=10&prefix=acme')).body;
    expect((await list(`?limit=10&prefix=acme&cursor=${nextCursor}`)).status).toBe(200);
    for (const query of [`prefix=ac&cursor=${nextCursor}`, `prefix=acme&cursor=${nextCursor}A`])
      expect(await list(`?${query}`)).toMatchObject({ status: 400, body: { path: 'cursor' } });
  });

  it('answers 503 when KV fails, not an empty list', async () => {
    await put('acme');
    world.kv.fault = new Error('KV LIST failed: 500');
    const answer = await list();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  });
});

describe('GET /api/v1/tenants of a caller whose grants name tenants', () => {
  const grants = (...tenants: string[]): Grant[] => tenants.map((tenant) => ({ role: 'viewer', tenant }));
  const listAs = async (granted: readonly Grant[], query = '') =>
    callAs(world.env, { id: 'token:1', grants: granted }, 'GET', `/api/v1/tenants${query}`);

  it('lists those alone, from their objects', async () => {
    for (const id of ['acme', 'beta', 'gamma']) await put(id);
    const { status, body } = await listAs([
      ...grants('gamma', 'acme', 'nobody'),
      { role: 'metrics', tenant: 'beta' },
    ]);
    expect([status, body]).toEqual([
      200,
      {
        tenants: ['acme', 'gamma'].map((id) => ({
          id,
          residency: 'eu',
          version: 1,
          savedAt: '2026-11-22T00:00:00.000Z',
        })),
      },
    ]);
    expect(world.kv.lists).toBe(0);
  });

  it('comes in pages too, and honours a prefix', async () => {
    for (const id of ['acme-1', 'acme-2', 'acme-3', 'beta']) await put(id);
    const all = grants('acme-1', 'acme-2', 'acme-3', 'beta');
    const first = await listAs(all, '?limit=2&prefix=acme');
    expect(idsOf(first.body)).toEqual(['acme-1', 'acme-2']);
    const second = await listAs(all, `?limit=2&prefix=acme&cursor=${first.body.nextCursor}`);
    expect(second.body).toEqual({ tenants: [expect.objectContaining({ id: 'acme-3' })] });
  });

  it('has cursors of its own: neither list takes those of the other', async () => {
    for (const id of ['acme-1', 'acme-2']) await put(id);
    for (let i = 0; i < 20; i++) putInKv(`beta-${i}`, { residency: 'eu' });
    const own = (await listAs(grants('acme-1', 'acme-2'), '?limit=1')).body.nextCursor;
    const all = (await list('?limit=1')).body.nextCursor;
    expect([typeof own, typeof all]).toEqual(['string', 'string']);
    expect((await list(`?limit=1&cursor=${own}`)).status).toBe(400);
    expect((await listAs(grants('acme-1', 'acme-2'), `?limit=1&cursor=${all}`)).status).toBe(400);
  });

  it('answers 403 to grants below viewer', async () => {
    expect((await listAs([{ role: 'metrics', tenant: 'acme' }])).status).toBe(403);
    expect((await listAs([{ role: 'metrics', tenant: null }])).status).toBe(403);
  });

  it('answers 503 when one of the objects can not be reached', async () => {
    await put('acme');
    for (const relay of world.relays.values())
      relay.readConfig = async () => Promise.reject(new Error('object was reset'));
    expect((await listAs(grants('acme'))).status).toBe(503);
  });
});
