import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PERMISSIONS } from './harfanglab-api.ts';
import { HarfangLabCaller } from './harfanglab-caller.ts';
import type { HarfangLabOptions } from './harfanglab.ts';

const INCIDENT = { id: 'inc-1', title: 'PII sent to an AI platform', severity: 'high', source: 'noxys' };
const EVENT = {
  id: 'evt-1',
  source: 'noxys',
  type: 'interaction.high_risk',
  timestamp: '2026-11-22T09:00:00Z',
};
const INCIDENTS = '/api/v1/incidents';
const ALERTS = '/api/v1/alerts';

let manager: HarfangLabCaller;

const restart = async (options: Partial<HarfangLabOptions>) => {
  await manager.simulator.stop();
  manager = await HarfangLabCaller.start(options);
};
const post = async (path: string, body: unknown, key: string | undefined = 'key-1') =>
  manager.call('POST', path, { body, ...(key === '' ? {} : { headers: { 'idempotency-key': key } }) });
const recorded = (path: string) => (path === ALERTS ? manager.simulator.alerts : manager.simulator.incidents);

beforeEach(async () => {
  manager = await HarfangLabCaller.start();
});
afterEach(() => manager.simulator.stop());

describe.each([INCIDENTS, ALERTS])('%s', (path) => {
  it('takes what has an id, a title and a severity, and records it as it came', async () => {
    const sent = { ...INCIDENT, events: ['evt-1'], window: { minutes: 60 } };
    const { status, body } = await post(path, sent);
    expect([status, body]).toEqual([201, { id: 'inc-1', status: 'created' }]);
    expect(recorded(path)).toEqual([{ id: 'inc-1', key: 'key-1', receivedAtMs: manager.nowMs, body: sent }]);
  });

  it('makes no second record for a repeated key, and answers as before', async () => {
    const first = await post(path, INCIDENT);
    const second = await post(path, { ...INCIDENT, title: 'Again' });
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect(recorded(path)).toHaveLength(1);
    expect(await post(path, { ...INCIDENT, id: 'inc-2' }, 'key-2')).toMatchObject({ status: 201 });
    expect(recorded(path)).toHaveLength(2);
  });

  it('refuses a key that stood for another', async () => {
    await post(path, INCIDENT);
    const { status, body } = await post(path, { ...INCIDENT, id: 'inc-2' });
    expect(status).toBe(422);
    expect(body).toHaveProperty(['Idempotency-Key']);
    expect(recorded(path)).toHaveLength(1);
  });

  it('makes another for every request where the key is not honoured, and wants none', async () => {
    await restart({ honoursIdempotencyKey: false });
    expect((await post(path, INCIDENT)).status).toBe(201);
    expect((await post(path, INCIDENT)).status).toBe(201);
    expect((await post(path, INCIDENT, '')).status).toBe(201);
    expect(recorded(path).map(({ key }) => key)).toEqual(['key-1', 'key-1', undefined]);
  });

  it.each([
    ['id', { ...INCIDENT, id: undefined }],
    ['id', { ...INCIDENT, id: 7 }],
    ['title', { ...INCIDENT, title: '' }],
    ['title', { ...INCIDENT, title: null }],
    ['severity', { ...INCIDENT, severity: undefined }],
    ['severity', { ...INCIDENT, severity: 'High' }],
    ['severity', { ...INCIDENT, severity: 50 }],
    ['source', { ...INCIDENT, source: 'relay' }],
    ['non_field_errors', [INCIDENT]],
  ])('refuses a wrong %s with 400 and names it', async (field, body) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toHaveProperty([field]);
    expect(recorded(path)).toEqual([]);
  });

  it('refuses what comes without a key', async () => {
    const { status, body } = await post(path, INCIDENT, '');
    expect([status, body]).toEqual([400, { 'Idempotency-Key': ['This header is required.'] }]);
  });

  it('refuses another token, method, media type and syntax, each in its own words', async () => {
    const headers = { 'idempotency-key': 'key-1' };
    const wrong = { body: INCIDENT, headers: { ...headers, authorization: 'Token other' } };
    expect((await manager.call('POST', path, wrong)).status).toBe(401);
    expect((await manager.call('GET', path)).status).toBe(405);
    const text = { body: 'a=b', headers: { ...headers, 'content-type': 'text/plain' } };
    expect((await manager.call('POST', path, text)).status).toBe(415);
    expect((await manager.call('POST', path, { body: '{"id":', headers })).status).toBe(400);
    expect(recorded(path)).toEqual([]);
  });
});

it('keeps the keys of incidents and of alerts apart', async () => {
  expect((await post(INCIDENTS, INCIDENT)).status).toBe(201);
  expect((await post(ALERTS, { ...INCIDENT, id: 'alert-1' })).status).toBe(201);
  expect([manager.simulator.incidents.length, manager.simulator.alerts.length]).toEqual([1, 1]);
});

it('takes all three under other paths when told so', async () => {
  await restart({ eventsPath: '/in/e', incidentsPath: '/in/i', alertsPath: '/in/a' });
  expect((await post('/in/e', EVENT)).status).toBe(201);
  expect((await post('/in/i', INCIDENT)).status).toBe(201);
  expect((await post('/in/a', INCIDENT)).status).toBe(201);
  expect((await post(INCIDENTS, INCIDENT)).status).toBe(404);
});

it.each([
  ['events', { hasEventsEndpoint: false }, [404, 404, 404]],
  ['incidents', { hasIncidentsEndpoint: false }, [201, 404, 201]],
  ['alerts', { hasAlertsEndpoint: false }, [201, 201, 404]],
  ['all but incidents', { hasEventsEndpoint: false, hasIncidentsEndpoint: true }, [404, 201, 404]],
])('answers 404 where a manager lacks %s', async (_, options, statuses) => {
  await restart(options);
  const answers = [
    await post('/api/v1/events', EVENT),
    await post(INCIDENTS, INCIDENT),
    await post(ALERTS, INCIDENT),
  ];
  expect(answers.map(({ status }) => status)).toEqual(statuses);
});

it("answers a portal's page with 200 on the paths that it covers, and records nothing there", async () => {
  manager.simulator.presentLoginPage(true, [INCIDENTS]);
  const { status, headers, text } = await post(INCIDENTS, INCIDENT);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain('<form');
  expect(manager.simulator.incidents).toEqual([]);
  expect((await post(ALERTS, INCIDENT)).status).toBe(201);
  manager.simulator.presentLoginPage(false);
  expect((await post(INCIDENTS, INCIDENT)).status).toBe(201);
});

it.each([
  ['/api/v1/events', EVENT, PERMISSIONS.eventsWrite],
  [INCIDENTS, INCIDENT, PERMISSIONS.incidentsWrite],
  [ALERTS, INCIDENT, PERMISSIONS.alertsWrite],
])('%s needs its own permission', async (path, body, permission) => {
  const others = Object.values(PERMISSIONS).filter((name) => name !== permission);
  manager.simulator.setPermissions(others);
  const refused = await post(path, body);
  expect(refused.status).toBe(403);
  expect(refused.body).toEqual({ detail: 'You do not have permission to perform this action.' });
  const { events, incidents, alerts } = manager.simulator;
  expect([events, incidents, alerts]).toEqual([[], [], []]);
  manager.simulator.setPermissions([permission]);
  expect((await post(path, body)).status).toBe(201);
});
