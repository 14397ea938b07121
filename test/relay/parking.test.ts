import { describe, expect, it } from 'vitest';

import { FOLLOW_UP_TRIES_MAX } from '../../src/relay/follow-up.ts';
import { PARKED_MAX } from '../../src/relay/lanes.ts';
import { EDR, HEC, type Sent, Tenant, destination } from './tenant.ts';

const MINUTE_MS = 60_000;

/** Always fails a request that holds one of the ids; takes the others. */
function poisonedBy(...poison: string[]) {
  return ({ ids }: Sent): Response =>
    new Response('{"error":"cannot be stored"}', {
      status: ids.some((id) => poison.includes(id)) ? 500 : 202,
    });
}

const requestsTo = (tenant: Tenant, url: string) =>
  tenant.destinations.sent.filter((sent) => sent.url.startsWith(url));

describe.each([
  ['a lane of single events', EDR, 'edr/events'],
  ['a lane of batches', HEC, 'falcon/events'],
])('%s', (_name, url, lane) => {
  it('holds nothing up for longer than two minutes because one event always fails', async () => {
    const tenant = await Tenant.create();
    tenant.random = 0.999;
    tenant.destinations.answer(url, poisonedBy('evt-30'));
    await tenant.accept(...tenant.events(60));
    const startedAtMs = tenant.nowMs;
    await tenant.passTimeUntil(() => tenant.destinations.ids(url).length === 59, 'the others arrived');
    expect(tenant.nowMs - startedAtMs).toBeLessThan(2 * MINUTE_MS);
    expect(new Set(tenant.destinations.ids(url)).size).toBe(59);
    expect(await tenant.lane(lane)).toMatchObject({ parked: 1, undelivered: 0, delivered: 59 });
    // Later events do not wait for it either.
    const sleeps = tenant.slept.length;
    await tenant.accept(...tenant.events(10, 61));
    await tenant.untilTaken(url, 69);
    expect(tenant.slept.slice(sleeps).filter((sleptMs) => sleptMs > 0)).toEqual([]);
  });

  it('retries a parked head within seconds: the destination may have come back just after its probe', async () => {
    const tenant = await Tenant.create();
    let headFailures = 0;
    tenant.destinations.answer(url, ({ ids }) => {
      const isDown = headFailures < 3;
      if (isDown && ids.includes('evt-1')) headFailures++;
      return new Response('{}', { status: isDown ? 503 : 202 });
    });
    await tenant.accept(...tenant.events(12));
    await tenant.passTimeUntil(() => tenant.destinations.ids(url).length >= 11, 'the others arrived');
    const backAtMs = tenant.nowMs;
    await tenant.passTimeUntil(() => tenant.destinations.ids(url).length === 12, 'the head arrived');
    expect(tenant.nowMs - backAtMs).toBeLessThan(10_000);
    // It was parked: it came last.
    expect(tenant.destinations.ids(url).at(-1)).toBe('evt-1');
    expect(await tenant.lane(lane)).toMatchObject({ delivered: 12, parked: 0, deadLettered: 0 });
  });

  it('parks the event that always fails, retries it alone for about an hour, then gives it up', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(url, poisonedBy('evt-2'));
    await tenant.accept(...tenant.events(12));
    await tenant.passTimeUntil(async () => (await tenant.lane(lane)).parked === 1, 'it is parked');
    await tenant.untilTaken(url, 11);
    const parkedAtMs = tenant.nowMs;
    const before = requestsTo(tenant, url).length;
    await tenant.passTimeUntil(async () => (await tenant.lane(lane)).deadLettered === 1, 'it is given up');
    expect(tenant.nowMs - parkedAtMs).toBeGreaterThan(40 * MINUTE_MS);
    expect(tenant.nowMs - parkedAtMs).toBeLessThan(75 * MINUTE_MS);
    const retries = requestsTo(tenant, url).slice(before);
    expect(retries.map(({ ids }) => ids)).toEqual(
      Array.from({ length: FOLLOW_UP_TRIES_MAX }, () => ['evt-2']),
    );
    expect(await tenant.stub.deadLetters({ limit: 10 })).toMatchObject([
      {
        lane,
        eventId: 'evt-2',
        reason: 'attempts_exhausted',
        status: 500,
        excerpt: '{"error":"cannot be stored"}',
      },
    ]);
    expect(await tenant.lane(lane)).toMatchObject({
      parked: 0,
      undelivered: 0,
      delivered: 11,
      state: 'idle',
    });
    const attempts = (await tenant.stub.deadLetters({ limit: 1 }))[0]?.attempts;
    const sent = requestsTo(tenant, url).filter(({ ids }) => ids.includes('evt-2')).length;
    expect(attempts).toBeGreaterThanOrEqual(FOLLOW_UP_TRIES_MAX + 3);
    expect(attempts).toBeLessThanOrEqual(sent);
  });

  it('delivers a parked event once the destination takes it, across an eviction, and keeps no trace of it', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(url, poisonedBy('evt-1'));
    await tenant.accept(...tenant.events(12));
    await tenant.passTimeUntil(async () => (await tenant.lane(lane)).parked === 1, 'it is parked');
    await tenant.untilTaken(url, 11);
    await tenant.evict();
    tenant.destinations.answer(url, () => new Response('{}'));
    await tenant.passTimeUntil(() => tenant.destinations.ids(url).includes('evt-1'), 'it arrived');
    await tenant.until(async () => (await tenant.lane(lane)).parked === 0, 'nothing is parked');
    expect(await tenant.lane(lane)).toMatchObject({ delivered: 12, deadLettered: 0, undelivered: 0 });
    expect(tenant.destinations.ids(url).filter((id) => id === 'evt-1')).toHaveLength(1);
    await tenant.inside((_relay, state) => {
      expect(state.storage.sql.exec('SELECT * FROM follow_ups').toArray()).toEqual([]);
    });
  });

  it('parks several events that always fail, side by side', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(url, poisonedBy('evt-5', 'evt-6', 'evt-7', 'evt-20'));
    await tenant.accept(...tenant.events(40));
    const startedAtMs = tenant.nowMs;
    await tenant.passTimeUntil(() => tenant.destinations.ids(url).length === 36, 'the others arrived');
    expect(tenant.nowMs - startedAtMs).toBeLessThan(4 * 2 * MINUTE_MS);
    await tenant.until(async () => (await tenant.lane(lane)).parked === 4, 'four are parked');
    expect(new Set(tenant.destinations.ids(url)).size).toBe(36);
  });

  it('passes many in a row that always fail, in minutes', async () => {
    const tenant = await Tenant.create();
    const numberOf = (id: string) => Number(id.slice('evt-'.length));
    tenant.destinations.answer(
      url,
      ({ ids }) => new Response(null, { status: ids.every((id) => numberOf(id) > 40) ? 202 : 500 }),
    );
    await tenant.accept(...tenant.events(100));
    const startedAtMs = tenant.nowMs;
    await tenant.passTimeUntil(() => tenant.destinations.ids(url).length === 60, 'the others arrived');
    expect(tenant.nowMs - startedAtMs).toBeLessThan(20 * MINUTE_MS);
    expect(new Set(tenant.destinations.ids(url)).size).toBe(60);
    expect(await tenant.lane(lane)).toMatchObject({ parked: 40, delivered: 60, undelivered: 0 });
  });

  it('parks nothing while no later event is taken, however long that lasts', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(url, () => new Response(null, { status: 503 }));
    await tenant.accept(...tenant.events(5));
    const untilMs = tenant.nowMs + 3 * 60 * MINUTE_MS;
    await tenant.passTimeUntil(() => tenant.nowMs >= untilMs, 'three hours have passed', 2_000);
    expect(await tenant.lane(lane)).toMatchObject({
      parked: 0,
      deadLettered: 0,
      undelivered: 5,
      delivered: 0,
    });
  });
});

describe('parked events', () => {
  it('are not lost when the write that parks them fails', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, poisonedBy('evt-1'));
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE follow_ups RENAME TO follow_ups_gone');
    });
    await tenant.accept(...tenant.events(3)).catch(() => undefined);
    await scheduler.wait(100);
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE follow_ups_gone RENAME TO follow_ups');
    });
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.passTimeUntil(
      () => new Set(tenant.destinations.ids(EDR)).size === 3,
      'all arrived, the failing one too',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({ undelivered: 0, deadLettered: 0 });
  });

  it('are sent no more when the lane no longer wants them', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, poisonedBy('evt-1'));
    await tenant.accept(...tenant.events(12));
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 1, 'it is parked');
    await tenant.configure(destination('edr', { events: ['alert.severity_high'] }));
    const before = requestsTo(tenant, EDR).length;
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 0, 'it is dropped');
    expect(requestsTo(tenant, EDR)).toHaveLength(before);
  });

  it('block the lane when there are too many, and the lane goes on as they are settled', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, poisonedBy('evt-1'));
    await tenant.accept(...tenant.events(12));
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 1, 'one is parked');
    await tenant.untilTaken(EDR, 11);
    // As if 999 more were: the bound is what is under test, not how they came.
    await tenant.inside((relay, state) => {
      state.storage.sql.exec("UPDATE lanes SET state = json_set(state, '$.parked', ?)", PARKED_MAX);
      relay.load();
    });
    tenant.destinations.answer(EDR, poisonedBy('evt-1', 'evt-13'));
    await tenant.accept(...tenant.events(12, 13));
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({
      blocked: { reason: 'too_many_parked' },
      parked: PARKED_MAX,
    });
    tenant.destinations.answer(EDR, poisonedBy('evt-13'));
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).includes('evt-1'), 'a parked one arrived');
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).includes('evt-24'), 'the lane goes on');
    const ids = tenant.destinations.ids(EDR);
    expect(new Set(ids).size).toBe(23);
    expect(ids).toHaveLength(23);
  });

  it('are looked for once per pause, also when events come while the one past the head is tried', async () => {
    const tenant = await Tenant.create();
    tenant.random = 0.999;
    let headFailures = 0;
    let isHolding = true;
    let isHeld = false;
    tenant.destinations.answer(EDR, async ({ ids }) => {
      if (ids.includes('evt-1')) headFailures++;
      isHeld ||= headFailures === 3 && !ids.includes('evt-1');
      while (isHeld && isHolding) await scheduler.wait(2);
      return new Response(null, { status: 503 });
    });
    await tenant.accept(...tenant.events(12));
    await tenant.passTimeUntil(() => isHeld, 'an event past the head is tried');
    const { due } = await tenant.lane('edr/events');
    await tenant.accept(...tenant.events(3, 13));
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'waiting', tries: 3, due });
    isHolding = false;
  });

  it('do not make the event after a lone failing one wait for its back-off', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, poisonedBy('evt-1'));
    await tenant.accept(tenant.event('evt-1'));
    const untilMs = tenant.nowMs + 2 * 60 * MINUTE_MS;
    await tenant.passTimeUntil(() => tenant.nowMs >= untilMs, 'two hours have passed', 2_000);
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'waiting', parked: 0, deadLettered: 0 });
    tenant.nowMs += 10;
    const atMs = tenant.nowMs;
    await tenant.accept(tenant.event('evt-2'));
    await tenant.untilTaken(EDR, 1);
    await tenant.until(
      async () => (await tenant.lane('edr/events')).parked === 1,
      'the failing one is parked',
    );
    expect((await tenant.lane('edr/events')).lastDeliveredAt).toBe(new Date(atMs).toISOString());
  });
});
