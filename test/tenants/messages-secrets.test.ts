/** Secrets of what tells people: sealed, kept, shown and rotated as those of the other destinations are. */

import { beforeAll, describe, expect, it } from 'vitest';

import { mapSecrets } from '../../src/domain/config-secrets.ts';
import type { SealedTenantConfig, TenantConfig } from '../../src/domain/tenant-config.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { reseal } from '../../src/tenants/reseal.ts';
import { rotatablePaths, withNewSecret } from '../../src/tenants/rotate-secret.ts';
import { redactConfig, sealConfig } from '../../src/tenants/secrets.ts';
import { shownSecrets } from '../../src/tenants/shown-secrets.ts';
import { openConfig } from '../../src/tenants/stored-secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument, sampleHook, sampleSlack, sampleTeams } from './sample.ts';

const OLD = new Uint8Array(32).fill(7);
const NEW = new Uint8Array(32).fill(8);
const sealer = createSealer({ primary: OLD });
const [FIRST, SECOND, THIRD] = ['Zmlyc3Q=', 'c2Vjb25k', 'dGhpcmQ='];
const HOOK = { ...sampleHook(), secrets: [FIRST, SECOND] };
const IN_CLEAR = /slack0secret|teams-secret|url-secret|header-secret|Zmlyc3Q|c2Vjb25k/;

function configOf(...destinations: object[]): TenantConfig {
  const document = { ...sampleDocument(), residency: 'global', destinations };
  const config = validateTenantConfig(document, PRODUCTION);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value;
}

async function inClear(sealed: SealedTenantConfig, by = sealer): Promise<TenantConfig> {
  const { pseudonym_key: _key, ...config } = sealed;
  return mapSecrets(config, async (jwe, purpose) => {
    const opened = await by.open(jwe, { tenant: config.id, purpose });
    return opened.ok ? opened.value : `(${opened.error.kind})`;
  });
}

/** What becomes of a webhook destination that is saved over the stored one: its secrets, or the paths of the faults. */
async function savedOver(changes: object) {
  const sealed = await sealConfig(configOf({ ...HOOK, ...changes }), { sealer, stored });
  if (!sealed.ok) return sealed.error.map(({ path, message }) => [path, message]);
  const [hook] = (await inClear(sealed.value)).destinations;
  return hook?.type === 'webhook' ? { url: hook.url, secrets: hook.secrets, headers: hook.headers } : hook;
}

let stored: SealedTenantConfig;
beforeAll(async () => {
  const sealed = await sealConfig(configOf(HOOK, sampleSlack(), sampleTeams()), { sealer, stored: null });
  if (!sealed.ok) throw new Error(JSON.stringify(sealed.error));
  stored = sealed.value;
});

describe('the secrets of what tells people', () => {
  it('rest sealed, and open to what they were', async () => {
    expect(JSON.stringify(stored)).not.toMatch(IN_CLEAR);
    expect((await inClear(stored)).destinations).toMatchObject([HOOK, sampleSlack(), sampleTeams()]);
  });

  it('are shown as <set>, and by their paths with fingerprints', async () => {
    expect((await redactConfig(stored)).destinations).toMatchObject([
      { url: '<set>', secrets: ['<set>', '<set>'], headers: { Authorization: '<set>' } },
      { url: '<set>' },
      { url: '<set>' },
    ]);
    const shown = await shownSecrets(await openConfig(stored, sealer));
    expect(shown.map(({ path }) => path)).toEqual([
      'webhook.secrets[0]',
      'destinations.tickets.url',
      'destinations.tickets.secrets[0]',
      'destinations.tickets.secrets[1]',
      'destinations.tickets.headers.Authorization',
      'destinations.soc.url',
      'destinations.team.url',
      'pseudonym_key',
    ]);
    for (const { fingerprint } of shown.slice(0, -1)) expect(fingerprint).toMatch(/^[0-9a-f]{10}$/);
  });

  it('move to another master key with all others', async () => {
    const both = createSealer({ primary: NEW, previous: OLD });
    const moved = await reseal(await openConfig(stored, both), both);
    if (!moved.ok) throw new Error(JSON.stringify(moved.error));
    expect(await inClear(moved.value, createSealer({ primary: NEW }))).toEqual(await inClear(stored));
  });

  it('are kept where <set> stands, all of them', async () => {
    const shown = await redactConfig(stored);
    const again = await sealConfig(
      { ...shown, destinations: shown.destinations.toReversed() },
      { sealer, stored },
    );
    if (!again.ok) throw new Error(JSON.stringify(again.error));
    expect((await inClear(again.value)).destinations).toEqual(
      (await inClear(stored)).destinations.toReversed(),
    );
  });

  const kept = { headers: { Authorization: '<set>' } };
  it.each<[string, string[], string[]]>([
    ['the newest alone', ['<set>'], [FIRST]],
    ['both behind a new one', [THIRD, '<set>', '<set>'], [THIRD, FIRST, SECOND]],
    ['the newest behind a new one', [THIRD, '<set>'], [THIRD, FIRST]],
  ])('in a list keep %s', async (_which, secrets, expected) => {
    expect(await savedOver({ ...kept, url: '<set>', secrets })).toMatchObject({ secrets: expected });
  });

  it('come and go by themselves: headers', async () => {
    const headers = { Authorization: '<set>', 'X-New': 'new' };
    expect(await savedOver({ headers })).toMatchObject({
      headers: { Authorization: 'Bearer header-secret', 'X-New': 'new' },
    });
    expect(await savedOver({ headers: {} })).toMatchObject({ headers: {} });
    expect(await savedOver({ headers: { 'X-New': '<set>' } })).toEqual([
      ['destinations[0].headers.X-New', expect.stringContaining('no stored secret to keep')],
    ]);
  });

  it('are not kept for another address, to which they would be sent', async () => {
    const url = 'https://evil.example.com/hook';
    expect(await savedOver({ ...kept, url, secrets: ['<set>'] })).toEqual([
      ['destinations[0].secrets[0]', expect.stringContaining('the address has changed')],
      ['destinations[0].headers.Authorization', expect.stringContaining('the address has changed')],
    ]);
    expect(await savedOver({ url, secrets: [THIRD], headers: { Authorization: 'other' } })).toEqual({
      url,
      secrets: [THIRD],
      headers: { Authorization: 'other' },
    });
  });

  it('are not those of another kind of destination with the same name', async () => {
    const config = configOf({ ...sampleTeams(), name: 'soc', url: '<set>' });
    const sealed = await sealConfig(config, { sealer, stored });
    expect(sealed).toMatchObject({ ok: false, error: [{ path: 'destinations[0].url' }] });
  });

  it('keep their age in a list, wherever they stand', async () => {
    const at = async (secrets: string[], nowMs: number, over: SealedTenantConfig | null) => {
      const sealed = await sealConfig(configOf({ ...HOOK, secrets }), { sealer, stored: over, nowMs });
      if (!sealed.ok) throw new Error(JSON.stringify(sealed.error));
      return sealed.value;
    };
    const before = await at([FIRST], 1_000_000, null);
    const after = await shownSecrets(await openConfig(await at([SECOND, FIRST], 2_000_000, before), sealer));
    const ages = after
      .filter(({ path }) => path.includes('.secrets['))
      .map(({ path, setAt }) => [path, setAt]);
    expect(ages).toContainEqual(['destinations.tickets.secrets[0]', '1970-01-01T00:33:20.000Z']);
    expect(ages).toContainEqual(['destinations.tickets.secrets[1]', '1970-01-01T00:16:40.000Z']);
  });
});

describe('the rotation of what tells people', () => {
  async function rotated(path: string, value: string, previous: 'keep' | 'drop' = 'keep') {
    return withNewSecret(await openConfig(stored, sealer), { path, value, previous });
  }

  it('knows each of their secrets, a list as one', async () => {
    expect(rotatablePaths(await openConfig(stored, sealer))).toEqual([
      'webhook.secrets',
      'destinations.tickets.url',
      'destinations.tickets.secrets',
      'destinations.tickets.headers.Authorization',
      'destinations.soc.url',
      'destinations.team.url',
    ]);
  });

  it.each([
    ['destinations.soc.url', 1, { url: 'another' }],
    ['destinations.tickets.headers.Authorization', 0, { headers: { Authorization: 'another' } }],
  ])('replaces %s alone', async (path, index, expected) => {
    const changed = await rotated(path, 'another');
    const before = await inClear(stored);
    if (!changed.ok) throw new Error(JSON.stringify(changed.error));
    expect(changed.value.destinations[index]).toMatchObject(expected);
    expect(JSON.stringify(changed.value).split('another')).toHaveLength(2);
    expect(changed.value.webhook).toEqual(before.webhook);
  });

  it('puts a new signing secret first, and keeps three at most, or none of before', async () => {
    const secretsAfter = async (value: string, previous: 'keep' | 'drop') => {
      const changed = await rotated('destinations.tickets.secrets', value, previous);
      return changed.ok && changed.value.destinations[0];
    };
    expect(await secretsAfter(` ${THIRD}\n`, 'keep')).toMatchObject({ secrets: [THIRD, FIRST, SECOND] });
    expect(await secretsAfter(SECOND, 'keep')).toMatchObject({ secrets: [SECOND, FIRST] });
    expect(await secretsAfter(THIRD, 'drop')).toMatchObject({ secrets: [THIRD] });
  });

  it('gives no stored header to a new address', async () => {
    expect(await rotated('destinations.tickets.url', 'https://evil.example.com')).toEqual({
      ok: false,
      error: [
        { path: 'destinations[0].url', message: expect.stringContaining('the stored headers are sent') },
      ],
    });
  });
});
