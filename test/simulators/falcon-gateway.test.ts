import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FalconCaller } from './falcon-caller.ts';
import type { FalconOptions } from './falcon.ts';

const SEARCH = '/cases/queries/cases/v1';
const CASES = '/cases/entities/cases/v2';
const CASE = { name: 'Noxys: PII', severity: 75 };

let falcon: FalconCaller;

const restart = async (options: Partial<FalconOptions>) => {
  await falcon.simulator.stop();
  falcon = await FalconCaller.start(options);
};

beforeEach(async () => {
  falcon = await FalconCaller.start();
});
afterEach(() => falcon.simulator.stop());

describe('the token', () => {
  it.each(['', 'not-a-token'])('is refused with 401 when it is %j', async (token) => {
    const { status, body, message } = await falcon.call('GET', SEARCH, { token });
    expect([status, message]).toEqual([401, 'access denied, invalid bearer token']);
    expect(body).toMatchObject({ meta: { powered_by: 'crowdstrike-api-gateway' }, resources: null });
  });

  it('is refused once it has expired', async () => {
    expect((await falcon.call('GET', SEARCH)).status).toBe(200);
    falcon.nowMs += 1_799_000;
    expect((await falcon.call('GET', SEARCH)).status).toBe(401);
  });

  it('of another region is refused', async () => {
    falcon.simulator.moveClientTo({ as: 'token', region: 'us-1' });
    expect(await falcon.renew()).toBe(201);
    expect((await falcon.call('GET', SEARCH)).status).toBe(401);
    falcon.simulator.moveClientTo(undefined);
    await falcon.renew();
    expect((await falcon.call('GET', SEARCH)).status).toBe(200);
  });

  it('is worth nothing from an address that is not allowed', async () => {
    falcon.simulator.ipNotAllowed(true);
    const { status, message } = await falcon.call('PUT', CASES, { body: CASE });
    expect([status, message]).toEqual([403, 'access denied, authorization failed']);
    expect(await falcon.renew()).toBe(403);
    falcon.simulator.ipNotAllowed(false);
    expect([await falcon.renew(), falcon.simulator.cases]).toEqual([201, []]);
  });
});

describe('the scopes', () => {
  it('are told apart by reading and writing, and answered 403', async () => {
    await restart({ scopes: ['cases:read'] });
    expect((await falcon.call('GET', SEARCH)).status).toBe(200);
    expect((await falcon.call('POST', CASES, { body: { ids: ['x'] } })).status).toBe(200);
    const { status, message } = await falcon.call('PUT', CASES, { body: CASE });
    expect([status, message]).toEqual([403, 'access denied, authorization failed']);
    expect(falcon.simulator.cases).toEqual([]);
  });

  it('change at run time', async () => {
    falcon.simulator.setScopes([]);
    expect((await falcon.call('GET', SEARCH)).status).toBe(403);
    falcon.simulator.setScopes(undefined);
    expect((await falcon.call('GET', SEARCH)).status).toBe(200);
  });
});

describe('the rate', () => {
  it('is told with every answer, refusals too', async () => {
    const refused = await falcon.call('GET', SEARCH, { token: 'no' });
    const { headers } = await falcon.call('GET', SEARCH);
    expect(headers.get('x-ratelimit-limit')).toBe('6000');
    expect(headers.get('x-ratelimit-remaining')).toBe('5999');
    expect(refused.headers.get('x-ratelimit-limit')).toBe('15');
    for (const answer of [headers, refused.headers]) {
      expect(answer.get('x-cs-region')).toBe('eu-1');
      expect(answer.has('x-cs-traceid')).toBe(true);
    }
  });

  it.each([
    ['milliseconds', '1763800060000'],
    ['seconds', '1763800060'],
  ] as const)(
    'above the limit is answered 429 with the time in %s, and nothing is done',
    async (unit, retryAfter) => {
      await restart({ apiLimit: { perMinute: 2 }, retryAfterUnit: unit });
      for (let i = 0; i < 2; i++) expect((await falcon.call('PUT', CASES, { body: CASE })).status).toBe(201);
      const { status, headers } = await falcon.call('PUT', CASES, { body: CASE });
      expect([status, headers.get('x-ratelimit-retryafter')]).toEqual([429, retryAfter]);
      expect([headers.get('x-ratelimit-remaining'), headers.get('x-cs-region')]).toEqual(['0', 'eu-1']);
      expect(falcon.simulator.cases).toHaveLength(2);
      falcon.nowMs += 60_000;
      expect((await falcon.call('PUT', CASES, { body: CASE })).status).toBe(201);
    },
  );

  it('of calls with an invalid token is 15 a minute, apart from the others', async () => {
    for (let i = 0; i < 15; i++) expect((await falcon.call('GET', SEARCH, { token: 'no' })).status).toBe(401);
    expect((await falcon.call('GET', SEARCH, { token: 'no' })).status).toBe(429);
    expect((await falcon.call('GET', SEARCH)).status).toBe(200);
  });
});

describe('a call', () => {
  it.each([null, 'text/plain', 'application/x-www-form-urlencoded'])(
    'with a body of media type %s is refused',
    async (contentType) => {
      expect((await falcon.call('PUT', CASES, { body: JSON.stringify(CASE), contentType })).status).toBe(415);
      expect(falcon.simulator.cases).toEqual([]);
    },
  );

  it('without a body still needs the media type', async () => {
    expect((await falcon.call('POST', CASES, { contentType: null })).status).toBe(415);
  });

  it.each(['{', '[]', 'null', '"text"'])('with the body %s is refused', async (body) => {
    expect((await falcon.call('PUT', CASES, { body })).status).toBe(400);
  });

  it('with a method that the path does not have is refused, and an unknown path too', async () => {
    expect((await falcon.call('DELETE', CASES)).status).toBe(405);
    expect((await falcon.call('GET', '/detects/queries/detects/v1')).status).toBe(404);
  });

  it('is recorded with its body, its repeated names and its status', async () => {
    await falcon.call('PUT', CASES, { body: CASE });
    const query = [
      ['id', 'x'],
      ['tag', 'a'],
      ['tag', 'b'],
    ] as const;
    await falcon.call('DELETE', '/cases/entities/case-tags/v1', { query });
    expect(falcon.simulator.apiRequests).toEqual([
      { atMs: falcon.nowMs, method: 'PUT', path: CASES, query: [], body: CASE, status: 201 },
      {
        atMs: falcon.nowMs,
        method: 'DELETE',
        path: '/cases/entities/case-tags/v1',
        query,
        status: 404,
      },
    ]);
  });
});

describe('members that hold nothing', () => {
  it('are null', async () => {
    expect((await falcon.call('GET', SEARCH)).body).toMatchObject({ errors: null, resources: null });
  });

  it('are absent when so configured', async () => {
    await restart({ nullMembers: false });
    const { body } = await falcon.call('GET', SEARCH);
    expect(Object.keys(body)).toEqual(['meta']);
  });
});
