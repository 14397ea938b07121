import { beforeAll, describe, expect, it } from 'vitest';

import type { SealedTenantConfig, TenantConfig } from '../../src/domain/tenant-config.ts';
import { mapSecrets } from '../../src/domain/config-secrets.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { redactConfig, sealConfig } from '../../src/tenants/secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { LOCAL, PRODUCTION, sampleDocument, sampleFalconApi, sampleHarfangLab } from './sample.ts';

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

async function pseudonymKeyOf(config: SealedTenantConfig, by = sealer): Promise<string> {
  const opened = await by.open(config.pseudonym_key, { tenant: config.id, purpose: 'pseudonym' });
  return opened.ok ? opened.value : `(${opened.error.kind})`;
}

async function inClear(sealed: SealedTenantConfig, by = sealer): Promise<TenantConfig> {
  const { pseudonym_key: _pseudonymKey, ...config } = sealed;
  return mapSecrets(config, async (jwe, purpose) => {
    const opened = await by.open(jwe, { tenant: config.id, purpose });
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
    const key = await pseudonymKeyOf(stored);
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await pseudonymKeyOf(await seal(configOf(), stored))).toBe(key);
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

  it.each([
    [['<set>'], ['bmV3']],
    [
      ['b2xkZXI=', '<set>'],
      ['b2xkZXI=', 'bmV3'],
    ],
    [
      ['<set>', '<set>'],
      ['bmV3', 'b2xk'],
    ],
    [
      ['<set>', 'eA==', '<set>'],
      ['bmV3', 'eA==', 'b2xk'],
    ],
  ])('takes the k-th <set> of %j for the k-th stored webhook secret, newest first', async (secrets, kept) => {
    const two = await seal(configOf({ webhook: { secrets: ['bmV3', 'b2xk'] } }));
    const saved = await seal(configOf({ webhook: { secrets } }), two);
    expect((await inClear(saved)).webhook.secrets).toEqual(kept);
  });

  it('refuses a <set> more than there are stored webhook secrets', async () => {
    const faults = await faultsOf(configOf({ webhook: { secrets: ['<set>', '<set>'] } }), stored);
    expect(faults).toEqual([{ path: 'webhook.secrets[1]', message: expect.stringContaining('no stored') }]);
  });

  it('moves all that it keeps to the primary master key', async () => {
    const primary = new Uint8Array(32).fill(8);
    const both = createSealer({ primary, previous: new Uint8Array(32).fill(7) });
    const moved = await sealConfig(await redactConfig(stored), { sealer: both, stored });
    if (!moved.ok) throw new Error(JSON.stringify(moved.error));
    const alone = createSealer({ primary });
    expect(await inClear(moved.value, alone)).toEqual(await inClear(stored));
    expect(await pseudonymKeyOf(moved.value, alone)).toBe(await pseudonymKeyOf(stored));
  });

  it('refuses to save over what was sealed under a master key that is not there', async () => {
    const other = createSealer({ primary: new Uint8Array(32).fill(9) });
    const refused = await sealConfig(configOf(), { sealer: other, stored });
    expect(refused).toEqual({
      ok: false,
      error: [
        { path: '', message: expect.stringMatching(/RELAY_MASTER_KEY back.*RELAY_MASTER_KEY_PREVIOUS/) },
      ],
    });
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

  describe('of a Falcon destination with an API client', () => {
    const falcon = (changes: object) => ({
      ...sampleFalconApi(),
      base_url: 'http://127.0.0.1:9003',
      ...changes,
    });
    const documentOf = (changes: object) => {
      const document = { ...sampleDocument(), destinations: [falcon(changes)] };
      const config = validateTenantConfig({ ...document, residency: 'global' }, LOCAL);
      if (!config.ok) throw new Error(JSON.stringify(config.error));
      return config.value;
    };
    const kept = { client_secret: '<set>', hec: { ...sampleFalconApi().hec, token: '<set>' } };
    const us = { region: 'us-2', hec: { ...kept.hec, url: 'https://a.ingest.us-2.crowdstrike.com' } };
    const [hecToken, clientSecret] = ['destinations[0].hec.token', 'destinations[0].client_secret'];

    it.each<[string, object, string[]]>([
      ['nothing that is of importance', { client_id: 'another', requests_per_minute: 60 }, []],
      [
        'the connector alone',
        { hec: { url: 'https://b.ingest.eu-1.crowdstrike.com', token: '<set>' } },
        [hecToken],
      ],
      ['where the API stands', { base_url: 'http://127.0.0.1:9999' }, [clientSecret]],
      ['the region', us, [clientSecret, hecToken]],
    ])('sends no kept secret to another host: of %s', async (_what, changes, refused) => {
      const before = await seal(documentOf({}));
      const faults = await faultsOf(documentOf({ ...kept, ...changes }), before);
      expect(faults.map(({ path }) => path)).toEqual(refused);
      for (const { message } of faults) expect(message).toContain('the address has changed');
    });

    it('keeps both secrets where <set> stands, and seals each', async () => {
      const before = await seal(documentOf({}));
      expect(JSON.stringify(before)).not.toMatch(/falcon-client-secret|hec-secret-token/);
      const after = await inClear(await seal(documentOf(kept), before));
      expect(after.destinations[0]).toMatchObject({
        client_secret: 'falcon-client-secret',
        hec: { token: 'hec-secret-token' },
      });
    });

    it('refuses to keep a client secret that was never stored', async () => {
      const before = await seal(configOf());
      const faults = await faultsOf(configOf({ destinations: [{ ...sampleFalconApi(), ...kept }] }), before);
      expect(faults).toEqual([{ path: clientSecret, message: expect.stringContaining('no stored secret') }]);
    });
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
    const api = await redactConfig(await seal(configOf({ destinations: [sampleFalconApi()] })));
    expect(api.destinations).toEqual([expect.objectContaining({ client_secret: '<set>' })]);
    expect(shown).not.toHaveProperty('pseudonym_key');
    expect(JSON.stringify(shown)).not.toContain('eyJ');
  });
});
