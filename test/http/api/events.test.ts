import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Grant } from '../../../src/domain/principal.ts';
import { mountAdminRoutes } from '../../../src/http/admin-route.ts';
import { eventRoutes } from '../../../src/http/api/events.ts';
import type { AppEnv } from '../../../src/http/deployment.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { SHOWN_EVENT } from '../fakes.ts';

const KEY = 'p_0123456789abcdefghijkl';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

/** The routes for somebody with a single grant. */
async function callAs(grant: Grant, method: string, path: string, body?: unknown) {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('requestId', 'req-1');
    c.set('principal', { id: 'token:t-1', grants: [grant] });
    c.set('body', new Uint8Array(await c.req.raw.clone().arrayBuffer()));
    await next();
  });
  const options = {
    nowMs: () => 0,
    newRequestId: () => 'req-1',
    newTokenId: () => 'token-1',
    fetch,
    acceptTimeoutMs: 1_000,
    overflowTimeoutMs: 1_000,
  };
  mountAdminRoutes(app, options, eventRoutes);
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const request = new Request(`https://relay.example.com/api/v1/tenants/${path}`, {
    method,
    ...(body === undefined ? {} : json),
  });
  const response = await app.fetch(request, acme.world.env);
  return { status: response.status, body: await response.json() };
}

describe('GET …/events', () => {
  it('asks for the newest, 50 at a time, without persons', async () => {
    const { status, body } = await acme.call('GET', 'acme/events');
    expect([status, body]).toEqual([200, { events: [SHOWN_EVENT], lastSeq: 41 }]);
    expect(acme.relay.asked).toEqual([{ v: 1, filter: {}, limit: 50, showsPersons: false }]);
  });

  it('takes every filter, a page and the persons', async () => {
    await acme.call(
      'GET',
      'acme/events?type=interaction.high_risk&platform=chatgpt&level=high&decision=block&since=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z&before=40&limit=200&persons=show',
    );
    expect(acme.relay.asked).toEqual([
      {
        v: 1,
        filter: {
          type: 'interaction.high_risk',
          platform: 'chatgpt',
          level: 'high',
          decision: 'block',
          sinceMs: Date.UTC(2026, 10, 22),
          untilMs: Date.UTC(2026, 10, 23),
        },
        before: 40,
        limit: 200,
        showsPersons: true,
      },
    ]);
    expect(acme.relay.actors.at(-1)).toEqual({ by: 'bootstrap', requestId: 'req-1' });
  });

  it('goes on after a seq', async () => {
    await acme.call('GET', 'acme/events?after=41');
    expect(acme.relay.asked).toMatchObject([{ after: 41 }]);
  });

  it.each([
    ['before=5&after=6', 'after'],
    ['limit=201', 'limit'],
    ['limit=0', 'limit'],
    ['level=hihg', 'level'],
    ['decision=allow', 'decision'],
    ['since=yesterday', 'since'],
    ['persons=hide', 'persons'],
    ['type=', 'type'],
    [`type=${'x'.repeat(129)}`, 'type'],
    ['user_id=u-1', 'user_id'],
    ['user_key=p_1', 'user_key'],
  ])('answers 400 with the path to %s, and asks nothing', async (query, path) => {
    expect(await acme.call('GET', `acme/events?${query}`)).toMatchObject({ status: 400, body: { path } });
    expect(acme.relay.asked).toEqual([]);
  });
});

describe('POST …/events/search', () => {
  it.each([
    [{ user_id: 'u-1' }, { id: 'u-1' }],
    [{ user_email: 'alice@acme.fr' }, { email: 'alice@acme.fr' }],
    [{ user_key: KEY }, { key: KEY }],
  ])('looks for the user of %j', async (body, user) => {
    const answer = await acme.call('POST', 'acme/events/search', { ...body, limit: 5, persons: 'show' });
    expect(answer.status).toBe(200);
    expect(acme.relay.asked).toEqual([{ v: 1, filter: {}, user, limit: 5, showsPersons: true }]);
  });

  it.each<[unknown, string]>([
    [{}, ''],
    [{ type: 'interaction.high_risk' }, ''],
    [{ user_id: 'u-1', user_key: KEY }, ''],
    [{ user_id: '' }, 'user_id'],
    [{ user_id: 7 }, 'user_id'],
    [{ user_id: 'a\nb' }, 'user_id'],
    [{ user_email: `${'a'.repeat(512)}@acme.fr` }, 'user_email'],
    [{ user_key: 'p_1' }, 'user_key'],
    [{ user_id: 'u-1', limit: 1.5 }, 'limit'],
    [{ user_id: 'u-1', after: 5 }, 'after'],
  ])('answers 422 to %j, and asks nothing', async (body, path) => {
    const answer = await acme.call('POST', 'acme/events/search', body);
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path }] } });
    expect(JSON.stringify(answer.body)).not.toContain('u-1');
    expect(acme.relay.asked).toEqual([]);
  });
});

describe('GET …/events/{eventId}', () => {
  it('shows the event with what each lane did', async () => {
    expect(await acme.call('GET', 'acme/events/evt_41?type=interaction.high_risk')).toMatchObject({
      status: 200,
      body: {
        events: [{ event: { seq: 41 }, lanes: [{ lane: 'edr/events', outcome: 'delivered' }] }],
        isComplete: true,
      },
    });
    expect(acme.relay.asked).toEqual([
      { v: 1, id: 'evt_41', type: 'interaction.high_risk', showsPersons: false },
    ]);
  });

  it.each(['a/b', 'a b', '50%', 'é', 'search', 'sha256:0a', 'x?y=z#f', '%2F'])(
    'finds the event %j, percent-encoded in the path',
    async (id) => {
      expect((await acme.call('GET', `acme/events/${encodeURIComponent(id)}`)).status).toBe(200);
      expect(acme.relay.asked).toEqual([{ v: 1, id, showsPersons: false }]);
    },
  );

  it('answers 404 when all was looked through, and goes on where it was not', async () => {
    acme.relay.explains = { kind: 'explained', events: [], isComplete: true };
    expect(await acme.call('GET', 'acme/events/evt_9')).toMatchObject({
      status: 404,
      body: { type: 'urn:noxys-relay:problem:event-not-found' },
    });
    acme.relay.explains = { kind: 'explained', events: [], isComplete: false, nextBefore: 7 };
    expect(await acme.call('GET', 'acme/events/evt_9?before=5007')).toMatchObject({
      status: 200,
      body: { events: [], isComplete: false, nextBefore: 7 },
    });
    expect(acme.relay.asked.at(-1)).toMatchObject({ before: 5007 });
  });

  it('looks up nothing for an id that no event can have', async () => {
    expect((await acme.call('GET', `acme/events/${'x'.repeat(2_049)}`)).status).toBe(404);
    expect(acme.relay.asked).toEqual([]);
  });
});

describe.each([
  ['GET', 'acme/events', undefined],
  ['GET', 'acme/events/evt_1', undefined],
  ['POST', 'acme/events/search', { user_id: 'u-1' }],
] as const)('%s %s', (method, path, body) => {
  const at = body ? path : `${path}?persons=show`;
  const withPersons = body && { ...body, persons: 'show' };

  it('shows persons to an operator, to a viewer none, and asks nothing then', async () => {
    const viewer = await callAs({ role: 'viewer', tenant: 'acme' }, method, at, withPersons);
    expect(viewer).toMatchObject({
      status: 403,
      body: {
        type: 'urn:noxys-relay:problem:role-missing',
        detail: expect.stringContaining('operator') as string,
      },
    });
    expect(acme.relay.asked).toEqual([]);
    expect(await callAs({ role: 'operator', tenant: 'acme' }, method, at, withPersons)).toMatchObject({
      status: 200,
    });
  });

  it('is hidden from who has another tenant', async () => {
    expect(await callAs({ role: 'admin', tenant: 'other' }, method, at, withPersons)).toMatchObject({
      status: 404,
    });
  });

  it('answers 404 to a tenant that has just gone, 503 to an object that can not', async () => {
    const gone = { kind: 'unknown_tenant' } as const;
    Object.assign(acme.relay, { lists: gone, explains: gone });
    expect((await acme.call(method, path, body)).body).toMatchObject({
      type: 'urn:noxys-relay:problem:tenant-not-found',
    });
    const faulty = { kind: 'unavailable', reason: 'object_fault' } as const;
    Object.assign(acme.relay, { lists: faulty, explains: faulty });
    const { status, headers } = await acme.call(method, path, body);
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
  });

  it('answers 429 while too much of the log was looked through of late', async () => {
    const busy = { kind: 'busy', retryAfterSeconds: 2 } as const;
    Object.assign(acme.relay, { lists: busy, explains: busy });
    const answer = await acme.call(method, path, body);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2']);
    expect(answer.body).toMatchObject({ type: 'urn:noxys-relay:problem:too-many-requests' });
  });
});

it('shows a page to a viewer, and lets none search', async () => {
  const viewer = { role: 'viewer', tenant: 'acme' } as const;
  expect((await callAs(viewer, 'GET', 'acme/events')).status).toBe(200);
  expect((await callAs(viewer, 'POST', 'acme/events/search', { user_id: 'u-1' })).status).toBe(403);
});
