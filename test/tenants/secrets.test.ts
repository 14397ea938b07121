import { beforeAll, describe, expect, it } from 'vitest';

import type { SealedTenantConfig, TenantConfig } from '../../src/domain/tenant-config.ts';
import { mapSecrets } from '../../src/domain/tenant-config.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { redactConfig, sealConfig } from '../../src/tenants/secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument, sampleHarfangLab } from './sample.ts';

const sealer = createSealer({ primary: new Uint8Array(32).fill(7) });

function configOf(changes: object = {}): TenantConfig {
  const result = validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

async function seal(
  config: TenantConfig,
  stored: SealedTenantConfig | null = null,
): Promise<SealedTenantConfig> {
  const result = await sealConfig(config, { sealer, stored });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

async function faultsOf(config: TenantConfig, stored: SealedTenantConfig | null) {
  const result = await sealConfig(config, { sealer, stored });
  return result.ok ? [] : result.error;
}

async function inClear(config: SealedTenantConfig): Promise<TenantConfig> {
  return mapSecrets(config, async (jwe, purpose) => {
    const opened = await sealer.open(jwe, { tenant: config.id, purpose });
    return opened.ok ? opened.value : `(${opened.error.kind})`;
  });
}

let stored: SealedTenantConfig;
beforeAll(async () => {
  stored = await seal(configOf({ webhook: { secrets: ['b2xk'], auth_token: 'bearer-1' } }));
});

describe('sealConfig', () => {
  it('leaves no secret in clear', async () => {
    const text = JSON.stringify(await seal(configOf()));
    for (const secret of ['whsec_', 'hl-secret-token', 'hec-secret-token'])
      expect(text).not.toContain(secret);
  });

  it('opens to what was sealed', async () => {
    const config = configOf();
    expect(await inClear(await seal(config))).toMatchObject(config);
  });

  it('gives each tenant a random pseudonym key of 32 bytes', async () => {
    const [a, b] = await Promise.all([seal(configOf()), seal(configOf())]);
    const keys = await Promise.all(
      [a, b].map(async (c) => sealer.open(c.pseudonym_key, { tenant: 'acme', purpose: 'pseudonym' })),
    );
    const [first, second] = keys.map((key) => (key.ok ? key.value : ''));
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(first).not.toBe(second);
  });

  it('keeps the pseudonym key for ever', async () => {
    expect((await seal(configOf(), stored)).pseudonym_key).toBe(stored.pseudonym_key);
  });

  it('keeps the stored secrets where <set> stands', async () => {
    const shown = await redactConfig(stored);
    expect(await inClear(await seal(shown, stored))).toEqual(await inClear(stored));
  });

  it('matches a destination by its name, wherever it stands in the list', async () => {
    const shown = await redactConfig(stored);
    const moved = await seal({ ...shown, destinations: shown.destinations.toReversed() }, stored);
    expect((await inClear(moved)).destinations).toEqual((await inClear(stored)).destinations.toReversed());
  });

  it('keeps the old webhook secret behind a new one', async () => {
    const config = configOf({ webhook: { secrets: ['bmV3', '<set>'] } });
    expect((await inClear(await seal(config, stored))).webhook.secrets).toEqual(['bmV3', 'b2xk']);
  });

  it('refuses <set> where nothing is stored, with each path', async () => {
    const faults = await faultsOf(await redactConfig(stored), null);
    expect(faults.map((fault) => fault.path).toSorted()).toEqual([
      'destinations[0].token',
      'destinations[1].hec.token',
      'webhook.auth_token',
      'webhook.secrets[0]',
    ]);
    expect(faults[0]?.message).toContain('there is no stored secret to keep');
  });

  it('refuses <set> for a destination whose address has changed', async () => {
    const elsewhere = { ...sampleHarfangLab(), base_url: 'https://evil.example.com', token: '<set>' };
    const result = validateTenantConfig(
      { ...sampleDocument(), destinations: [elsewhere] },
      { ...PRODUCTION, egressAllow: ['evil.example.com'] },
    );
    const faults = result.ok ? await faultsOf(result.value, stored) : [];
    expect(faults).toEqual([
      { path: 'destinations[0].token', message: expect.stringContaining('the address has changed') },
    ]);
  });

  it('checks a kept secret under a new encoding', async () => {
    const faults = await faultsOf(
      configOf({ webhook: { secrets: ['<set>'], secret_encoding: 'hex' } }),
      stored,
    );
    expect(faults).toEqual([{ path: 'webhook.secrets[0]', message: expect.stringContaining('hex') }]);
  });
});

describe('redactConfig', () => {
  it('shows <set> for every secret and hides the pseudonym key', async () => {
    const shown = await redactConfig(stored);
    expect(shown).toMatchObject({
      webhook: { secrets: ['<set>'], auth_token: '<set>' },
      destinations: [{ token: '<set>' }, { hec: { token: '<set>' } }],
    });
    expect(shown).not.toHaveProperty('pseudonym_key');
    expect(JSON.stringify(shown)).not.toContain('eyJ');
  });
});
