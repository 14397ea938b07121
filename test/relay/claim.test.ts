import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import { CLAIM_MS } from '../../src/domain/claim.ts';
import { Tenant, readConfig, sealedConfig } from './tenant.ts';

const CLAIM = { v: 1, claims: true } as const;
const ROOM = { v: 1, claims: false } as const;

/** An object without a tenant, under the test's clock. */
async function vacant(): Promise<Tenant> {
  const tenant = Tenant.unknown();
  await tenant.takeOver();
  return tenant;
}

async function firstConfig(tenant: Tenant, more: { notAfterMs?: number } = {}) {
  const config = await sealedConfig(tenant.id);
  return tenant.stub.configure({ v: 1, config, expectedVersion: null, ...more });
}

async function isEmpty(tenant: Tenant): Promise<boolean> {
  return tenant.inside((_relay, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray();
    return tables.length === 0;
  });
}

describe('a claim on an id for the other place', () => {
  it('keeps a tenant from being made here, over a crash, until it is over', async () => {
    const tenant = await vacant();
    expect(await tenant.stub.makeRoom(CLAIM)).toEqual({ kind: 'made' });
    await tenant.crash();
    tenant.nowMs += CLAIM_MS - 1_500;
    expect(await firstConfig(tenant)).toEqual({
      kind: 'version_conflict',
      version: null,
      retryAfterSeconds: 2,
    });
    expect(await readConfig(tenant.stub)).toBeNull();
    tenant.nowMs += 1_500;
    expect(await firstConfig(tenant)).toMatchObject({ kind: 'saved', version: 1 });
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ kind: 'accepted' });
  });

  it('leaves no trace once it is over', async () => {
    const tenant = await vacant();
    await tenant.stub.makeRoom(CLAIM);
    expect(await tenant.alarmAtMs()).toBe(tenant.nowMs + CLAIM_MS);
    tenant.nowMs += CLAIM_MS;
    await tenant.alarm();
    expect(await isEmpty(tenant)).toBe(true);
    expect(await tenant.alarmAtMs()).toBeNull();
  });

  it('lasts longer when it is asked for again', async () => {
    const tenant = await vacant();
    await tenant.stub.makeRoom(CLAIM);
    tenant.nowMs += CLAIM_MS - 1_000;
    await tenant.stub.makeRoom(CLAIM);
    tenant.nowMs += CLAIM_MS - 1_000;
    await tenant.alarm();
    expect(await firstConfig(tenant)).toMatchObject({ kind: 'version_conflict' });
  });

  it('is refused where the tenant exists, and changes nothing there', async () => {
    const tenant = await Tenant.create();
    for (const request of [CLAIM, ROOM])
      expect(await tenant.stub.makeRoom(request)).toEqual({ kind: 'taken' });
    await tenant.configure();
    expect(await readConfig(tenant.stub)).toMatchObject({ version: 2 });
  });
});

describe('room for a tenant in the other place', () => {
  it('is made without a trace where there never was one', async () => {
    const tenant = Tenant.unknown();
    expect(await tenant.stub.makeRoom(ROOM)).toEqual({ kind: 'made' });
    expect(await isEmpty(tenant)).toBe(true);
    expect(await tenant.alarmAtMs()).toBeNull();
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(0);
  });

  it('ends what is left of a removal: the copy in KV is the new tenant’s from then on', async () => {
    const tenant = await Tenant.create();
    await tenant.stub.remove({ v: 1, expectedVersion: 1, discard: false });
    expect(await tenant.stub.makeRoom(ROOM)).toEqual({ kind: 'made' });
    await env.RELAY_KV.put(`ingest/v1/${tenant.id}`, "the other place's");
    tenant.nowMs += 61_000;
    await tenant.alarm();
    expect(await env.RELAY_KV.get(`ingest/v1/${tenant.id}`)).toBe("the other place's");
    expect(await isEmpty(tenant)).toBe(true);
  });

  it('is not made while the earlier copy may still be written or deleted', async () => {
    const tenant = await Tenant.create();
    const kv = { delete: async () => Promise.reject(new Error('KV DELETE failed: 500')) };
    await tenant.inside((relay) => void Object.assign(relay, { env: { ...env, RELAY_KV: kv } }));
    await tenant.stub.remove({ v: 1, expectedVersion: 1, discard: false });
    expect(await tenant.stub.makeRoom(CLAIM)).toEqual({ kind: 'busy' });
    expect(await firstConfig(tenant)).toMatchObject({ kind: 'saved' });
  });
});

describe('a first config', () => {
  it('is refused when what its writer saw elsewhere is too old', async () => {
    const tenant = await vacant();
    expect(await firstConfig(tenant, { notAfterMs: tenant.nowMs - 1 })).toEqual({
      kind: 'version_conflict',
      version: null,
    });
    expect(await isEmpty(tenant)).toBe(true);
    expect(await firstConfig(tenant, { notAfterMs: tenant.nowMs })).toMatchObject({ kind: 'saved' });
  });
});
