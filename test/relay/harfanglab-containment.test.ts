/** Isolation of hosts by HarfangLab through the lane of a tenant's real object: asked for, followed through wake-ups, and lifted by an operator. */

import { describe, expect, it } from 'vitest';

import type { HostReference } from '../../src/destinations/destination.ts';
import type { AuditEntry } from '../../src/domain/audit.ts';
import { ACTOR, auditOf, crashBeforeAnswer, liftContainment, outcomesOf } from './containment.ts';
import { AgentCloud, LANE, agentId, isolating } from './harfanglab-agents.ts';
import { START_MS, type Tenant } from './tenant.ts';

const MINUTE_MS = 60_000;

const lift = async (tenant: Tenant, host: HostReference) =>
  liftContainment(tenant, { destination: 'edr', ...host });
const audit = async (tenant: Tenant, wanted: AuditEntry['action'] = 'host.isolated') =>
  auditOf(tenant, wanted);
/** Time, in which the tenant is woken often. */
async function passes({ tenant }: AgentCloud, ms: number): Promise<void> {
  for (const untilMs = tenant.nowMs + ms; tenant.nowMs < untilMs;) {
    tenant.nowMs += 20_000;
    await tenant.alarm();
    await scheduler.wait(1);
  }
}
const workstations = (...digits: readonly string[]) => ({
  agents: digits.map((digit) => ({ id: agentId(digit), hostname: `WKS-${digit}` })),
});

describe('the containment lane of HarfangLab', () => {
  it('asks, looks again through its wake-ups, and is done when the agent is isolated', async () => {
    const cloud = await AgentCloud.create(workstations('1', '2'));
    const { tenant } = cloud;
    const startMs = tenant.nowMs;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await cloud.untilSettled(1);
    expect(cloud.orders).toEqual(['isolate 1']);
    expect(cloud.agent('1')?.isolation_state).toBe(true);
    expect(tenant.nowMs - startMs).toBeGreaterThanOrEqual(MINUTE_MS);
    // One before the order, and one a minute since: nothing was waited for in the object.
    expect(cloud.looks).toBe(2);
    expect(Math.max(0, ...tenant.slept)).toBeLessThan(MINUTE_MS);
    const lane = await tenant.lane(LANE);
    expect(lane).toMatchObject({ state: 'idle', delivered: 1, deadLettered: 0, tries: 0 });
    expect(lane).not.toHaveProperty('lastFailure');
    expect(await audit(tenant)).toMatchObject([
      { by: 'relay', detail: { lane: LANE, detection: 'det-1', outcome: 'asked', deviceId: agentId('1') } },
      {
        by: 'relay',
        detail: { lane: LANE, detection: 'det-1', outcome: 'isolated', deviceId: agentId('1') },
      },
    ]);
  });

  it('goes on with the next detection while an agent is waited for', async () => {
    const cloud = await AgentCloud.create({
      agents: [
        { id: agentId('1'), hostname: 'WKS-1', status: 'offline' },
        { id: agentId('2'), hostname: 'WKS-2' },
      ],
    });
    await cloud.tenant.accept(cloud.detection('det-1', 'WKS-1'), cloud.detection('det-2', 'WKS-2'));
    await cloud.untilSettled(1);
    expect(cloud.orders).toEqual(['isolate 1', 'isolate 2']);
    expect(cloud.agent('2')?.isolation_state).toBe(true);
    expect(await cloud.tenant.lane(LANE)).toMatchObject({ delivered: 1, deadLettered: 0 });
  });

  it('isolates another host at once though a thousand detections are of one that is offline, which has one order and few looks', async () => {
    const cloud = await AgentCloud.create({
      agents: [
        { id: agentId('1'), hostname: 'WKS-1', status: 'offline' },
        { id: agentId('2'), hostname: 'WKS-2' },
      ],
    });
    const { tenant } = cloud;
    const startMs = tenant.nowMs;
    const storm = Array.from({ length: 1005 }, (_, i) => cloud.detection(`storm-${i}`, 'WKS-1'));
    for (let i = 0; i < storm.length; i += 100) await tenant.accept(...storm.slice(i, i + 100));
    await tenant.accept(cloud.detection('other', 'WKS-2'));
    await tenant.passTimeUntil(() => cloud.orders.includes('isolate 2'), 'the other host is isolated');
    expect(tenant.nowMs - startMs).toBeLessThan(MINUTE_MS);
    await cloud.untilSettled(1006);
    expect(await tenant.lane(LANE)).toMatchObject({ state: 'idle', delivered: 1005, deadLettered: 1 });
    expect(cloud.orders).toEqual(['isolate 1', 'isolate 2']);
    expect(cloud.looks).toBeLessThan(20);
  });

  it('gives an agent up that does not come back, and tells so in a dead letter', async () => {
    const cloud = await AgentCloud.create({
      agents: [{ id: agentId('1'), hostname: 'WKS-1', status: 'offline' }],
    });
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await cloud.untilSettled(1);
    expect(await tenant.lane(LANE)).toMatchObject({ state: 'idle', delivered: 0, deadLettered: 1 });
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toMatch(
      /not isolated after 6 minutes: it is not online; HarfangLab still holds the order/,
    );
    expect(letter).not.toHaveProperty('status');
    expect(outcomesOf(await audit(tenant))).toEqual(['asked', 'timed_out']);
    expect(cloud.orders).toEqual(['isolate 1']);
  });

  it('goes on looking after a crash, and asks no second time', async () => {
    const cloud = await AgentCloud.create(workstations('1'));
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await tenant.until(() => cloud.orders.length === 1, 'HarfangLab was asked');
    await tenant.crash();
    await cloud.untilSettled(1);
    expect(cloud.orders).toEqual(['isolate 1']);
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 1, deadLettered: 0 });
  });

  it('asks a person beyond the number of its hour, once, and does what is redriven in time', async () => {
    const cloud = await AgentCloud.create(workstations('1', '2', '3', '4'), {
      change: { contain: { per_hour_max: 1 } },
    });
    const { tenant } = cloud;
    const at = ['1', '2', '3', '4'];
    await tenant.accept(...at.map((digit) => cloud.detection(`det-${digit}`, `WKS-${digit}`)));
    await cloud.untilSettled(4);
    expect(cloud.orders).toEqual(['isolate 1']);
    const told = await tenant.stub.notices({ limit: 10 });
    expect(told.map(({ kind, lane }) => ({ kind, lane }))).toEqual([{ kind: 'isolation_waits', lane: LANE }]);
    const letters = await tenant.stub.deadLetters({ limit: 10 });
    expect(letters).toHaveLength(3);
    const redrive = async (digit: string) => {
      const id = letters.find(({ eventId }) => eventId === `det-${digit}`)?.id;
      if (id === undefined)
        throw new Error(`Cannot redrive det-${digit} as it must be a dead letter: it is not`);
      await tenant.stub.redrive({ v: 1, select: { id }, actor: ACTOR });
    };
    tenant.nowMs += 10 * MINUTE_MS;
    await redrive('3');
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).delivered === 2, 'it is isolated');
    expect(cloud.orders).toEqual(['isolate 1', 'isolate 3']);
    tenant.nowMs += 51 * MINUTE_MS;
    await redrive('4');
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).expired === 1, 'it is too old');
    expect(cloud.orders).toEqual(['isolate 1', 'isolate 3']);
  });

  it('asks no second time after a crash between the request and its answer', async () => {
    const cloud = await AgentCloud.create(workstations('1'));
    const { tenant } = cloud;
    await crashBeforeAnswer(cloud, cloud.detection('det-1', 'WKS-1'));
    await cloud.untilSettled(1);
    expect(cloud.orders).toEqual(['isolate 1']);
    expect(outcomesOf(await audit(tenant))).toEqual(['asked', 'isolated']);
  });

  it("isolates the host of the tenant's device map, also of a user that the destination does not get", async () => {
    const cloud = await AgentCloud.create(workstations('1', '2'), {
      map: { 'user-42': 'WKS-2' },
      change: { privacy: { user_id: 'drop' } },
    });
    await cloud.tenant.accept(cloud.detection('det-1', undefined));
    await cloud.untilSettled(1);
    expect(cloud.orders).toEqual(['isolate 2']);
  });

  it('isolates the one machine at which the user logged on, and skips who was at none', async () => {
    const cloud = await AgentCloud.create(workstations('1', '2'));
    const { tenant } = cloud;
    const logged = await AgentCloud.create(workstations('1', '2'), {
      logons: [{ agentId: agentId('2'), user: 'alice', atMs: tenant.nowMs - MINUTE_MS }],
    });
    await tenant.accept(cloud.detection('det-1', undefined, 'alice'));
    await logged.tenant.accept(logged.detection('det-1', undefined, 'alice'));
    await Promise.all([cloud.untilSettled(1), logged.untilSettled(1)]);
    expect([cloud.orders, logged.orders]).toEqual([[], ['isolate 2']]);
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toMatch(/^skipped: no_device: .*no interactive logon/);
    expect(outcomesOf(await audit(tenant))).toEqual(['skipped: no_device']);
  });

  it('does not ask where a user logged on whose devices the tenant itself does not keep', async () => {
    const logons = [{ agentId: agentId('2'), user: 'alice', atMs: START_MS - MINUTE_MS }];
    const cloud = await AgentCloud.create(workstations('2'), { logons });
    const { tenant } = cloud;
    await tenant.configure((document) => {
      document['destinations'] = [isolating()];
      document['privacy'] = { device: 'drop' };
    });
    await tenant.accept(cloud.detection('det-1', undefined, 'alice'));
    await cloud.untilSettled(1);
    expect(cloud.orders).toEqual([]);
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toMatch(/privacy\.device is drop$/);
  });

  it.each([
    ['a guest of another organisation', 'alice', 'alice@contractor.example'],
    ['a built-in account that every machine has', 'administrator', 'administrator@acme.fr'],
  ])('isolates no machine of a namesake: %s', async (_what, user, userId) => {
    const logons = [{ agentId: agentId('2'), user, atMs: START_MS - MINUTE_MS }];
    const cloud = await AgentCloud.create(workstations('1', '2'), { logons });
    await cloud.tenant.accept(cloud.detection('det-1', undefined, userId));
    await cloud.untilSettled(1);
    expect(cloud.orders).toEqual([]);
  });

  it.each([2, 7, 12])(
    'isolates a host once for two detections when HarfangLab takes orders again, after %d minutes of 503',
    async (minutes) => {
      const cloud = await AgentCloud.create(workstations('1'));
      const { tenant } = cloud;
      cloud.intercept = () => new Response('{}', { status: 503 });
      await tenant.accept(cloud.detection('det-1', 'WKS-1'));
      await passes(cloud, (minutes - 1) * MINUTE_MS);
      await tenant.accept(cloud.detection('det-2', 'WKS-1'));
      await passes(cloud, MINUTE_MS);
      cloud.intercept = (act) => act();
      await cloud.untilSettled(2);
      expect(cloud.agent('1')?.isolation_state).toBe(true);
      expect(cloud.orders).toEqual(['isolate 1']);
      expect(await tenant.lane(LANE)).toMatchObject({ state: 'idle', delivered: 2, deadLettered: 0 });
    },
  );

  it('asks again for a dead letter of an order that HarfangLab never took', async () => {
    const cloud = await AgentCloud.create(workstations('1'));
    const { tenant } = cloud;
    cloud.intercept = () => new Response('{}', { status: 503 });
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).deadLettered === 1, 'given up');
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toMatch(/not isolated after 59 minutes: no answer to the order was seen/);
    cloud.intercept = (act) => act();
    await tenant.stub.redrive({ v: 1, select: { id: letter?.id ?? 0 } });
    await passes(cloud, 2 * MINUTE_MS);
    expect(cloud.orders).toEqual(['isolate 1']);
    expect(cloud.agent('1')?.isolation_state).toBe(true);
  });

  it('is not blocked by detections that name no device, however many come in a row', async () => {
    const cloud = await AgentCloud.create(workstations('1'));
    const skipped = Array.from({ length: 25 }, (_, i) => cloud.detection(`det-${i}`, undefined));
    await cloud.tenant.accept(...skipped, cloud.detection('det-last', 'WKS-1'));
    await cloud.untilSettled(26);
    expect(await cloud.tenant.lane(LANE)).toMatchObject({ state: 'idle', delivered: 1, deadLettered: 25 });
  });
});

describe('an operator who lets a host of HarfangLab back', () => {
  it('has it asked for, and the audit has it with the agent id', async () => {
    const cloud = await AgentCloud.create({
      agents: [{ id: agentId('1'), hostname: 'WKS-1', isolation_state: true }],
    });
    const { tenant } = cloud;
    expect(await lift(tenant, { hostname: 'wks-1' })).toEqual({
      kind: 'lifted',
      deviceId: agentId('1'),
      detail: expect.stringContaining('when its agent connects the next time'),
    });
    expect(cloud.orders).toEqual(['deisolate 1']);
    expect((await audit(tenant, 'host.containment_lifted')).map(({ detail }) => detail)).toEqual([
      { destination: 'edr', outcome: 'asked' },
      { destination: 'edr', outcome: 'lifted', deviceId: agentId('1') },
    ]);
  });

  it('is told what is refused', async () => {
    const { tenant } = await AgentCloud.create(workstations('1'));
    expect(await lift(tenant, { deviceId: agentId('1') })).toEqual({
      kind: 'refused',
      detail: 'the host is not isolated',
    });
  });

  it('is heard by an isolation that is waited for: its order is taken back, and nothing is asked for again', async () => {
    const cloud = await AgentCloud.create({
      agents: [{ id: agentId('1'), hostname: 'WKS-1', status: 'offline' }],
    });
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await tenant.until(() => cloud.orders.length === 1, 'HarfangLab was asked');
    tenant.nowMs += 1_000;
    expect(await lift(tenant, { hostname: 'WKS-1' })).toMatchObject({ kind: 'lifted' });
    cloud.setStatus('1', 'online');
    await cloud.untilSettled(1);
    tenant.nowMs += 5 * MINUTE_MS;
    expect(cloud.orders).toEqual(['isolate 1', 'deisolate 1']);
    expect(cloud.agent('1')?.isolation_state).toBe(false);
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toBe('not isolated: an operator has let the host back into the network since');
  });

  it('has it isolated anew when it is detected again after that, though the order of before is in memory yet', async () => {
    const cloud = await AgentCloud.create({
      agents: [{ id: agentId('1'), hostname: 'WKS-1', status: 'offline' }],
    });
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await tenant.until(() => cloud.orders.length === 1, 'HarfangLab was asked');
    tenant.nowMs += 1_000;
    expect(await lift(tenant, { hostname: 'WKS-1' })).toMatchObject({ kind: 'lifted' });
    tenant.nowMs += 1_000;
    await tenant.accept(cloud.detection('det-2', 'WKS-1'));
    await tenant.until(() => cloud.orders.length === 3, 'HarfangLab was asked anew');
    cloud.setStatus('1', 'online');
    await cloud.untilSettled(2);
    expect(cloud.orders).toEqual(['isolate 1', 'deisolate 1', 'isolate 1']);
    expect(cloud.agent('1')?.isolation_state).toBe(true);
  });
});
