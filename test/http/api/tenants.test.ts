/* oxlint-disable typescript/no-unsafe-type-assertion -- a test reads the answer that it expects */
import { beforeEach, describe, expect, it } from 'vitest';

import { FORWARDED_EVENT_TYPES } from '../../../src/domain/event.ts';
import { createApp } from '../../../src/http/app.ts';
import { objectName } from '../../../src/residency.ts';
import { settingsOf } from '../../../src/settings.ts';
import { createSealer } from '../../../src/lib/seal.ts';
import {
  type SealedTenantConfig,
  type TenantConfig,
  withLaterKeys,
} from '../../../src/domain/tenant-config.ts';
import { mapSecrets } from '../../../src/domain/config-secrets.ts';
import { NO_RULE } from '../../tenants/rule-texts.ts';
import { sampleDocument, sampleFalconApi, sampleHarfangLab } from '../../tenants/sample.ts';
import type { World } from '../fakes.ts';
import { ADMIN_TOKEN, fakeWorld } from '../fakes.ts';

const YAML = `
id: acme
residency: eu
webhook:
  secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
destinations:
  - name: edr
    type: harfanglab
    base_url: harfanglab.acme.fr:8443
    token: Token 0123
    country: FR
`;

let world: World;
beforeEach(() => {
  world = fakeWorld();
});

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly text: string;
  readonly body: Record<string, unknown> & { readonly faults?: { path: string; message: string }[] };
}

async function call(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const request = new Request(`https://relay.example.com${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const response = await createApp().fetch(request, world.env);
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    text,
    body: JSON.parse(text) as Answer['body'],
  };
}

async function put(document: unknown, headers: Record<string, string> = {}, id = 'acme'): Promise<Answer> {
  return call('PUT', `/api/v1/tenants/${id}`, JSON.stringify(document), {
    'content-type': 'application/json',
    ...headers,
  });
}

async function putYaml(yaml: string): Promise<Answer> {
  return call('PUT', '/api/v1/tenants/acme', yaml, { 'content-type': 'application/yaml' });
}

/** What is stored, its secrets opened; without the pseudonym key. */
async function inClear(sealed: SealedTenantConfig | undefined): Promise<TenantConfig> {
  if (!sealed) throw new Error('nothing is stored');
  const { pseudonym_key: _pseudonymKey, ...config } = sealed;
  const sealer = createSealer(settingsOf(world.env).masterKeys);
  return mapSecrets(config, async (jwe, purpose) => {
    const opened = await sealer.open(jwe, { tenant: config.id, purpose });
    return opened.ok ? opened.value : `(${opened.error.kind})`;
  });
}

function withApiClient() {
  return { ...sampleDocument(), destinations: [sampleHarfangLab(), sampleFalconApi()] };
}

function reordered() {
  const document = sampleDocument();
  return { ...document, destinations: document.destinations.toReversed() };
}

function withOneTwice(): string[] {
  return [...FORWARDED_EVENT_TYPES, 'interaction.high_risk'];
}

const get = async (id = 'acme') => call('GET', `/api/v1/tenants/${id}`);

describe('PUT /api/v1/tenants/{id}', () => {
  it('creates a tenant in its own place, and answers with its version', async () => {
    const answer = await put(sampleDocument());
    expect(answer).toMatchObject({
      status: 201,
      etag: '"1"',
      body: { id: 'acme', version: 1, published: true },
    });
    expect(world.relays.get(`eu/${objectName('acme')}`)?.stored?.version).toBe(1);
    expect(world.relays.get(`base/${objectName('acme')}`)?.stored ?? null).toBeNull();
    expect(answer.body['warnings']).toEqual([NO_RULE]);
  });

  it('changes a tenant with 200, and tells the object what is changed and by whom', async () => {
    await put(sampleDocument());
    const changed = { ...sampleDocument(), limits: { burst: 700 }, destinations: [sampleHarfangLab()] };
    expect(await put(changed, { 'relay-reason': 'INC-7%20burst' })).toMatchObject({
      status: 200,
      etag: '"2"',
      body: { changed: true },
    });
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    expect(relay?.configured.at(-1)).toMatchObject({
      action: 'config.saved',
      changedPaths: ['limits.burst', 'destinations.falcon'],
    });
    expect(relay?.actors.at(-1)).toEqual({
      by: 'bootstrap',
      requestId: expect.any(String),
      reason: 'INC-7 burst',
    });
  });

  it('names at most a hundred changed paths', async () => {
    await put(sampleDocument());
    const destinations = Array.from({ length: 16 }, (_, i) => ({
      ...sampleHarfangLab(),
      name: `edr-${i}`,
    }));
    await put({ ...sampleDocument(), destinations });
    const all = { user_id: 'drop', user_email: 'drop', device: 'drop', url: 'drop' };
    await put({
      ...sampleDocument(),
      destinations: destinations.map((destination) => ({
        ...destination,
        enabled: false,
        in_flight: 1,
        country: 'FR',
        events: ['interaction.high_risk'],
        privacy: all,
      })),
    });
    const { configured = [] } = world.relays.get(`eu/${objectName('acme')}`) ?? {};
    expect(configured.at(-1)?.changedPaths).toHaveLength(100);
  });

  it('reads YAML, and keeps a token that looks like a number a text', async () => {
    const answer = await putYaml(YAML.replace('Token 0123', '0123'));
    expect(answer).toMatchObject({
      status: 201,
      body: { config: { destinations: [{ base_url: 'https://harfanglab.acme.fr:8443' }] } },
    });
  });

  it('shows no secret, in clear or sealed, anywhere', async () => {
    const answers = [await put(withApiClient()), await get()];
    const secrets = ['whsec_', 'hl-secret-token', 'hec-secret-token', 'falcon-client-secret'];
    for (const { text } of answers) {
      for (const secret of [...secrets, 'eyJ', 'pseudonym_key']) expect(text).not.toContain(secret);
      expect(text).toContain('"client_secret":"<set>"');
    }
  });

  it('takes back what GET shows, and keeps every secret', async () => {
    await put(withApiClient());
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    const before = await inClear(relay?.stored?.config);
    const shown = (await get()).body['config'] as object;
    expect(await put({ ...shown, limits: { burst: 700 } })).toMatchObject({ status: 200 });
    expect(relay?.stored?.version).toBe(2);
    expect(before).toMatchObject({
      destinations: [{ token: 'hl-secret-token' }, { client_secret: 'falcon-client-secret' }],
    });
    const after = await inClear(relay?.stored?.config);
    expect([after.webhook, after.destinations]).toEqual([before.webhook, before.destinations]);
  });

  it.each<[string, (shown: object) => object]>([
    ['as it is shown', (shown) => shown],
    ['as it was written', () => sampleDocument()],
    ['with its destinations in another order', () => reordered()],
    ['with its defaults written out', () => ({ ...sampleDocument(), retention: { events: 30 } })],
    ['with a type twice', () => ({ ...sampleDocument(), forward: { events: withOneTwice() } })],
  ])('saves no version of a config that comes again %s, and ends the pauses', async (_case, again) => {
    await put(sampleDocument());
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    const writes = world.kv.writes;
    const shown = (await get()).body['config'] as object;
    expect(await put(again(shown), { 'if-match': '"1"' })).toMatchObject({
      status: 200,
      etag: '"1"',
      body: { id: 'acme', version: 1, changed: false, published: true, warnings: [NO_RULE] },
    });
    expect(relay?.configured).toHaveLength(1);
    expect(relay?.endedPauses).toMatchObject([{ v: 1, expectedVersion: 1 }]);
    expect(relay?.actors.at(-1)).toMatchObject({ by: 'bootstrap' });
    expect(world.kv.writes).toBe(writes);
  });

  it('saves no version of the config that an earlier release stored without the keys of today', async () => {
    await put(sampleDocument());
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    if (!relay?.stored) throw new Error('nothing is stored');
    const { platforms: _platforms, ...config } = relay.stored.config;
    const destinations = config.destinations.map((destination) => {
      if (destination.type !== 'falcon') return destination;
      const { requests_per_minute: _requests, ...known } = destination;
      return known;
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as that release wrote it
    const earlier = { ...config, destinations } as unknown as SealedTenantConfig;
    relay.stored = { ...relay.stored, config: withLaterKeys(earlier) };
    for (const document of [sampleDocument(), (await get()).body['config']])
      expect((await put(document)).body).toMatchObject({ version: 1, changed: false });
    expect(relay.configured).toHaveLength(1);
  });

  it('saves no version of a Falcon destination with an API client that comes again', async () => {
    await put(withApiClient());
    for (const document of [withApiClient(), (await get()).body['config']])
      expect((await put(document)).body).toMatchObject({ version: 1, changed: false });
  });

  it('says what stays behind in Falcon when indicators are granted no more', async () => {
    const { destinations, ...rest } = withApiClient();
    const [edr, falcon] = destinations;
    await put({ ...rest, destinations: [edr, { ...falcon, actions: ['indicator'], indicators: ['poe'] }] });
    const { warnings } = (await put(withApiClient())).body;
    expect(warnings).toEqual([
      expect.stringContaining('destinations.falcon grants indicator no more'),
      NO_RULE,
    ]);
  });

  it('takes webhook secrets in another order for a change: the first is the newest', async () => {
    const [a, b] = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_AAAAr8GKYqrTwjUPD8ILPZIo2LaLaSw0'];
    await put({ ...sampleDocument(), webhook: { secrets: [a, b] } });
    const answer = await put({ ...sampleDocument(), webhook: { secrets: [b, a] } });
    expect(answer.body).toMatchObject({ version: 2, changed: true });
  });

  it('seals an unchanged config again under a new master key, and says that nothing is changed', async () => {
    await put(sampleDocument());
    const { RELAY_MASTER_KEY: old = '' } = world.env;
    const primary = 'HxAAAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
    world = {
      ...world,
      env: { ...world.env, RELAY_MASTER_KEY: primary, RELAY_MASTER_KEY_PREVIOUS: old },
    };
    expect((await put(sampleDocument())).body).toMatchObject({ version: 2, changed: false });
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    expect(relay?.configured.at(-1)).toMatchObject({
      action: 'secrets.resealed',
      changedPaths: [
        'webhook.secrets[0]',
        'destinations.edr.token',
        'destinations.falcon.hec.token',
        'pseudonym_key',
      ],
    });
    expect((await put(sampleDocument())).body).toMatchObject({ version: 2, changed: false });
    world = { ...world, env: { ...world.env, RELAY_MASTER_KEY_PREVIOUS: '' } };
    expect((await put(sampleDocument())).body).toMatchObject({ version: 2, changed: false });
  });

  it('says nothing of the edge when a config is saved again unchanged, as shown or as written', async () => {
    await put(sampleDocument());
    for (const document of [(await get()).body['config'], sampleDocument()])
      expect((await put(document)).body['warnings']).toEqual([NO_RULE]);
  });

  it.each<[string, object, boolean]>([
    ['another webhook secret', { webhook: { secrets: ['whsec_AAAAr8GKYqrTwjUPD8ILPZIo2LaLaSw0'] } }, true],
    ['a bearer', { webhook: { secrets: ['<set>'], auth_token: 'opaque' } }, true],
    ['another tolerance', { webhook: { secrets: ['<set>'], tolerance_seconds: 60 } }, true],
    ['another filter', { forward: { events: ['interaction.high_risk'] } }, true],
    ['another privacy', { privacy: { device: 'drop' } }, true],
    ['another destination', { destinations: [{ ...sampleHarfangLab(), token: 'other' }] }, false],
  ])('after %s, says how long the edge takes: %s', async (_case, changes, isSaid) => {
    await put(sampleDocument());
    const { warnings } = (await put({ ...sampleDocument(), ...changes })).body;
    expect(JSON.stringify(warnings).includes('about 2 minutes')).toBe(isSaid);
  });

  it('refuses to save under another master key, with one fault', async () => {
    await put(sampleDocument());
    const env = { ...world.env, RELAY_MASTER_KEY: 'HxAAAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8' };
    world = { ...world, env };
    expect(await put(sampleDocument())).toMatchObject({
      status: 422,
      body: { faults: [{ path: '', message: expect.stringContaining('RELAY_MASTER_KEY_PREVIOUS') }] },
    });
  });

  it.each([
    ['application/json', '{"destinations":[{"where":{"__proto__":1}}]}', 'destinations[0].where.__proto__'],
    ['application/yaml', 'destinations: [{where: {__proto__: 1}}]', 'destinations[0].where.__proto__'],
    ['application/json', '{"webhook":{"__proto__":{"secrets":["x"]}}}', 'webhook.__proto__'],
    ['application/yaml', '__proto__: {id: acme}', '__proto__'],
    ['application/json', '{"device_map":{"__proto__":"PC-01"}}', 'device_map.__proto__'],
    ['application/json', '{"platforms":{"domains":{"__proto__":["a.b"]}}}', 'platforms.domains.__proto__'],
    ['application/yaml', 'destinations: [{headers: {__proto__: a}}]', 'destinations[0].headers.__proto__'],
    ['application/json', '{"destinations":[{"body":{"__proto__":{}}}]}', 'destinations[0].body.__proto__'],
    [
      'application/yaml',
      'destinations: [{body: {a: [{__proto__: 1}]}}]',
      'destinations[0].body.a[0].__proto__',
    ],
  ])('refuses __proto__ anywhere in %s: %s', async (type, text, path) => {
    const answer = await call('PUT', '/api/v1/tenants/acme', text, { 'content-type': type });
    expect(answer.status).toBe(400);
    expect(answer.body.faults).toEqual([{ path, message: expect.stringContaining('remove it') }]);
  });

  it('survives a list of very many values', async () => {
    const answer = await call('PUT', '/api/v1/tenants/acme', `[${'0,'.repeat(130_000)}0]`, {
      'content-type': 'application/json',
    });
    expect(answer.status).toBe(400);
  });

  it('answers 422 with every fault and its path', async () => {
    const answer = await put({
      ...sampleDocument(),
      id: 'other',
      residency: 'mars',
      webhok: 1,
      destinations: [{ type: 'harfanglab' }],
    });
    expect(answer.status).toBe(422);
    expect(answer.body.faults?.map((fault) => fault.path)).toEqual(
      expect.arrayContaining([
        'id',
        'residency',
        'webhok',
        'destinations[0].base_url',
        'destinations[0].token',
      ]),
    );
    expect(world.relays.size).toBe(0);
  });

  it('answers 422 for <set> where nothing is stored', async () => {
    const answer = await put({ ...sampleDocument(), webhook: { secrets: ['<set>'] } });
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path: 'webhook.secrets[0]' }] } });
  });

  it.each([
    ['YAML', 'application/yaml', 'id: [acme\nresidency: eu', /line 2, column/],
    ['YAML with a tab', 'text/yaml', 'id: acme\n\tx: 1', /line 2, column 1: tab/],
    ['YAML with two keys of a name', 'application/x-yaml', 'id: a\nid: b', /line 2, column 1: duplicated/],
    [
      'an unquoted secret that starts like an alias',
      'application/yaml',
      'token: *hunter2',
      /line 1, column 9: unidentified alias$/,
    ],
    [
      'an unquoted secret that starts like a tag',
      'application/yaml',
      'token: !hunter2 x',
      /line 1, column 8: unknown scalar tag$/,
    ],
    ['JSON', 'application/json', '{"id": hunter2}', /is not JSON/],
    ['nothing', 'application/yaml', '', /is not YAML/],
  ])(
    'answers 400 with the place and without a word of the document for broken %s',
    async (_case, type, text, message) => {
      const answer = await call('PUT', '/api/v1/tenants/acme', text, { 'content-type': type });
      expect(answer.status).toBe(400);
      expect(answer.body.faults).toEqual([{ path: '', message: expect.stringMatching(message) }]);
      expect(answer.text).not.toContain('hunter2');
    },
  );

  it('refuses a document whose aliases multiply', async () => {
    const levels = Array.from(
      { length: 8 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`,
    );
    const answer = await putYaml(['l0: &l0 [x]', ...levels].join('\n'));
    expect(answer).toMatchObject({
      status: 400,
      body: { faults: [{ message: expect.stringContaining('10000 values') }] },
    });
  });

  it.each(['a: &a [*a]', `${'['.repeat(200)}${']'.repeat(200)}`])('survives %j', async (yaml) => {
    expect((await putYaml(yaml)).status).toBe(400);
  });

  it('refuses other content types with 415 and more than 256 KiB with 413', async () => {
    expect(
      (
        await call('PUT', '/api/v1/tenants/acme', 'x', {
          'content-type': 'application/x-www-form-urlencoded',
        })
      ).status,
    ).toBe(415);
    expect((await putYaml(`# ${'x'.repeat(256 * 1024)}`)).status).toBe(413);
  });

  it.each([
    ['?added_from=now', 'now'],
    ['?added_from=backlog', 'backlog'],
    ['', undefined],
  ])('tells the object where added lanes begin: %j', async (query, addedFrom) => {
    await put(sampleDocument(), {}, `acme${query}`);
    const [told] = world.relays.get(`eu/${objectName('acme')}`)?.configured ?? [];
    expect(told).toMatchObject({ v: 1, expectedVersion: null });
    expect(told?.addedFrom).toBe(addedFrom);
  });

  it.each([
    ['backlg', 'added_from must be one of now, backlog: did you mean backlog?'],
    ['', 'added_from must be one of now, backlog.'],
  ])('answers 400 to added_from=%s, and saves nothing', async (value, detail) => {
    expect(await put(sampleDocument(), {}, `acme?added_from=${value}`)).toMatchObject({
      status: 400,
      body: { type: 'urn:noxys-relay:problem:parameter-invalid', path: 'added_from', detail },
    });
    expect(world.relays.size).toBe(0);
  });

  it.each<[string, Record<string, string>, number]>([
    ['If-Match with the version', { 'if-match': '"1"' }, 200],
    ['If-Match with a list that holds it', { 'if-match': '"0", "1"' }, 200],
    ['If-Match *', { 'if-match': '*' }, 200],
    ['If-Match with another version', { 'if-match': '"2"' }, 412],
    ['If-Match with a weak tag', { 'if-match': 'W/"1"' }, 412],
    ['If-Match without quotes', { 'if-match': '1' }, 412],
    ['If-None-Match *', { 'if-none-match': '*' }, 412],
  ])('at version 1, %s gets its answer', async (_case, headers, status) => {
    await put(sampleDocument());
    expect((await put(sampleDocument(), headers)).status).toBe(status);
  });

  it('answers 412 to If-Match, and creates with If-None-Match, when the tenant does not exist', async () => {
    expect((await put(sampleDocument(), { 'if-match': '"1"' })).status).toBe(412);
    expect((await put(sampleDocument(), { 'if-none-match': '*' })).status).toBe(201);
  });

  it.each<[string, Record<string, string>, number]>([
    ['409', {}, 409],
    ['409 to If-Match *, which still holds', { 'if-match': '*' }, 409],
    ['412 to If-Match with the version that was read', { 'if-match': '"1"' }, 412],
  ])('answers %s when someone else was first, with the version of now', async (_case, headers, status) => {
    await put(sampleDocument());
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    if (relay) relay.configures = async () => ({ kind: 'version_conflict', version: 2 });
    const answer = await put({ ...sampleDocument(), limits: { burst: 700 } }, headers);
    expect(answer).toMatchObject({ status, body: { version: 2 } });
  });

  it('answers 412 to a stale If-Match with the version of now, also when nothing would change', async () => {
    await put(sampleDocument());
    await put({ ...sampleDocument(), limits: { burst: 700 } });
    const stale = await put({ ...sampleDocument(), limits: { burst: 700 } }, { 'if-match': '"1"' });
    expect(stale).toMatchObject({ status: 412, body: { version: 2 } });
  });

  it('answers 409 when an unchanged config was changed by someone else meanwhile', async () => {
    await put(sampleDocument());
    const relay = world.relays.get(`eu/${objectName('acme')}`);
    if (relay) relay.endPauses = async () => ({ kind: 'version_conflict', version: 2 });
    expect(await put(sampleDocument())).toMatchObject({ status: 409, body: { version: 2 } });
  });

  it('answers 409 to a change of residency', async () => {
    await put(sampleDocument());
    expect((await put({ ...sampleDocument(), residency: 'global' })).status).toBe(409);
  });

  it('says when the edge has not received the version yet', async () => {
    world.prepare = (relay) => {
      relay.isPublishing = false;
    };
    const answer = await put(sampleDocument());
    expect(answer).toMatchObject({ status: 201, body: { published: false } });
    expect(answer.body['warnings']).toContainEqual(expect.stringContaining('tries again by itself'));
  });

  it.each([
    ['throws', async () => Promise.reject(new Error('overloaded'))],
    ['is unavailable', async () => ({ kind: 'unavailable', reason: 'object_fault' }) as const],
  ])('answers 503 when the object %s', async (_case, configures) => {
    world.prepare = (relay) => {
      relay.configures = configures;
    };
    expect((await put(sampleDocument())).status).toBe(503);
  });
});

describe('GET /api/v1/tenants/{id}', () => {
  it('shows the config with its version and defaults', async () => {
    await put(sampleDocument());
    expect(await get()).toMatchObject({
      status: 200,
      etag: '"1"',
      body: {
        id: 'acme',
        version: 1,
        savedAt: '2026-11-22T00:00:00.000Z',
        config: { retention: { events: 30 } },
      },
    });
  });

  it('shows where each secret is, a fingerprint and since when, but not the pseudonym key', async () => {
    await put(sampleDocument());
    const shown = (await get()).body['secrets'] as object[];
    expect(shown).toEqual(
      ['webhook.secrets[0]', 'destinations.edr.token', 'destinations.falcon.hec.token'].map((path) => ({
        path,
        fingerprint: expect.stringMatching(/^[0-9a-f]{10}$/),
        setAt: expect.stringMatching(/^\d{4}-.*Z$/),
      })),
    );
  });

  it('answers 404 for a tenant that does not exist', async () => {
    expect((await get('nobody')).status).toBe(404);
  });
});
