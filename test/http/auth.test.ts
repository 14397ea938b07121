import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createApp } from '../../src/http/app.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { sampleDocument } from '../tenants/sample.ts';
import { AccessSimulator } from '../simulators/access.ts';
import { type Caller, forgedToken, tokenFor, unknownTokenFor } from './callers.ts';
import { ADMIN_TOKEN, fakeWorld, type World } from './fakes.ts';

const access = await AccessSimulator.create();
const ROLES = 'admin=ops@mssp.eu, group:soc; viewer/acme=*@acme.fr; metrics=service:abc.access';

let world: World;
let lines: string[];
beforeEach(() => {
  world = fakeWorld(access.variables(ROLES));
  lines = [];
  for (const level of ['warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function call(headers: Record<string, string>, init: { method?: string; path?: string } = {}) {
  const { method = 'GET', path = '/api/v1/me' } = init;
  const app = createApp({ newRequestId: () => 'req-1', fetch: access.fetch });
  const response = await app.fetch(
    new Request(`https://relay.example.com${path}`, { method, headers }),
    world.env,
  );
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function callAs(caller: Caller, init?: Parameters<typeof call>[1]) {
  return call({ authorization: `Bearer ${await tokenFor(world, caller)}` }, init);
}

async function callThroughAccess(
  claims: Record<string, unknown> = {},
  headers: Record<string, string> = {},
  init?: Parameters<typeof call>[1],
) {
  return call({ 'cf-access-jwt-assertion': await access.assertion({ claims }), ...headers }, init);
}

describe('a caller', () => {
  it('is the operator by the admin token', async () => {
    const { body } = await call({ authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(body).toEqual({ id: 'bootstrap', grants: [{ role: 'admin', tenant: null }] });
    expect(world.registry.asked).toEqual([]);
  });

  it('is its token, until that expires', async () => {
    const { text, record } = await unknownTokenFor(world, { role: 'viewer', tenant: 'acme' });
    const actor = { by: 'bootstrap', requestId: 'req-0' };
    await world.registry.mint({ v: 1, actor, nowMs: Date.now(), token: record });
    const { body } = await call({ authorization: `Bearer ${text}` });
    expect(body).toEqual({
      id: `token:${record.id}`,
      grants: [{ role: 'viewer', tenant: 'acme' }],
      expiresAt: new Date(record.expiresAtMs).toISOString(),
    });
  });

  it.each([
    [{}, 'access:ops@mssp.eu', [{ role: 'admin', tenant: null }]],
    [
      { email: 'jean@acme.fr', custom: { groups: ['soc'] } },
      'access:jean@acme.fr',
      [
        { role: 'admin', tenant: null },
        { role: 'viewer', tenant: 'acme' },
      ],
    ],
    [
      { email: undefined, common_name: 'abc.access' },
      'access:abc.access',
      [{ role: 'metrics', tenant: null }],
    ],
  ])('is who came through Access: %j', async (claims, id, grants) => {
    const { status, body } = await callThroughAccess(claims);
    expect([status, body]).toEqual([200, { id, grants, expiresAt: expect.any(String) as unknown }]);
  });

  it('is the bearer, if there is one, whoever came through Access', async () => {
    const bearer = { authorization: `Bearer ${await tokenFor(world, { role: 'metrics' })}` };
    expect((await callThroughAccess({}, bearer)).body).toMatchObject({ grants: [{ role: 'metrics' }] });
    expect((await callThroughAccess({}, { authorization: 'Bearer no' })).status).toBe(401);
    expect((await callThroughAccess({}, { authorization: '' })).status).toBe(401);
  });

  it('is asked for before a path is looked up', async () => {
    expect((await call({}, { path: '/api/v1/anything' })).status).toBe(401);
    expect((await call({}, { path: '/metrics' })).status).toBe(401);
    expect((await call({}, { path: '/metrics', method: 'POST' })).status).toBe(401);
  });
});

describe('a token', () => {
  it('stops working at the next request after it was revoked', async () => {
    const { text, record } = await unknownTokenFor(world, { role: 'admin' });
    const write = { v: 1, actor: { by: 'bootstrap', requestId: 'req-0' }, nowMs: Date.now() } as const;
    await world.registry.mint({ ...write, token: record });
    const headers = { authorization: `Bearer ${text}` };
    expect((await call(headers)).status).toBe(200);
    await world.registry.revoke({ ...write, id: record.id });
    expect((await call(headers)).status).toBe(401);
    expect(world.registry.asked.filter((method) => method === 'check')).toHaveLength(2);
  });

  it('is not let in when the registry hangs', async () => {
    vi.useFakeTimers();
    try {
      const token = await tokenFor(world, { role: 'admin' });
      world.registry.answers = async () => new Promise(() => undefined);
      const answer = call({ authorization: `Bearer ${token}` });
      await vi.waitFor(() => expect(world.registry.asked).toContain('check'));
      await vi.advanceTimersByTimeAsync(5_000);
      expect([(await answer).status, (await answer).headers.get('retry-after')]).toEqual([503, '5']);
    } finally {
      vi.useRealTimers();
    }
    expect(lines).toEqual([expect.stringContaining('registry.unreachable')]);
  });
});

describe('a body', () => {
  const DOCUMENT = JSON.stringify(sampleDocument());

  /** A PUT whose body the test sends when it likes. */
  function held(token: string, more: Record<string, string> = {}) {
    let controller: ReadableStreamDefaultController | undefined;
    const state = { isRead: false, isCancelled: false };
    const body = new ReadableStream(
      {
        start: (started) => void (controller = started),
        pull: () => void (state.isRead = true),
        cancel: () => void (state.isCancelled = true),
      },
      { highWaterMark: 0 },
    );
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more };
    const request = new Request('https://relay.example.com/api/v1/tenants/acme', {
      method: 'PUT',
      headers,
      body,
    });
    const answer = createApp({ newRequestId: () => 'req-1' }).fetch(request, world.env);
    const send = (text: string) => {
      controller?.enqueue(new TextEncoder().encode(text));
      controller?.close();
    };
    return { answer: Promise.resolve(answer), send, state };
  }

  it('that comes after its token was revoked changes nothing', async () => {
    const { text, record } = await unknownTokenFor(world, { role: 'admin' });
    const write = { v: 1, actor: { by: 'bootstrap', requestId: 'req-0' }, nowMs: Date.now() } as const;
    await world.registry.mint({ ...write, token: record });
    const { answer, send, state } = held(text);
    await vi.waitFor(() => expect(state.isRead).toBe(true));
    await world.registry.revoke({ ...write, id: record.id });
    send(DOCUMENT);
    expect((await answer).status).toBe(401);
    expect(world.relays.size).toBe(0);
  });

  it('that takes its time is read when its token still holds', async () => {
    const { answer, send, state } = held(await tokenFor(world, { role: 'admin' }));
    await vi.waitFor(() => expect(state.isRead).toBe(true));
    expect(world.registry.asked).not.toContain('check');
    send(DOCUMENT);
    expect((await answer).status).toBe(201);
  });

  it('is not read of who is not known, or comes too often', async () => {
    const stranger = held(forgedToken({ key: 'hunter2' }));
    expect((await stranger.answer).status).toBe(401);
    world.limit.isOver = () => true;
    const often = held(ADMIN_TOKEN);
    expect((await often.answer).status).toBe(429);
    expect([stranger.state.isRead, often.state.isRead]).toEqual([false, false]);
  });

  it('is waited for 10 seconds at most', async () => {
    vi.useFakeTimers();
    try {
      const { answer, state } = held(ADMIN_TOKEN);
      await vi.waitFor(() => expect(state.isRead).toBe(true));
      await vi.advanceTimersByTimeAsync(10_000);
      expect((await answer).status).toBe(408);
      expect(await (await answer).json()).toMatchObject({ type: 'urn:noxys-relay:problem:body-too-slow' });
      expect(state.isCancelled).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not read further than 256 KiB, and of a revoked token nothing is said of it', async () => {
    const large = held(ADMIN_TOKEN);
    large.send('x'.repeat(256 * 1024 + 1));
    expect((await large.answer).status).toBe(413);
    const { text } = await unknownTokenFor(world, { role: 'admin' });
    const unknown = held(text, { 'content-length': String(256 * 1024 + 1) });
    expect((await unknown.answer).status).toBe(401);
  });
});

describe('a refusal', () => {
  it.each<[string, Record<string, string>]>([
    ['missing_header', {}],
    ['malformed_header', { authorization: 'Basic x' }],
    ['token_mismatch', { authorization: 'Bearer hunter2' }],
    ['signature_mismatch', { authorization: `Bearer ${forgedToken({ key: 'hunter2' })}` }],
    ['unknown_key', { authorization: `Bearer ${forgedToken({ header: { kid: 'hunter2' } })}` }],
    ['algorithm', { authorization: `Bearer ${forgedToken({ header: { alg: 'RS256' } })}` }],
    ['expired', { authorization: `Bearer ${forgedToken({ claims: { exp: 1 } })}` }],
    ['claim_aud', { authorization: `Bearer ${forgedToken({ claims: { aud: 'hunter2' } })}` }],
    ['claim_typ', { authorization: `Bearer ${forgedToken({ header: { typ: 'hunter2' } })}` }],
    ['unknown', { authorization: `Bearer ${forgedToken()}` }],
    ['malformed', { 'cf-access-jwt-assertion': 'hunter2' }],
  ])('logs %s, and nothing of what was sent', async (reason, headers) => {
    expect((await call(headers)).status).toBe(401);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 'warn', event: 'operator.refused', requestId: 'req-1', reason },
    ]);
  });

  it.each([
    ['revoked', async (id: string) => world.registry.revoke({ ...WRITE, id })],
    ['wrong_kind', undefined],
  ])('logs %s likewise', async (reason, prepare) => {
    const { text, record } = await unknownTokenFor(world, { role: 'admin' });
    await world.registry.mint({ ...WRITE, token: record });
    await prepare?.(record.id);
    const headers = prepare
      ? { authorization: `Bearer ${text}` }
      : { 'cf-access-jwt-assertion': await access.assertion({ claims: { type: 'org' } }) };
    expect((await call(headers)).status).toBe(401);
    expect(lines).toEqual([expect.stringContaining(`"reason":"${reason}"`)]);
  });

  const WRITE = { v: 1, actor: { by: 'bootstrap', requestId: 'req-0' }, nowMs: 0 } as const;
});

describe('a browser that another site drives', () => {
  const PAUSE = { method: 'POST', path: '/api/v1/tenants/acme/destinations/edr/pause' };

  it.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://relay.example.com' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://relay.example.com', 'sec-fetch-site': 'cross-site' },
  ])("changes nothing with a person's session: %j", async (headers) => {
    expect((await callThroughAccess({}, headers, PAUSE)).status).toBe(401);
    expect(lines).toEqual([expect.stringContaining('"reason":"cross_site"')]);
    expect(world.relays.size).toBe(0);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])(
    'does nothing with %s either: to look is audited',
    async (method) => {
      const app = createApp({ newRequestId: () => 'req-1', fetch: access.fetch });
      const url = 'https://relay.example.com/api/v1/tenants/acme/events?persons=show';
      const headers = { 'cf-access-jwt-assertion': await access.assertion(), 'sec-fetch-site': 'cross-site' };
      const response = await app.fetch(new Request(url, { method, headers }), world.env);
      expect(response.status).toBe(401);
      expect(world.relays.size).toBe(0);
    },
  );

  it.each<Record<string, string>>([
    {},
    { origin: 'https://relay.example.com', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ])('is told from the relay itself and from a script: %j', async (headers) => {
    expect((await callThroughAccess({}, headers, PAUSE)).status).toBe(404);
  });

  it('is of no concern to a token, which no browser sends by itself', async () => {
    const answer = await callAs({ role: 'admin' }, PAUSE);
    expect(answer.status).toBe(404);
  });
});

describe('the rate limit', () => {
  it('counts each principal by itself, under a hash', async () => {
    await callAs({ role: 'viewer' });
    await callThroughAccess();
    await call({ authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(world.limit.keys).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      sha256Hex('access:ops@mssp.eu'),
      sha256Hex('bootstrap'),
    ]);
  });

  it('answers 429 with Retry-After, before the registry or a tenant is asked', async () => {
    world.limit.isOver = () => true;
    const answer = await callAs({ role: 'admin' }, { path: '/api/v1/tenants/acme' });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '10']);
    expect(answer.body).toMatchObject({ type: 'urn:noxys-relay:problem:too-many-requests' });
    expect(world.registry.asked).not.toContain('check');
    expect(world.relays.size).toBe(0);
  });

  it('holds who is refused to one limit of their own: 429 instead of 401, and no more lines', async () => {
    world.limit.isOver = (key) => key === 'refused';
    const refused = await call({ authorization: 'Bearer guess' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect(lines).toEqual([]);
  });

  it('never locks out who is valid, however much is refused', async () => {
    world.limit.isOver = (key) => key === 'refused';
    expect((await callAs({ role: 'viewer' })).status).toBe(200);
    expect((await call({ authorization: `Bearer ${ADMIN_TOKEN}` })).status).toBe(200);
    expect((await callThroughAccess()).status).toBe(200);
    expect(world.limit.keys).not.toContain('refused');
  });

  it('lets pass when it does not answer, and says so in the log', async () => {
    world.limit.isOver = () => {
      throw new Error('no limit here');
    };
    expect((await callAs({ role: 'viewer' })).status).toBe(200);
    expect(lines).toEqual([expect.stringContaining('limit.failed')]);
  });
});
