import { beforeEach, describe, expect, it } from 'vitest';

import { createSealer } from '../../src/lib/seal.ts';
import { IngestConfigs } from '../../src/tenants/ingest-cache.ts';
import { ingestKey, publishIngestConfig } from '../../src/tenants/ingest-config.ts';
import { sealConfig } from '../../src/tenants/secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { FakeKv } from './fake-kv.ts';
import { PRODUCTION, sampleDocument } from './sample.ts';

const sealer = createSealer({ primary: new Uint8Array(32) });

let kv: FakeKv;
let nowMs: number;
let configs: IngestConfigs;

async function publish(version: number): Promise<void> {
  const webhook = { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'b2xk'], auth_token: 'opaque' };
  const config = validateTenantConfig({ ...sampleDocument(), webhook }, PRODUCTION);
  const sealed = config.ok ? await sealConfig(config.value, { sealer, stored: null }) : undefined;
  if (!sealed?.ok) throw new Error('the sample must be valid');
  const savedAt = '2026-11-22T00:00:00.000Z';
  await publishIngestConfig(kv, { version, savedAt, config: sealed.value });
}

beforeEach(async () => {
  kv = new FakeKv();
  nowMs = 0;
  configs = new IngestConfigs({ kv, sealer, nowMs: () => nowMs, joinTimeoutMs: 5 });
  await publish(1);
});

describe('IngestConfigs', () => {
  it('opens the secrets and prepares the keys', async () => {
    const loaded = await configs.load('acme');
    expect(loaded).toMatchObject({
      ok: true,
      value: { tenant: 'acme', version: 1, residency: 'eu', verifier: { ownKeys: 2, toleranceSeconds: 300 } },
    });
    expect(loaded.ok && loaded.value?.pseudonymKey).toHaveLength(32);
    expect(loaded.ok && loaded.value?.verifier.bearerDigest).toHaveLength(32);
  });

  it('reads KV once in 30 s and then again', async () => {
    await configs.load('acme');
    await publish(2);
    nowMs = 29_999;
    expect(await configs.load('acme')).toMatchObject({ value: { version: 1 } });
    nowMs = 30_000;
    expect(await configs.load('acme')).toMatchObject({ value: { version: 2 } });
    expect(kv.reads).toBe(2);
  });

  it('does not serve longer because it is asked often', async () => {
    for (nowMs = 0; nowMs <= 30_000; nowMs += 10_000) await configs.load('acme');
    expect(kv.reads).toBe(2);
  });

  it('keeps a miss too', async () => {
    for (let i = 0; i < 5; i++) expect(await configs.load('nobody')).toEqual({ ok: true, value: null });
    expect(kv.reads).toBe(1);
  });

  it('shares one look-up among requests at the same time', async () => {
    // Nobody gives up waiting, however busy the machine is.
    const patient = new IngestConfigs({ kv, sealer, nowMs: () => nowMs, joinTimeoutMs: 20_000 });
    const loaded = await Promise.all(Array.from({ length: 20 }, async () => patient.load('acme')));
    expect(loaded.every((result) => result.ok && result.value?.version === 1)).toBe(true);
    expect(kv.reads).toBe(1);
  });

  it('looks up itself when the request that it joined never comes back', async () => {
    kv.gate = new Promise(() => undefined);
    void configs.load('acme');
    kv.gate = undefined;
    expect(await configs.load('acme')).toMatchObject({ ok: true, value: { version: 1 } });
  });

  it('reports KV that fails, and asks it again a second later', async () => {
    kv.fault = new Error('KV GET failed: 500');
    expect(await configs.load('acme')).toMatchObject({ ok: false, error: { kind: 'kv_unreadable' } });
    kv.fault = undefined;
    expect((await configs.load('acme')).ok).toBe(false);
    nowMs = 1_000;
    expect((await configs.load('acme')).ok).toBe(true);
  });

  it('reports a seal that does not open, and where it stands', async () => {
    const other = createSealer({ primary: new Uint8Array(32).fill(9) });
    const misled = new IngestConfigs({ kv, sealer: other, nowMs: () => nowMs });
    expect(await misled.load('acme')).toEqual({
      ok: false,
      error: { kind: 'seal_not_opened', path: 'webhook.secrets[0]', reason: 'unknown_key' },
    });
  });

  it("does not open another tenant's seals", async () => {
    const value = (kv.values.get(ingestKey('acme')) ?? '').replace('"tenant":"acme"', '"tenant":"other"');
    kv.values.set(ingestKey('other'), value);
    expect(await configs.load('other')).toMatchObject({ ok: false, error: { reason: 'wrong_binding' } });
  });

  it('keeps a thousand misses, and forgets the least recently used', async () => {
    for (let i = 0; i <= 1_000; i++) await configs.load(`t${i}`);
    const reads = kv.reads;
    await configs.load('t1000');
    expect(kv.reads).toBe(reads);
    await configs.load('t0');
    expect(kv.reads).toBe(reads + 1);
  });

  it('keeps a tenant however many ids are guessed', async () => {
    await configs.load('acme');
    for (let i = 0; i < 1_100; i++) await configs.load(`t${i}`);
    const reads = kv.reads;
    expect((await configs.load('acme')).ok).toBe(true);
    expect(kv.reads).toBe(reads);
  });

  it('keeps a tenant however many ids are guessed while KV is down', async () => {
    await configs.load('acme');
    kv.fault = new Error('KV GET failed: 500');
    for (let i = 0; i < 1_100; i++) await configs.load(`t${i}`);
    expect(await configs.load('acme')).toMatchObject({ ok: true, value: { tenant: 'acme' } });
  });

  it('answers from an entry that serves although a slower look-up of the same tenant failed', async () => {
    let open: () => void = () => undefined;
    kv.gate = new Promise((resolve) => (open = resolve));
    const slow = configs.load('acme');
    kv.gate = undefined;
    expect((await configs.load('acme')).ok).toBe(true);
    kv.fault = new Error('KV GET failed: 500');
    open();
    expect((await slow).ok).toBe(true);
    expect((await configs.load('acme')).ok).toBe(true);
  });

  it('reports KV that fails once the entry of the tenant has ended', async () => {
    await configs.load('acme');
    kv.fault = new Error('KV GET failed: 500');
    nowMs = 30_000;
    expect(await configs.load('acme')).toMatchObject({ ok: false, error: { kind: 'kv_unreadable' } });
  });

  it('finds a tenant that was missing half a minute ago', async () => {
    const value = kv.values.get(ingestKey('acme')) ?? '';
    kv.values.delete(ingestKey('acme'));
    expect(await configs.load('acme')).toEqual({ ok: true, value: null });
    kv.values.set(ingestKey('acme'), value);
    nowMs = 30_000;
    expect(await configs.load('acme')).toMatchObject({ ok: true, value: { tenant: 'acme' } });
  });
});
