import { describe, expect, it, vi } from 'vitest';

import { EventLog } from '../../src/relay/log.ts';
import { EDR, HEC, type Sent, Tenant, destination } from './tenant.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const taken = () => new Response('{}');

/** Takes requests with this token only. */
function withToken(token: string) {
  return ({ headers }: Sent): Response =>
    new Response('{"user":"jane.doe"}', {
      status: headers.get('authorization')?.includes(token) ? 202 : 401,
    });
}

const notices = async (tenant: Tenant) => (await tenant.stub.notices({ limit: 100 })).toReversed();
const kinds = async (tenant: Tenant) =>
  (await notices(tenant)).map(({ kind, lane }) => `${kind} ${lane ?? ''}`.trim());
const isBlocked = async (tenant: Tenant, lane = 'edr/events') =>
  (await tenant.lane(lane)).state === 'blocked';

describe('a destination that refuses the credentials for ten minutes', () => {
  it.each([
    ['edr/events', EDR, { token: 'new-token' }],
    ['falcon/events', HEC, { hec: { url: HEC, token: 'new-token' } }],
  ])(
    '%s loses nothing, is announced once, and recovers at once with the new token',
    async (lane, url, changes) => {
      const tenant = await Tenant.create();
      tenant.destinations.answer(url, withToken('new-token'));
      await tenant.accept(...tenant.events(20));
      await tenant.until(async () => isBlocked(tenant, lane), 'the lane is blocked');
      const untilMs = tenant.nowMs + 10 * MINUTE_MS;
      for (let from = 21; tenant.nowMs < untilMs; from += 10) {
        tenant.nowMs += MINUTE_MS;
        await tenant.accept(...tenant.events(10, from));
        await tenant.alarm();
      }
      expect(await tenant.lane(lane)).toMatchObject({ undelivered: 120, deadLettered: 0, delivered: 0 });
      const atMs = tenant.nowMs;
      await tenant.configure(destination(lane.split('/')[0] ?? '', changes));
      await tenant.untilTaken(url, 120);
      expect(tenant.nowMs).toBe(atMs);
      expect(new Set(tenant.destinations.ids(url)).size).toBe(120);
      await tenant.until(async () => (await kinds(tenant)).length === 2, 'both notices are there');
      expect(await kinds(tenant)).toEqual([`lane_blocked ${lane}`, `lane_recovered ${lane}`]);
      const [blocked] = await notices(tenant);
      expect(blocked?.text).toContain('HTTP 401');
      expect(JSON.stringify(await notices(tenant))).not.toContain('new-token');
      // A notice outlives the event: nothing that the destination wrote is in it.
      expect(JSON.stringify(await notices(tenant))).not.toContain('jane.doe');
    },
  );
});

describe('a destination with a wrong path', () => {
  it('blocks its lane instead of turning the day into dead letters', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response('not found', { status: 404 }));
    for (let hour = 0; hour < 24; hour++) {
      tenant.nowMs += HOUR_MS;
      await tenant.accept(...tenant.events(5, hour * 5 + 1));
      await tenant.alarm();
    }
    await tenant.until(async () => isBlocked(tenant), 'the lane is blocked');
    expect(await tenant.lane('edr/events')).toMatchObject({
      blocked: { reason: 'no_such_endpoint' },
      undelivered: 120,
      deadLettered: 0,
    });
    expect(await kinds(tenant)).toEqual(['lane_blocked edr/events']);
    tenant.destinations.answer(EDR, taken);
    await tenant.configure();
    await tenant.untilTaken(EDR, 120);
  });
});

describe('notices', () => {
  it('survive an eviction, and do not begin again after it', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(...tenant.events(3));
    await tenant.until(async () => isBlocked(tenant), 'the lane is blocked');
    await tenant.evict();
    tenant.nowMs += 16 * MINUTE_MS;
    await tenant.alarm();
    await scheduler.wait(20);
    expect(await kinds(tenant)).toEqual(['lane_blocked edr/events']);
  });

  it('tell of a storm of dead letters once, and of the rest an hour later', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      ({ ids }) => new Response(null, { status: Number(ids[0]?.slice(4)) % 2 ? 422 : 202 }),
    );
    await tenant.accept(...tenant.events(30));
    await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 15, 'there are 15');
    expect(await notices(tenant)).toMatchObject([{ kind: 'dead_letters', lane: 'edr/events', count: 1 }]);
    const untilMs = tenant.nowMs + HOUR_MS + MINUTE_MS;
    await tenant.passTimeUntil(
      () => tenant.nowMs >= untilMs || tenant.nowMs > untilMs - MINUTE_MS,
      'an hour passed',
    );
    await tenant.until(async () => (await notices(tenant)).length === 2, 'the rest is told');
    expect((await notices(tenant))[1]).toMatchObject({ kind: 'dead_letters', count: 14 });
  });

  it('tell that webhooks were refused, with the right time to wait, and count them', async () => {
    const tenant = await Tenant.create((document) => {
      document['limits'] = { events_per_minute: 600, burst: 100 };
    });
    expect(await tenant.accept(...tenant.events(100))).toMatchObject({ kind: 'accepted' });
    expect(await tenant.accept(...tenant.events(50, 101))).toEqual({
      kind: 'rate_limited',
      retryAfterSeconds: 5,
    });
    expect(await tenant.accept(...tenant.events(50, 101))).toEqual({
      kind: 'rate_limited',
      retryAfterSeconds: 5,
    });
    expect(await notices(tenant)).toMatchObject([{ kind: 'inbound_limited', count: 50 }]);
    tenant.nowMs += 5_000;
    expect(await tenant.accept(...tenant.events(50, 101))).toMatchObject({ kind: 'accepted', accepted: 50 });
    tenant.nowMs += 61_000;
    await tenant.alarm();
    const hours = await tenant.stub.activity(0);
    expect(hours.filter(({ dimension }) => dimension === 'refused')).toMatchObject([
      { counts: { rate_limited: 100 } },
    ]);
  });

  it('tell when undelivered events come near the end of their retention, once a day, and when they are gone', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(HEC, 5);
    const startMs = tenant.nowMs;
    await tenant.passTimeUntil(async () => (await notices(tenant)).length > 0, 'the first notice is there');
    expect(await notices(tenant)).toMatchObject([{ kind: 'retention_near', lane: 'edr/events', count: 5 }]);
    const daysLeft = (startMs + 31 * DAY_MS - tenant.nowMs) / DAY_MS;
    expect(daysLeft).toBeGreaterThan(2.9);
    expect(daysLeft).toBeLessThan(3.1);
    await tenant.passTimeUntil(
      async () => (await kinds(tenant)).includes('events_expired edr/events'),
      'they are gone',
    );
    expect(
      (await kinds(tenant)).filter((kind) => kind.startsWith('retention_near')).length,
    ).toBeLessThanOrEqual(4);
    expect(await tenant.lane('edr/events')).toMatchObject({ expired: 5, undelivered: 0 });
    expect((await tenant.lane('falcon/events')).expired).toBe(0);
  });

  it('do not count, at every alarm, how much is near its end where nothing is', async () => {
    const tenant = await Tenant.create(
      destination('edr', { enabled: false, events: ['alert.severity_high'] }),
    );
    for (let i = 0; i < 20; i++) await tenant.accept(...tenant.events(100, i * 100 + 1));
    await tenant.untilTaken(HEC, 2_000);
    tenant.nowMs += DAY_MS;
    await tenant.alarm(); // closes the period
    tenant.nowMs += 28 * DAY_MS;
    await tenant.alarm();
    const page = vi.spyOn(EventLog.prototype, 'page');
    try {
      for (let i = 0; i < 5; i++) {
        tenant.nowMs += 5_000;
        await tenant.accept(tenant.event(`later-${i}`));
        await tenant.alarm();
      }
      await tenant.untilTaken(HEC, 2_005);
      const read = page.mock.results.flatMap(({ value }) => value as unknown[]).length;
      expect(read).toBeLessThan(100);
    } finally {
      page.mockRestore();
    }
    expect(await notices(tenant)).toEqual([]);
  });

  it('never stop what they are about: a lane whose notice cannot be written goes on', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE findings RENAME TO findings_gone');
    });
    tenant.destinations.answer(
      EDR,
      ({ ids }) => new Response(null, { status: ids.includes('evt-1') ? 422 : 202 }),
    );
    await tenant.accept(...tenant.events(3));
    await tenant.untilTaken(EDR, 2);
    await tenant.until(
      async () => (await tenant.lane('edr/events')).deadLettered === 1,
      'the dead letter is there',
    );
    expect(await tenant.stub.deadLetters({ limit: 5 })).toHaveLength(1);
  });
});
