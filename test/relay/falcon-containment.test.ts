/** Isolation of hosts by the lane of a tenant's real object, and its end by an operator. */

import { describe, expect, it } from 'vitest';

import type { HostReference } from '../../src/destinations/destination.ts';
import type { AuditEntry } from '../../src/domain/audit.ts';
import { ACTOR, auditOf, crashBeforeAnswer, liftContainment, outcomesOf } from './containment.ts';
import { HostCloud, LANE, agentId, containing, workstations } from './falcon-hosts.ts';
import { EDR, Tenant } from './tenant.ts';

const MINUTE_MS = 60_000;
/** One more than there are connections. */
const HANGING = Array.from({ length: 6 }, (_, i) => ({
  name: `edr-${i}`,
  type: 'harfanglab',
  base_url: `http://127.0.0.1:${9110 + i}`,
  token: 'edr-token',
}));

const lift = async (tenant: Tenant, host: HostReference, destination = 'falcon') =>
  liftContainment(tenant, { destination, ...host });
const audit = async (tenant: Tenant, wanted: AuditEntry['action'] = 'host.containment_lifted') =>
  auditOf(tenant, wanted);

/** Saves the destination with a change. */
async function saved(tenant: Tenant, change: Readonly<Record<string, unknown>>): Promise<void> {
  await tenant.configure((document) => {
    document['destinations'] = [containing(change)];
  });
}

describe('the containment lane', () => {
  it('isolates the host of a detection that asks for it, and of no other entry', async () => {
    const cloud = await HostCloud.create(workstations('1', '2', '3'));
    const { tenant } = cloud;
    await tenant.accept(
      tenant.event('evt-1', { device: { hostname: 'WKS-2' } }),
      cloud.detection('det-case', 'WKS-2', { respond: ['case'] }),
      cloud.detection('det-default', 'WKS-2', { respond: ['case', 'alert'] }),
      cloud.detection('det-dry', 'WKS-3', { dryRun: true }),
      cloud.detection('det-1', 'WKS-1'),
    );
    await cloud.untilSettled(1);
    expect(cloud.actions).toEqual(['contain 1']);
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 1, deadLettered: 0, undelivered: 0 });
  });

  it('is not blocked by detections that its safeguards refuse, however many come in a row', async () => {
    const servers = workstations('1').map((host) => ({ ...host, product_type_desc: 'Server' }));
    const cloud = await HostCloud.create([...servers, ...workstations('2')]);
    const refused = Array.from({ length: 25 }, (_, i) => cloud.detection(`det-${i}`, 'WKS-1'));
    await cloud.tenant.accept(...refused, cloud.detection('det-last', 'WKS-2'));
    await cloud.untilSettled(26);
    expect(cloud.actions).toEqual(['contain 2']);
    expect(await cloud.tenant.lane(LANE)).toMatchObject({ state: 'idle', delivered: 1, deadLettered: 25 });
    const [letter] = await cloud.tenant.stub.deadLetters({ limit: 1 });
    expect(letter).toMatchObject({
      lane: LANE,
      excerpt: 'not isolated: the host is no workstation (Falcon says: Server), and contain.servers is false',
    });
    expect(letter).not.toHaveProperty('status');
  });

  it('acts on nothing that is older than an hour, also when it was paused meanwhile', async () => {
    const cloud = await HostCloud.create(workstations('1', '2'), { enabled: false });
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-old', 'WKS-1'));
    tenant.nowMs += 61 * MINUTE_MS;
    await tenant.accept(cloud.detection('det-new', 'WKS-2'));
    await tenant.stub.resume({ v: 1, destination: 'falcon', from: 'backlog' });
    await cloud.untilSettled(2);
    expect(cloud.actions).toEqual(['contain 2']);
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 1, expired: 1 });
  });

  it('asks a person beyond the number of its hour, once, and does what is redriven in time', async () => {
    const cloud = await HostCloud.create(workstations('1', '2', '3', '4'), { contain: { per_hour_max: 1 } });
    const { tenant } = cloud;
    const at = ['1', '2', '3', '4'];
    await tenant.accept(...at.map((digit) => cloud.detection(`det-${digit}`, `WKS-${digit}`)));
    await cloud.untilSettled(4);
    expect(cloud.actions).toEqual(['contain 1']);
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
    expect(cloud.actions).toEqual(['contain 1', 'contain 3']);
    tenant.nowMs += 51 * MINUTE_MS;
    await redrive('4');
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).expired === 1, 'it is too old');
    expect(cloud.actions).toEqual(['contain 1', 'contain 3']);
  });

  it('keeps to the number of its hour when an operator redrives all that there is', async () => {
    const cloud = await HostCloud.create(workstations('1', '2', '3', '4'), { contain: { per_hour_max: 1 } });
    const { tenant } = cloud;
    const at = ['1', '2', '3', '4'];
    await tenant.accept(...at.map((digit) => cloud.detection(`det-${digit}`, `WKS-${digit}`)));
    await cloud.untilSettled(4);
    await tenant.stub.redrive({ v: 1, select: { lane: LANE }, actor: ACTOR });
    const settled = async () => {
      const { parked, deadLettered } = await tenant.lane(LANE);
      return parked === 0 && deadLettered === 3;
    };
    await tenant.passTimeUntil(settled, 'they wait for a person again');
    expect(cloud.actions).toEqual(['contain 1']);
  });

  it('asks no second time after a crash between the request and its answer', async () => {
    const cloud = await HostCloud.create(workstations('1'));
    const { tenant } = cloud;
    await crashBeforeAnswer(cloud, cloud.detection('det-1', 'WKS-1'));
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).delivered === 1, 'it is delivered');
    expect(cloud.actions).toEqual(['contain 1']);
  });

  it("keeps to its hour's number across a crash", async () => {
    const cloud = await HostCloud.create(workstations('1', '2', '3'), { contain: { per_hour_max: 2 } });
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'), cloud.detection('det-2', 'WKS-2'));
    await cloud.untilSettled(2);
    await tenant.crash();
    await tenant.accept(cloud.detection('det-3', 'WKS-3'));
    await cloud.untilSettled(3);
    expect(cloud.actions).toEqual(['contain 1', 'contain 2']);
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toContain('contain.per_hour_max allows no more');
    expect(letter?.excerpt).not.toContain('WKS');
  });

  it('has each isolation in the audit, by its rule, also when its answer was lost and Falcon was away ever since', async () => {
    const cloud = await HostCloud.create(workstations('1'));
    const { tenant } = cloud;
    let isAway = false;
    cloud.intercept = (act) => {
      act();
      isAway = true;
      throw new Error('connection lost');
    };
    cloud.interceptLookup = (look) => {
      if (isAway) throw new Error('connection refused');
      return look();
    };
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).tries > 1, 'it is tried again');
    tenant.nowMs += 61 * MINUTE_MS;
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).expired === 1, 'it is too old');
    expect(cloud.actions).toEqual(['contain 1']);
    const rule = '17959439-cff0-46d2-9135-de30a0d097dc';
    expect(await audit(tenant, 'host.isolated')).toMatchObject([
      {
        by: 'relay',
        detail: { lane: LANE, detection: 'det-1', rule, outcome: 'asked', deviceId: agentId('1') },
      },
    ]);
  });

  it.each<[string, (tenant: Tenant) => Promise<unknown>]>([
    ['takes contain away', async (tenant) => saved(tenant, { actions: ['case'] })],
    ['spares the host', async (tenant) => saved(tenant, { contain: { never: ['WKS-1'] } })],
    ['disables the destination', async (tenant) => saved(tenant, { enabled: false })],
    ['removes the destination', async (tenant) => saved(tenant, { name: 'falcon-b' })],
    ['pauses the destination', async ({ stub }) => stub.pause({ v: 1, destination: 'falcon' })],
    ['removes the tenant', async ({ stub }) => stub.remove({ v: 1, expectedVersion: 1, discard: true })],
  ])('isolates nobody after somebody %s while the host was looked up', async (_what, change) => {
    const cloud = await HostCloud.create(workstations('1'));
    const { tenant } = cloud;
    let answer: () => void = () => undefined;
    let isAsked = false;
    cloud.interceptLookup = async (look) => {
      isAsked = true;
      return new Promise((resolve) => (answer = () => resolve(look())));
    };
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await tenant.until(() => isAsked, 'the look-up is under way');
    await change(tenant);
    cloud.interceptLookup = (look) => look();
    await tenant.inside(() => answer());
    // Time enough for a request that must not come.
    for (let turn = 0; turn < 100; turn++) await scheduler.wait(1);
    expect(cloud.actions).toEqual([]);
  });

  it.each<[string, (tenant: Tenant) => Promise<unknown>]>([
    ['pauses the destination', async ({ stub }) => stub.pause({ v: 1, destination: 'falcon' })],
    [
      'spares the host',
      async (tenant) =>
        tenant.configure((document) => {
          document['destinations'] = [containing({ contain: { never: ['WKS-1'] } }), ...HANGING];
        }),
    ],
    [
      'removes the destination',
      async (tenant) =>
        tenant.configure((document) => {
          document['destinations'] = HANGING;
        }),
    ],
  ])(
    'isolates nobody after somebody %s while other destinations had all connections',
    async (_what, change) => {
      const cloud = await HostCloud.create(workstations('1'));
      const { tenant } = cloud;
      await tenant.configure((document) => {
        document['destinations'] = [containing(), ...HANGING];
      });
      const answers: (() => void)[] = [];
      let hanging = 0;
      let isHanging = true;
      for (const { base_url: url } of HANGING)
        tenant.destinations.answer(url, async () => {
          hanging++;
          if (isHanging) await new Promise<void>((resolve) => void answers.push(resolve));
          return new Response('{}', { status: 202 });
        });
      let lookups = 0;
      let answerLookup: (() => void) | undefined;
      cloud.interceptLookup = async (look) =>
        ++lookups === 2 ? new Promise((resolve) => (answerLookup = () => resolve(look()))) : look();
      await tenant.accept(cloud.detection('det-1', 'WKS-1'));
      await tenant.until(() => answerLookup !== undefined, 'the host is read');
      await tenant.accept(tenant.event('evt-1'));
      await tenant.until(() => hanging === 4, 'the others have all other connections');
      await tenant.inside(() => answerLookup?.());
      await tenant.until(() => hanging === 5, 'they have that of the look-up, too');
      for (let turn = 0; turn < 20; turn++) await scheduler.wait(1);
      expect(cloud.actions).toEqual([]);
      await change(tenant);
      isHanging = false;
      await tenant.inside(() => {
        for (const answer of answers) answer();
      });
      // Time enough for a request that must not come.
      for (let turn = 0; turn < 100; turn++) await scheduler.wait(1);
      expect(cloud.actions).toEqual([]);
      expect(await audit(tenant, 'host.isolated')).toEqual([]);
    },
  );

  it('goes on with the config of now when one was saved while the host was looked up', async () => {
    const cloud = await HostCloud.create(workstations('1'));
    const { tenant } = cloud;
    let answer: () => void = () => undefined;
    let isAsked = false;
    cloud.interceptLookup = async (look) => {
      isAsked = true;
      return new Promise((resolve) => (answer = () => resolve(look())));
    };
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await tenant.until(() => isAsked, 'the look-up is under way');
    await saved(tenant, { contain: { per_hour_max: 1 } });
    cloud.interceptLookup = (look) => look();
    await tenant.inside(() => answer());
    await cloud.untilSettled(1);
    expect(cloud.actions).toEqual(['contain 1']);
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 1, deadLettered: 0 });
    const outcomes = outcomesOf(await audit(tenant, 'host.isolated'));
    expect(outcomes).toEqual(['asked', 'isolated']);
  });

  it('isolates nobody where the privacy of the destination hides the device, and names the setting', async () => {
    const cloud = await HostCloud.create(workstations('1'), { privacy: { device: 'pseudonymise' } });
    await cloud.tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await cloud.untilSettled(1);
    const [letter] = await cloud.tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toMatch(/^not isolated: .*privacy\.device/);
    expect(cloud.tenant.destinations.sent).toEqual([]);
  });
});

describe('an operator who lifts a containment', () => {
  it('has it asked for at once with the token of the lanes, and the audit has it before and after', async () => {
    const cloud = await HostCloud.create(workstations('1'));
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    await cloud.untilSettled(1);
    expect(await lift(tenant, { hostname: 'wks-1' })).toEqual({
      kind: 'lifted',
      deviceId: agentId('1'),
      detail: expect.stringContaining('lets the host back'),
    });
    expect(cloud.actions).toEqual(['contain 1', 'lift_containment 1']);
    expect(cloud.tokens).toBe(1);
    const entries = await audit(tenant);
    expect(entries).toMatchObject([
      { ...ACTOR, detail: { destination: 'falcon', outcome: 'asked' } },
      { ...ACTOR, detail: { destination: 'falcon', outcome: 'lifted', deviceId: agentId('1') } },
    ]);
    expect(JSON.stringify(entries).toLowerCase()).not.toContain('wks-1');
  });

  it('is audited before anything is sent', async () => {
    const cloud = await HostCloud.create(workstations('1').map((host) => ({ ...host, status: 'contained' })));
    const { tenant } = cloud;
    let answer: () => void = () => undefined;
    cloud.intercept = async (act) => new Promise((resolve) => (answer = () => resolve(act())));
    const lifted = lift(tenant, { deviceId: agentId('1') });
    await tenant.until(() => tenant.destinations.sent.length === 3, 'Falcon is asked');
    expect(await audit(tenant)).toMatchObject([{ detail: { outcome: 'asked', deviceId: agentId('1') } }]);
    expect(await lift(tenant, { deviceId: agentId('1') })).toEqual({ kind: 'busy', retryAfterSeconds: 5 });
    await tenant.inside(() => answer());
    expect(await lifted).toMatchObject({ kind: 'lifted' });
    expect(await audit(tenant)).toHaveLength(2);
  });

  it('is heard while the destination is disabled, and stays heard: what waits in the lane isolates the host no more', async () => {
    const cloud = await HostCloud.create(
      workstations('1').map((host) => ({ ...host, status: 'contained' })),
      { enabled: false },
    );
    const { tenant } = cloud;
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    tenant.nowMs += MINUTE_MS;
    expect(await lift(tenant, { hostname: 'WKS-1' })).toMatchObject({ kind: 'lifted' });
    tenant.nowMs += MINUTE_MS;
    await tenant.stub.resume({ v: 1, destination: 'falcon', from: 'backlog' });
    await cloud.untilSettled(1);
    expect(cloud.actions).toEqual(['lift_containment 1']);
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    expect(letter?.excerpt).toBe('not isolated: an operator has let the host back into the network since');
  });

  it('is heard by all destinations that may reach the host', async () => {
    const cloud = await HostCloud.create(workstations('1').map((host) => ({ ...host, status: 'contained' })));
    const { tenant } = cloud;
    await tenant.configure((document) => {
      document['destinations'] = [containing(), containing({ name: 'falcon-b', enabled: false })];
    });
    await tenant.accept(cloud.detection('det-1', 'WKS-1'));
    tenant.nowMs += MINUTE_MS;
    expect(await lift(tenant, { hostname: 'WKS-1' })).toMatchObject({ kind: 'lifted' });
    tenant.nowMs += MINUTE_MS;
    await tenant.stub.resume({ v: 1, destination: 'falcon-b', from: 'backlog' });
    await tenant.until(
      async () => (await tenant.lane('falcon-b/containment')).deadLettered === 1,
      'the other destination has decided',
    );
    expect(cloud.actions).toEqual(['lift_containment 1']);
  });

  it('has the host in the audit, also when it was asked for by name and the answer was lost', async () => {
    const cloud = await HostCloud.create(workstations('1').map((host) => ({ ...host, status: 'contained' })));
    cloud.intercept = (act) => {
      act();
      throw new Error('connection lost');
    };
    expect(await lift(cloud.tenant, { hostname: 'WKS-1' })).toMatchObject({ kind: 'failed' });
    expect((await audit(cloud.tenant)).map(({ detail }) => detail)).toEqual([
      { destination: 'falcon', outcome: 'asked' },
      { destination: 'falcon', outcome: 'failed', deviceId: agentId('1') },
    ]);
  });

  it('is told what Falcon, or the relay, refuses, and the audit has that, too', async () => {
    const cloud = await HostCloud.create([
      ...workstations('1'),
      ...workstations('2').map((host) => ({ ...host, status: 'contained' as const })),
    ]);
    const { tenant } = cloud;
    cloud.intercept = () => Response.json({ errors: [{ code: 403, message: 'no' }] }, { status: 403 });
    expect(await lift(tenant, { hostname: 'WKS-1' })).toEqual({
      kind: 'refused',
      detail: 'the host is not isolated',
    });
    expect(await lift(tenant, { hostname: 'WKS-9' })).toMatchObject({ kind: 'refused' });
    expect(await lift(tenant, { deviceId: agentId('2') })).toEqual({
      kind: 'failed',
      reason: 'scope_missing',
      detail: expect.stringContaining('Hosts: Write'),
    });
    const outcomes = outcomesOf(await audit(tenant));
    expect(outcomes).toEqual(['asked', 'refused', 'asked', 'refused', 'asked', 'failed']);
    expect(cloud.actions).toEqual([]);
  });

  it('is told when a seal does not open, and nothing is sent', async () => {
    const cloud = await HostCloud.create(workstations('1'));
    await cloud.tenant.inside((_relay, state) => {
      const [row] = state.storage.sql.exec<{ document: string }>('SELECT document FROM config').toArray();
      const config = JSON.parse(row?.document ?? '{}') as { destinations: { client_secret: string }[] };
      for (const destination of config.destinations) destination.client_secret = 'no seal';
      state.storage.sql.exec('UPDATE config SET document = ?', JSON.stringify(config));
    });
    await cloud.tenant.crash();
    expect(await lift(cloud.tenant, { hostname: 'WKS-1' })).toMatchObject({
      kind: 'failed',
      reason: 'not_configured',
    });
    expect(cloud.tenant.destinations.sent).toEqual([]);
  });

  it('is let in ten times a minute for a tenant', async () => {
    const { tenant } = await HostCloud.create(workstations('1'));
    for (let i = 0; i < 10; i++)
      expect(await lift(tenant, { hostname: 'WKS-1' })).toMatchObject({ kind: 'refused' });
    const busy = await lift(tenant, { hostname: 'WKS-1' });
    expect(busy).toMatchObject({ kind: 'busy' });
    expect(await audit(tenant)).toHaveLength(20);
    tenant.nowMs += 6_000;
    expect(await lift(tenant, { hostname: 'WKS-1' })).toMatchObject({ kind: 'refused' });
  });

  it('gets no further where nothing isolates', async () => {
    const { tenant } = await HostCloud.create(workstations('1'));
    await tenant.configure((document) => {
      document['destinations'] = [
        containing({ name: 'no-contain', actions: ['case'] }),
        { name: 'edr', type: 'harfanglab', base_url: EDR, token: 'edr-token' },
      ];
    });
    const host = { hostname: 'WKS-1' };
    expect(await lift(tenant, host, 'no-contain')).toEqual({ kind: 'not_granted' });
    expect(await lift(tenant, host, 'edr')).toEqual({ kind: 'not_granted' });
    expect(await lift(tenant, host, 'falcon')).toEqual({ kind: 'unknown_destination' });
    expect(await lift(Tenant.unknown(), host)).toEqual({ kind: 'unknown_tenant' });
    const later = { v: 2 as unknown as 1, destination: 'falcon', ...host };
    expect(await tenant.stub.liftContainment(later)).toEqual({
      kind: 'unavailable',
      reason: 'unknown_version',
    });
    expect(await audit(tenant)).toEqual([]);
    expect(tenant.destinations.sent).toEqual([]);
  });

  it('leaves nothing in the audit of the next tenant of the id', async () => {
    const cloud = await HostCloud.create(workstations('1').map((host) => ({ ...host, status: 'contained' })));
    const { tenant } = cloud;
    let answer: () => void = () => undefined;
    cloud.intercept = async (act) => new Promise((resolve) => (answer = () => resolve(act())));
    const lifted = lift(tenant, { deviceId: agentId('1') });
    await tenant.until(() => tenant.destinations.sent.length === 3, 'Falcon is asked');
    await tenant.inside(async (relay) => relay.remove({ v: 1, expectedVersion: 1, discard: true }));
    await tenant.configure();
    await tenant.inside(() => answer());
    await lifted;
    expect(await audit(tenant)).toEqual([]);
  });
});
