import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SendRequest } from '../../../src/lib/http.ts';
import { failure, success } from '../../../src/lib/result.ts';
import type { FalconOptions } from '../../simulators/falcon.ts';
import { CREATE, SEARCH, START_MS, Trial, atApi, atToken } from './trial.ts';

let trial: Trial;
const restart = async (options: Partial<FalconOptions>) => {
  await trial.simulator.stop();
  trial = await Trial.start(options);
};
beforeEach(async () => {
  trial = await Trial.start();
});
afterEach(() => trial.simulator.stop());

describe('a call', () => {
  it('carries the token, the method and the JSON body, and returns what the API made', async () => {
    const made = await trial.api().request(CREATE);
    expect(made).toMatchObject({
      ok: true,
      value: { status: 201, errors: [], resources: [{ name: 'Noxys: é', severity: 75 }] },
    });
    expect(trial.simulator.cases).toHaveLength(1);
    expect(trial.simulator.requests.at(-1)?.headers).toMatchObject({
      authorization: '[right]',
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': expect.stringMatching(/^noxys-relay\//),
    });
  });

  it('sends no body and yet the JSON type with a GET', async () => {
    expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true, value: { status: 200 } });
    expect(trial.simulator.requests.at(-1)).toMatchObject({
      method: 'GET',
      bytes: 0,
      query: { limit: '1' },
      headers: { 'content-type': 'application/json' },
    });
  });

  it('counts all requests that it made, those for tokens included', async () => {
    const api = trial.api();
    expect(api.requests).toBe(0);
    await api.request(SEARCH);
    await api.request(SEARCH);
    expect(api.requests).toBe(3);
  });

  it.each([true, false])('takes members that are null or absent for empty ones', async (nullMembers) => {
    await restart({ nullMembers });
    const found = await trial.api().request(SEARCH);
    expect(found).toMatchObject({ ok: true, value: { resources: [], errors: [] } });
  });

  it.each([
    [{}, { resources: [], hasResources: false, errors: [], meta: {} }],
    [{ resources: null }, { resources: [], hasResources: true }],
    [{ resources: [] }, { resources: [], hasResources: true }],
    [
      { resources: 'x', errors: 'y', meta: 'z' },
      { resources: [], hasResources: false, errors: [], meta: {} },
    ],
    [
      { meta: [1], unknown: { deep: true } },
      { resources: [], errors: [], meta: {} },
    ],
    [{ resources: { id: 'one' } }, { resources: [{ id: 'one' }] }],
    [{ resources: ['a', 1, null] }, { resources: ['a', 1, null] }],
    [{ meta: { writes: { resources_affected: 2 } } }, { meta: { writes: { resources_affected: 2 } } }],
    [{ errors: [null, 7, {}] }, { errors: [{ code: undefined, message: '' }] }],
    [{ errors: ['so'] }, { errors: [{ code: undefined, message: 'so' }] }],
    [{ errors: { code: '404', message: 'gone' } }, { errors: [{ code: 404, message: 'gone' }] }],
    [
      { errors: [{ code: 404, message: 'not\nfound', id: 'x', more: 1 }] },
      { errors: [{ code: 404, message: 'not found', id: 'x' }] },
    ],
    [{ errors: [{ code: 1.5, message: 5 }] }, { errors: [{ code: undefined, message: '' }] }],
  ])('reads %j tolerantly', async (body, expected) => {
    trial.simulator.fail({ match: atApi, status: 200, body });
    expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true, value: expected });
  });

  it('takes an empty success for an answer without anything in it', async () => {
    trial.simulator.fail({ match: atApi, status: 204 });
    const value = { status: 204, resources: [], hasResources: false, errors: [], meta: {} };
    expect(await trial.api().request(CREATE)).toEqual({ ok: true, value });
  });

  it('reads a long answer whole', async () => {
    const resources = Array.from({ length: 5_000 }, (_, index) => `${index}`.padStart(32, '0'));
    trial.simulator.fail({ match: atApi, status: 200, body: { resources } });
    expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true, value: { resources } });
  });

  it('hands over an answer whose status the caller asked for, and fails on it otherwise', async () => {
    const body = { errors: [{ code: 409, message: 'conflict' }] };
    trial.simulator.fail({ match: atApi, status: 409, body });
    const asked = await trial.api().request({ ...CREATE, answers: [404, 409] });
    expect(asked).toMatchObject({ ok: true, value: { status: 409, errors: [{ message: 'conflict' }] } });
    expect(await trial.api().request(CREATE)).toMatchObject({
      ok: false,
      error: { outcome: { kind: 'rejected', status: 409 }, mayBeDone: false },
    });
  });

  it('does not take a proxy page for an answer that the caller asked for', async () => {
    trial.simulator.fail({ match: atApi, status: 404, body: '<html>', contentType: 'text/html' });
    expect(await trial.api().request({ ...CREATE, answers: [404] })).toMatchObject({
      ok: false,
      error: { outcome: { kind: 'blocked', reason: 'no_such_endpoint' } },
    });
  });
});

describe('a call that fails', () => {
  const TRACE = '00000000-0000-4000-8000-000000000000';
  const errors = [{ code: 1, message: 'the reason' }];

  it.each([
    [400, { kind: 'rejected', status: 400, excerpt: '1 the reason' }, false],
    [409, { kind: 'rejected', status: 409, excerpt: '1 the reason' }, false],
    [413, { kind: 'rejected', status: 413 }, false],
    [422, { kind: 'rejected', status: 422 }, false],
    [403, { kind: 'blocked', reason: 'scope_missing' }, false],
    [404, { kind: 'blocked', reason: 'no_such_endpoint', detail: 'HTTP 404: 1 the reason' }, false],
    [405, { kind: 'blocked', reason: 'no_such_endpoint' }, false],
    [412, { kind: 'blocked', reason: 'unexpected_status' }, false],
    [408, { kind: 'retry', reason: 'server_error' }, true],
    [425, { kind: 'retry', reason: 'server_error' }, true],
    [429, { kind: 'retry', reason: 'busy', retryAfterMs: 60_000 }, false],
    [500, { kind: 'retry', reason: 'server_error', status: 500, excerpt: '1 the reason' }, true],
    [502, { kind: 'retry', reason: 'server_error' }, true],
    [503, { kind: 'retry', reason: 'server_error' }, true],
    [526, { kind: 'blocked', reason: 'tls_failure' }, true],
  ])('with %i is told from what a retry would achieve', async (status, outcome, mayBeDone) => {
    trial.simulator.fail({ match: atApi, status, body: { meta: null, errors, resources: null } });
    expect(await trial.api().request(CREATE)).toMatchObject({ ok: false, error: { outcome, mayBeDone } });
    expect(trial.asked.calls).toBe(1);
  });

  it('names the scope as the console does, and the trace id', async () => {
    trial.simulator.setScopes(['cases:read']);
    expect(await trial.api().request(CREATE)).toEqual({
      ok: false,
      error: {
        outcome: {
          kind: 'blocked',
          reason: 'scope_missing',
          detail: `the API client lacks the scope Cases: Write (trace id ${TRACE})`,
        },
        mayBeDone: false,
      },
    });
  });

  it('does not take a page of a proxy for a missing scope', async () => {
    trial.simulator.fail({ match: atApi, status: 403, body: '<html>no</html>', contentType: 'text/html' });
    expect(await trial.api().request(CREATE)).toMatchObject({
      error: { outcome: { kind: 'blocked', reason: 'forbidden' } },
    });
  });

  it.each([
    ['kept to the first three', 5, '1 e0; 1 e1; 1 e2; and 2 more'],
    ['whole', 3, '1 e0; 1 e1; 1 e2'],
  ])('tells its errors, %s', async (_, count, excerpt) => {
    const many = Array.from({ length: count }, (_each, index) => ({ code: 1, message: `e${index}` }));
    trial.simulator.fail({ match: atApi, status: 400, body: { errors: many } });
    expect(await trial.api().request(CREATE)).toMatchObject({ error: { outcome: { excerpt } } });
  });

  it('tells a trace id that looks like one, and nothing else in its place', async () => {
    const ask = async (headers: Record<string, string>) => {
      trial.simulator.heal();
      trial.simulator.fail({ match: atApi, status: 400, headers, body: { errors } });
      const failed = await trial.api().request(CREATE);
      return failed.ok || failed.error.outcome.kind !== 'rejected' ? '' : failed.error.outcome.excerpt;
    };
    expect(await ask({ 'x-cs-traceid': TRACE })).toBe(`1 the reason (trace id ${TRACE})`);
    expect(await ask({ 'x-cs-traceid': 'Bearer abc.def' })).toBe('1 the reason');
  });

  it.each([
    ['a web page', '<html>login</html>', { kind: 'blocked', reason: 'html_answer' }],
    ['no JSON', 'ok', { kind: 'retry', reason: 'server_error', status: 200 }],
    ['a JSON list', '[]', { kind: 'retry', reason: 'server_error' }],
    ['JSON that breaks off', '{"resources":[', { kind: 'retry', reason: 'server_error' }],
    ['more than a mebibyte', JSON.stringify({ x: 'x'.repeat(1024 * 1024) }), { kind: 'retry' }],
  ])('as a success with %s may have been done', async (_, body, outcome) => {
    trial.simulator.fail({ match: atApi, status: 200, body });
    expect(await trial.api().request(CREATE)).toMatchObject({ error: { outcome, mayBeDone: true } });
  });

  it('as no answer comes in time may have been done', async () => {
    await trial.api().request(SEARCH);
    trial.timeoutMs = 100;
    trial.simulator.fail({ match: atApi, hang: true });
    expect(await trial.api().request(CREATE)).toMatchObject({
      error: { outcome: { kind: 'retry', reason: 'timeout' }, mayBeDone: true },
    });
  });

  it('as the connection breaks after the API made a case may have been done, and is', async () => {
    trial.simulator.fail({ match: atApi, drop: 'after_reading' });
    expect(await trial.api().request(CREATE)).toMatchObject({
      error: { outcome: { kind: 'retry', reason: 'network' }, mayBeDone: true },
    });
    expect(trial.simulator.cases).toHaveLength(1);
  });

  it.each([
    [{ kind: 'tls', detail: 'bad certificate' }, { reason: 'tls_failure' }, true],
    [{ kind: 'host_not_allowed', host: 'x' }, { reason: 'host_not_allowed' }, false],
  ] as const)(
    'as %o tells that it was not done only when nothing left',
    async (error, outcome, mayBeDone) => {
      await trial.api().request(SEARCH);
      const api = trial.api({}, async () => failure(error));
      expect(await api.request(CREATE)).toMatchObject({ error: { outcome, mayBeDone } });
    },
  );

  it.each([
    ['the host is not allowed', () => (trial.allowed = () => false)],
    ['the region is unknown', () => (trial.config = configWith(trial, { region: 'eu-2' }))],
    ['the secret is missing', () => (trial.config = configWith(trial, { client_secret: undefined }))],
    ['the client id is missing', () => (trial.config = configWith(trial, { client_id: undefined }))],
  ])('as %s sends nothing', async (_, arrange) => {
    arrange();
    const failed = await trial.api().request(CREATE);
    expect(failed).toMatchObject({ error: { outcome: { kind: 'blocked' }, mayBeDone: false } });
    expect(trial.simulator.requests).toEqual([]);
  });
});

function configWith(of: Trial, changes: Parameters<Trial['config']>[0]): Trial['config'] {
  const plain = of.config({});
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a config as an older version could have kept it
  return () => ({ ...plain, ...changes }) as typeof plain;
}

describe('a token that the API refuses', () => {
  it('is renewed once, and the call sent again', async () => {
    await trial.api().request(SEARCH);
    revokeAll();
    expect(await trial.api().request(CREATE)).toMatchObject({ ok: true, value: { status: 201 } });
    expect(trial.simulator.cases).toHaveLength(1);
    expect(trial.asked).toEqual({ tokens: 2, calls: 3 });
  });

  it('blocks the lane when the renewed one is refused, too, and is not sent again later', async () => {
    trial.simulator.fail({ match: atApi, status: 401, body: { errors: [{ code: 401, message: 'no' }] } });
    expect(await trial.api().request(CREATE)).toMatchObject({
      ok: false,
      error: {
        outcome: {
          kind: 'blocked',
          reason: 'unauthorized',
          detail: expect.stringMatching(/refuses a token that was just renewed.*Cases: Write/),
        },
        mayBeDone: false,
      },
    });
    expect(trial.asked).toEqual({ tokens: 2, calls: 2 });
    trial.simulator.heal();
    expect(await trial.api().request(CREATE)).toMatchObject({ ok: true });
    expect(trial.asked).toEqual({ tokens: 3, calls: 3 });
  });

  it('is renewed once for all calls that were under way with it', async () => {
    await trial.api().request(SEARCH);
    revokeAll();
    const calls = Array.from({ length: 10 }, async () => trial.api().request(SEARCH));
    expect((await Promise.all(calls)).map(({ ok }) => ok)).toEqual(Array(10).fill(true));
    expect(trial.asked.tokens).toBe(2);
  });

  it('that can not be renewed tells why', async () => {
    await trial.api().request(SEARCH);
    revokeAll();
    trial.simulator.fail({ match: atToken, status: 503 });
    expect(await trial.api().request(CREATE)).toMatchObject({
      error: { outcome: { kind: 'retry', detail: 'at the token endpoint: HTTP 503' }, mayBeDone: false },
    });
  });

  function revokeAll(): void {
    const until = trial.simulator.tokens.length;
    trial.simulator.fail({
      match: (request) => atApi(request) && trial.simulator.tokens.length === until,
      status: 401,
      body: { errors: [{ code: 401, message: 'access denied, invalid bearer token' }] },
    });
  }
});

describe('the life of a token', () => {
  it('is one request for 200 calls at once, when it has expired', async () => {
    await trial.api().request(SEARCH);
    trial.nowMs += 1_799_000;
    const calls = Array.from({ length: 200 }, async () => trial.api().request(SEARCH));
    expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
    expect(trial.asked).toEqual({ tokens: 2, calls: 201 });
  });

  it('is never sent after its end, over a night of calls at odd times', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 2_400_000 }), { minLength: 20, maxLength: 40 }),
        async (gapsMs) => {
          await restart({});
          for (const gapMs of gapsMs) {
            trial.nowMs += gapMs;
            expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true });
          }
          expect(trial.simulator.apiRequests.every(({ status }) => status === 200)).toBe(true);
          const nightMs = trial.nowMs - START_MS;
          expect(trial.asked.tokens).toBeLessThanOrEqual(1 + nightMs / (1_799_000 - 120_000));
        },
      ),
      { numRuns: 10 },
    );
  });
});

describe('the rate', () => {
  it('is kept by all calls of a tenant for the same account', async () => {
    const apis = Array.from({ length: 3 }, () => trial.api({ requests_per_minute: 30 }));
    for (let call = 0; call < 70; call++) await apis[call % 3]?.request(SEARCH);
    const sentAtMs = trial.simulator.apiRequests.map(({ atMs }) => atMs);
    expect(sentAtMs).toHaveLength(70);
    for (const atMs of sentAtMs) {
      const minute = sentAtMs.filter((other) => other >= atMs && other - atMs < 60_000);
      expect(minute.length).toBeLessThanOrEqual(30);
    }
  });

  it.each([
    ['milliseconds', 'milliseconds'],
    ['seconds', 'seconds'],
  ] as const)('of the vendor is obeyed, told in %s', async (_, retryAfterUnit) => {
    await restart({ apiLimit: { perMinute: 2 }, retryAfterUnit });
    await trial.api().request(SEARCH);
    await trial.api().request(SEARCH);
    const busy = await trial.api().request(SEARCH);
    expect(busy).toMatchObject({ error: { outcome: { kind: 'retry', reason: 'busy' }, mayBeDone: false } });
    const waitMs =
      !busy.ok && busy.error.outcome.kind === 'retry' ? (busy.error.outcome.retryAfterMs ?? 0) : 0;
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(61_000);
    trial.nowMs += waitMs;
    expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true });
  });

  it('slows down before the quota of the vendor is used up', async () => {
    await restart({ apiLimit: { perMinute: 20 } });
    for (let call = 0; call < 20; call++)
      expect(await trial.api().request(SEARCH)).toMatchObject({ ok: true });
    expect(trial.nowMs - START_MS).toBeGreaterThan(4_000);
  });
});

describe('whatever comes back', () => {
  it('a call never throws, and never ends without an outcome', async () => {
    const header = fc.constantFrom('x-cs-region', 'x-ratelimit-retryafter', 'retry-after', 'content-type');
    const value = fc.oneof(
      fc.constantFrom('us-1', 'eu-1', 'EU-1', '0', '-1', '1e99', 'application/json', 'text/html'),
      fc.stringMatching(/^[\x21-\x7e]{0,20}$/),
    );
    const json = fc.oneof(
      fc.json(),
      fc.record({ access_token: fc.anything(), expires_in: fc.anything() }).map(stringify),
      fc.record({ errors: fc.anything(), resources: fc.anything(), meta: fc.anything() }).map(stringify),
      fc.constant('{"access_token":"t","expires_in":1799}'),
      fc.string(),
    );
    const answer = fc.tuple(fc.integer({ min: 200, max: 599 }), fc.dictionary(header, value), json);
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), async (answers) => {
        trial.accounts = trial.freshAccounts();
        let at = 0;
        const send: SendRequest = async () => {
          const [status, headers, body] = answers[at++ % answers.length] ?? [500, {}, ''];
          return success({ status, headers: new Headers(headers), body });
        };
        const result = await trial.api({}, send).request(CREATE);
        expect(result.ok ? result.value.status : result.error.outcome.kind).not.toBe('delivered');
        expect(at).toBeLessThanOrEqual(4);
      }),
      { numRuns: 500 },
    );
  });

  function stringify(value: unknown): string {
    return (
      JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ?? ''
    );
  }
});
