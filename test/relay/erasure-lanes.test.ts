/** What lanes had of an erased person: nothing of it is sent from then on, each event is counted once, and the others lose none. */

import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { edrAnswers, edrOnly, erase, erased, erasures, tablesWith, untilErased } from './erasing.ts';
import { rowsOf } from './rules-for-test.ts';
import { EDR, Tenant, readConfig } from './tenant.ts';

const ANNA = { id: 'anna.keller' };
const BOB = { id: 'bob.martin' };
const LANE = 'edr/events';

/** Every other event is Anna's: those with even numbers. */
function mixed(tenant: Tenant, count: number, from = 1): CanonicalEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    return n % 2 === 0 ? tenant.event(`evt-a${n}`, { user: ANNA }) : tenant.event(`evt-b${n}`, { user: BOB });
  });
}

async function acceptMany(tenant: Tenant, count: number): Promise<void> {
  for (let from = 1; from <= count; from += 100) await tenant.accept(...mixed(tenant, 100, from));
}

async function blocked(): Promise<Tenant> {
  const tenant = await Tenant.create(edrOnly());
  edrAnswers(tenant, 401);
  return tenant;
}

/** What became of all that was accepted. */
async function accounted(tenant: Tenant): Promise<number> {
  const lane = await tenant.lane(LANE);
  const { delivered, deadLettered, parked, expired, discarded, erased: gone, undelivered } = lane;
  return delivered + deadLettered + parked + expired + discarded + gone + undelivered;
}

async function resume(tenant: Tenant): Promise<void> {
  edrAnswers(tenant, 202);
  await tenant.stub.resume({ v: 1, destination: 'edr', from: 'backlog' });
}

async function isBlocked(tenant: Tenant): Promise<boolean> {
  return (await tenant.lane(LANE)).state === 'blocked';
}

describe('events that wait', () => {
  it('are never sent, and counted as erased; the others follow in order', async () => {
    const tenant = await blocked();
    await tenant.accept(...mixed(tenant, 10));
    await tenant.until(async () => isBlocked(tenant), 'it is blocked');
    const view = await erased(tenant, ANNA);
    expect(view).toMatchObject({
      undelivered: { [LANE]: 5 },
      removed: { events: 5 },
      outside: { destinations: [] },
    });
    expect(await tenant.lane(LANE)).toMatchObject({ erased: 5, undelivered: 5, state: 'blocked' });
    tenant.destinations.sent.length = 0;
    await resume(tenant);
    await tenant.untilTaken(EDR, 5);
    await tenant.until(async () => (await tenant.lane(LANE)).undelivered === 0, 'nothing is left');
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-b1', 'evt-b3', 'evt-b5', 'evt-b7', 'evt-b9']);
    expect(tenant.destinations.sent.map(({ body }) => body).join('\n')).not.toContain('anna');
    expect(await accounted(tenant)).toBe(10);
    const [, audit] = await tenant.stub.auditEntries({ limit: 3 });
    expect(audit).toMatchObject({
      action: 'user.erased',
      detail: { what: 'done', undelivered: [`${LANE} 5`] },
    });
  });

  it('leave numbers that never come again, although they were the newest of the log', async () => {
    const tenant = await blocked();
    await tenant.accept(...mixed(tenant, 2));
    await erased(tenant, ANNA);
    await tenant.evict();
    tenant.nowMs += 1_000;
    await tenant.accept(tenant.event('evt-next', { user: BOB }));
    expect(await rowsOf(tenant, 'SELECT seq FROM events_1 ORDER BY seq')).toEqual([{ seq: 1 }, { seq: 3 }]);
    await resume(tenant);
    await tenant.untilTaken(EDR, 2);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-b1', 'evt-next']);
  });
});

describe('events that were delivered', () => {
  it('are told as what the destination has', async () => {
    const tenant = await Tenant.create(edrOnly());
    await tenant.accept(...mixed(tenant, 10));
    await tenant.untilTaken(EDR, 10);
    await tenant.until(async () => (await tenant.lane(LANE)).undelivered === 0, 'all are delivered');
    const view = await erased(tenant, ANNA);
    expect(view).toMatchObject({
      undelivered: {},
      outside: { destinations: [{ destination: 'edr', type: 'harfanglab', entries: 5 }] },
    });
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 10, erased: 0 });
  });
});

describe('dead letters and events that are retried alone', () => {
  it('go with their events, and are counted as erased', async () => {
    const tenant = await Tenant.create(edrOnly({ in_flight: 1 }));
    tenant.destinations.answer(
      EDR,
      ({ body }) => new Response(body, { status: body.includes('anna') ? 422 : 202 }),
    );
    await tenant.accept(...mixed(tenant, 4));
    await tenant.until(async () => (await tenant.lane(LANE)).deadLettered === 2, 'hers are refused');
    tenant.destinations.answer(
      EDR,
      ({ body }) => new Response('', { status: body.includes('anna') ? 503 : 202 }),
    );
    await tenant.accept(...mixed(tenant, 2, 6));
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).parked === 1, 'one is parked');
    const [letter] = await tenant.stub.deadLetters({ limit: 1 });
    await tenant.stub.redrive({ v: 1, select: { id: letter?.id ?? 0 } });
    expect(await accounted(tenant)).toBe(6);
    const view = await erased(tenant, ANNA);
    expect(view).toMatchObject({
      removed: { events: 3, deadLetters: 2, followUps: 2 },
      undelivered: { [LANE]: 3 },
    });
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 3, deadLettered: 0, parked: 0, erased: 3 });
    for (const table of ['dead_letters', 'follow_ups'])
      expect(await rowsOf(tenant, `SELECT * FROM ${table}`)).toEqual([]);
    expect(await accounted(tenant)).toBe(6);
  });
});

describe('a lane that is sending', () => {
  it('comes to rest first: what is on its way is counted as it ends, and no later request carries anything', async () => {
    const tenant = await Tenant.create(edrOnly({ in_flight: 1 }));
    let isHanging = true;
    tenant.destinations.answer(EDR, async () => {
      while (isHanging) await scheduler.wait(5);
      return new Response('{}', { status: 202 });
    });
    await tenant.accept(...mixed(tenant, 40));
    await tenant.until(() => tenant.destinations.sent.length > 0, 'a request is on its way');
    const answer = await erase(tenant, ANNA);
    expect(answer).toMatchObject({ kind: 'erasing', erasure: { keys: [expect.any(String)] } });
    await scheduler.wait(50);
    const [waiting] = await erasures(tenant);
    expect(waiting?.doneAt).toBeUndefined();
    expect(await tablesWith(tenant, 'anna')).toContain('events_1');
    const before = tenant.destinations.sent.length;
    isHanging = false;
    const view = await untilErased(tenant);
    await tenant.until(async () => (await tenant.lane(LANE)).undelivered === 0, 'the rest is delivered');
    const later = tenant.destinations.sent.slice(before);
    expect(later.length).toBeGreaterThan(0);
    expect(later.map(({ body }) => body).join('\n')).not.toContain('anna');
    const lane = await tenant.lane(LANE);
    expect(lane.erased).toBe(view.undelivered[LANE]);
    expect(lane.erased).toBeGreaterThan(0);
    expect(lane.delivered + lane.erased).toBe(40);
    expect(new Set(tenant.destinations.ids(EDR)).size).toBe(lane.delivered);
  });
});

describe('an erasure', () => {
  it('goes on after a crash, and counts nothing twice', async () => {
    const tenant = await blocked();
    await acceptMany(tenant, 3_000);
    await tenant.until(async () => isBlocked(tenant), 'it is blocked');
    await erase(tenant, ANNA);
    await tenant.until(async () => ((await tenant.lane(LANE)).erased ?? 0) > 0, 'a page is done');
    await tenant.crash();
    const done = (await erasures(tenant)).map(({ doneAt }) => doneAt);
    const view = await untilErasedByAlarm(tenant);
    expect(done).toEqual([undefined]);
    expect(view).toMatchObject({ removed: { events: 1_500 }, undelivered: { [LANE]: 1_500 } });
    expect(await tenant.lane(LANE)).toMatchObject({ erased: 1_500 });
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    const audit = await tenant.stub.auditEntries({ limit: 10 });
    expect(audit.filter(({ action }) => action === 'user.erased')).toHaveLength(2);
  });

  it('of 20,000 entries comes in turns, with what comes in meanwhile in between; raw names rest sealed', async () => {
    const tenant = await blocked();
    await acceptMany(tenant, 20_000);
    await tenant.until(async () => isBlocked(tenant), 'it is blocked');
    tenant.slept.length = 0;
    const begun = await erase(tenant, ANNA);
    expect(begun).toMatchObject({ erasure: { removed: { events: 0 } } });
    expect(await tablesWith(tenant, 'anna')).not.toContain('erasures');
    tenant.nowMs += 1_000;
    let between = 0;
    for (let n = 0; (await erasures(tenant)).some(({ doneAt }) => doneAt === undefined); n++) {
      const answer = await tenant.accept(tenant.event(`evt-c${n}`, { user: BOB }));
      if (answer.kind === 'accepted') between += answer.accepted;
      await scheduler.wait(1);
    }
    expect(between).toBeGreaterThan(2);
    expect(tenant.slept.length).toBeGreaterThan(20);
    const [view] = await erasures(tenant);
    expect(view).toMatchObject({ removed: { events: 10_000 } });
    expect(await tenant.lane(LANE)).toMatchObject({ erased: 10_000 });
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    await tenant.retire();
  });

  it('of two people at once erases one after the other; the same one again is not begun twice', async () => {
    const tenant = await blocked();
    await acceptMany(tenant, 2_000);
    const [first, second, again] = [
      await erase(tenant, ANNA),
      await erase(tenant, BOB),
      await erase(tenant, BOB),
    ];
    expect([first, second, again].map((answer) => ('erasure' in answer ? answer.erasure.id : 0))).toEqual([
      1, 2, 2,
    ]);
    await untilErased(tenant);
    expect((await erasures(tenant)).map(({ id, removed }) => [id, removed.events])).toEqual([
      [2, 1_000],
      [1, 1_000],
    ]);
    expect(await rowsOf(tenant, 'SELECT seq FROM events_1')).toEqual([]);
    expect(await tenant.lane(LANE)).toMatchObject({ erased: 2_000, undelivered: 0 });
  });

  it('of a person who is not known removes nothing', async () => {
    const tenant = await Tenant.create(edrOnly());
    await tenant.accept(...mixed(tenant, 4));
    expect(await erased(tenant, { id: 'nobody' })).toMatchObject({ removed: { events: 0, texts: 0 } });
    expect(await rowsOf(tenant, 'SELECT seq FROM events_1')).toHaveLength(4);
  });

  it('ends with the tenant: nothing is written any more', async () => {
    const tenant = await blocked();
    await acceptMany(tenant, 2_000);
    await erase(tenant, ANNA);
    const expectedVersion = (await readConfig(tenant.stub))?.version ?? 0;
    expect(await tenant.stub.remove({ v: 1, discard: true, expectedVersion })).toMatchObject({
      kind: 'removed',
    });
    await scheduler.wait(50);
    expect(await tenant.stub.erasures()).toEqual({ kind: 'unknown_tenant' });
  });
});

async function untilErasedByAlarm(tenant: Tenant) {
  await tenant.passTimeUntil(
    async () => (await erasures(tenant)).every(({ doneAt }) => doneAt !== undefined),
    'the alarm has had it finished',
  );
  return untilErased(tenant);
}
