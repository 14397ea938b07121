import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HarfangLabSimulator, type HarfangLabOptions } from './harfanglab.ts';

const TOKEN = 'hl-test-token';
const EVENT = {
  id: 'evt_1',
  source: 'noxys',
  type: 'interaction.high_risk',
  timestamp: '2026-11-22T09:00:00.123Z',
  user_id: 'u-1',
  device_id: 'd-1',
  risk_score: 0.93,
  classifications: ['IBAN'],
  platform_name: 'ChatGPT',
  data: {
    platform_id: 'chatgpt',
    policy_decision: 'block',
    risk_score: 0.93,
    classifications: ['IBAN'],
    classification_count: 1,
  },
};

let simulator: HarfangLabSimulator;

const start = async (options: Partial<HarfangLabOptions> = {}) => {
  simulator = await new HarfangLabSimulator({ token: TOKEN, ...options }).start();
};

beforeEach(() => start());
afterEach(() => simulator.stop());

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string;
}

async function send({ path = '/api/v1/events', method = 'POST', headers = {}, body }: Sent = {}) {
  const all = {
    authorization: `Token ${TOKEN}`,
    'content-type': 'application/json',
    'idempotency-key': 'evt_1',
    ...headers,
  };
  const present = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const payload = method === 'GET' ? {} : { body: body ?? JSON.stringify(EVENT) };
  return fetch(simulator.url + path, { method, headers: Object.fromEntries(present), ...payload });
}

const sendEvent = (event: unknown, key = 'evt_1') =>
  send({ body: JSON.stringify(event), headers: { 'idempotency-key': key } });

describe('the events endpoint', () => {
  it('takes an event as the guide has it and records it', async () => {
    const response = await send();
    expect([response.status, await response.json()]).toEqual([201, { id: 'evt_1', status: 'created' }]);
    expect(simulator.events).toMatchObject([{ id: 'evt_1', body: EVENT }]);
    expect(simulator.requests[0]?.headers['authorization']).toBe('[right]');
  });

  it('answers 202 when told so, on another path when told so', async () => {
    await simulator.stop();
    await start({ acceptedStatus: 202, eventsPath: '/ingest/noxys' });
    expect((await send({ path: '/ingest/noxys' })).status).toBe(202);
    expect((await send()).status).toBe(404);
  });

  it('takes an event without its optional fields', async () => {
    const { id, source, type, timestamp } = EVENT;
    expect((await sendEvent({ id, source, type, timestamp })).status).toBe(201);
  });

  it.each([
    ['no authorization', undefined],
    ['a bearer', `Bearer ${TOKEN}`],
    ['another token', 'Token other'],
    ['a token with its displayed prefix', `Token token_${TOKEN}`],
    ['a doubled scheme', `Token Token ${TOKEN}`],
    ['no token', 'Token'],
  ])('refuses %s with 401', async (_, authorization) => {
    const response = await send({ headers: { authorization } });
    expect([response.status, await response.json()]).toEqual([401, { detail: 'Invalid credentials' }]);
    expect(simulator.events).toEqual([]);
  });

  it('refuses a wrong path with 404 JSON', async () => {
    for (const path of ['/api/v1/event', '/api/v1/events/', '//api/v1/events', '//x/api/v1/events', '/']) {
      const response = await send({ path });
      expect([response.status, await response.json()]).toEqual([404, { detail: 'Not found.' }]);
    }
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('refuses %s with 405', async (method) => {
    expect((await send({ method })).status).toBe(405);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson'])(
    'refuses the content type %s with 415',
    async (type) => {
      expect((await send({ headers: { 'content-type': type } })).status).toBe(415);
    },
  );

  it('takes a content type with a parameter', async () => {
    expect((await send({ headers: { 'content-type': 'application/json; charset=utf-8' } })).status).toBe(201);
  });

  it.each(['', 'not json', '[]', `[${JSON.stringify(EVENT)}]`, '"text"', 'null', '{"id":'])(
    'refuses the body %j with 400',
    async (body) => {
      expect((await send({ body })).status).toBe(400);
      expect(simulator.events).toEqual([]);
    },
  );

  it('refuses a body over the limit with 413', async () => {
    await simulator.stop();
    await start({ bodyBytesMax: 100 });
    expect((await send()).status).toBe(413);
  });

  it.each([
    ['id', { ...EVENT, id: undefined }],
    ['id', { ...EVENT, id: '' }],
    ['source', { ...EVENT, source: 'relay' }],
    ['source', { ...EVENT, source: undefined }],
    ['type', { ...EVENT, type: undefined }],
    ['timestamp', { ...EVENT, timestamp: undefined }],
    ['timestamp', { ...EVENT, timestamp: 1_763_800_000 }],
    ['timestamp', { ...EVENT, timestamp: '2026-11-22 09:00:00' }],
    ['timestamp', { ...EVENT, timestamp: '2026-13-45T09:00:00Z' }],
    ['risk_score', { ...EVENT, risk_score: '0.93' }],
    ['risk_score', { ...EVENT, risk_score: null }],
    ['classifications', { ...EVENT, classifications: 'IBAN' }],
    ['classifications', { ...EVENT, classifications: [{ type: 'IBAN' }] }],
    ['user_id', { ...EVENT, user_id: null }],
    ['data', { ...EVENT, data: [] }],
    ['data.risk_score', { ...EVENT, data: { risk_score: 'high' } }],
    ['data.classification_count', { ...EVENT, data: { classification_count: 1.5 } }],
  ])('refuses an event with a wrong %s with 400 and names it', async (field, event) => {
    const response = await sendEvent(event);
    expect(response.status).toBe(400);
    expect(await response.json()).toHaveProperty([field]);
  });

  it('refuses an event without an idempotency key', async () => {
    const response = await send({ headers: { 'idempotency-key': undefined } });
    expect(response.status).toBe(400);
    expect(await response.json()).toHaveProperty(['Idempotency-Key']);
  });

  it('refuses an idempotency key that stood for another event', async () => {
    expect((await sendEvent({ ...EVENT, id: 'a' }, 'key')).status).toBe(201);
    expect((await sendEvent({ ...EVENT, id: 'a' }, 'key')).status).toBe(201);
    expect((await sendEvent({ ...EVENT, id: 'b' }, 'key')).status).toBe(422);
    expect(simulator.idsInOrder()).toEqual(['a', 'a']);
  });

  it('tells the order of arrival and the ids that came more than once', async () => {
    for (const id of ['b', 'a', 'b', 'c', 'b']) await sendEvent({ ...EVENT, id }, id);
    expect(simulator.idsInOrder()).toEqual(['b', 'a', 'b', 'c', 'b']);
    expect(simulator.duplicates()).toEqual([`${EVENT.type} b`]);
  });
});

describe('the manager around it', () => {
  it('presents a login page with 200 and records nothing, until it is taken away', async () => {
    simulator.presentLoginPage();
    const response = await send();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    expect(simulator.events).toEqual([]);
    simulator.presentLoginPage(false);
    expect((await send()).status).toBe(201);
  });

  it.each([
    ['json', 'application/json'],
    ['html', 'text/html'],
  ] as const)(
    'without the endpoint answers 404 in %s there, and still tells version and user',
    async (as, type) => {
      await simulator.stop();
      await start({ hasEventsEndpoint: false, notFoundAs: as });
      const response = await send();
      expect([response.status, response.headers.get('content-type')]).toEqual([404, type]);
      const version = await send({ path: '/api/version', method: 'GET' });
      expect(await version.json()).toEqual({ version: '2.29.7' });
      const user = await send({ path: '/api/auth/users/me', method: 'GET' });
      expect([user.status, await user.json()]).toEqual([200, { username: 'relay' }]);
    },
  );

  it('refuses a wrong token at users/me, and methods other than GET', async () => {
    const me = { path: '/api/auth/users/me', method: 'GET' };
    const refused = await send({ ...me, headers: { authorization: 'Token no' } });
    expect([refused.status, await refused.json()]).toEqual([401, { detail: 'Invalid credentials' }]);
    expect((await send({ ...me, method: 'POST' })).status).toBe(405);
    expect((await send({ path: '/api/version' })).status).toBe(405);
  });
});

describe('a token that is rotated', () => {
  it('is taken from then on, and the earlier one no more', async () => {
    simulator.rotateToken('hl-renewed-token');
    expect((await send()).status).toBe(401);
    expect((await send({ headers: { authorization: 'Token hl-renewed-token' } })).status).toBe(201);
  });
});
