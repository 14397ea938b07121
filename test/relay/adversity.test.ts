import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import { EDR, HEC, Tenant, destination, readConfig, sealedConfig } from './tenant.ts';

const DAY_MS = 24 * 3_600_000;

/** Only HarfangLab, changed by `changes`. */
function edrOnly(changes: Record<string, unknown> = {}) {
  return (document: Record<string, unknown>): void => {
    document['destinations'] = (document['destinations'] as unknown[]).slice(0, 1);
    destination('edr', changes)(document);
  };
}

/** A table that is gone makes the writes to it fail; nothing in it is lost. */
async function renameTable(tenant: Tenant, from: string, to: string): Promise<void> {
  await tenant.inside((_relay, state) => {
    state.storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
  });
}

/** Refuses an event for good while its dead letter can't be written; afterwards it could be. */
async function refuseUnwritten(tenant: Tenant): Promise<void> {
  tenant.destinations.answer(EDR, () => new Response('no', { status: 422 }));
  await renameTable(tenant, 'dead_letters', 'dead_letters_gone');
  await tenant.accept(tenant.event('evt-1'));
  await tenant.until(() => tenant.destinations.sent.length === 1, 'it was sent');
  await scheduler.wait(20);
  await renameTable(tenant, 'dead_letters_gone', 'dead_letters');
}

describe('sequence numbers', () => {
  it('never restart, although the newest period is empty and no cursor on disk is at the head', async () => {
    const tenant = await Tenant.create(edrOnly({ events: ['alert.severity_high'] }));
    const alert = (id: string) => tenant.event(id, { type: 'alert.severity_high' });
    await tenant.accept(alert('first'));
    await tenant.untilTaken(EDR, 1);
    for (let i = 0; i < 4; i++) await tenant.accept(...tenant.events(100, i * 100 + 1));
    tenant.nowMs += DAY_MS;
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ accepted: 0, duplicates: 1 });
    await tenant.evict();
    await tenant.accept(...Array.from({ length: 30 }, (_, i) => alert(`later-${i}`)));
    await tenant.untilTaken(EDR, 31);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 31, undelivered: 0 });
  });

  it('keep a blocked lane where it was through an empty period and an eviction', async () => {
    const tenant = await Tenant.create(edrOnly());
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(...tenant.events(10));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    tenant.nowMs += DAY_MS;
    await tenant.accept(tenant.event('evt-1'));
    await tenant.evict();
    expect(await tenant.lane('edr/events')).toMatchObject({ undelivered: 10 });
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.accept(...tenant.events(4, 11));
    await tenant.configure(edrOnly());
    await tenant.untilTaken(EDR, 14);
    expect(new Set(tenant.destinations.ids(EDR)).size).toBe(14);
  });
});

describe('a config change', () => {
  it('ends at KV although an older write to it comes late', async () => {
    const tenant = await Tenant.create();
    let isHolding = true;
    const slow = {
      put: async (...args: Parameters<KVNamespace['put']>) => {
        while (isHolding) await scheduler.wait(5);
        await env.RELAY_KV.put(...args);
      },
    };
    await tenant.inside((relay) => {
      Object.assign(relay, { env: { ...env, RELAY_KV: slow } });
      relay.load();
    });
    const config = await sealedConfig(tenant.id);
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: 1 })).toMatchObject({
      isPublished: false,
    });
    const third = tenant.stub.configure({ v: 1, config, expectedVersion: 2 });
    await scheduler.wait(50);
    isHolding = false;
    expect(await third).toMatchObject({ version: 3 });
    await tenant.passTimeUntil(async () => {
      const stored = JSON.parse((await env.RELAY_KV.get(`ingest/v1/${tenant.id}`)) ?? '{}') as {
        version: number;
      };
      return stored.version === 3;
    }, 'KV has version 3');
  });

  it('does not wait for destinations that hang', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [1, 2, 3, 4, 5].map((n) => ({
        name: `edr-${n}`,
        type: 'harfanglab',
        base_url: `http://127.0.0.1:92${n}0`,
        token: 't',
      }));
    });
    for (const n of [1, 2, 3, 4, 5]) {
      tenant.destinations.answer(`http://127.0.0.1:92${n}0`, () => new Promise<Response>(() => undefined));
    }
    await tenant.accept(...tenant.events(10));
    await tenant.until(() => tenant.destinations.underWay === 5, 'every connection hangs');
    const config = await sealedConfig(tenant.id);
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: 1 })).toMatchObject({
      isPublished: true,
    });
  });

  it('ends pauses for good: a crash right after it does not bring them back', async () => {
    const tenant = await Tenant.create(edrOnly());
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    tenant.destinations.answer(EDR, () => new Promise<Response>(() => undefined));
    await tenant.configure(edrOnly());
    await tenant.crash();
    tenant.destinations.answer(EDR, () => new Response('{}'));
    const atMs = tenant.nowMs;
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).length === 1, 'the event arrived');
    expect(tenant.nowMs - atMs).toBeLessThanOrEqual(10_000);
  });

  it('filters what was read before it and not sent', async () => {
    const tenant = await Tenant.create(edrOnly({ in_flight: 1 }));
    let isAnswering = false;
    tenant.destinations.answer(EDR, async () => {
      while (!isAnswering) await scheduler.wait(2);
      return new Response('{}');
    });
    const high = tenant.event('high', { type: 'alert.severity_high' });
    await tenant.accept(...tenant.events(50), high);
    await tenant.until(() => tenant.destinations.underWay === 1, 'one is under way');
    await tenant.configure(edrOnly({ in_flight: 1, events: ['alert.severity_high'] }));
    isAnswering = true;
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the lane is at the head',
    );
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1', 'high']);
  });

  it('sends to the new address what the old one refused meanwhile', async () => {
    const tenant = await Tenant.create(edrOnly());
    let isAnswering = false;
    tenant.destinations.answer(EDR, async () => {
      while (!isAnswering) await scheduler.wait(2);
      return new Response('moved away', { status: 400 });
    });
    await tenant.accept(...tenant.events(10));
    await tenant.until(() => tenant.destinations.underWay === 4, 'four are under way');
    await tenant.configure(edrOnly({ base_url: 'http://127.0.0.1:9333' }));
    isAnswering = true;
    await tenant.untilTaken('http://127.0.0.1:9333', 10);
    expect(await tenant.stub.deadLetters({ limit: 10 })).toEqual([]);
  });

  it('moves what a removed destination had left to the dead letters, and starts it from now when it comes back', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(HEC, 5);
    await tenant.configure((document) => {
      document['destinations'] = (document['destinations'] as unknown[]).slice(1);
    });
    await tenant.passTimeUntil(
      async () => (await tenant.stub.deadLetters({ limit: 10 })).length === 5,
      'the rest is in the dead letters',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({
      state: 'removed',
      undelivered: 0,
      deadLettered: 5,
    });
    const letters = await tenant.stub.deadLetters({ limit: 10 });
    expect(letters.map(({ eventId }) => eventId)).toEqual(['evt-5', 'evt-4', 'evt-3', 'evt-2', 'evt-1']);
    expect(letters[0]).toMatchObject({ lane: 'edr/events', reason: 'destination_removed', attempts: 0 });
    expect(letters[0]).not.toHaveProperty('status');
    await tenant.accept(...tenant.events(5, 6));
    await tenant.untilTaken(HEC, 10);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.configure();
    await tenant.accept(tenant.event('evt-11'));
    await tenant.untilTaken(EDR, 1);
    await tenant.evict();
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-11']);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 1, deadLettered: 5, undelivered: 0 });
  });

  it('counts an event that a removed destination took after all as delivered, not as dead', async () => {
    const tenant = await Tenant.create();
    let isAnswering = false;
    tenant.destinations.answer(EDR, async () => {
      while (!isAnswering) await scheduler.wait(2);
      return new Response('{}');
    });
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(HEC, 5);
    await tenant.configure((document) => {
      document['destinations'] = (document['destinations'] as unknown[]).slice(1);
    });
    isAnswering = true;
    await tenant.until(() => tenant.destinations.underWay === 0, 'what was under way is answered');
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the rest is in the dead letters',
    );
    const letters = (await tenant.stub.deadLetters({ limit: 10 })).map(({ eventId }) => eventId);
    const taken = tenant.destinations.ids(EDR);
    expect(taken.length).toBeGreaterThan(0);
    expect([...taken, ...letters].toSorted()).toEqual(['evt-1', 'evt-2', 'evt-3', 'evt-4', 'evt-5']);
    expect(await tenant.lane('edr/events')).toMatchObject({
      delivered: taken.length,
      deadLettered: letters.length,
    });
  });

  it('that drops every event of a waiting lane leaves nothing to wait for, for good', async () => {
    const tenant = await Tenant.create(edrOnly());
    tenant.destinations.answer(
      EDR,
      () => new Response(null, { status: 503, headers: { 'retry-after': '60' } }),
    );
    await tenant.accept(...tenant.events(2));
    await tenant.until(async () => (await tenant.lane('edr/events')).tries === 1, 'the lane waits');
    await tenant.configure(edrOnly({ events: ['alert.severity_high'] }));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'idle', 'the lane is idle');
    await tenant.evict();
    await tenant.configure(edrOnly());
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'idle', undelivered: 0, tries: 0 });
    expect(tenant.destinations.ids(EDR)).toEqual([]);
  });
});

describe('a fault of the storage', () => {
  it('loses no dead letter: what could not be written is sent again', async () => {
    const tenant = await Tenant.create(edrOnly());
    await refuseUnwritten(tenant);
    await tenant.passTimeUntil(
      async () => (await tenant.stub.deadLetters({ limit: 10 })).length === 1,
      'the dead letter is there',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({ deadLettered: 1, undelivered: 0 });
  });

  it('loses no dead letter although the config is saved before the lane runs again', async () => {
    const tenant = await Tenant.create(edrOnly());
    await refuseUnwritten(tenant);
    await tenant.configure(edrOnly());
    await tenant.until(
      async () => (await tenant.stub.deadLetters({ limit: 10 })).length === 1,
      'the dead letter is there',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({ deadLettered: 1, undelivered: 0 });
  });

  it('does not hide from a wake-up what could not be written', async () => {
    const tenant = await Tenant.create(edrOnly());
    await refuseUnwritten(tenant);
    expect(await tenant.stub.drain({ v: 1, lane: '*' })).toEqual({ kind: 'started' });
    await tenant.until(
      async () => (await tenant.stub.deadLetters({ limit: 10 })).length === 1,
      'the dead letter is there',
    );
  });

  it('does not stall the lane when an answer of the failed run comes late', async () => {
    const tenant = await Tenant.create(edrOnly());
    let isAnswering = false;
    tenant.destinations.answer(EDR, async ({ ids }) => {
      if (ids.includes('evt-1')) return new Response('no', { status: 422 });
      while (!isAnswering) await scheduler.wait(2);
      return new Response('{}');
    });
    await renameTable(tenant, 'dead_letters', 'dead_letters_gone');
    await tenant.accept(...tenant.events(2));
    await tenant.until(() => tenant.destinations.sent.length === 2, 'both were sent');
    await scheduler.wait(20);
    await renameTable(tenant, 'dead_letters_gone', 'dead_letters');
    isAnswering = true;
    await scheduler.wait(20);
    tenant.nowMs += 5_000;
    await tenant.alarm();
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the lane is at the head',
    );
    expect(await tenant.stub.deadLetters({ limit: 10 })).toMatchObject([{ eventId: 'evt-1' }]);
  });

  it('in a task of the alarm does not make the alarm spin', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await tenant.untilTaken(HEC, 1);
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE rollups RENAME TO rollups_gone');
    });
    tenant.nowMs += 61_000;
    await tenant.alarm();
    expect(await tenant.alarmAtMs()).toBeGreaterThanOrEqual(tenant.nowMs + 5_000);
  });

  it('is no answer to whether a tenant exists', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE config RENAME TO config_gone');
    });
    await tenant.crash();
    await expect(readConfig(tenant.stub)).rejects.toThrow('Cannot read the config');
  });
});

describe('dead letters', () => {
  it('go with the retention although nothing else happens any more', async () => {
    const tenant = await Tenant.create((document) => {
      document['retention'] = { events: 7 };
      edrOnly()(document);
    });
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    tenant.nowMs += 6 * DAY_MS;
    tenant.destinations.answer(EDR, () => new Response('no', { status: 422 }));
    await tenant.passTimeUntil(
      async () => (await tenant.stub.deadLetters({ limit: 10 })).length === 1,
      'the dead letter is there',
    );
    const atMs = tenant.nowMs;
    await tenant.passTimeUntil(
      async () => (await tenant.stub.deadLetters({ limit: 10 })).length === 0,
      'the dead letter is gone',
    );
    expect(tenant.nowMs - atMs).toBeGreaterThan(6 * DAY_MS);
    expect(tenant.nowMs - atMs).toBeLessThan(8 * DAY_MS);
  });
});

describe('odd times', () => {
  it('of old events cost no rows: they count in the hour of their receipt', async () => {
    const tenant = await Tenant.create(edrOnly({ enabled: false }));
    const old = Array.from({ length: 100 }, (_, i) =>
      tenant.event(`evt-${i}`, { occurredAt: new Date(Date.UTC(2005, 0, 1) + i * 3_600_000).toISOString() }),
    );
    await tenant.accept(...old);
    const before = await tenant.inside((relay) => relay.rowsWritten);
    tenant.nowMs += 61_000;
    await tenant.alarm();
    expect((await tenant.inside((relay) => relay.rowsWritten)) - before).toBeLessThanOrEqual(12);
    const hours = await tenant.stub.activity(0);
    expect(hours.find(({ dimension }) => dimension === 'type')?.counts).toEqual({
      'interaction.policy_violated': 100,
    });
  });

  it('of the clock do not silence a lane: a pause that no pause can be has ended', async () => {
    const tenant = await Tenant.create(edrOnly());
    tenant.destinations.answer(
      EDR,
      () => new Response(null, { status: 503, headers: { 'retry-after': '60' } }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).tries === 1, 'the lane waits');
    tenant.destinations.answer(EDR, () => new Response('{}'));
    tenant.nowMs -= 10 * DAY_MS;
    await tenant.alarm();
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1']);
  });
});

describe('large events', () => {
  it('fill a request by their size, and no more of them is held than a request takes', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = (document['destinations'] as unknown[]).slice(1);
    });
    const large = Array.from({ length: 200 }, (_, i) =>
      tenant.event(`evt-${i + 1}`, {
        classifications: Array.from({ length: 64 }, (_x, n) => `TYPE_${n}_`.padEnd(400, 'x')),
      }),
    );
    for (let i = 0; i < 200; i += 50) await tenant.accept(...large.slice(i, i + 50));
    await tenant.untilTaken(HEC, 200);
    const bodies = tenant.destinations.sent.map(({ body }) => body.length);
    expect(Math.max(...bodies)).toBeLessThanOrEqual(1_200_000);
    expect(tenant.destinations.ids(HEC)).toEqual(large.map(({ id }) => id));
  });
});
