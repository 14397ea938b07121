import { describe, expect, it } from 'vitest';

import type { AuditEntry } from '../../src/domain/audit.ts';
import type { TestDestinationAnswer } from '../../src/domain/destination-requests.ts';
import type { SealedTenantConfig } from '../../src/domain/tenant-config.ts';
import { Audit } from '../../src/relay/audit.ts';
import { Database } from '../../src/lib/database.ts';
import { API, falconAnswer, falconDocument, falconTenant } from './falcon-cloud.ts';
import { EDR, HEC, type Sent, Tenant, destination, readConfig, sealedConfig } from './tenant.ts';

const ACTOR = { by: 'token:7', requestId: 'req-1', reason: 'new token' };
const hang = () => new Promise<Response>(() => undefined);

async function test(
  tenant: Tenant,
  name: string,
  config?: SealedTenantConfig,
): Promise<TestDestinationAnswer> {
  const answer: unknown = await tenant.stub.testDestination({
    v: 1,
    actor: ACTOR,
    destination: name,
    ...(config && { config }),
  });
  return answer as TestDestinationAnswer;
}

/** All that is stored, but for the audit. */
async function stored(tenant: Tenant): Promise<unknown> {
  return tenant.inside(async (_relay, state) => ({
    alarm: await state.storage.getAlarm(),
    lanes: [...state.storage.sql.exec('SELECT * FROM lanes')],
    config: [...state.storage.sql.exec('SELECT * FROM config')],
    meta: [...state.storage.sql.exec('SELECT * FROM meta')],
    periods: [...state.storage.sql.exec('SELECT * FROM periods')],
    tables: [...state.storage.sql.exec('SELECT name FROM sqlite_master')],
  }));
}

/** But for the config that the tenant was made with. */
async function audit(tenant: Tenant): Promise<AuditEntry[]> {
  return tenant.inside((_relay, state) =>
    new Audit(new Database(state.storage)).page(1e9, 10).filter(({ action }) => action !== 'config.saved'),
  );
}

describe('a test of a destination', () => {
  it.each([
    ['edr', EDR, 'edr/events', 'Successfully connected to HarfangLab (http://127.0.0.1:9001)'],
    ['falcon', HEC, 'falcon/events', 'Successfully connected to CrowdStrike Falcon (eu-1)'],
  ])(
    'sends one event to %s as its lane would, and answers what came of it',
    async (name, url, lane, summary) => {
      const tenant = await Tenant.create(destination('edr', { actions: ['event'] }));
      tenant.destinations.answer(url, (sent) => {
        if (!isTestEvent(sent)) return managerAnswer(sent);
        tenant.nowMs += 120;
        return new Response('{}', { status: 201 });
      });
      const answer = await test(tenant, name);
      expect(answer).toMatchObject({ kind: 'tested', summary });
      expect(await lanesOf(Promise.resolve(answer))).toEqual([
        {
          lane,
          outcome: 'delivered',
          status: 201,
          durationMs: 120,
          eventId: expect.stringMatching(/^relay-test-[0-9a-f-]{36}$/),
        },
      ]);
      const [sent, ...others] = eventsSent(tenant);
      expect(others).toEqual([]);
      expect(sent?.body).toContain('noxys-relay connection test');
      expect(sent?.headers.get('authorization')).toMatch(/^(Token edr-token|Bearer hec-token)$/);
      expect(sent?.headers.get('x-attempt-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('is in no log and no total, and changes no row but the audit', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await tenant.untilTaken(HEC, 1);
    await tenant.until(async () => (await tenant.lane('edr/events')).delivered === 1, 'it is counted');
    await tenant.until(async () => (await tenant.lane('falcon/events')).delivered === 1, 'it is counted');
    const before = await stored(tenant);
    const rows = await tenant.inside((relay) => relay.rowsWritten);
    await test(tenant, 'edr');
    expect(await stored(tenant)).toEqual(before);
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(rows + 1);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 1, undelivered: 0 });
    expect(await audit(tenant)).toEqual([
      {
        id: 2,
        at: new Date(tenant.nowMs).toISOString(),
        by: 'token:7',
        requestId: 'req-1',
        reason: 'new token',
        action: 'destination.tested',
        detail: { destination: 'edr' },
      },
    ]);
  });

  it.each<[string, () => Response, object]>([
    [
      '401',
      () => new Response('{"detail":"no"}', { status: 401 }),
      { outcome: 'blocked', reason: 'unauthorized', status: 401, detail: 'HTTP 401: {"detail":"no"}' },
    ],
    [
      'a login page',
      () => new Response('<html>', { status: 200 }),
      { outcome: 'blocked', reason: 'html_answer', status: 200 },
    ],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
      { outcome: 'blocked', reason: 'redirected', status: 302 },
    ],
    [
      '429',
      () => new Response('slow', { status: 429 }),
      { outcome: 'retry', reason: 'busy', status: 429, detail: 'HTTP 429: slow' },
    ],
    [
      '503',
      () => new Response(null, { status: 503 }),
      { outcome: 'retry', reason: 'server_error', status: 503, detail: 'HTTP 503' },
    ],
    ['422', () => new Response('bad', { status: 422 }), { outcome: 'rejected', status: 422, detail: 'bad' }],
    [
      'a connection that breaks',
      () => {
        throw new TypeError('Network connection lost.');
      },
      { outcome: 'retry', reason: 'network', detail: '127.0.0.1:9001: Network connection lost.' },
    ],
    [
      'TLS that fails',
      () => {
        throw new TypeError('TLS handshake failed');
      },
      { outcome: 'blocked', reason: 'tls_failure' },
    ],
  ])('says what %s means, and leaves the lane as it is', async (_case, answer, expected) => {
    const tenant = await Tenant.create();
    const before = await tenant.lane('edr/events');
    tenant.destinations.answer(EDR, (sent) => (isTestEvent(sent) ? answer() : managerAnswer(sent)));
    const answered = await test(tenant, 'edr');
    expect(await lanesOf(Promise.resolve(answered))).toMatchObject([expected]);
    expect(answered).not.toHaveProperty('summary');
    expect(await tenant.lane('edr/events')).toEqual(before);
    expect(eventsSent(tenant)).toHaveLength(1);
  });

  it('waits as long as a lane does for an answer, and no longer', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((relay) => {
      relay.timeouts = { requestMs: 20, probeAfterTimeoutMs: 10_000 };
    });
    tenant.destinations.answer(EDR, (sent) => (isTestEvent(sent) ? hang() : managerAnswer(sent)));
    const [lane] = await lanesOf(test(tenant, 'edr'));
    expect(lane).toMatchObject({ outcome: 'retry', reason: 'timeout', detail: 'no answer within 0.02 s' });
    expect(lane).not.toHaveProperty('status');
  });

  it('shows no token that the destination quotes', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      () => new Response(`the token edr-token is ${'x'.repeat(5_000)} wrong`, { status: 403 }),
    );
    const [lane] = await lanesOf(test(tenant, 'edr'));
    expect(lane?.detail).toMatch(/^HTTP 403: the token … is /);
    expect(lane?.detail?.length).toBeLessThanOrEqual(320);
  });

  it('goes out although the lane is blocked, and leaves block and pause as they are', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    await tenant.untilTaken(HEC, 1);
    const before = await tenant.lane('edr/events');
    tenant.destinations.answer(EDR, () => new Response('{}'));
    expect(await lanesOf(test(tenant, 'edr'))).toMatchObject([{ outcome: 'delivered' }]);
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    expect(await lanesOf(test(tenant, 'edr'))).toMatchObject([{ outcome: 'retry' }]);
    expect(await tenant.lane('edr/events')).toEqual(before);
  });

  it('goes out although the destination is disabled', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    expect(await lanesOf(test(tenant, 'edr'))).toMatchObject([{ outcome: 'delivered' }]);
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'disabled', delivered: 0 });
  });

  it("goes out whatever the destination's own filter wants", async () => {
    const tenant = await Tenant.create(destination('edr', { events: ['alert.severity_high'] }));
    expect(await lanesOf(test(tenant, 'edr'))).toMatchObject([{ outcome: 'delivered' }]);
  });

  it('knows only what is configured', async () => {
    const tenant = await Tenant.create();
    expect(await test(tenant, 'erd')).toEqual({ kind: 'unknown_destination' });
    expect(await test(Tenant.unknown(), 'edr')).toEqual({ kind: 'unknown_tenant' });
    expect(await audit(tenant)).toEqual([]);
  });

  it('is refused in an unknown version, and while the object can not load', async () => {
    const tenant = await Tenant.create();
    const later = { v: 2 as unknown as 1, destination: 'edr' };
    expect(await tenant.stub.testDestination(later)).toEqual({
      kind: 'unavailable',
      reason: 'unknown_version',
    });
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE lanes RENAME TO lanes_gone');
    });
    await tenant.crash();
    expect(await test(tenant, 'edr')).toEqual({ kind: 'unavailable', reason: 'object_fault' });
    expect(tenant.destinations.sent).toEqual([]);
  });
});

describe("a test of a HarfangLab manager's connection", () => {
  it('comes before those of its channels, under a name of its own, and sends no event', async () => {
    const tenant = await Tenant.create(destination('edr', { actions: ['event', 'incident'] }));
    tenant.destinations.answer(EDR, managerAnswer);
    const [connection, ...channels] = await rowsOf(test(tenant, 'edr'));
    expect(connection).toMatchObject({ lane: 'edr/connection', outcome: 'delivered' });
    expect(connection).not.toHaveProperty('eventId');
    expect(channels.map(({ lane }) => lane)).toEqual(['edr/events', 'edr/incidents']);
    expect(await rowsOf(test(tenant, 'falcon'))).toMatchObject([{ lane: 'falcon/events' }]);
  });

  it.each<[string, (sent: Sent) => Response]>([
    ['unauthorized', () => new Response(null, { status: 401 })],
    ['html_answer', () => new Response('<html>')],
    ['no_such_endpoint', () => new Response(null, { status: 404 })],
    [
      'network',
      () => {
        throw new TypeError('Network connection lost.');
      },
    ],
    [
      'tls_failure',
      () => {
        throw new TypeError('TLS handshake failed');
      },
    ],
  ])('is the only one that is made where it fails for all: %s', async (reason, answer) => {
    const tenant = await Tenant.create(destination('edr', { mode: 'both' }));
    await tenant.until(() => tenant.destinations.underWay === 0, 'nothing is under way');
    tenant.destinations.answer(EDR, answer);
    const tested = await test(tenant, 'edr');
    expect(await rowsOf(Promise.resolve(tested))).toMatchObject([
      { lane: 'edr/connection', reason, notes: ['The lanes were not tested.'] },
    ]);
    expect(tested).not.toHaveProperty('summary');
    expect(eventsSent(tenant)).toEqual([]);
  });

  it('leaves the lanes to be tested where a manager answers, and only this is refused', async () => {
    const tenant = await Tenant.create(destination('edr', { actions: ['event'] }));
    tenant.destinations.answer(EDR, (sent) =>
      isTestEvent(sent) ? new Response('{}') : new Response(null, { status: 403 }),
    );
    expect(await rowsOf(test(tenant, 'edr'))).toMatchObject([
      { lane: 'edr/connection', outcome: 'blocked', reason: 'forbidden' },
      { lane: 'edr/events', outcome: 'delivered' },
    ]);
  });

  it('is no lane, and takes none from its channels', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, managerAnswer);
    await test(tenant, 'edr');
    const lanes: { readonly lane: string }[] = await tenant.stub.lanes();
    expect(lanes.map(({ lane }) => lane)).not.toContain('edr/connection');
  });

  it('says that nothing could be asked where the seals do not open', async () => {
    const tenant = await Tenant.create();
    const candidate = { ...(await sealedConfig('somebody')), id: tenant.id };
    const answer = await test(tenant, 'edr', candidate);
    for (const row of await rowsOf(Promise.resolve(answer)))
      expect(row).toMatchObject({ outcome: 'blocked', reason: 'not_configured', durationMs: 0 });
    expect(answer).not.toHaveProperty('summary');
    expect(tenant.destinations.sent).toEqual([]);
  });
});

describe('the audit of a test', () => {
  /** A test that a destination has, and does not answer until told. */
  async function held(tenant: Tenant) {
    let answer: (response: Response) => void = () => undefined;
    tenant.destinations.answer(EDR, () => new Promise<Response>((resolve) => (answer = resolve)));
    const tested = test(tenant, 'edr');
    await tenant.until(() => tenant.destinations.underWay === 1, 'the test is under way');
    const answerNow = async () => {
      tenant.destinations.answer(EDR, managerAnswer);
      await tenant.inside(() => answer(new Response('{}')));
    };
    return { tested, answer: answerNow };
  }

  it('is there before anything is sent', async () => {
    const tenant = await Tenant.create();
    const { tested, answer } = await held(tenant);
    expect(await audit(tenant)).toMatchObject([{ action: 'destination.tested', by: 'token:7' }]);
    await answer();
    await tested;
    expect(await audit(tenant)).toHaveLength(1);
  });

  it('is not in that of the next tenant of the id', async () => {
    const tenant = await Tenant.create();
    const { tested, answer } = await held(tenant);
    await tenant.inside(async (relay) => relay.remove({ v: 1, expectedVersion: 1, discard: true }));
    await tenant.configure();
    await answer();
    expect(await tested).toMatchObject({ kind: 'tested' });
    expect(await audit(tenant)).toEqual([]);
  });

  it('has nothing of a test that is refused', async () => {
    const tenant = await Tenant.create();
    const { tested, answer } = await held(tenant);
    expect(await test(tenant, 'edr')).toMatchObject({ kind: 'too_many_tests' });
    expect(await audit(tenant)).toHaveLength(1);
    await answer();
    await tested;
  });
});

describe('a test of a candidate config', () => {
  it('is sent by an object that has no config, and leaves no trace of it', async () => {
    const tenant = Tenant.unknown();
    await tenant.takeOver();
    const candidate = await sealedConfig(tenant.id);
    expect(await lanesOf(test(tenant, 'edr', candidate))).toMatchObject([{ outcome: 'delivered' }]);
    expect(eventsSent(tenant)).toHaveLength(1);
    const trace = await tenant.inside(async (relay, state) => ({
      rows: relay.rowsWritten,
      tables: [
        ...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
      ],
      alarm: await state.storage.getAlarm(),
      keys: (await state.storage.list()).size,
    }));
    expect(trace).toEqual({ rows: 0, tables: [], alarm: null, keys: 0 });
    expect(await readConfig(tenant.stub)).toBeNull();
    expect(await tenant.accept(tenant.event('evt-1'))).toEqual({ kind: 'unknown_tenant' });
  });

  it('goes where the candidate says, and writes nothing beside the stored config', async () => {
    const tenant = await Tenant.create();
    const before = await stored(tenant);
    const rows = await tenant.inside((relay) => relay.rowsWritten);
    const candidate = await sealedConfig(
      tenant.id,
      destination('edr', { base_url: 'http://127.0.0.1:9009', token: 'another' }),
    );
    expect(await lanesOf(test(tenant, 'edr', candidate))).toMatchObject([{ outcome: 'delivered' }]);
    const [sent] = eventsSent(tenant);
    expect(sent?.url).toBe('http://127.0.0.1:9009/api/v1/events');
    expect(sent?.headers.get('authorization')).toBe('Token another');
    expect(await stored(tenant)).toEqual(before);
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(rows);
  });

  it('sends nothing to a host that the residency does not allow', async () => {
    const tenant = await Tenant.create();
    const candidate = await sealedConfig(
      tenant.id,
      destination('edr', { base_url: 'https://edr.example.com' }),
    );
    const [lane] = await rowsOf(test(tenant, 'edr', candidate));
    expect(lane).toMatchObject({ outcome: 'blocked', reason: 'host_not_allowed', durationMs: 0 });
    expect(lane).not.toHaveProperty('status');
    expect(tenant.destinations.sent).toEqual([]);
  });

  it("sends nothing when its seals do not open, as another tenant's do not", async () => {
    const tenant = await Tenant.create();
    const candidate = { ...(await sealedConfig('somebody')), id: tenant.id };
    expect(await lanesOf(test(tenant, 'edr', candidate))).toMatchObject([
      { outcome: 'blocked', reason: 'not_configured', durationMs: 0 },
    ]);
    expect(tenant.destinations.sent).toEqual([]);
  });
});

describe('a test of an API', () => {
  it.each([
    ['what is stored', undefined],
    ['a candidate that would be faster', 6_000],
    ['a candidate with a rate of its own', 30],
  ])('keeps to the rate of the account, together with the lanes: %s', async (_, perMinute) => {
    const tenant = await falconTenant({ requests_per_minute: 30, hec: undefined, actions: ['case'] });
    const sentAtMs: number[] = [];
    tenant.destinations.answer(API, (sent) => {
      if (!sent.url.endsWith('/oauth2/token')) sentAtMs.push(tenant.nowMs);
      return falconAnswer(sent);
    });
    const candidate =
      perMinute &&
      (await sealedConfig(tenant.id, (document) => {
        document['destinations'] = [
          falconDocument({ requests_per_minute: perMinute, hec: undefined, actions: ['case'] }),
        ];
      }));
    await tenant.accept(
      ...Array.from({ length: 30 }, (_event, i) => tenant.event(`evt-${i}`, { user: { id: `user-${i}` } })),
    );
    for (let i = 0; i < 10; i++) await lanesOf(test(tenant, 'falcon', ...(candidate ? [candidate] : [])));
    expect(sentAtMs.length).toBeGreaterThan(40);
    const minutes = sentAtMs.map((from) => sentAtMs.filter((at) => at >= from && at - from < 60_000).length);
    // The test's clock goes on between a turn and its request.
    expect(Math.max(...minutes)).toBeLessThanOrEqual(31);
  });

  it('asks for a token of its own, and leaves that of the lanes', async () => {
    const tenant = await falconTenant({ hec: undefined, actions: ['case'], cases: { alerts: 'off' } });
    tenant.destinations.answer(API, falconAnswer);
    const tokens = () => tenant.destinations.sent.filter(({ url }) => url.endsWith('/oauth2/token')).length;
    for (let i = 0; i < 3; i++) await test(tenant, 'falcon');
    expect(tokens()).toBe(3);
  });
});

describe('the number of tests', () => {
  it('is ten a minute for a tenant, then it is told how long to wait', async () => {
    const tenant = await Tenant.create();
    for (let i = 0; i < 10; i++)
      expect(await test(tenant, i % 2 ? 'edr' : 'falcon')).toMatchObject({ kind: 'tested' });
    expect(await test(tenant, 'edr')).toEqual({ kind: 'too_many_tests', retryAfterSeconds: 6 });
    expect(eventsSent(tenant)).toHaveLength(10);
    tenant.nowMs += 6_000;
    expect(await test(tenant, 'edr')).toMatchObject({ kind: 'tested' });
    expect(await test(tenant, 'edr')).toMatchObject({ kind: 'too_many_tests' });
  });

  it('is one at a time for a destination', async () => {
    const tenant = await Tenant.create();
    let answer: (response: Response) => void = () => undefined;
    tenant.destinations.answer(EDR, () => new Promise<Response>((resolve) => (answer = resolve)));
    const first = test(tenant, 'edr');
    await tenant.until(() => tenant.destinations.underWay === 1, 'the first is under way');
    expect(await test(tenant, 'edr')).toEqual({ kind: 'too_many_tests', retryAfterSeconds: 5 });
    tenant.destinations.answer(EDR, managerAnswer);
    await tenant.inside(() => answer(new Response('{}')));
    expect(await first).toMatchObject({ kind: 'tested' });
    expect(await test(tenant, 'edr')).toMatchObject({ kind: 'tested' });
  });

  it('under way is one, whatever is tested, and lanes deliver meanwhile', async () => {
    const tenant = await Tenant.create((document) => {
      const others = [1, 2, 3].map((n) => ({
        name: `hung-${n}`,
        type: 'harfanglab',
        base_url: `http://127.0.0.1:91${n}1`,
        token: 'any',
        enabled: false,
      }));
      document['destinations'] = [...(document['destinations'] as object[]), ...others];
    });
    await tenant.inside((relay) => {
      relay.timeouts = { requestMs: 100, probeAfterTimeoutMs: 100 };
    });
    for (const n of [1, 2, 3]) tenant.destinations.answer(`http://127.0.0.1:91${n}1`, hang);
    const tests = [1, 2, 3].map(async (n) => test(tenant, `hung-${n}`));
    await tenant.until(() => tenant.destinations.underWay === 1, 'the first hangs');
    expect(tenant.destinations.mostUnderWay).toBe(1);
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await tenant.untilTaken(HEC, 1);
    for (const answer of await Promise.all(tests))
      expect(await rowsOf(Promise.resolve(answer))).toMatchObject([{ outcome: 'retry', reason: 'timeout' }]);
    expect(tenant.destinations.mostUnderWay).toBeLessThanOrEqual(3);
  });

  it('waits for a connection while lanes hold all five, and is measured without that wait', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [1, 2, 3, 4, 5, 6].map((n) => ({
        name: `edr-${n}`,
        type: 'harfanglab',
        base_url: `http://127.0.0.1:91${n}1`,
        token: 'any',
        enabled: n < 6,
      }));
    });
    const open: (() => void)[] = [];
    for (const n of [1, 2, 3, 4, 5])
      tenant.destinations.answer(
        `http://127.0.0.1:91${n}1`,
        () => new Promise<Response>((resolve) => open.push(() => resolve(new Response('{}')))),
      );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(() => tenant.destinations.underWay === 5, 'all lanes wait for their answers');
    const tested = test(tenant, 'edr-6');
    await scheduler.wait(50);
    expect(tenant.destinations.sent).toHaveLength(5);
    tenant.nowMs += 30_000;
    await tenant.inside(() => open[0]?.());
    const [lane] = await lanesOf(tested);
    expect(lane).toMatchObject({ outcome: 'delivered', durationMs: 0 });
    await tenant.inside(() => open.forEach((answer) => answer()));
  });
});

/** What came of the lanes that a test event is sent to. */
async function lanesOf(answer: Promise<TestDestinationAnswer>) {
  return (await rowsOf(answer)).filter(({ lane }) => lane.endsWith('/events'));
}

async function rowsOf(answer: Promise<TestDestinationAnswer>) {
  const tested = await answer;
  if (tested.kind !== 'tested') throw new Error(`Cannot read a test that was not made: ${tested.kind}`);
  return tested.tests;
}

function isTestEvent({ body }: Sent): boolean {
  return body.includes('noxys-relay connection test');
}

function eventsSent(tenant: Tenant): Sent[] {
  return tenant.destinations.sent.filter(isTestEvent);
}

/** As a manager answers that has all it is asked for. */
function managerAnswer({ url }: Sent): Response {
  const { pathname } = new URL(url);
  if (pathname.startsWith('/api/auth/users/me')) return Response.json({ username: 'relay' });
  if (pathname.startsWith('/api/version')) return Response.json({ version: '2.29.7' });
  return Response.json({ count: 0, next: null, previous: null, results: [] });
}
