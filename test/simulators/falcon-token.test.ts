import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { IP_NOT_ALLOWED } from './falcon-answers.ts';
import { FalconSimulator, type FalconOptions } from './falcon.ts';

const CLIENT = { id: 'client-1', secret: 's+e&c=ret' };
const FORM = { client_id: CLIENT.id, client_secret: CLIENT.secret };

let simulator: FalconSimulator;
let nowMs: number;

const start = async (options: Partial<FalconOptions> = {}) => {
  nowMs = 1_763_800_000_000;
  simulator = await new FalconSimulator({
    hecKey: 'hec-key',
    client: CLIENT,
    nowMs: () => nowMs,
    ...options,
  }).start();
};
const restart = async (options: Partial<FalconOptions>) => {
  await simulator.stop();
  await start(options);
};

beforeEach(() => start());
afterEach(() => simulator.stop());

const askToken = (form: Record<string, string> = FORM) =>
  fetch(`${simulator.url}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    redirect: 'manual',
  });
const basic = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`;

const revoke = (token: string, authorization: string) =>
  fetch(`${simulator.url}/oauth2/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
  });

describe('minting', () => {
  it('answers 201 with the token, its life, the region and the rate', async () => {
    const response = await askToken();
    expect(response.status).toBe(201);
    expect(response.headers.get('x-cs-region')).toBe('eu-1');
    expect(response.headers.get('x-ratelimit-limit')).toBe('300');
    expect(response.headers.get('x-ratelimit-remaining')).toBe('299');
    expect(await response.json()).toEqual({
      access_token: simulator.tokens[0]?.token,
      expires_in: 1799,
      token_type: 'bearer',
    });
  });

  it('keeps a token valid for 1,799 seconds', async () => {
    await askToken();
    const token = simulator.tokens[0]?.token ?? '';
    nowMs += 1_798_999;
    expect(simulator.isTokenValid(token)).toBe(true);
    nowMs += 1;
    expect(simulator.isTokenValid(token)).toBe(false);
  });

  it('takes Basic authentication without a body', async () => {
    const headers = { authorization: basic };
    expect((await fetch(`${simulator.url}/oauth2/token`, { method: 'POST', headers })).status).toBe(201);
    expect(simulator.requests[0]?.headers['authorization']).toBe('[right]');
  });

  it('takes no JSON', async () => {
    const response = await fetch(`${simulator.url}/oauth2/token`, {
      method: 'POST',
      body: JSON.stringify(FORM),
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(400);
  });

  it('takes no GET, and knows no other path', async () => {
    expect((await fetch(`${simulator.url}/oauth2/token`)).status).toBe(405);
    const response = await fetch(`${simulator.url}/incidents/queries/incidents/v1`);
    expect([response.status, await response.json()]).toMatchObject([404, { resources: null }]);
  });

  it.each([
    [401, { code: 401, message: 'access denied, invalid client credentials' }],
    [403, { code: 403, message: 'Failed to issue access token - Client authentication failed' }],
  ] as const)('refuses a wrong client with %i', async (status, error) => {
    await restart({ wrongClientStatus: status });
    for (const form of [{ ...FORM, client_secret: 'no' }, { ...FORM, client_id: 'no' }, {}]) {
      const response = await askToken(form);
      expect([response.status, await response.json()]).toMatchObject([
        status,
        { errors: [error], resources: null },
      ]);
    }
    expect(simulator.tokens).toEqual([]);
  });

  it('mints for a child account that it knows and refuses another', async () => {
    await restart({ memberCids: ['a'.repeat(32)] });
    expect((await askToken({ ...FORM, member_cid: 'a'.repeat(32) })).status).toBe(201);
    expect(simulator.tokens[0]?.memberCid).toBe('a'.repeat(32));
    expect((await askToken({ ...FORM, member_cid: 'b'.repeat(32) })).status).toBe(403);
  });

  it('refuses an address outside the allow-list when that fault is injected', async () => {
    simulator.fail(IP_NOT_ALLOWED);
    const response = await askToken();
    const errors = [{ code: 403, message: 'access denied, authorization failed' }];
    expect([response.status, await response.json()]).toMatchObject([403, { errors, resources: null }]);
  });
});

describe('another region', () => {
  it('answers 308 with the region and its address, and no token', async () => {
    const location = 'https://api.us-2.crowdstrike.com/oauth2/token';
    simulator.moveClientTo({ as: 'redirect', region: 'us-2', location });
    const response = await askToken();
    expect(response.status).toBe(308);
    expect(response.headers.get('x-cs-region')).toBe('us-2');
    expect(response.headers.get('location')).toBe(location);
    expect(simulator.tokens).toEqual([]);
  });

  it('answers 201 with the other region in the header, until the client is moved back', async () => {
    simulator.moveClientTo({ as: 'token', region: 'us-1' });
    expect((await askToken()).headers.get('x-cs-region')).toBe('us-1');
    simulator.moveClientTo(undefined);
    expect((await askToken()).headers.get('x-cs-region')).toBe('eu-1');
  });
});

describe('the rate limit', () => {
  it.each([
    ['milliseconds', '1763800060000'],
    ['seconds', '1763800060'],
  ] as const)(
    'answers 429 beyond the limit, with the time in %s and no Retry-After',
    async (unit, retryAfter) => {
      await restart({ tokenRequestsPerMinute: 3, retryAfterUnit: unit });
      for (let i = 0; i < 3; i++) expect((await askToken()).status).toBe(201);
      const response = await askToken();
      expect(response.status).toBe(429);
      expect(response.headers.get('x-ratelimit-retryafter')).toBe(retryAfter);
      expect(response.headers.has('retry-after')).toBe(false);
      expect(await response.json()).not.toHaveProperty('resources');
      nowMs += 60_000;
      expect((await askToken()).status).toBe(201);
    },
  );

  it('is 300 a minute and counts refused clients', async () => {
    for (let i = 0; i < 300; i++) await askToken({});
    expect((await askToken()).status).toBe(429);
  });
});

describe('revoking', () => {
  it('ends a token', async () => {
    await askToken();
    const token = simulator.tokens[0]?.token ?? '';
    const response = await revoke(token, basic);
    expect([response.status, await response.json()]).toMatchObject([200, { errors: null }]);
    expect(simulator.isTokenValid(token)).toBe(false);
  });

  it('needs the client, and a token', async () => {
    expect((await revoke('x', 'Basic eDp5')).status).toBe(401);
    const headers = { authorization: basic };
    expect((await fetch(`${simulator.url}/oauth2/revoke`, { method: 'POST', headers })).status).toBe(400);
  });
});
