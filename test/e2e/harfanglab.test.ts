/** The whole system against a HarfangLab manager: both of its APIs, what a test of the connection names, and whatever happens to an incident's answer. */

import { describe, expect, it } from 'vitest';

import type { LaneTest } from '../../src/domain/destination-requests.ts';
import type { LaneView } from '../../src/domain/lane-view.ts';
import { PERMISSIONS } from '../simulators/harfanglab-api.ts';
import { hasAlarm } from './at-rest.ts';
import { accept, criticalEvent, criticalEvents } from './critical-events.ts';
import { Stage, type StageOptions, type TestTenant } from './stage.ts';
import { until } from './until.ts';

const ARRIVAL_MS_MAX = 20_000;
const INCIDENTS = { incidents: { events_at_or_above: 'critical' } };
const NATIVE = { mode: 'native', actions: ['indicator', 'rule'], indicators: ['grok'] };

/** A tenant with a HarfangLab destination alone. */
async function open(
  more: Readonly<Record<string, unknown>>,
  options: StageOptions = {},
): Promise<{ readonly stage: Stage; readonly tenant: TestTenant } & AsyncDisposable> {
  const stage = await Stage.open(options);
  const tenant = await stage.addTenant('acme', { destinations: [stage.destinations.edrConfig(more)] });
  return { stage, tenant, [Symbol.asyncDispose]: async () => stage.close() };
}

/** Saves the destination anew. */
async function save(
  stage: Stage,
  { id, secret }: TestTenant,
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  const destinations = [stage.destinations.edrConfig(more)];
  const saved = await stage.admin.put(id, stage.document(id, secret, { destinations }));
  expect(saved).toMatchObject({ status: 200 });
}

/** What a test of the destination finds, by lane. */
async function tested(stage: Stage): Promise<Readonly<Record<string, LaneTest>>> {
  const { body } = await stage.admin.post('/api/v1/tenants/acme/destinations/edr/test');
  const { tests } = body as { readonly tests: readonly LaneTest[] };
  return Object.fromEntries(tests.map((test) => [test.lane, test]));
}

async function lane(stage: Stage, name: string): Promise<LaneView | undefined> {
  return (await stage.lanes('acme')).find((view) => view.lane === name);
}

async function untilBlocked(stage: Stage, name: string): Promise<LaneView['blocked']> {
  await until(`${name} is blocked`, async () => (await lane(stage, name))?.state === 'blocked', {
    withinMs: ARRIVAL_MS_MAX,
  });
  return (await lane(stage, name))?.blocked;
}

const isIncident = ({ path }: { readonly path: string }): boolean => path === '/api/v1/incidents';

describe.concurrent('incidents of a HarfangLab manager', () => {
  it('are one for what is critical and alike within a day, with what the playbook starts from', async () => {
    await using opened = await open(INCIDENTS);
    const { stage, tenant } = opened;
    const first = criticalEvent({ user_id: 'user-a' });
    const again = criticalEvent({ user_id: 'user-a' });
    const other = criticalEvent({ user_id: 'user-b' });
    const lesser = criticalEvent({ user_id: 'user-c', type: 'alert.severity_high' });
    await accept(tenant, lesser, first);
    await accept(tenant, again, other);
    // A redelivered webhook.
    await tenant.sender.send([first, other]);
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });

    expect(stage.edr.events).toHaveLength(4);
    expect(stage.edr.incidents.map(({ body }) => body['user_id'])).toEqual(['user-a', 'user-b']);
    const key = `alert.severity_critical:${String(first['id'])}`;
    expect(stage.edr.incidents[0]).toMatchObject({
      key: `incident:${key}`,
      body: {
        id: key,
        source: 'noxys',
        severity: 'critical',
        event_ids: [first['id']],
        device_id: first['device_id'],
        platforms: [{ id: 'deepseek', name: 'DeepSeek' }],
        classifications: ['IBAN'],
        policy_decision: 'block',
        activity: { events: 1, complete: true },
      },
    });
    // Alerts are for detections.
    expect(stage.edr.alerts).toEqual([]);
  });

  it.each([
    { honoursIdempotencyKey: true, recorded: 1 },
    { honoursIdempotencyKey: false, recorded: 2 },
  ])(
    'carry one key however often they are asked for: $recorded after a lost answer where honouring it is $honoursIdempotencyKey',
    async ({ honoursIdempotencyKey, recorded }) => {
      await using opened = await open(INCIDENTS, { edr: { honoursIdempotencyKey } });
      const { stage, tenant } = opened;
      const lost = stage.edr.fail({ match: isIncident, drop: 'after_reading', times: 1 });
      const event = criticalEvent();
      await accept(tenant, event);
      await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
      expect(lost.hits).toBe(1);
      expect(stage.edr.incidents).toHaveLength(recorded);

      // Its answer was seen by now: nothing asks for it again.
      await tenant.sender.send(event);
      await stage.admin.post('/api/v1/tenants/acme/destinations/edr/resume');
      await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
      const asked = stage.edr.requests.filter(isIncident).map(({ headers }) => headers['idempotency-key']);
      expect(asked).toEqual(Array(2).fill(`incident:alert.severity_critical:${String(event['id'])}`));
      expect(stage.edr.incidents).toHaveLength(recorded);
    },
  );

  it('arrive once each after a kill of the relay, with nobody calling it again', async () => {
    await using opened = await open(INCIDENTS, { isApart: true });
    const { stage, tenant } = opened;
    await until('the alarm of the new config is over', () => !hasAlarm(stage), { withinMs: 10_000 });
    stage.edr.fail({ match: isIncident, status: 503 });
    const events = criticalEvents(8);
    await accept(tenant, ...events);
    await stage.killRelay();
    expect(stage.edr.incidents).toEqual([]);
    stage.edr.heal();
    await stage.startRelay();
    await until('all incidents are there', () => stage.edr.incidents.length >= events.length, {
      withinMs: ARRIVAL_MS_MAX,
    });
    await stage.untilDone('acme', { withinMs: 5_000 });
    const ids = stage.edr.incidents.map(({ body }) => (body['event_ids'] as readonly unknown[])[0]);
    expect(ids).toEqual(events.map(({ id }) => id));
  });
});

describe.concurrent('indicators and endpoint rules of a HarfangLab manager', () => {
  it('arrive as the config is saved, change with it, and go when they are dropped', async () => {
    await using opened = await open(NATIVE);
    const { stage, tenant } = opened;
    const { edr } = stage;
    const limits = { withinMs: ARRIVAL_MS_MAX };
    await until('all is there', () => edr.indicators.length === 1 && edr.sigmaRules.length === 2, limits);
    expect(edr.indicators).toMatchObject([
      { type: 'domain_name', value: 'grok.com', hl_status: 'testing', global_state: 'alert' },
    ]);
    expect(edr.indicatorSources.map(({ name }) => name)).toEqual(['noxys-relay acme edr']);
    expect(edr.sigmaRules.map(({ errors, enabled }) => [errors, enabled])).toEqual([
      [null, true],
      [null, true],
    ]);

    const block = { value: 'grok', action: 'block' };
    await save(stage, tenant, { ...NATIVE, actions: [...NATIVE.actions, 'block'], indicators: [block] });
    await until('it blocks', () => edr.indicators[0]?.['global_state'] === 'block', limits);
    expect(edr.indicators).toHaveLength(1);

    await save(stage, tenant, { ...NATIVE, indicators: [], endpoint_rules: [] });
    await until('all is gone', () => edr.indicators.length + edr.sigmaRules.length === 0, limits);
    await stage.untilDone('acme', { withinMs: 5_000 });
    expect(await lane(stage, 'edr/indicators')).toMatchObject({ deadLettered: 0 });
  });

  it('wait where the token lacks a right, which the block names, and arrive when it has it', async () => {
    await using opened = await open(NATIVE, { edr: { permissions: [PERMISSIONS.rulesView] } });
    const { stage } = opened;
    for (const name of ['edr/indicators', 'edr/rules'])
      expect(await untilBlocked(stage, name)).toMatchObject({
        reason: 'forbidden',
        detail: expect.stringContaining(PERMISSIONS.rulesEdit),
      });
    stage.edr.setPermissions(undefined);
    await stage.admin.post('/api/v1/tenants/acme/destinations/edr/resume');
    await until('all is there', () => stage.edr.indicators.length + stage.edr.sigmaRules.length === 3, {
      withinMs: ARRIVAL_MS_MAX,
    });
  });
});

describe.concurrent('a test of a HarfangLab destination', () => {
  it('names each permission that its token lacks, and what works', async () => {
    const actions = ['event', 'incident', 'alert', 'indicator', 'rule', 'contain', 'comment'];
    await using opened = await open({ mode: 'both', actions }, { edr: { permissions: [] } });
    const { stage } = opened;
    const found = await tested(stage);
    expect(found['edr/connection']).toMatchObject({
      outcome: 'delivered',
      notes: ['Signed in as relay.', 'HarfangLab 2.29.7.'],
    });
    const lacking: Readonly<Record<string, string>> = {
      'edr/indicators': PERMISSIONS.rulesView,
      'edr/rules': PERMISSIONS.rulesView,
      'edr/containment': PERMISSIONS.endpointsView,
      'edr/comments': PERMISSIONS.threatsView,
    };
    for (const [name, permission] of Object.entries(lacking))
      expect({ name, ...found[name] }).toMatchObject({
        name,
        outcome: 'blocked',
        reason: 'forbidden',
        detail: expect.stringContaining(permission),
      });

    stage.edr.setPermissions(undefined);
    const { body } = await stage.admin.post('/api/v1/tenants/acme/destinations/edr/test');
    expect(body).toMatchObject({ summary: `Successfully connected to HarfangLab (${stage.edr.url})` });
    expect(Object.values(await tested(stage)).map(({ outcome }) => outcome)).toEqual(
      Array(actions.length + 1).fill('delivered'),
    );
    // A test leaves nothing behind but its marked event.
    expect([stage.edr.incidents, stage.edr.alerts, stage.edr.isolationOrders]).toEqual([[], [], []]);
  });

  it('names the setting of a path that the manager does not have, and the others work', async () => {
    await using opened = await open(INCIDENTS, { edr: { hasIncidentsEndpoint: false } });
    const { stage, tenant } = opened;
    const found = await tested(stage);
    expect(found['edr/incidents']).toMatchObject({
      outcome: 'blocked',
      status: 404,
      reason: 'no_such_endpoint',
      detail: expect.stringContaining('use mode: native, or set incidents_path'),
    });
    expect(found['edr/events']).toMatchObject({ outcome: 'delivered' });
    expect(found['edr/alerts']).toMatchObject({ outcome: 'delivered' });

    await accept(tenant, criticalEvent());
    expect(await untilBlocked(stage, 'edr/incidents')).toMatchObject({ reason: 'no_such_endpoint' });
    expect(await lane(stage, 'edr/events')).toMatchObject({ state: 'idle', delivered: 1 });
  });
});

describe.concurrent('a HarfangLab manager that takes nothing', () => {
  it('because the token is wrong blocks its lanes, which keep what they have until it is right', async () => {
    await using opened = await open(INCIDENTS);
    const { stage, tenant } = opened;
    const right = stage.destinations.edrToken;
    stage.edr.rotateToken('another-token');
    expect((await tested(stage))['edr/connection']).toMatchObject({
      outcome: 'blocked',
      status: 401,
      reason: 'unauthorized',
      detail: expect.stringContaining('Generate token'),
    });
    await accept(tenant, criticalEvent());
    for (const name of ['edr/events', 'edr/incidents'])
      expect(await untilBlocked(stage, name)).toMatchObject({ reason: 'unauthorized' });
    stage.edr.rotateToken(right);
    // Saved again, even unchanged.
    await save(stage, tenant, INCIDENTS);
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect([stage.edr.events.length, stage.edr.incidents.length]).toEqual([1, 1]);
  });

  it("because a portal's login page stands before it delivers nothing to the page", async () => {
    await using opened = await open({ ...INCIDENTS, mode: 'both', actions: ['incident', 'rule'] });
    const { stage, tenant } = opened;
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    stage.edr.presentLoginPage();
    expect((await tested(stage))['edr/connection']).toMatchObject({
      outcome: 'blocked',
      reason: 'html_answer',
      detail: expect.stringContaining('no HarfangLab manager'),
    });
    await accept(tenant, criticalEvent());
    expect(await untilBlocked(stage, 'edr/incidents')).toMatchObject({ reason: 'html_answer' });
    stage.edr.presentLoginPage(false);
    await stage.admin.post('/api/v1/tenants/acme/destinations/edr/resume');
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(stage.edr.incidents).toHaveLength(1);
  });
});
