import { beforeAll, describe, expect, it } from 'vitest';

import type { SealedTenantConfig, TenantConfig } from '../../src/domain/tenant-config.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { fingerprintsUnder } from '../../src/tenants/fingerprint.ts';
import { pathsToReseal, reseal } from '../../src/tenants/reseal.ts';
import { rotatablePaths, withNewSecret } from '../../src/tenants/rotate-secret.ts';
import { redactConfig, sealConfig } from '../../src/tenants/secrets.ts';
import { shownSecrets } from '../../src/tenants/shown-secrets.ts';
import type { OpenedConfig } from '../../src/tenants/stored-secrets.ts';
import { openConfig } from '../../src/tenants/stored-secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument, sampleFalconApi, sampleHarfangLab } from './sample.ts';

const OLD = new Uint8Array(32).fill(7);
const NEW = new Uint8Array(32).fill(8);
const old = createSealer({ primary: OLD });
const both = createSealer({ primary: NEW, previous: OLD });
const alone = createSealer({ primary: NEW });

const START_MS = Date.UTC(2026, 10, 22);
const DAY_MS = 24 * 3_600_000;
const START = '2026-11-22T00:00:00.000Z';
const DESTINATIONS = [sampleHarfangLab(), sampleFalconApi()];
const WEBHOOK = { secrets: ['bmV3', 'b2xk'], auth_token: 'bearer-1' };

async function seal(
  changes: object,
  stored: SealedTenantConfig | null,
  nowMs?: number,
  sealer = old,
): Promise<SealedTenantConfig> {
  const config = validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const sealed = await sealConfig(config.value, {
    sealer,
    stored,
    ...(nowMs === undefined ? {} : { nowMs }),
  });
  if (!sealed.ok) throw new Error(JSON.stringify(sealed.error));
  return sealed.value;
}

async function shown(config: SealedTenantConfig, sealer = old) {
  const secrets = await shownSecrets(await openConfig(config, sealer));
  return new Map(secrets.map((secret) => [secret.path, secret]));
}

let stored: SealedTenantConfig;
beforeAll(async () => {
  stored = await seal({ webhook: WEBHOOK, destinations: DESTINATIONS }, null, START_MS);
});

describe('the secrets of a tenant', () => {
  it('are shown by their paths, with a fingerprint and since when, and never themselves', async () => {
    const secrets = await shownSecrets(await openConfig(stored, old));
    expect(secrets.map(({ path, purpose }) => [path, purpose])).toEqual([
      ['webhook.secrets[0]', 'webhook'],
      ['webhook.secrets[1]', 'webhook'],
      ['webhook.auth_token', 'webhook'],
      ['destinations.edr.token', 'destination'],
      ['destinations.falcon.client_secret', 'destination'],
      ['destinations.falcon.hec.token', 'destination'],
      ['pseudonym_key', 'pseudonym'],
    ]);
    for (const secret of secrets)
      expect(secret).toMatchObject({ setAt: START, opens: true, isPrimaryKey: true });
    expect(secrets.at(-1)?.fingerprint).toBeNull();
    for (const { fingerprint } of secrets.slice(0, -1)) expect(fingerprint).toMatch(/^[0-9a-f]{10}$/);
    expect(new Set(secrets.map(({ fingerprint }) => fingerprint)).size).toBe(7);
    expect(JSON.stringify(secrets)).not.toMatch(/eyJ|secret-token|bearer-1|bmV3/);
  });

  it('say so when they do not open, and when they are under the previous key', async () => {
    for (const secret of (await shown(stored, both)).values())
      expect(secret).toMatchObject({ opens: true, isPrimaryKey: false });
    for (const secret of (await shown(stored, alone)).values())
      expect(secret).toMatchObject({ opens: false, isPrimaryKey: false, fingerprint: null, setAt: START });
  });

  it('have no age when they were sealed before it was written down', async () => {
    const before = await seal({}, null);
    expect((await shown(before)).get('destinations.edr.token')).toMatchObject({ setAt: null, opens: true });
  });
});

describe('a fingerprint', () => {
  it('is the same for the same secret under any master key, and another one for every tenant', async () => {
    const key = 'A'.repeat(43);
    const [one, again, other] = await Promise.all([
      fingerprintsUnder(key),
      fingerprintsUnder(key),
      fingerprintsUnder('B'.repeat(43)),
    ]);
    expect(await one?.('secret')).toBe(await again?.('secret'));
    expect(await one?.('secret')).not.toBe(await other?.('secret'));
    expect(await one?.('secret')).not.toBe(await one?.('Secret'));
    const resealed = await reseal(await openConfig(stored, both), both);
    const after = await shown(resealed.ok ? resealed.value : stored, alone);
    for (const [path, { fingerprint }] of await shown(stored))
      expect(after.get(path)?.fingerprint).toBe(fingerprint);
  });

  it('needs a key', async () => {
    expect(await fingerprintsUnder('')).toBeUndefined();
    expect(await fingerprintsUnder('not base64!')).toBeUndefined();
  });
});

describe('the age of a secret', () => {
  const laterMs = START_MS + DAY_MS;
  const LATER = '2026-11-23T00:00:00.000Z';

  it('stays while its value does, kept or written again, wherever it stands', async () => {
    const document = await redactConfig(stored);
    const kept = await seal(
      { ...document, destinations: document.destinations.toReversed() },
      stored,
      laterMs,
    );
    const written = await seal(
      { webhook: { ...WEBHOOK, secrets: ['b2xk', 'bmV3'] }, destinations: DESTINATIONS },
      stored,
      laterMs,
    );
    for (const config of [kept, written])
      for (const secret of (await shown(config)).values()) expect(secret.setAt).toBe(START);
  });

  it('begins anew with a new value', async () => {
    const changed = await seal({ webhook: { secrets: ['YW5vdGhlcg==', '<set>'] } }, stored, laterMs);
    const secrets = await shown(changed);
    expect(secrets.get('webhook.secrets[0]')?.setAt).toBe(LATER);
    expect(secrets.get('webhook.secrets[1]')?.setAt).toBe(START);
    expect(secrets.get('pseudonym_key')?.setAt).toBe(START);
  });
});

describe('reseal', () => {
  it('moves every seal to the primary key, and keeps values and ages', async () => {
    const opened = await openConfig(stored, both);
    expect(pathsToReseal(opened)).toHaveLength(7);
    const resealed = await reseal(opened, both);
    if (!resealed.ok) throw new Error(JSON.stringify(resealed.error));
    const after = await openConfig(resealed.value, alone);
    expect(after.config).toEqual(opened.config);
    expect(after.pseudonymKey.value).toEqual(opened.pseudonymKey.value);
    expect(pathsToReseal(after)).toEqual([]);
    for (const secret of (await shown(resealed.value, alone)).values())
      expect(secret).toMatchObject({ setAt: START, isPrimaryKey: true });
  });

  it('gives no age to what has none', async () => {
    const resealed = await reseal(await openConfig(await seal({}, null), both), both);
    if (!resealed.ok) throw new Error(JSON.stringify(resealed.error));
    for (const secret of (await shown(resealed.value, alone)).values()) expect(secret.setAt).toBeNull();
  });

  it('fails with each seal that it can not open, as it would be lost with the old key', async () => {
    const resealed = await reseal(await openConfig(stored, alone), alone);
    expect(resealed.ok ? [] : resealed.error).toEqual(
      pathsToReseal(await openConfig(stored, alone)).map((path) => ({
        path,
        message: expect.stringContaining('RELAY_MASTER_KEY_PREVIOUS'),
      })),
    );
  });
});

describe('withNewSecret', () => {
  let opened: OpenedConfig;
  beforeAll(async () => {
    opened = await openConfig(stored, old);
  });

  async function rotated(
    path: string,
    value: string,
    previous: 'keep' | 'drop' = 'keep',
  ): Promise<TenantConfig> {
    const changed = await withNewSecret(opened, { path, value, previous });
    if (!changed.ok) throw new Error(JSON.stringify(changed.error));
    return changed.value;
  }

  it('knows the secrets that are set, by name', () => {
    expect(rotatablePaths(opened)).toEqual([
      'webhook.secrets',
      'webhook.auth_token',
      'destinations.edr.token',
      'destinations.falcon.client_secret',
      'destinations.falcon.hec.token',
    ]);
  });

  it.each([
    ['webhook.auth_token', { webhook: { auth_token: 'next' } }],
    ['destinations.edr.token', { destinations: [{ token: 'next' }, {}] }],
    ['destinations.falcon.client_secret', { destinations: [{}, { client_secret: 'next' }] }],
    ['destinations.falcon.hec.token', { destinations: [{}, { hec: { token: 'next' } }] }],
  ])('changes %s alone', async (path, expected) => {
    const config = await rotated(path, 'next');
    expect(config).toMatchObject(expected);
    expect(JSON.stringify(config).split('next')).toHaveLength(2);
  });

  it.each<[string, 'keep' | 'drop', string[]]>([
    ['YQ==', 'keep', ['YQ==', 'bmV3', 'b2xk']],
    ['YQ==', 'drop', ['YQ==']],
    [' YQ== ', 'keep', ['YQ==', 'bmV3', 'b2xk']],
    ['b2xk', 'keep', ['b2xk', 'bmV3']],
    ['bmV3', 'keep', ['bmV3', 'b2xk']],
  ])('puts a webhook secret %j first, and %ss the old ones', async (value, previous, secrets) => {
    expect((await rotated('webhook.secrets', value, previous)).webhook.secrets).toEqual(secrets);
  });

  it('keeps three at most, the newest', async () => {
    const three = await openConfig(await seal({ webhook: { secrets: ['YQ==', 'Yg==', 'Yw=='] } }, null), old);
    const changed = await withNewSecret(three, { path: 'webhook.secrets', value: 'ZA==', previous: 'keep' });
    expect(changed.ok && changed.value.webhook.secrets).toEqual(['ZA==', 'YQ==', 'Yg==']);
  });

  it('changes nothing while another secret does not open, but can replace the one that does not', async () => {
    const broken = await openConfig({ ...stored, webhook: { ...stored.webhook, auth_token: 'x' } }, old);
    const other = { path: 'destinations.edr.token', value: 'next', previous: 'keep' } as const;
    expect(await withNewSecret(broken, other)).toEqual({
      ok: false,
      error: [{ path: 'webhook.auth_token', message: expect.stringContaining('does not open') }],
    });
    const same = { ...other, path: 'webhook.auth_token' };
    expect((await withNewSecret(broken, same)).ok).toBe(true);
  });
});
