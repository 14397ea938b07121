/** The whole system against a Falcon cloud: events in batches, cases at the account's rate, and what one credential's fault leaves alone. */

import { afterEach, describe, expect, it } from 'vitest';

import { makeEvent, makeEvents } from './events.ts';
import { Stage, type StageOptions, type TestTenant } from './stage.ts';
import { until } from './until.ts';

const FAST = { limits: { events_per_minute: 60_000, burst: 60_000 } };
const stages: Stage[] = [];

async function open(options: StageOptions = {}): Promise<Stage> {
  const stage = await Stage.open(options);
  stages.push(stage);
  return stage;
}

afterEach(async () => {
  await Promise.all(stages.splice(0).map(async (stage) => stage.close()));
});

/** Blocked interactions of different users: each is a case of its own. */
function violations(count: number): Record<string, unknown>[] {
  return makeEvents(count).map(({ id }, index) => ({
    id,
    type: 'interaction.policy_violated',
    timestamp: new Date().toISOString(),
    user_id: `user-${index}`,
    data: { platform_id: 'perplexity', policy_decision: 'block', classifications: ['EMAIL'] },
  }));
}

async function sendInHundreds(tenant: TestTenant, events: readonly unknown[]): Promise<void> {
  for (let i = 0; i < events.length; i += 100) {
    const answer = await tenant.sender.send(events.slice(i, i + 100));
    expect(answer.body).toMatchObject({ accepted: Math.min(100, events.length - i) });
  }
}

describe('ten thousand events that wait', () => {
  it('reach the HEC in 40 requests at most, each event once', async () => {
    const stage = await open();
    const tenant = await stage.addTenant('acme', {
      ...FAST,
      destinations: [stage.destinations.falconConfig()],
    });
    await stage.admin.post('/api/v1/tenants/acme/destinations/falcon/pause');
    await sendInHundreds(tenant, violations(10_000));
    expect(stage.falcon.batches).toEqual([]);
    await stage.admin.post('/api/v1/tenants/acme/destinations/falcon/resume');
    await until('all events are there', () => stage.falcon.events.length >= 10_000, { withinMs: 60_000 });
    await stage.untilDone('acme', { withinMs: 10_000 });
    expect(stage.falcon.batches.length).toBeLessThanOrEqual(40);
    expect(Math.max(...stage.falcon.batches.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1024 * 1024);
    expect(stage.falcon.events).toHaveLength(10_000);
    expect(stage.falcon.duplicates()).toEqual([]);
  });
});

describe("a Falcon whose API client's secret is wrong", () => {
  it('gets its HEC events all the same, and its cases lane tells the operator', async () => {
    const stage = await open();
    const tenant = await stage.addTenant('acme', {
      destinations: [
        stage.destinations.falconApiConfig({
          client_secret: 'w'.repeat(40),
          cases: { events_at_or_above: 'low' },
        }),
      ],
    });
    const events = violations(50);
    await sendInHundreds(tenant, events);
    await until('all events are there', () => stage.falcon.events.length >= 50, { withinMs: 20_000 });
    const lanes = Object.fromEntries((await stage.lanes('acme')).map((lane) => [lane.lane, lane]));
    expect(lanes['falcon/events']).toMatchObject({ delivered: 50, undelivered: 0 });
    expect(lanes['falcon/cases']).toMatchObject({ state: 'blocked', blocked: { reason: 'unauthorized' } });
    expect(stage.falcon.cases).toEqual([]);
    // It is put right: the same events become cases.
    const put = await stage.admin.put('acme', {
      ...stage.document('acme', tenant.secret),
      destinations: [
        stage.destinations.falconApiConfig({ cases: { events_at_or_above: 'low', per_hour_max: 100 } }),
      ],
    });
    expect(put.status).toBe(200);
    await until('all cases are there', () => stage.falcon.cases.length >= 50, { withinMs: 60_000 });
    expect(stage.falcon.events).toHaveLength(50);
  });
});

describe('a thousand cases', () => {
  it('are opened at the rate that the config sets, and none is lost', async () => {
    const perMinute = 3_000;
    const stage = await open();
    const tenant = await stage.addTenant('acme', {
      ...FAST,
      destinations: [
        stage.destinations.falconApiConfig({
          actions: ['case'],
          requests_per_minute: perMinute,
          cases: { events_at_or_above: 'high', per_hour_max: 2_000 },
        }),
      ],
    });
    await sendInHundreds(tenant, violations(1_000));
    await until('all cases are there', () => stage.falcon.cases.length >= 1_000, { withinMs: 90_000 });
    await stage.untilDone('acme', { withinMs: 20_000 });
    expect(stage.falcon.cases).toHaveLength(1_000);
    expect(
      new Set(stage.falcon.cases.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith('nx-')))).size,
    ).toBe(1_000);
    const times = stage.falcon.requests
      .filter(({ path }) => path.startsWith('/cases/'))
      .map(({ atMs }) => atMs);
    const elapsedMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
    // What a minute's rate allows in that time, after a sixth of it at once; a request may be a moment late.
    expect(times.length - 1).toBeLessThanOrEqual((elapsedMs / 60_000 + 1 / 6) * perMinute + 5);
    expect(stage.falcon.tokens).toHaveLength(1);
    expect(await stage.lanes('acme')).toMatchObject([{ delivered: 1_000, deadLettered: 0, expired: 0 }]);
  });
});

describe('a case whose opening gets no answer', () => {
  it('is opened once, as the next attempt looks for it first', async () => {
    const stage = await open();
    const tenant = await stage.addTenant('acme', {
      destinations: [
        stage.destinations.falconApiConfig({ actions: ['case'], cases: { events_at_or_above: 'high' } }),
      ],
    });
    const isOpening = ({ method, path }: { method: string; path: string }): boolean =>
      method === 'PUT' && path.startsWith('/cases/');
    const fault = stage.falcon.fail({ match: isOpening, drop: 'after_reading', times: 1 });
    await sendInHundreds(tenant, violations(1));
    await until('the lane is through', async () => (await stage.lanes('acme'))[0]?.delivered === 1, {
      withinMs: 100_000,
    });
    expect(fault.hits).toBe(1);
    expect(stage.falcon.cases).toHaveLength(1);
    expect(stage.falcon.requests.filter(isOpening)).toHaveLength(1);
  });

  it('is opened once after a timeout, too, with the search a while behind', async () => {
    const stage = await open({ falcon: { caseSearchLagMs: 12_000 } });
    const tenant = await stage.addTenant('acme', {
      destinations: [
        stage.destinations.falconApiConfig({ actions: ['case'], cases: { events_at_or_above: 'high' } }),
      ],
    });
    const isOpening = ({ method, path }: { method: string; path: string }): boolean =>
      method === 'PUT' && path.startsWith('/cases/');
    // Recorded at once, and answered later than anybody waits.
    stage.falcon.fail({ match: isOpening, delayMs: 40_000, times: 1 });
    await sendInHundreds(tenant, violations(1));
    await until('the lane is through', async () => (await stage.lanes('acme'))[0]?.delivered === 1, {
      withinMs: 110_000,
    });
    expect(stage.falcon.cases).toHaveLength(1);
    expect(stage.falcon.requests.filter(isOpening)).toHaveLength(1);
  });
});

describe('events of one user', () => {
  it('share a case for a day, and the case tells how many they are', async () => {
    const stage = await open();
    const tenant = await stage.addTenant('acme', {
      destinations: [
        stage.destinations.falconApiConfig({ actions: ['case'], cases: { events_at_or_above: 'high' } }),
      ],
    });
    const one = violations(1)[0];
    for (let i = 0; i < 5; i++) {
      await tenant.sender.send({ ...one, id: makeEvent().id });
      await stage.untilDone('acme', { withinMs: 20_000 });
    }
    expect(stage.falcon.cases).toHaveLength(1);
    expect(stage.falcon.cases[0]).toMatchObject({
      name: 'Policy violation: Block PII on Perplexity',
      severity: 75,
      status: 'new',
      tags: expect.arrayContaining([
        'noxys',
        'perplexity',
        'pii',
        expect.stringMatching(/^nx-[a-z2-7]{16}$/),
      ]),
    });
    expect(stage.falcon.cases[0]?.description).toMatch(/\b5\b/);
  });
});
