import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  type ApiPlace,
  credentialId,
  rateKeyOf,
  requestsPerMinuteOf,
} from '../../../src/destinations/falcon/place.ts';
import { mintToken } from '../../../src/destinations/falcon/token.ts';
import type { FalconOptions } from '../../simulators/falcon.ts';
import { CLIENT, CREATE, SEARCH, START_MS, TENANT, Trial, atApi, atToken } from './trial.ts';

let trial: Trial;
const restart = async (options: Partial<FalconOptions>) => {
  await trial.simulator.stop();
  trial = await Trial.start(options);
};
beforeEach(async () => {
  trial = await Trial.start();
});
afterEach(() => trial.simulator.stop());

const place = (): ApiPlace => ({
  base: trial.simulator.url,
  region: 'eu-1',
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  memberCid: undefined,
});

/** What came of asking for a token, and that no call went out without one. */
async function failedToken(changes: Parameters<Trial['config']>[0] = {}) {
  const failed = await trial.api(changes).request(CREATE);
  expect(failed).toMatchObject({ ok: false, error: { mayBeDone: false } });
  expect(trial.asked.calls).toBe(0);
  return failed.ok ? undefined : failed.error.outcome;
}

describe('asking for a token', () => {
  it('sends a secret with characters that a form must escape', async () => {
    expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true });
    expect(trial.simulator.requests[0]).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(trial.simulator.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('acts for the child account of an MSSP', async () => {
    const cid = 'a'.repeat(32);
    await restart({ memberCids: [cid] });
    expect(await trial.api({ member_cid: cid }).request(SEARCH)).toMatchObject({ ok: true });
    expect(trial.simulator.tokens[0]?.memberCid).toBe(cid);
  });

  it.each([
    [1799, 1_799_000],
    ['1799', 1_799_000],
    [600.5, 600_500],
    [undefined, 1_799_000],
    [null, 1_799_000],
    [0, 1_799_000],
    [-5, 1_799_000],
    ['', 1_799_000],
    ['soon', 1_799_000],
    [1e12, 1_799_000],
    [{}, 1_799_000],
  ])('takes expires_in %j for %i ms', async (expires_in, lifetimeMs) => {
    trial.simulator.fail({ match: atToken, status: 201, body: { access_token: 't', expires_in } });
    expect(await mintToken(place(), trial.io())).toEqual({
      ok: true,
      value: { token: 't', expiresAtMs: START_MS + lifetimeMs },
    });
  });

  it('counts the life from before the question, so that a slow answer shortens nothing but the use', async () => {
    const io = { ...trial.io(), nowMs: () => (trial.nowMs += 10_000) };
    expect(await mintToken(place(), io)).toMatchObject({
      value: { expiresAtMs: START_MS + 10_000 + 1_799_000 },
    });
  });
});

describe('a token endpoint', () => {
  it.each([401, 403] as const)(
    'that refuses the client with %i blocks the lane',
    async (wrongClientStatus) => {
      await restart({ wrongClientStatus });
      expect(await failedToken({ client_secret: 'wrong' })).toEqual({
        kind: 'blocked',
        reason: 'unauthorized',
        detail: expect.stringMatching(/^the API client's id or secret is wrong/),
      });
      expect(trial.asked.tokens).toBe(1);
    },
  );

  it('that does not know the address says so', async () => {
    trial.simulator.ipNotAllowed(true);
    const outcome = await failedToken();
    expect(outcome).toMatchObject({ kind: 'blocked', reason: 'address_not_allowed' });
    expect(JSON.stringify(outcome)).toContain('API IP allowlist');
    expect(JSON.stringify(outcome)).not.toContain('member_cid');
  });

  it('that refuses a child account names it as a possible reason', async () => {
    await restart({ memberCids: ['a'.repeat(32)] });
    expect(JSON.stringify(await failedToken({ member_cid: 'b'.repeat(32) }))).toContain('member_cid');
  });

  it.each([
    [400, { kind: 'blocked', reason: 'unauthorized' }],
    [404, { kind: 'blocked', reason: 'no_such_endpoint' }],
    [413, { kind: 'blocked', reason: 'unauthorized' }],
    [418, { kind: 'blocked', reason: 'unexpected_status' }],
    [500, { kind: 'retry', reason: 'server_error', detail: 'at the token endpoint: HTTP 500' }],
    [503, { kind: 'retry', reason: 'server_error' }],
    [526, { kind: 'blocked', reason: 'tls_failure' }],
  ])('that answers %i never rejects an event', async (status, outcome) => {
    trial.simulator.fail({ match: atToken, status, body: { errors: [{ code: status, message: 'no' }] } });
    expect(await failedToken()).toMatchObject(outcome);
  });

  it.each([
    ['a web page', 201, '<html></html>', { kind: 'blocked', reason: 'html_answer' }],
    ['a refusing web page', 403, '<html></html>', { kind: 'blocked', reason: 'forbidden' }],
    ['no JSON', 201, 'yes', { kind: 'retry', reason: 'server_error' }],
    ['nothing', 201, '', { kind: 'retry', reason: 'server_error' }],
    ['no token', 201, '{"expires_in":1799}', { kind: 'retry', reason: 'server_error' }],
    ['an empty token', 201, '{"access_token":""}', { kind: 'retry', reason: 'server_error' }],
    ['a token of two lines', 201, '{"access_token":"a\\r\\nx-evil: 1"}', { kind: 'retry' }],
    ['a number for a token', 201, '{"access_token":5}', { kind: 'retry', reason: 'server_error' }],
  ])('that answers with %s never makes a call without a token', async (_, status, body, outcome) => {
    trial.simulator.fail({ match: atToken, status, body });
    expect(await failedToken()).toMatchObject(outcome);
  });

  it('that does not answer leaves nothing half done', async () => {
    trial.timeoutMs = 100;
    trial.simulator.fail({ match: atToken, hang: true });
    expect(await failedToken()).toMatchObject({ kind: 'retry', reason: 'timeout' });
    trial.simulator.heal();
    trial.simulator.fail({ match: atToken, drop: 'before_reading' });
    expect(await failedToken()).toMatchObject({ kind: 'retry', reason: 'network' });
  });
});

describe('a token endpoint that is busy', () => {
  const busyFor = async (headers: Record<string, string>, attemptId: string) => {
    trial.simulator.heal();
    trial.simulator.fail({ match: atToken, status: 429, headers, body: { meta: null } });
    trial.accounts = trial.freshAccounts();
    trial.attemptId = attemptId;
    const outcome = await failedToken();
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'busy' });
    return outcome?.kind === 'retry' ? (outcome.retryAfterMs ?? 0) : 0;
  };

  it.each([
    ['no header', () => ({}), 60_000],
    ['nonsense', () => ({ 'x-ratelimit-retryafter': 'soon' }), 60_000],
    ['seconds', () => ({ 'x-ratelimit-retryafter': `${START_MS / 1000 + 20}` }), 20_000],
    ['milliseconds', () => ({ 'x-ratelimit-retryafter': `${START_MS + 20_000}` }), 20_000],
    ['a standard header', () => ({ 'retry-after': '30' }), 30_000],
    ['a day', () => ({ 'retry-after': '86400' }), 600_000],
  ])('with %s is asked again after the wait, and up to half of it later', async (_, headers, waitMs) => {
    const waits = new Set<number>();
    for (let attempt = 0; attempt < 20; attempt++) {
      const asked = await busyFor(headers(), `attempt-${attempt}`);
      expect(asked).toBeGreaterThanOrEqual(waitMs);
      expect(asked).toBeLessThanOrEqual(waitMs * 1.5);
      waits.add(asked);
    }
    expect(waits.size).toBeGreaterThan(15);
  });

  it('is asked by nobody else meanwhile', async () => {
    const waitMs = await busyFor({}, 'first');
    trial.simulator.heal();
    trial.nowMs += 10_000;
    const asked = trial.asked.tokens;
    const outcome = await failedToken();
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'busy' });
    expect(outcome?.kind === 'retry' && outcome.retryAfterMs).toBeLessThanOrEqual(waitMs - 10_000);
    expect(trial.asked.tokens).toBe(asked);
    trial.nowMs += waitMs;
    expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true });
  });
});

describe('a credential of another region', () => {
  const elsewhere = 'http://127.0.0.1:9/oauth2/token';

  it.each([301, 302, 303, 307, 308])('is told by a %i, which is never followed', async (status) => {
    const headers = { location: elsewhere, 'x-cs-region': 'us-2' };
    trial.simulator.fail({ match: atToken, status, headers });
    expect(await failedToken()).toEqual({
      kind: 'blocked',
      reason: 'wrong_region',
      detail: expect.stringMatching(/us-2.*eu-1/),
    });
    expect(trial.asked).toEqual({ tokens: 1, calls: 0 });
  });

  it('is told by a redirect without a region, too', async () => {
    trial.simulator.fail({ match: atToken, status: 308, headers: { location: elsewhere } });
    expect(await failedToken()).toMatchObject({
      reason: 'wrong_region',
      detail: expect.stringMatching(/eu-1 .*redirect to another host/),
    });
  });

  it.each([
    ['us-1', 'us-1'],
    ['US-2', 'us-2'],
    ['us2', 'us-2'],
    ['us-gov-1', 'us-gov-1'],
    ['ap-1', 'ap-1'],
    ['ap-southeast-1', 'ap-southeast-1'],
    ['us-10', 'us-10'],
    ['KSA-1', 'ksa-1'],
    ['eu-1, us-1', 'us-1'],
    ['eu-1;', 'another region'],
    ['https://api.crowdstrike.com', 'another region'],
    ['<script>', 'another region'],
    ['x'.repeat(200), 'another region'],
  ])('is told by the token of %s, which is not used', async (region, told) => {
    trial.simulator.moveClientTo({ as: 'token', region });
    const outcome = await failedToken();
    expect(outcome).toMatchObject({ kind: 'blocked', reason: 'wrong_region' });
    expect(outcome).toMatchObject({ detail: expect.stringContaining(`belongs to ${told}, but`) });
  });

  it.each(['eu-1', 'EU-1', ' eu-1 ', 'eu1', 'eu-1, EU-1', '', ' '])(
    'is not told by the region %j',
    async (region) => {
      trial.simulator.fail({
        match: atToken,
        status: 201,
        headers: { 'x-cs-region': region },
        body: { access_token: 't', expires_in: 1799 },
      });
      expect(await mintToken(place(), trial.io())).toMatchObject({ ok: true });
    },
  );

  it.each([
    [201, { resources: [] }, true],
    [401, { errors: [] }, false],
    [308, undefined, false],
    [500, undefined, true],
  ])(
    'is told by an API that answers %i from there, and nothing is sent again',
    async (status, body, done) => {
      trial.simulator.fail({ match: atApi, status, body, headers: { 'x-cs-region': 'us-1' } });
      expect(await trial.api().request(CREATE)).toEqual({
        ok: false,
        error: {
          outcome: {
            kind: 'blocked',
            reason: 'wrong_region',
            detail: expect.stringMatching(/us-1.*eu-1/),
          },
          mayBeDone: done,
        },
      });
      expect(trial.asked).toEqual({ tokens: 1, calls: 1 });
    },
  );
});

describe('what an answer quotes', () => {
  /** With segments so short that nothing but the token itself tells that it is one. */
  const TOKEN = 'to.ken-of.short+seg/ments=1.and~more';

  it.each([400, 403, 404, 409, 429, 500])('never tells a credential, after %i', async (status) => {
    const quoted = [
      TOKEN,
      CLIENT.secret,
      CLIENT.id,
      encodeURIComponent(TOKEN),
      Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64'),
    ];
    const texts = quoted.flatMap((text) => [`at ${text}!`, `Bearer ${text}`, text]);
    for (const message of texts) {
      for (const body of [{ errors: [{ code: 1, message, id: message }] }, { other: message }, message]) {
        trial.simulator.heal();
        trial.simulator.fail({
          match: atToken,
          status: 201,
          body: { access_token: TOKEN, expires_in: 1799 },
        });
        trial.simulator.fail({ match: atApi, status, body, headers: { 'x-cs-traceid': TOKEN } });
        const told = JSON.stringify([
          await trial.api().request(CREATE),
          await trial.api().request({ ...CREATE, answers: [status] }),
        ]);
        for (const text of quoted) expect(told).not.toContain(text);
      }
    }
  });

  it('never tells a credential, after a refusal of the token endpoint', async () => {
    for (const status of [400, 401, 403, 404, 429, 500]) {
      const body = { errors: [{ code: 1, message: `${CLIENT.id} with ${CLIENT.secret}` }] };
      trial.simulator.heal();
      trial.simulator.fail({ match: atToken, status, body });
      trial.accounts = trial.freshAccounts();
      const told = JSON.stringify(await failedToken());
      expect(told).not.toContain(CLIENT.id);
      expect(told).not.toContain('s+e&c');
    }
  });
});

describe('a credential', () => {
  it('has an id that changes with each of its parts and with the tenant, and shows none of them', async () => {
    const ids = new Set<string>();
    const changes: Partial<ApiPlace>[] = [
      {},
      { base: 'https://other' },
      { region: 'us-1' },
      { clientId: 'other' },
      { clientSecret: 'other' },
      { memberCid: 'a' },
      { memberCid: 'b' },
    ];
    for (const change of changes) {
      for (const tenant of [TENANT, 'globex']) {
        const id = await credentialId({ ...place(), ...change }, tenant);
        expect(id).toMatch(/^[0-9a-f]{64}$/);
        ids.add(id);
      }
    }
    expect(ids.size).toBe(2 * changes.length);
  });

  it('shares its rate with those for the same account', () => {
    const of = (changes: Partial<ApiPlace>) => rateKeyOf({ ...place(), ...changes });
    expect(of({ memberCid: 'CID', clientId: 'a' })).toBe(of({ memberCid: 'cid', clientId: 'b' }));
    expect(of({ clientSecret: 'rotated' })).toBe(of({}));
    expect(of({ region: 'us-1' })).not.toBe(of({}));
    expect(of({ memberCid: 'CID' })).not.toBe(of({}));
  });

  it('is used at the smallest rate that a destination of the same account is configured to', () => {
    const of = (changes: Parameters<Trial['config']>[0]) => trial.config(changes);
    const fast = of({ requests_per_minute: 600 });
    const others = [
      of({ requests_per_minute: 300, enabled: false }),
      of({ requests_per_minute: 40, region: 'us-1' }),
      of({ requests_per_minute: 50, client_id: 'another' }),
      of({ requests_per_minute: 60, member_cid: 'cid' }),
      of({ requests_per_minute: 70, client_id: undefined, client_secret: undefined }),
    ];
    expect(requestsPerMinuteOf(fast, [fast, ...others])).toBe(300);
    expect(requestsPerMinuteOf(fast, [])).toBe(600);
  });
});
