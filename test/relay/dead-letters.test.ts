import { describe, expect, it } from 'vitest';

import { REDRIVEN_PER_LANE_MAX } from '../../src/relay/redrive.ts';
import { EDR, HEC, type Sent, Tenant, destination } from './tenant.ts';

const DAY_MS = 24 * 3_600_000;

const refused = () => new Response('{"error":"token=abcdefghijklmnopqrstuvwxyz0123456789"}', { status: 422 });
const taken = () => new Response('{}');

/** Refuses the events with these numbers for good. */
function refusing(...numbers: number[]) {
  return ({ ids }: Sent): Response =>
    ids.some((id) => numbers.includes(Number(id.slice(4)))) ? refused() : taken();
}

function withoutEdr(document: Record<string, unknown>): void {
  document['destinations'] = (document['destinations'] as unknown[]).slice(1);
}

const letters = (tenant: Tenant) => tenant.stub.deadLetters({ limit: 500 });
const lettersOf = async (tenant: Tenant) => (await letters(tenant)).map(({ eventId }) => eventId).toSorted();

/** A tenant with so many dead letters of HarfangLab, the first event being evt-1. */
async function withLetters(...numbers: number[]): Promise<Tenant> {
  const tenant = await Tenant.create();
  tenant.destinations.answer(EDR, refusing(...numbers));
  await tenant.accept(...tenant.events(Math.max(...numbers) + 1));
  await tenant.until(
    async () => (await letters(tenant)).length === numbers.length,
    'the dead letters are there',
  );
  await tenant.until(
    async () => (await tenant.lane('edr/events')).undelivered === 0,
    'the lane is at the head',
  );
  return tenant;
}

/** A tenant with so many dead letters of HarfangLab that were never sent. */
async function withManyLetters(count: number): Promise<Tenant> {
  const tenant = await Tenant.create(destination('edr', { enabled: false }));
  await tenant.accept(...tenant.events(count));
  await tenant.untilTaken(HEC, count);
  await tenant.configure(withoutEdr);
  await tenant.passTimeUntil(async () => (await letters(tenant)).length === count, 'they are dead letters');
  await tenant.configure();
  return tenant;
}

const redriven = (tenant: Tenant, id: string) =>
  tenant.destinations.sent.filter(({ url, ids }) => url.startsWith(EDR) && ids.includes(id));

describe('a dead letter', () => {
  it('says why: reason, status, attempts, and an excerpt of the answer without what looks like a credential', async () => {
    const tenant = await withLetters(2);
    expect(await letters(tenant)).toEqual([
      {
        id: 1,
        lane: 'edr/events',
        eventId: 'evt-2',
        eventType: 'interaction.policy_violated',
        reason: 'rejected',
        status: 422,
        excerpt: '{"error":"token=…"}',
        attempts: 1,
        at: new Date(tenant.nowMs).toISOString(),
      },
    ]);
    expect(await tenant.stub.deadLetter(1)).toEqual((await letters(tenant))[0]);
    expect(await tenant.stub.deadLetter(2)).toBeNull();
  });

  it('is sent again with the same idempotency key and a new attempt id, and is gone once it is delivered', async () => {
    const tenant = await withLetters(2);
    tenant.destinations.answer(EDR, taken);
    expect(await tenant.stub.redrive({ v: 1, select: { id: 1 } })).toEqual({
      kind: 'redriven',
      count: 1,
      left: 0,
    });
    await tenant.until(async () => (await letters(tenant)).length === 0, 'the dead letter is gone');
    const attempts = redriven(tenant, 'evt-2').map(({ headers }) => headers);
    expect(attempts).toHaveLength(2);
    expect(new Set(attempts.map((headers) => headers.get('idempotency-key'))).size).toBe(1);
    expect(new Set(attempts.map((headers) => headers.get('x-attempt-id'))).size).toBe(2);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 3, deadLettered: 0, parked: 0 });
  });

  it('is a dead letter again when it is refused again, with one more attempt', async () => {
    const tenant = await withLetters(2);
    await tenant.stub.redrive({ v: 1, select: { id: 1 } });
    await tenant.until(async () => redriven(tenant, 'evt-2').length === 2, 'it was sent again');
    await tenant.until(async () => (await tenant.lane('edr/events')).parked === 0, 'it is settled');
    expect(await letters(tenant)).toMatchObject([{ eventId: 'evt-2', reason: 'rejected', attempts: 2 }]);
    expect((await letters(tenant))[0]).not.toHaveProperty('redrivenAt');
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 2, deadLettered: 1, parked: 0 });
  });

  it('is kept, marked as redriven, while its destination is down, through a crash, and is delivered in the end', async () => {
    const tenant = await withLetters(2);
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    await tenant.stub.redrive({ v: 1, select: { id: 1 } });
    await tenant.until(async () => redriven(tenant, 'evt-2').length === 2, 'it was sent again');
    expect(await letters(tenant)).toMatchObject([{ eventId: 'evt-2', redrivenAt: expect.any(String) }]);
    expect(await tenant.lane('edr/events')).toMatchObject({ deadLettered: 0, parked: 1 });
    // Asked for twice, it is sent once.
    expect(await tenant.stub.redrive({ v: 1, select: { id: 1 } })).toEqual({
      kind: 'redriven',
      count: 0,
      left: 0,
    });
    await tenant.crash();
    tenant.destinations.answer(EDR, taken);
    await tenant.passTimeUntil(async () => (await letters(tenant)).length === 0, 'it is delivered');
    expect(tenant.destinations.ids(EDR).filter((id) => id === 'evt-2')).toHaveLength(1);
  });

  it('has an id of its own for ever: none is given out twice, also across an eviction', async () => {
    const tenant = await withLetters(2);
    tenant.destinations.answer(EDR, taken);
    await tenant.stub.redrive({ v: 1, select: { id: 1 } });
    await tenant.until(async () => (await letters(tenant)).length === 0, 'the first is delivered');
    await tenant.until(async () => (await tenant.lane('edr/events')).parked === 0, 'and settled');
    await tenant.evict();
    tenant.destinations.answer(EDR, refusing(7));
    await tenant.accept(tenant.event('evt-7'));
    await tenant.until(async () => (await letters(tenant)).length === 1, 'there is another');
    expect(await letters(tenant)).toMatchObject([{ id: 2, eventId: 'evt-7' }]);
    expect(await tenant.stub.redrive({ v: 1, select: { id: 1 } })).toEqual({ kind: 'not_found' });
  });

  it('does not exist: not found', async () => {
    const tenant = await withLetters(2);
    expect(await tenant.stub.redrive({ v: 1, select: { id: 99 } })).toEqual({ kind: 'not_found' });
    expect(await Tenant.unknown().stub.redrive({ v: 1, select: { id: 1 } })).toEqual({
      kind: 'unknown_tenant',
    });
  });

  it('is not sent while its destination is not configured: it is left', async () => {
    const tenant = await withLetters(2);
    await tenant.configure(withoutEdr);
    expect(await tenant.stub.redrive({ v: 1, select: { id: 1 } })).toEqual({
      kind: 'redriven',
      count: 0,
      left: 1,
    });
    expect(await lettersOf(tenant)).toEqual(['evt-2']);
  });

  it('never holds up the lane: later events flow while redriven ones fail', async () => {
    const tenant = await withLetters(2, 3, 4);
    tenant.destinations.answer(
      EDR,
      ({ ids }) => new Response(null, { status: ids.some((id) => Number(id.slice(4)) < 5) ? 500 : 200 }),
    );
    await tenant.stub.redrive({ v: 1, select: { reason: 'rejected' } });
    const atMs = tenant.nowMs;
    await tenant.accept(...tenant.events(50, 10));
    await tenant.until(() => tenant.destinations.ids(EDR).includes('evt-59'), 'the later ones arrived');
    expect(tenant.nowMs).toBe(atMs);
  });

  it('that alone is forbidden when it is sent again does not block its lane for ever', async () => {
    const tenant = await withLetters(2);
    tenant.destinations.answer(
      EDR,
      ({ ids }) => new Response('not this one', { status: ids.includes('evt-2') ? 403 : 200 }),
    );
    await tenant.stub.redrive({ v: 1, select: { id: 1 } });
    await tenant.until(async () => redriven(tenant, 'evt-2').length === 2, 'it was sent again');
    const startedAtMs = tenant.nowMs;
    for (let n = 10; n < 200 && (await tenant.lane('edr/events')).deadLettered === 0; n++) {
      await tenant.accept(tenant.event(`evt-${n}`));
      await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).includes(`evt-${n}`), 'it arrived');
      tenant.nowMs += 60_000;
    }
    expect(await letters(tenant)).toMatchObject([
      { eventId: 'evt-2', reason: 'attempts_exhausted', excerpt: 'HTTP 403: not this one' },
    ]);
    expect(await tenant.lane('edr/events')).toMatchObject({ parked: 0, deadLettered: 1, undelivered: 0 });
    expect(tenant.nowMs - startedAtMs).toBeLessThan(5 * 3_600_000);
  });

  it('goes with its event at the end of the retention, counted as expired and announced', async () => {
    const tenant = await withLetters(2, 3);
    tenant.destinations.answer(EDR, () => new Response(null, { status: 500 }));
    tenant.nowMs += 29.9 * DAY_MS;
    await tenant.alarm();
    await tenant.stub.redrive({ v: 1, select: { id: 1 } });
    await tenant.until(async () => redriven(tenant, 'evt-2').length === 2, 'it was sent again');
    tenant.nowMs += 2 * DAY_MS;
    await tenant.passTimeUntil(async () => (await letters(tenant)).length === 0, 'they are gone');
    expect(await tenant.lane('edr/events')).toMatchObject({
      delivered: 2,
      deadLettered: 0,
      parked: 0,
      expired: 2,
    });
    const notices = await tenant.stub.notices({ limit: 50 });
    expect(notices).toContainEqual(
      expect.objectContaining({ kind: 'events_expired', lane: 'edr/events', count: 2 }),
    );
  });
});

describe('redrive', () => {
  it('takes all of a reason, of a lane, or since a time', async () => {
    const tenant = await withLetters(2, 3);
    tenant.nowMs += 60_000;
    tenant.destinations.answer(EDR, refusing(6));
    await tenant.accept(...tenant.events(3, 5));
    await tenant.until(async () => (await letters(tenant)).length === 3, 'there are three');
    tenant.destinations.answer(EDR, taken);
    const redrive = async (select: object) => tenant.stub.redrive({ v: 1, select });
    expect(await redrive({ reason: 'attempts_exhausted' })).toMatchObject({ count: 0, left: 0 });
    expect(await redrive({ lane: 'falcon/events' })).toMatchObject({ count: 0, left: 0 });
    expect(await redrive({ sinceMs: tenant.nowMs })).toMatchObject({ count: 1, left: 0 });
    await tenant.until(async () => (await letters(tenant)).length === 2, 'the newest is delivered');
    expect(await lettersOf(tenant)).toEqual(['evt-2', 'evt-3']);
    expect(await redrive({ reason: 'rejected', lane: 'edr/events' })).toMatchObject({ count: 2, left: 0 });
    await tenant.until(async () => (await letters(tenant)).length === 0, 'all are delivered');
  });

  it('takes so many at once and no more, says how many are left, and takes them when asked again', async () => {
    const count = REDRIVEN_PER_LANE_MAX + 100;
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, taken);
    await tenant.configure(destination('edr', { enabled: false }));
    for (let i = 0; i < count; i += 100) await tenant.accept(...tenant.events(100, i + 1));
    await tenant.configure(withoutEdr);
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).deadLettered === count,
      'all are dead',
    );
    await tenant.configure();
    expect(await tenant.stub.redrive({ v: 1, select: { reason: 'destination_removed' } })).toEqual({
      kind: 'redriven',
      count: REDRIVEN_PER_LANE_MAX,
      left: 100,
    });
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).parked === 0,
      'they are delivered',
    );
    expect(await tenant.stub.redrive({ v: 1, select: { lane: 'edr/events' } })).toMatchObject({
      count: 100,
      left: 0,
    });
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).parked === 0,
      'they are delivered',
    );
    const ids = tenant.destinations.ids(EDR);
    expect(ids).toHaveLength(count);
    expect(new Set(ids).size).toBe(count);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: count, deadLettered: 0 });
  });

  it('does not storm a destination that is down: one event is tried, then the others wait their turn', async () => {
    const tenant = await withManyLetters(100);
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    const before = tenant.destinations.sent.length;
    const startedAtMs = tenant.nowMs;
    await tenant.stub.redrive({ v: 1, select: { reason: 'destination_removed' } });
    await tenant.passTimeUntil(() => tenant.nowMs - startedAtMs >= 60_000, 'a minute has passed');
    expect(tenant.destinations.sent.length - before).toBeGreaterThanOrEqual(5);
    expect(tenant.destinations.sent.length - before).toBeLessThan(25);
    tenant.destinations.answer(EDR, taken);
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).length === 100, 'all arrived');
    expect(tenant.nowMs - startedAtMs).toBeLessThan(5 * 60_000);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 100, parked: 0, deadLettered: 0 });
  });
});

describe('redrive beside a removed destination', () => {
  it('is not kept from the letters of others by those that cannot be sent', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    for (let i = 0; i < 6; i++) await tenant.accept(...tenant.events(100, i * 100 + 1));
    await tenant.untilTaken(HEC, 600);
    await tenant.configure(withoutEdr);
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).deadLettered === 600,
      'all are dead',
    );
    tenant.destinations.answer(HEC, () => refused());
    await tenant.accept(tenant.event('evt-601'));
    await tenant.until(
      async () => (await tenant.lane('falcon/events')).deadLettered === 1,
      'one more is dead',
    );
    tenant.destinations.answer(HEC, taken);
    expect(await tenant.stub.redrive({ v: 1, select: { sinceMs: 0 } })).toEqual({
      kind: 'redriven',
      count: 1,
      left: 600,
    });
    await tenant.untilTaken(HEC, 601);
  });
});

describe('a destination', () => {
  it('that is removed leaves what it had waiting, parked or redriven in the dead letters', async () => {
    const tenant = await withLetters(1);
    tenant.destinations.answer(
      EDR,
      ({ ids }) => new Response(null, { status: ids.includes('evt-3') ? 500 : 202 }),
    );
    await tenant.accept(...tenant.events(12, 3));
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 1, 'one is parked');
    await tenant.untilTaken(EDR, 12);
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    await tenant.stub.redrive({ v: 1, select: { id: 1 } });
    await tenant.accept(...tenant.events(3, 15));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).parked === 2,
      'one more is retried alone',
    );
    await tenant.configure(withoutEdr);
    await tenant.passTimeUntil(async () => (await letters(tenant)).length === 5, 'all are dead letters');
    expect(await lettersOf(tenant)).toEqual(['evt-1', 'evt-15', 'evt-16', 'evt-17', 'evt-3']);
    expect(await tenant.lane('edr/events')).toMatchObject({
      state: 'removed',
      delivered: 12,
      deadLettered: 5,
      parked: 0,
      undelivered: 0,
    });
    const reasons = new Map((await letters(tenant)).map(({ eventId, reason }) => [eventId, reason]));
    expect(reasons.get('evt-1')).toBe('rejected');
    expect(reasons.get('evt-3')).toBe('destination_removed');
  });

  it('that is removed leaves only what its own filter wanted', async () => {
    const tenant = await Tenant.create(
      destination('edr', { enabled: false, events: ['alert.severity_high'] }),
    );
    await tenant.accept(...tenant.events(5), tenant.event('evt-9', { type: 'alert.severity_high' }));
    await tenant.configure(withoutEdr);
    await tenant.passTimeUntil(async () => (await letters(tenant)).length > 0, 'the rest is there');
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it is over');
    expect(await lettersOf(tenant)).toEqual(['evt-9']);
  });

  it('that is removed with a long backlog leaves all of it, step by step, through crashes', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    for (let i = 0; i < 25; i++) await tenant.accept(...tenant.events(100, i * 100 + 1));
    await tenant.configure(withoutEdr);
    await tenant.alarm();
    await tenant.crash();
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).deadLettered === 2500,
      'all are dead',
    );
    await tenant.inside((_relay, state) => {
      const [row] = state.storage.sql
        .exec('SELECT COUNT(*) AS count, COUNT(DISTINCT seq) AS seqs FROM dead_letters')
        .toArray();
      expect(row).toEqual({ count: 2500, seqs: 2500 });
    });
  });

  it('that is removed owes nothing of what comes after it', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    await tenant.accept(...tenant.events(5));
    await tenant.configure(withoutEdr);
    await tenant.accept(...tenant.events(5, 6));
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'removed', undelivered: 5 });
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).deadLettered === 5, 'it left');
    await tenant.accept(...tenant.events(5, 11));
    expect(await tenant.lane('edr/events')).toMatchObject({ undelivered: 0, deadLettered: 5 });
  });

  it('that comes back before its rest is moved starts from then on, once the rest is dead letters', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    for (let i = 0; i < 25; i++) await tenant.accept(...tenant.events(100, i * 100 + 1));
    await tenant.configure(withoutEdr);
    await tenant.alarm();
    await tenant.accept(...tenant.events(10, 3001));
    await tenant.configure();
    await tenant.accept(...tenant.events(10, 4001));
    await tenant.crash();
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'what came since is sent',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({
      deadLettered: 2500,
      delivered: 10,
      state: 'idle',
    });
    expect(tenant.destinations.ids(EDR)).toEqual(tenant.events(10, 4001).map(({ id }) => id));
  });

  it('that is resumed from now before its rest is moved gives up its own alone, and starts at once', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    await tenant.accept(...tenant.events(3));
    await tenant.configure(withoutEdr);
    await tenant.accept(...tenant.events(3, 11));
    await tenant.configure();
    await tenant.accept(...tenant.events(2, 21));
    expect(await tenant.stub.resume({ v: 1, destination: 'edr', from: 'now' })).toMatchObject({
      discarded: 5,
    });
    expect(await tenant.lane('edr/events')).toMatchObject({ discarded: 5, undelivered: 0 });
    await tenant.accept(tenant.event('evt-31'));
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-31']);
    expect(await tenant.lane('edr/events')).toMatchObject({ discarded: 5, delivered: 1, deadLettered: 0 });
  });

  it('that is removed twice leaves each time what it owed then, and nothing of what came while it was away', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    await tenant.accept(...tenant.events(3));
    await tenant.configure(withoutEdr);
    await tenant.accept(...tenant.events(3, 11));
    await tenant.configure(destination('edr', { enabled: false, events: ['alert.severity_high'] }));
    await tenant.accept(...tenant.events(3, 21), tenant.event('evt-30', { type: 'alert.severity_high' }));
    await tenant.configure(withoutEdr);
    await tenant.accept(...tenant.events(3, 41));
    await tenant.configure();
    await tenant.accept(...tenant.events(2, 51));
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it is done');
    expect(await lettersOf(tenant)).toEqual(['evt-1', 'evt-2', 'evt-3', 'evt-30']);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-51', 'evt-52']);
  });

  it('that is added starts from now, or with what is retained when asked', async () => {
    const tenant = await Tenant.create(withoutEdr);
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(HEC, 5);
    await tenant.configure(undefined, 'backlog');
    await tenant.untilTaken(EDR, 5);
    expect(tenant.destinations.ids(EDR).toSorted()).toEqual(['evt-1', 'evt-2', 'evt-3', 'evt-4', 'evt-5']);
    expect(tenant.destinations.ids(HEC)).toHaveLength(5);
  });

  it('that is removed and added again with what is retained gets nothing twice', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(EDR, 5);
    await tenant.untilTaken(HEC, 5);
    await tenant.configure(withoutEdr);
    await tenant.accept(...tenant.events(5, 6));
    await tenant.untilTaken(HEC, 10);
    await tenant.configure(undefined, 'backlog');
    await tenant.untilTaken(EDR, 10);
    await scheduler.wait(20);
    expect(tenant.destinations.ids(EDR)).toHaveLength(10);
    expect(new Set(tenant.destinations.ids(EDR)).size).toBe(10);
  });

  it('that is paused keeps its place and goes on from the backlog', async () => {
    const tenant = await Tenant.create();
    expect(await tenant.stub.pause({ v: 1, destination: 'edr' })).toMatchObject({
      kind: 'saved',
      version: 2,
    });
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(HEC, 5);
    expect(tenant.destinations.ids(EDR)).toEqual([]);
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'disabled', undelivered: 5 });
    await tenant.evict();
    expect(await tenant.stub.resume({ v: 1, destination: 'edr', from: 'backlog' })).toMatchObject({
      kind: 'saved',
      version: 3,
      discarded: 0,
    });
    await tenant.untilTaken(EDR, 5);
  });

  it('that is resumed from now gives up what waited, counted', async () => {
    const tenant = await Tenant.create(destination('edr', { events: ['alert.severity_high'] }));
    await tenant.stub.pause({ v: 1, destination: 'edr' });
    const alert = (id: string) => tenant.event(id, { type: 'alert.severity_high' });
    await tenant.accept(...tenant.events(5), alert('evt-6'), alert('evt-7'));
    await tenant.untilTaken(HEC, 7);
    expect(await tenant.stub.resume({ v: 1, destination: 'edr', from: 'now' })).toMatchObject({
      discarded: 2,
    });
    expect(await tenant.lane('edr/events')).toMatchObject({ undelivered: 0, discarded: 2, state: 'idle' });
    await tenant.accept(alert('evt-8'));
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-8']);
  });

  it('that is resumed from now counts once what was tried past a failing event then', async () => {
    const tenant = await Tenant.create();
    let isHolding = true;
    const failures = () => redriven(tenant, 'evt-1').length;
    tenant.destinations.answer(EDR, async ({ ids }) => {
      if (ids.includes('evt-1') || failures() < 3) return new Response(null, { status: 500 });
      while (isHolding) await scheduler.wait(2);
      return taken();
    });
    await tenant.accept(...tenant.events(2));
    await tenant.untilTaken(HEC, 2);
    await tenant.passTimeUntil(() => tenant.destinations.underWay === 1, 'the one past it is under way');
    expect(await tenant.stub.resume({ v: 1, destination: 'edr', from: 'now' })).toMatchObject({
      discarded: 2,
    });
    isHolding = false;
    await tenant.untilTaken(EDR, 1);
    await scheduler.wait(20);
    expect(await tenant.lane('edr/events')).toMatchObject({ discarded: 2, delivered: 0, undelivered: 0 });
  });

  it('that is resumed while blocked is tried at once', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(...tenant.events(3));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    tenant.destinations.answer(EDR, taken);
    const atMs = tenant.nowMs;
    expect(await tenant.stub.resume({ v: 1, destination: 'edr', from: 'backlog' })).toMatchObject({
      version: 1,
    });
    await tenant.untilTaken(EDR, 3);
    expect(tenant.nowMs).toBe(atMs);
  });

  it('that does not exist can be neither paused nor resumed', async () => {
    const tenant = await Tenant.create();
    expect(await tenant.stub.pause({ v: 1, destination: 'nobody' })).toEqual({ kind: 'unknown_destination' });
    expect(await tenant.stub.resume({ v: 1, destination: 'nobody', from: 'now' })).toEqual({
      kind: 'unknown_destination',
    });
    expect(await Tenant.unknown().stub.pause({ v: 1, destination: 'edr' })).toEqual({
      kind: 'unknown_tenant',
    });
  });
});
