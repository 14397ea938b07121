import { beforeEach, describe, expect, it } from 'vitest';

import type { StoredConfig } from '../../src/domain/rpc.ts';
import type { SealedTenantConfig } from '../../src/domain/tenant-config.ts';
import { createSealer } from '../../src/lib/seal.ts';
import {
  ingestKey,
  projectionOf,
  publishIngestConfig,
  readIngestConfig,
} from '../../src/tenants/ingest-config.ts';
import { sealConfig } from '../../src/tenants/secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { FakeKv } from './fake-kv.ts';
import { PRODUCTION, sampleDocument } from './sample.ts';

const sealer = createSealer({ primary: new Uint8Array(32) });

async function sealedSample() {
  const config = validateTenantConfig(sampleDocument(), PRODUCTION);
  const sealed = config.ok ? await sealConfig(config.value, { sealer, stored: null }) : undefined;
  if (!sealed?.ok) throw new Error('the sample must be valid');
  return sealed.value;
}

function storedAt(version: number, config: SealedTenantConfig): StoredConfig {
  return { version, savedAt: '2026-11-22T00:00:00.000Z', createdAtMs: 0, config };
}

let kv: FakeKv;
beforeEach(() => {
  kv = new FakeKv();
});

describe('the ingest config in KV', () => {
  it('is read back as it was published', async () => {
    const config = await sealedSample();
    await publishIngestConfig(kv, storedAt(3, config));
    expect(await readIngestConfig(kv, 'acme')).toEqual({ ok: true, value: projectionOf(config, 3) });
  });

  it('carries whether the sealed map is kept, and is read where an earlier release did not write that', async () => {
    const config = await sealedSample();
    const mapped = { ...config, privacy: { ...config.privacy, sealed_map: true } };
    await publishIngestConfig(kv, storedAt(3, mapped));
    expect(await readIngestConfig(kv, 'acme')).toMatchObject({ value: { privacy: { sealed_map: true } } });
    const { sealed_map: _isOn, ...privacy } = config.privacy;
    kv.values.set(ingestKey('acme'), JSON.stringify({ ...projectionOf(config, 4), privacy }));
    const read = await readIngestConfig(kv, 'acme');
    expect(read).toMatchObject({ ok: true, value: { version: 4, privacy } });
  });

  it('carries what the hourly poke and the list of tenants need as metadata', async () => {
    await publishIngestConfig(kv, storedAt(1, await sealedSample()));
    expect(kv.metadata.get('ingest/v1/acme')).toEqual({
      residency: 'eu',
      version: 1,
      savedAt: '2026-11-22T00:00:00.000Z',
    });
  });

  it('holds no destination and no secret in clear', async () => {
    await publishIngestConfig(kv, storedAt(1, await sealedSample()));
    const value = kv.values.get(ingestKey('acme')) ?? '';
    for (const text of ['harfanglab', 'crowdstrike', 'whsec_', 'hec-secret-token'])
      expect(value).not.toContain(text);
  });

  it('is null for a tenant that was never published', async () => {
    expect(await readIngestConfig(kv, 'nobody')).toEqual({ ok: true, value: null });
  });

  it('is read although a newer writer added keys', async () => {
    const config = await sealedSample();
    kv.values.set(ingestKey('acme'), JSON.stringify({ ...projectionOf(config, 1), later: true }));
    expect((await readIngestConfig(kv, 'acme')).ok).toBe(true);
  });

  it.each(['not JSON', '{}', '[]', '{"v":2}', '"text"'])(
    'is unreadable, not missing, when KV holds %j',
    async (value) => {
      kv.values.set(ingestKey('acme'), value);
      expect(await readIngestConfig(kv, 'acme')).toMatchObject({
        ok: false,
        error: { kind: 'kv_unreadable' },
      });
    },
  );

  it("is unreadable when it is another tenant's", async () => {
    kv.values.set(ingestKey('other'), JSON.stringify(projectionOf(await sealedSample(), 1)));
    expect(await readIngestConfig(kv, 'other')).toMatchObject({
      ok: false,
      error: { kind: 'kv_unreadable' },
    });
  });

  it('is unreadable, not missing, when KV fails', async () => {
    kv.fault = new Error('KV GET failed: 500');
    expect(await readIngestConfig(kv, 'acme')).toMatchObject({ ok: false, error: { kind: 'kv_unreadable' } });
  });

  it('lets a failed write be seen, so that the object tries again', async () => {
    kv.fault = new Error('KV PUT failed: 429');
    await expect(publishIngestConfig(kv, storedAt(1, await sealedSample()))).rejects.toThrow('429');
  });

  it('is unreadable when KV does not answer in time: the sender is told to come again', async () => {
    const silent = { get: async () => new Promise<never>(() => undefined) };
    expect(await readIngestConfig(silent, 'acme', 10)).toEqual({
      ok: false,
      error: { kind: 'kv_unreadable', detail: 'timed_out' },
    });
  });
});
