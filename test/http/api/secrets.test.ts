import { beforeEach, describe, expect, it } from 'vitest';

import { mapSecrets } from '../../../src/domain/config-secrets.ts';
import { createSealer } from '../../../src/lib/seal.ts';
import { objectName } from '../../../src/residency.ts';
import { settingsOf } from '../../../src/settings.ts';
import { sampleDocument, sampleFalconApi, sampleHarfangLab, sampleHook } from '../../tenants/sample.ts';
import type { FakeRelay, World } from '../fakes.ts';
import { fakeWorld } from '../fakes.ts';
import type { CallOptions } from '../operator.ts';
import { callOperator } from '../operator.ts';

const PATH = '/api/v1/tenants/acme';
const NEW_KEY = 'HxAAAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const NEW_SECRET = 'whsec_AAAAr8GKYqrTwjUPD8ILPZIo2LaLaSw0';

let world: World;
let nowMs: number;
beforeEach(async () => {
  world = fakeWorld();
  nowMs = Date.UTC(2026, 10, 22);
  const destinations = [sampleHarfangLab(), sampleFalconApi()];
  await call('PUT', '', { body: { ...sampleDocument(), destinations } });
});

const call = async (method: string, path: string, options: CallOptions = {}) =>
  callOperator(world.env, method, `${PATH}${path}`, { nowMs: () => nowMs, ...options });
const rotate = async (body: object, headers = {}) => call('POST', '/secrets', { body, headers });

function relay(): FakeRelay {
  const found = world.relays.get(`eu/${objectName('acme')}`);
  if (!found) throw new Error('the tenant must exist');
  return found;
}

/** Every stored secret in clear, by its path. */
async function stored(): Promise<Record<string, string>> {
  const config = relay().stored?.config;
  const secrets: Record<string, string> = {};
  if (!config) return secrets;
  const sealer = createSealer(settingsOf(world.env).masterKeys);
  await mapSecrets(config, async (jwe, purpose, path) => {
    const opened = await sealer.open(jwe, { tenant: 'acme', purpose });
    secrets[path] = opened.ok ? opened.value : `(${opened.error.kind})`;
    return jwe;
  });
  return secrets;
}

function useKeys(primary: string, previous = ''): void {
  const env = { ...world.env, RELAY_MASTER_KEY: primary, RELAY_MASTER_KEY_PREVIOUS: previous };
  world = { ...world, env };
}

describe('GET /api/v1/tenants/{id}/secrets', () => {
  it('shows where each secret is, what it is for, a fingerprint and since when, never itself', async () => {
    const { status, body, text } = await call('GET', '/secrets');
    expect(status).toBe(200);
    expect(body.secrets).toContainEqual({
      path: 'destinations.falcon.hec.token',
      purpose: 'destination',
      fingerprint: expect.stringMatching(/^[0-9a-f]{10}$/),
      setAt: '2026-11-22T00:00:00.000Z',
      opens: true,
      isPrimaryKey: true,
    });
    expect(body.secrets.at(-1)).toMatchObject({ path: 'pseudonym_key', fingerprint: null, opens: true });
    expect(body.secrets.map(({ path }: { path: string }) => path)).toContain(
      'destinations.falcon.client_secret',
    );
    expect(text).not.toMatch(/whsec_|secret-token|client-secret|eyJ/);
  });

  it('answers 404 for a tenant that does not exist', async () => {
    expect((await callOperator(world.env, 'GET', '/api/v1/tenants/nobody/secrets')).status).toBe(404);
  });
});

describe('POST /api/v1/tenants/{id}/secrets', () => {
  it('puts a webhook secret before the old one, and says what is there now', async () => {
    nowMs += 3_600_000;
    const { status, headers, body, text } = await rotate({ path: 'webhook.secrets', value: NEW_SECRET });
    expect([status, headers.get('etag')]).toEqual([200, '"2"']);
    expect(body).toMatchObject({ version: 2, published: true });
    expect(body.warnings).toContainEqual(expect.stringContaining('about 2 minutes'));
    expect(body.secrets.slice(0, 2)).toMatchObject([
      { path: 'webhook.secrets[0]', setAt: '2026-11-22T01:00:00.000Z' },
      { path: 'webhook.secrets[1]', setAt: '2026-11-22T00:00:00.000Z' },
    ]);
    expect(text).not.toMatch(/whsec_|eyJ/);
    expect(await stored()).toMatchObject({
      'webhook.secrets[0]': NEW_SECRET,
      'webhook.secrets[1]': sampleDocument().webhook.secrets[0],
      'destinations[0].token': 'hl-secret-token',
    });
    expect(relay().configured.at(-1)).toMatchObject({
      action: 'secret.rotated',
      changedPaths: ['webhook.secrets'],
    });
  });

  describe('of a webhook destination', () => {
    const header = `X-${'a'.repeat(62)}`;
    const hook = { ...sampleHook(), name: 'a'.repeat(32), headers: { [header]: 'old-value' } };
    const own = `destinations.${hook.name}`;

    beforeEach(async () => {
      const document = { ...sampleDocument(), destinations: [hook], privacy: { user_id: 'drop' } };
      const headers = { 'content-type': 'application/json' };
      world = fakeWorld({ RELAY_EGRESS_ALLOW: 'tickets.acme.fr' });
      await call('PUT', '', { body: document, headers });
    });

    it('puts a signing secret before the old one, and names the list in the audit', async () => {
      const { status, text } = await rotate({ path: `${own}.secrets`, value: NEW_SECRET });
      expect(status).toBe(200);
      expect(text).not.toMatch(/whsec_|old-value|url-secret/);
      expect(await stored()).toMatchObject({
        'destinations[0].secrets[0]': NEW_SECRET,
        'destinations[0].secrets[1]': hook.secrets[0],
        'destinations[0].url': hook.url,
      });
      expect(relay().configured.at(-1)).toMatchObject({
        action: 'secret.rotated',
        changedPaths: [`${own}.secrets`],
      });
      await rotate({ path: `${own}.secrets`, value: NEW_SECRET, previous: 'drop' });
      expect(await stored()).not.toHaveProperty('destinations[0].secrets[1]');
    });

    it('replaces a header, however long its name', async () => {
      expect((await rotate({ path: `${own}.headers.${header}`, value: 'new-value' })).status).toBe(200);
      expect(await stored()).toMatchObject({ [`destinations[0].headers.${header}`]: 'new-value' });
    });

    it('changes no address that stored headers would go to', async () => {
      const answer = await rotate({ path: `${own}.url`, value: 'https://tickets.acme.fr/other' });
      expect(answer).toMatchObject({
        status: 422,
        body: {
          faults: [{ path: 'destinations[0].url', message: expect.stringContaining('headers are sent') }],
        },
      });
      expect(await stored()).toMatchObject({ 'destinations[0].url': hook.url });
    });
  });

  it('leaves a webhook secret alone with previous drop', async () => {
    await rotate({ path: 'webhook.secrets', value: NEW_SECRET, previous: 'drop' });
    const secrets = await stored();
    expect(secrets['webhook.secrets[0]']).toBe(NEW_SECRET);
    expect(secrets).not.toHaveProperty('webhook.secrets[1]');
  });

  it.each([
    ['destinations.edr.token', 'Token another', 'destinations[0].token', 'another'],
    ['destinations.falcon.client_secret', ' another ', 'destinations[1].client_secret', 'another'],
    ['destinations.falcon.hec.token', 'Bearer another', 'destinations[1].hec.token', 'another'],
  ])('changes %s, spelt as a PUT would spell it', async (path, value, at, expected) => {
    const before = await stored();
    expect((await rotate({ path, value })).body).toMatchObject({ version: 2 });
    expect(await stored()).toEqual({ ...before, [at]: expected });
  });

  it('changes nothing when the value is the one that is stored', async () => {
    const value = sampleDocument().webhook.secrets[0];
    expect((await rotate({ path: 'webhook.secrets', value })).body).toMatchObject({ version: 1 });
    expect(relay().configured).toHaveLength(1);
  });

  it('takes a secret of the greatest length', async () => {
    const value = '\u0001'.repeat(4096);
    const answer = await rotate({ path: 'destinations.edr.token', value });
    // Escaped it has 24 KiB; that it can't stand in a header is another matter.
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path: 'destinations[0].token' }] } });
  });

  it.each<[string, object, string, RegExp]>([
    ['no path', { value: 'x' }, 'path', /is missing/],
    ['no value', { path: 'webhook.secrets' }, 'value', /is missing/],
    ['an unknown path', { path: 'webhook.secret', value: 'x' }, 'path', /there are webhook\.secrets, dest/],
    ['a token that is not set', { path: 'webhook.auth_token', value: 'x' }, 'path', /no secret that is set/],
    ['the stand-in', { path: 'webhook.secrets', value: ' <set>' }, 'value', /write the new secret/],
    [
      'previous where there is one',
      { path: 'destinations.edr.token', value: 'x', previous: 'drop' },
      'previous',
      /lists of secrets only/,
    ],
    ['an unknown key', { path: 'webhook.secrets', valu: 'x' }, 'valu', /did you mean value/],
    ['another word', { path: 'webhook.secrets', value: 'x', previous: 'kep' }, 'previous', /mean keep/],
    ['a value too long', { path: 'webhook.secrets', value: 'x'.repeat(4097) }, 'value', /1 to 4096/],
    [
      'a secret that does not decode',
      { path: 'webhook.secrets', value: '%' },
      'webhook.secrets[0]',
      /base64/,
    ],
    [
      'a token that can not be sent',
      { path: 'destinations.edr.token', value: 'a b' },
      'destinations[0].token',
      /one word/,
    ],
  ])('answers %s with its path, and quotes nothing', async (_case, body, path, message) => {
    const answer = await rotate(body);
    expect(answer).toMatchObject({
      status: 422,
      body: { faults: [{ path, message: expect.stringMatching(message) }] },
    });
    expect(relay().configured).toHaveLength(1);
  });

  it('answers 413 to a body above 32 KiB', async () => {
    expect((await rotate({ path: 'webhook.secrets', value: 'x'.repeat(33_000) })).status).toBe(413);
  });

  it('answers 409 when somebody saved between its reads', async () => {
    let reads = 0;
    relay().readConfig = async () => {
      const config = relay().stored;
      return config && { ...config, version: config.version + reads++ };
    };
    expect((await rotate({ path: 'webhook.secrets', value: NEW_SECRET })).status).toBe(409);
    expect(relay().configured).toHaveLength(1);
  });

  it('answers 409 when somebody saves at the same moment, and 412 where that is stale', async () => {
    relay().configures = async () => ({ kind: 'version_conflict', version: 2 });
    const body = { path: 'webhook.secrets', value: NEW_SECRET };
    expect(await rotate(body)).toMatchObject({ status: 409, body: { version: 2 } });
    expect(await rotate(body, { 'if-match': '"1"' })).toMatchObject({ status: 412, body: { version: 2 } });
    expect(await rotate(body, { 'if-match': '"9"' })).toMatchObject({ status: 412, body: { version: 1 } });
  });
});

describe('POST /api/v1/tenants/{id}/reseal', () => {
  it('moves every seal to the new master key, and finds nothing to do the second time', async () => {
    const before = await stored();
    useKeys(NEW_KEY, world.env.RELAY_MASTER_KEY);
    const first = await call('POST', '/reseal');
    expect([first.status, first.headers.get('etag'), first.body]).toEqual([
      200,
      '"2"',
      { version: 2, resealed: 5, unopened: 0, isComplete: true },
    ]);
    expect(relay().configured.at(-1)).toMatchObject({ action: 'secrets.resealed' });
    expect((await call('POST', '/reseal')).body).toEqual({
      version: 2,
      resealed: 0,
      unopened: 0,
      isComplete: true,
    });
    expect(relay().configured).toHaveLength(2);
    useKeys(NEW_KEY);
    expect(await stored()).toEqual(before);
    const { body } = await call('GET', '/secrets');
    for (const secret of body.secrets)
      expect(secret).toMatchObject({ opens: true, isPrimaryKey: true, setAt: '2026-11-22T00:00:00.000Z' });
  });

  it('writes nothing when all is under the primary key', async () => {
    const { writes } = world.kv;
    expect((await call('POST', '/reseal')).body).toEqual({
      version: 1,
      resealed: 0,
      unopened: 0,
      isComplete: true,
    });
    expect(relay().configured).toHaveLength(1);
    expect(world.kv.writes).toBe(writes);
  });

  it('answers 422 with each seal that does not open', async () => {
    useKeys(NEW_KEY);
    const { status, body } = await call('POST', '/reseal');
    expect(status).toBe(422);
    expect(body.faults.map(({ path }: { path: string }) => path)).toEqual([
      'webhook.secrets[0]',
      'destinations.edr.token',
      'destinations.falcon.client_secret',
      'destinations.falcon.hec.token',
      'pseudonym_key',
    ]);
  });

  it('answers 409 when somebody saves at the same moment, and 412 to a stale If-Match', async () => {
    useKeys(NEW_KEY, world.env.RELAY_MASTER_KEY);
    const stale = await call('POST', '/reseal', { headers: { 'if-match': '"9"' } });
    expect(stale).toMatchObject({ status: 412, body: { version: 1 } });
    relay().configures = async () => ({ kind: 'version_conflict', version: 2 });
    expect((await call('POST', '/reseal')).status).toBe(409);
  });

  describe('of a tenant that keeps the sealed map', () => {
    const privacy = { user_id: 'pseudonymise', sealed_map: true };
    beforeEach(async () => {
      await call('PUT', '', { body: { ...sampleDocument(), privacy } });
    });

    it('goes through its names step by step, and counts them', async () => {
      relay().resealsNames = [
        { kind: 'resealed', resealed: 500, unopened: 1, next: 'p_5' },
        { kind: 'resealed', resealed: 20, unopened: 0 },
      ];
      const { body } = await call('POST', '/reseal');
      expect(body).toEqual({ version: 2, resealed: 520, unopened: 1, isComplete: true });
      expect(relay().asked).toEqual([{ v: 1 }, { v: 1, after: 'p_5' }]);
    });

    it('ends after 10,000 names, and says that there are more', async () => {
      relay().resealsNames = [{ kind: 'resealed', resealed: 500, unopened: 0, next: 'p_5' }];
      const { body } = await call('POST', '/reseal');
      expect(body).toEqual({ version: 2, resealed: 10_000, unopened: 0, isComplete: false });
      expect(relay().asked).toHaveLength(20);
    });

    it('answers 503 where its object can not', async () => {
      relay().resealsNames = [{ kind: 'unavailable', reason: 'object_fault' }];
      expect((await call('POST', '/reseal')).status).toBe(503);
    });
  });

  it('asks for the names of erasures where there is no sealed map', async () => {
    relay().resealsNames = [{ kind: 'resealed', resealed: 2, unopened: 0 }];
    expect((await call('POST', '/reseal')).body).toMatchObject({ resealed: 2, isComplete: true });
    expect(relay().asked).toEqual([{ v: 1 }]);
  });
});
