import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import { EDR, HEC, START_MS, Tenant, destination } from './tenant.ts';

const hang = () => new Promise<Response>(() => undefined);
const DAY_MS = 24 * 3_600_000;

describe('the alarm', () => {
  it('is armed with every accepted event and gone when nothing is left to watch', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    expect(await tenant.inside((_relay, state) => state.storage.getAlarm())).toBe(tenant.nowMs + 5_000);
    await tenant.untilTaken(EDR, 1);
    await tenant.untilTaken(HEC, 1);
    tenant.nowMs += 61_000;
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the lane is at the head',
    );
    await tenant.alarm();
    const at = (await tenant.inside((_relay, state) => state.storage.getAlarm())) ?? 0;
    expect(at).toBeGreaterThan(tenant.nowMs + 20 * 3_600_000);
  });

  it('delivers what a lane that was killed in mid-drain had not, without a new request', async () => {
    const tenant = await Tenant.create();
    let isHanging = false;
    tenant.destinations.answer(EDR, ({ ids }) => {
      isHanging ||= ids.includes('evt-20');
      return isHanging ? hang() : new Response('{}');
    });
    await tenant.accept(...tenant.events(100));
    await tenant.until(() => isHanging, 'the lane is in mid-drain');
    await tenant.crash();
    const before = tenant.destinations.ids(EDR).length;
    expect(before).toBeLessThan(30);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    expect(await tenant.alarm()).toBe(true);
    await tenant.until(() => new Set(tenant.destinations.ids(EDR)).size === 100, 'all 100 arrived');
    const duplicates = tenant.destinations.ids(EDR).length - 100;
    expect(duplicates).toBeLessThanOrEqual(8);
  });

  it('delivers although the wake-up of a waiting lane was lost', async () => {
    const tenant = await Tenant.create();
    const lost: unknown[] = [];
    const queue = { send: async (message: unknown) => void lost.push(message) };
    await tenant.inside((relay) => {
      Object.assign(relay, { env: { ...env, WAKEUPS: queue } });
      relay.load();
    });
    tenant.destinations.answer(
      EDR,
      () => new Response('{}', { status: 503, headers: { 'retry-after': '60' } }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(() => lost.length === 1, 'a wake-up was left');
    expect(lost).toEqual([{ v: 1, tenant: tenant.id, residency: 'eu', lane: 'edr/events' }]);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    const dueAtMs = tenant.nowMs + 60_000;
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).length === 1, 'the event arrived');
    expect(tenant.nowMs).toBeGreaterThanOrEqual(dueAtMs);
    expect(tenant.nowMs).toBeLessThanOrEqual(dueAtMs + 5_000);
  });

  it('delivers after the object could not load for a while', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, hang);
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(HEC, 1);
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE lanes RENAME TO lanes_gone');
    });
    await tenant.crash();
    tenant.destinations.answer(EDR, () => new Response('{}'));
    expect(await tenant.accept(tenant.event('evt-2'))).toEqual({
      kind: 'unavailable',
      reason: 'object_fault',
    });
    expect(await tenant.stub.drain({ v: 1, lane: '*' })).toEqual({ kind: 'unavailable' });
    expect(await tenant.alarm()).toBe(true);
    expect(tenant.destinations.ids(EDR)).toEqual([]);
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE lanes_gone RENAME TO lanes');
    });
    expect(await tenant.alarm()).toBe(true);
    await tenant.untilTaken(EDR, 1);
    expect(await tenant.accept(tenant.event('evt-2'))).toMatchObject({ accepted: 1 });
  });

  it('is set again although its work throws', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.inside((relay) => {
      relay.io.random = () => {
        throw new Error('no chance');
      };
    });
    tenant.nowMs += 61_000;
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE rollups RENAME TO rollups_gone');
    });
    await tenant.alarm();
    expect(await tenant.inside((_relay, state) => state.storage.getAlarm())).toBeGreaterThanOrEqual(
      tenant.nowMs,
    );
    await tenant.untilTaken(EDR, 1);
  });

  it('restarts a lane whose run stopped moving, when its lease has run out', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((relay) => {
      relay.timeouts = { requestMs: 600_000, probeAfterTimeoutMs: 600_000 };
    });
    tenant.destinations.answer(EDR, hang);
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(HEC, 1);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    tenant.nowMs += 30_000;
    await tenant.alarm();
    expect(tenant.destinations.ids(EDR)).toEqual([]);
    tenant.nowMs += 31_000;
    await tenant.alarm();
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1']);
  });
});

describe('a wake-up', () => {
  it('that comes early, late or twice changes nothing', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      () => new Response('{}', { status: 503, headers: { 'retry-after': '60' } }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).tries === 1, 'the lane waits');
    const requests = tenant.destinations.sent.length;
    const early = await Promise.all([1, 2, 3].map(() => tenant.stub.drain({ v: 1, lane: 'edr/events' })));
    expect(early.map(({ kind }) => kind)).toEqual(['nothing_due', 'nothing_due', 'nothing_due']);
    expect(tenant.destinations.sent).toHaveLength(requests);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    tenant.nowMs += 60_000;
    await Promise.all([1, 2, 3].map(() => tenant.stub.drain({ v: 1, lane: 'edr/events' })));
    await tenant.untilTaken(EDR, 1);
    await tenant.stub.drain({ v: 1, lane: 'edr/events' });
    await tenant.stub.drain({ v: 1, lane: 'no/such/lane' });
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1']);
  });
});

describe('retention', () => {
  it('drops a period whole, for at most ten rows, and never starts its numbers again', async () => {
    const tenant = await Tenant.create((document) => {
      document['retention'] = { events: 1 };
    });
    await tenant.accept(...tenant.events(500));
    await tenant.untilTaken(EDR, 500);
    await tenant.untilTaken(HEC, 500);
    tenant.nowMs += DAY_MS;
    await tenant.alarm(); // closes the period
    tenant.nowMs += DAY_MS;
    const before = await tenant.inside((relay) => relay.rowsWritten);
    await tenant.alarm(); // drops its events
    const written = (await tenant.inside((relay) => relay.rowsWritten)) - before;
    expect(written).toBeLessThanOrEqual(10);
    tenant.nowMs += 7 * DAY_MS;
    await tenant.alarm(); // drops its de-duplication set
    const tables = await tenant.inside((_relay, state) =>
      [...state.storage.sql.exec<{ name: string }>('SELECT name FROM sqlite_master')].map(({ name }) => name),
    );
    expect(tables.filter((name) => /^(events|seen)_\d/.test(name))).toEqual([]);
    await tenant.evict();
    expect(await tenant.accept(tenant.event('evt-new'))).toMatchObject({ accepted: 1 });
    await tenant.untilTaken(EDR, 501);
    await tenant.untilTaken(HEC, 501);
    const seqs = await tenant.inside((_relay, state) => [
      ...state.storage.sql.exec<{ seq: number }>('SELECT seq FROM events_1'),
    ]);
    expect(seqs).toEqual([{ seq: 501 }]);
  });

  it('counts what a lane never delivered as expired', async () => {
    const tenant = await Tenant.create((document) => {
      document['retention'] = { events: 1 };
      destination('edr', { events: ['interaction.high_risk'] })(document);
    });
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(...tenant.events(10), tenant.event('risky', { type: 'interaction.high_risk' }));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    tenant.nowMs += DAY_MS;
    await tenant.alarm();
    tenant.nowMs += DAY_MS;
    await tenant.until(async () => {
      await tenant.alarm();
      tenant.nowMs += 60_000;
      return (await tenant.lane('edr/events')).expired > 0;
    }, 'the period was dropped');
    expect(await tenant.lane('edr/events')).toMatchObject({ expired: 1, undelivered: 0 });
    await tenant.evict();
    expect(await tenant.lane('edr/events')).toMatchObject({ expired: 1, undelivered: 0 });
  });

  it('is applied although a lane that has a dead letter is never at rest', async () => {
    const tenant = await Tenant.create((document) => {
      document['retention'] = { events: 1 };
      destination('edr', { in_flight: 1 })(document);
    });
    tenant.destinations.answer(EDR, async ({ ids }) => {
      if (ids.includes('evt-1')) return new Response('no', { status: 422 });
      await scheduler.wait(5);
      return new Response('{}');
    });
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 1, 'there is one');
    tenant.nowMs += DAY_MS;
    await tenant.alarm(); // closes the period
    tenant.nowMs += DAY_MS;
    for (let i = 0; i < 4; i++) await tenant.accept(...tenant.events(100, i * 100 + 2));
    for (let i = 0; i < 8; i++) {
      await tenant.alarm();
      await scheduler.wait(50);
    }
    expect(await tenant.stub.deadLetters({ limit: 5 })).toEqual([]);
    const lane = await tenant.lane('edr/events');
    expect(lane).toMatchObject({ expired: 1, deadLettered: 0 });
    expect(lane.undelivered).toBeGreaterThan(0);
    await tenant.untilTaken(EDR, 400);
    expect(tenant.destinations.ids(EDR)).toHaveLength(400);
    expect(new Set(tenant.destinations.ids(EDR)).size).toBe(400);
  });

  it('lets delivered periods go early when space runs short, and undelivered ones never', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.inside((relay) => {
      relay.sizes = { ...relay.sizes, periodBytesMax: 1000, spaceBytesHigh: 1 };
      relay.load();
    });
    for (let i = 0; i < 5; i++) await tenant.accept(...tenant.events(5, i * 5 + 1));
    await tenant.untilTaken(HEC, 25);
    await tenant.alarm();
    expect(await periodsWithEvents(tenant)).toBe(5);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.configure();
    await tenant.untilTaken(EDR, 25);
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the lane is at the head',
    );
    await tenant.alarm();
    expect(await periodsWithEvents(tenant)).toBe(1);
  });
});

describe('roll-ups', () => {
  it('count by hour and dimension, without a user, and survive an eviction before they were flushed', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(...tenant.events(3), tenant.event('other', { type: 'interaction.high_risk' }));
    await tenant.evict();
    tenant.nowMs += 61_000;
    await tenant.alarm();
    tenant.nowMs += 61_000;
    await tenant.alarm();
    const hours = await tenant.stub.activity(0);
    expect(hours.find(({ dimension }) => dimension === 'type')?.counts).toEqual({
      'interaction.policy_violated': 3,
      'interaction.high_risk': 1,
    });
    expect(hours.map(({ dimension }) => dimension).toSorted()).toEqual([
      'classification',
      'decision',
      'platform',
      'severity',
      'type',
    ]);
    expect(JSON.stringify(hours)).not.toContain('user-1');
  });

  it('keep the most frequent values and count the rest together', async () => {
    const tenant = await Tenant.create();
    const events = Array.from({ length: 90 }, (_, i) =>
      tenant.event(`evt-${i}`, { platform: { id: `p${Math.min(i, 70)}`, name: 'P' } }),
    );
    await tenant.accept(...events);
    tenant.nowMs += 61_000;
    await tenant.alarm();
    const platforms =
      (await tenant.stub.activity(0)).find(({ dimension }) => dimension === 'platform')?.counts ?? {};
    expect(Object.keys(platforms)).toHaveLength(51);
    expect(platforms['p70']).toBe(20);
    expect(Object.values(platforms).reduce((sum, n) => sum + n)).toBe(90);
  });
});

describe('rows written', () => {
  it('are at most 2.5 per event with two destinations', async () => {
    const tenant = await Tenant.create();
    const before = await tenant.inside((relay) => relay.rowsWritten);
    let next = 0;
    const sender = async (): Promise<void> => {
      while (next < 1000) await tenant.accept(tenant.event(`evt-${++next}`));
    };
    await Promise.all(Array.from({ length: 20 }, sender));
    await tenant.untilTaken(EDR, 1000);
    await tenant.untilTaken(HEC, 1000);
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the lane is at the head',
    );
    const written = (await tenant.inside((relay) => relay.rowsWritten)) - before;
    expect(next).toBeGreaterThanOrEqual(1000);
    expect(written / 1000).toBeLessThanOrEqual(2.5);
    expect(written / 1000).toBeGreaterThan(2);
  });
});

async function periodsWithEvents(tenant: Tenant): Promise<number> {
  return tenant.inside(
    (_relay, state) =>
      state.storage.sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM periods WHERE has_events = 1').one().n,
  );
}

describe('a lane that passes what it does not want', () => {
  const picky = destination('edr', { events: ['interaction.high_risk'] });

  it('owes nothing of it in a new instance either, for a row a minute at most', async () => {
    const tenant = await Tenant.create(picky);
    await tenant.accept(...tenant.events(40));
    await tenant.untilTaken(HEC, 40);
    tenant.nowMs += 5_000;
    await tenant.until(
      async () => (await tenant.stub.lanes()).every(({ undelivered }) => undelivered === 0),
      'rest',
    );
    await tenant.alarm();
    await tenant.evict();
    expect(await tenant.lane('edr/events')).toMatchObject({ undelivered: 0, delivered: 0 });
    // What comes within the minute is written by its alarm.
    await tenant.accept(...tenant.events(3, 41));
    await tenant.untilTaken(HEC, 43);
    await tenant.passTimeUntil(async () => {
      const row = await tenant.inside((_relay, { storage: { sql } }) =>
        sql.exec("SELECT cursor FROM lanes WHERE name = 'edr/events'").one(),
      );
      return row['cursor'] === 43;
    }, 'the cursor is written');
    expect(tenant.nowMs).toBeLessThanOrEqual(START_MS + 5 * 60_000);
  });

  it('is no reason to refuse the removal of its tenant', async () => {
    const tenant = await Tenant.create(picky);
    await tenant.accept(...tenant.events(40));
    await tenant.untilTaken(HEC, 40);
    await tenant.until(async () => (await tenant.lane('falcon/events')).undelivered === 0, 'it is written');
    await tenant.crash();
    await tenant.inside(async (relay) => {
      expect((await relay.lanes()).find(({ lane }) => lane === 'edr/events')?.undelivered).toBe(0);
      expect(await relay.remove({ v: 1, discard: false, expectedVersion: 1 })).toMatchObject({
        kind: 'removed',
        rest: [],
      });
    });
  });
});
