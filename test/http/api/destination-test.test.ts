import { Hono } from 'hono';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Role } from '../../../src/domain/principal.ts';
import type { LaneTest } from '../../../src/domain/destination-requests.ts';
import { mountAdminRoutes } from '../../../src/http/admin-route.ts';
import { destinationTestRoutes } from '../../../src/http/api/destination-test.ts';
import { hintOf } from '../../../src/http/api/test-hints.ts';
import type { AppEnv, AppOptions } from '../../../src/http/deployment.ts';
import { createSealer } from '../../../src/lib/seal.ts';
import { objectName } from '../../../src/residency.ts';
import { settingsOf } from '../../../src/settings.ts';
import { sampleDocument, sampleFalcon, sampleHarfangLab } from '../../tenants/sample.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

const PATH = 'acme/destinations/edr/test';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

/** The sample with `<set>` for every secret. */
function keptDocument(changes: object = {}) {
  return {
    ...sampleDocument(),
    webhook: { secrets: ['<set>'] },
    destinations: [
      { ...sampleHarfangLab(), token: '<set>', ...changes },
      { ...sampleFalcon(), hec: { ...sampleFalcon().hec, token: '<set>' } },
    ],
  };
}

/** An answer to somebody with one role for the tenant. */
async function callAs(role: Role, body?: string): Promise<Response> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('requestId', 'req-1');
    c.set('principal', { id: 'token:1', grants: [{ role, tenant: 'acme' }] });
    c.set('body', new Uint8Array(await c.req.raw.clone().arrayBuffer()));
    await next();
  });
  mountAdminRoutes(app, { nowMs: () => 0 } as AppOptions, destinationTestRoutes);
  const request = new Request(`https://relay.example.com/api/v1/tenants/${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body }),
  });
  return app.fetch(request, acme.world.env);
}

describe('POST …/destinations/{name}/test', () => {
  it.each([undefined, ''])('has the object test what it has stored, for the body %j', async (body) => {
    const answer = await acme.call('POST', PATH, body);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        destination: 'edr',
        tests: [
          { lane: 'edr/events', outcome: 'delivered', status: 202, durationMs: 12, eventId: 'relay-test-1' },
        ],
      },
    ]);
    expect(acme.relay.tested).toEqual([{ v: 1, destination: 'edr' }]);
    expect(acme.relay.actors.at(-1)).toEqual({ by: 'bootstrap', requestId: 'req-1' });
  });

  it('says what to do about each outcome', async () => {
    acme.relay.tests = {
      kind: 'tested',
      tests: [
        {
          lane: 'edr/events',
          outcome: 'blocked',
          reason: 'unauthorized',
          status: 401,
          detail: 'HTTP 401',
          durationMs: 3,
          eventId: 'relay-test-1',
        },
      ],
    };
    const { body } = await acme.call('POST', PATH);
    expect(body).toMatchObject({
      tests: [{ reason: 'unauthorized', hint: expect.stringContaining('Write the token anew') }],
    });
  });

  it('passes on what works, what is missing, and the sentence of a product that is connected', async () => {
    const lane = { outcome: 'delivered', status: 200, durationMs: 3 } as const;
    const notes = ['Cases: Read works.', 'Cases: Write can not be tested without opening a case.'];
    const tests: LaneTest[] = [
      { lane: 'edr/events', ...lane, eventId: 'relay-test-1' },
      { lane: 'edr/cases', ...lane, notes },
    ];
    const summary = 'Successfully connected to CrowdStrike Falcon (eu-1)';
    acme.relay.tests = { kind: 'tested', tests, summary };
    expect((await acme.call('POST', PATH)).body).toEqual({ destination: 'edr', tests, summary });
  });

  it.each([
    ['scope_missing', /give the API client the scopes that the detail names/],
    ['address_not_allowed', /API IP allow-list/],
    ['wrong_region', /Set region/],
  ] as const)('says where in the Falcon console %s is mended', async (reason, hint) => {
    const detail = 'the API client lacks Cases: Read';
    acme.relay.tests = {
      kind: 'tested',
      tests: [{ lane: 'edr/cases', outcome: 'blocked', reason, detail, status: 403, durationMs: 3 }],
    };
    const { body } = await acme.call('POST', PATH);
    expect(body).toMatchObject({ tests: [{ reason, detail, hint: expect.stringMatching(hint) }] });
    expect(body).not.toHaveProperty('summary');
  });

  it('is one line in the log, without what the destination wrote', async () => {
    acme.relay.tests = {
      kind: 'tested',
      tests: [
        {
          lane: 'edr/events',
          outcome: 'retry',
          reason: 'server_error',
          detail: 'HTTP 500: alice',
          durationMs: 3,
          eventId: 'relay-test-1',
        },
      ],
    };
    const spy = vi.spyOn(console, 'info').mockImplementation(() => undefined);
    await acme.call('POST', PATH);
    const lines = spy.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown);
    spy.mockRestore();
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'destination.tested',
        requestId: 'req-1',
        tenant: 'acme',
        destination: 'edr',
        candidate: false,
        outcomes: ['edr/events retry server_error'],
      },
    ]);
  });

  it.each<[object, number, object, string | null]>([
    [
      { kind: 'too_many_tests', retryAfterSeconds: 6 },
      429,
      { type: 'urn:noxys-relay:problem:too-many-requests' },
      '6',
    ],
    [{ kind: 'unknown_destination' }, 404, { type: 'urn:noxys-relay:problem:destination-not-found' }, null],
    [{ kind: 'unknown_tenant' }, 404, { type: 'urn:noxys-relay:problem:tenant-not-found' }, null],
    [
      { kind: 'unavailable', reason: 'object_fault' },
      503,
      { type: 'urn:noxys-relay:problem:unavailable' },
      '5',
    ],
  ])('answers %j with %i', async (tests, status, body, retryAfter) => {
    Object.assign(acme.relay, { tests });
    const answer = await acme.call('POST', PATH);
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
  });

  it('answers 404 for a tenant that is not there', async () => {
    expect((await acme.call('POST', 'nobody/destinations/edr/test')).status).toBe(404);
  });
});

describe('POST …/destinations/{name}/test with a config', () => {
  async function opened(): Promise<string> {
    const [{ config } = {}] = acme.relay.tested;
    const [destination] = config?.destinations ?? [];
    if (config === undefined || destination?.type !== 'harfanglab')
      throw new Error('no candidate was tested');
    const sealer = createSealer(settingsOf(acme.world.env).masterKeys);
    const token = await sealer.open(destination.token, { tenant: 'acme', purpose: 'destination' });
    return token.ok ? token.value : '';
  }

  it('has the object test it, sealed, with that destination alone, and stores nothing', async () => {
    const { stored } = acme.relay;
    const writes = acme.world.kv.writes;
    const document = keptDocument({ base_url: 'https://harfanglab.acme.fr:9443', token: 'a-new-token' });
    expect((await acme.call('POST', PATH, document)).status).toBe(200);
    const [tested] = acme.relay.tested;
    expect(tested).toMatchObject({
      destination: 'edr',
      config: { destinations: [{ base_url: 'https://harfanglab.acme.fr:9443' }] },
    });
    expect(tested?.config?.destinations).toHaveLength(1);
    expect(JSON.stringify(tested)).not.toContain('a-new-token');
    expect(await opened()).toBe('a-new-token');
    expect([acme.relay.stored, acme.relay.configured.length, acme.world.kv.writes]).toEqual([
      stored,
      1,
      writes,
    ]);
  });

  it('keeps a stored secret for <set>', async () => {
    expect((await acme.call('POST', PATH, keptDocument())).status).toBe(200);
    expect(await opened()).toBe('hl-secret-token');
  });

  it('never sends a stored secret to another address', async () => {
    const moved = keptDocument({ base_url: 'https://harfanglab.acme.fr:9443' });
    expect(await acme.call('POST', PATH, moved)).toMatchObject({
      status: 422,
      body: { faults: [{ path: 'destinations[0].token', message: expect.stringContaining('another host') }] },
    });
    expect(acme.relay.tested).toEqual([]);
  });

  it('is validated like a PUT', async () => {
    const answer = await acme.call('POST', PATH, keptDocument({ base_url: 'https://evil.example.com' }));
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path: 'destinations[0].base_url' }] } });
    expect((await acme.call('POST', PATH, '{')).status).toBe(400);
    expect((await acme.call('POST', PATH, { ...sampleDocument(), id: 'other' })).status).toBe(422);
    expect((await acme.call('POST', PATH, { ...sampleDocument(), residency: 'global' })).status).toBe(409);
    expect(acme.relay.tested).toEqual([]);
  });

  it('must have the destination', async () => {
    const answer = await acme.call('POST', 'acme/destinations/erd/test', sampleDocument());
    expect(answer).toMatchObject({
      status: 404,
      body: {
        type: 'urn:noxys-relay:problem:destination-not-found',
        detail: 'The tenant has no destination of this name: it has edr, falcon.',
      },
    });
    const without = { ...sampleDocument(), destinations: [] };
    expect((await acme.call('POST', 'acme/destinations/erd/test', without)).body).toMatchObject({
      detail: 'The tenant has no destination.',
    });
  });

  it('is tested where a tenant that does not exist yet would live', async () => {
    const document = { ...sampleDocument(), id: 'newcomer' };
    expect((await acme.call('POST', 'newcomer/destinations/edr/test', document)).status).toBe(200);
    const relay = acme.world.relays.get(`eu/${objectName('newcomer')}`);
    expect(relay?.tested).toMatchObject([{ destination: 'edr', config: { id: 'newcomer' } }]);
    expect(relay?.stored).toBeNull();
    expect(acme.world.relays.get(`base/${objectName('newcomer')}`)?.tested).toEqual([]);
  });

  it('answers 503 when the object of a tenant that does not exist yet throws', async () => {
    acme.world.prepare = (relay) => {
      Object.assign(relay, { testDestination: async () => Promise.reject(new Error('object was reset')) });
    };
    const document = { ...sampleDocument(), id: 'newcomer' };
    expect((await acme.call('POST', 'newcomer/destinations/edr/test', document)).status).toBe(503);
  });

  it('needs an admin, as it carries secrets and says where requests go; what is stored needs an operator', async () => {
    const document = JSON.stringify(sampleDocument());
    for (const [role, body, status] of [
      ['viewer', undefined, 403],
      ['operator', undefined, 200],
      ['operator', document, 403],
      ['operator', 'nonsense', 403],
      ['admin', document, 200],
    ] as const)
      expect([role, body, (await callAs(role, body)).status]).toEqual([role, body, status]);
    expect(await (await callAs('operator', document)).json()).toMatchObject({
      detail: 'This needs the role admin, for what was asked.',
    });
  });
});

describe('hintOf', () => {
  it('has one sentence for what failed, and none for what was delivered', () => {
    const lane = 'edr/events';
    const ofEdr = (test: Omit<LaneTest, 'lane' | 'durationMs'>) => hintOf({ lane, ...test }, 'harfanglab');
    expect(ofEdr({ outcome: 'delivered' })).toBeUndefined();
    expect(ofEdr({ outcome: 'rejected' })).toMatch(/^[A-Z].*\.$/);
    expect(ofEdr({ outcome: 'retry', reason: 'timeout' })).toMatch(/^[A-Z].*\.$/);
    const reason = 'of a newer version' as LaneTest['reason'] & string;
    expect(ofEdr({ outcome: 'blocked', reason })).toBeUndefined();
  });

  it.each([
    ['edr/events', 'harfanglab', /Write the token anew/],
    ['falcon/events', 'falcon', /Write hec\.token anew/],
    ['falcon/cases', 'falcon', /Write client_id and client_secret anew/],
    ['soc/messages', 'slack', /write it into url/],
    ['team/messages', 'teams', /write it into url/],
    ['tickets/messages', 'webhook', /Write headers or secrets anew/],
    ['gone/events', undefined, /Write the token anew/],
  ] as const)('names the credential that %s of %s was refused with', (lane, type, hint) => {
    expect(hintOf({ lane, outcome: 'blocked', reason: 'unauthorized' }, type)).toMatch(hint);
  });

  it.each([
    ['edr/incidents', 'harfanglab', 'no_such_endpoint', /incidents_path.* use mode native/],
    ['edr/indicators', 'harfanglab', 'no_such_endpoint', /^Correct base_url: /],
    ['edr/indicators', 'harfanglab', 'forbidden', /the right that the detail names/],
    ['falcon/events', 'falcon', 'no_such_endpoint', /hec\.url/],
    ['soc/messages', 'slack', 'no_such_endpoint', /write it into url/],
    ['soc/messages', 'slack', 'forbidden', /new incoming webhook/],
    ['team/messages', 'teams', 'forbidden', /Turn the workflow on again/],
    ['tickets/messages', 'webhook', 'no_such_endpoint', /^Correct url: /],
    ['tickets/messages', 'webhook', 'forbidden', /^Correct headers or secrets: /],
    ['gone/events', undefined, 'no_such_endpoint', /base_url/],
  ] as const)('says of %s (%s) what to do about %s', (lane, type, reason, hint) => {
    expect(hintOf({ lane, outcome: 'blocked', reason }, type)).toMatch(hint);
  });

  it('speaks of secrets where some do not open, and adds nothing to another detail of what is not configured', () => {
    const ofDetail = (detail: string) =>
      hintOf({ lane: 'falcon/workflows', outcome: 'blocked', reason: 'not_configured', detail }, 'falcon');
    expect(ofDetail('sealed values do not open: destinations.falcon.client_secret')).toMatch(
      /RELAY_MASTER_KEY_PREVIOUS/,
    );
    expect(ofDetail('the workflow "Tell the SOC" is disabled: turn it on in the console')).toBeUndefined();
  });
});
