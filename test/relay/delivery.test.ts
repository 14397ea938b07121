import { describe, expect, it } from 'vitest';

import { BLOCKED_PROBE_MS } from '../../src/relay/lane-state.ts';
import { EDR, HEC, type Sent, Tenant, destination, readConfig } from './tenant.ts';

const busy = () => new Response('{}', { status: 503 });

/** Answers each event's first attempt with a failure, for one event in `n`. */
function failOnce(n: number) {
  const seen = new Set<string>();
  return ({ ids }: Sent): Response => {
    const [id = ''] = ids;
    if (seen.has(id) || Number(id.slice(4)) % n !== 0) return new Response('{}', { status: 202 });
    seen.add(id);
    return busy();
  };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `evt-${i + 1}`);

describe('a lane', () => {
  it('delivers in order, one at a time, through failures, with in_flight 1', async () => {
    const tenant = await Tenant.create(destination('edr', { in_flight: 1 }));
    tenant.destinations.answer(EDR, failOnce(7));
    await tenant.accept(...tenant.events(60));
    await tenant.untilTaken(EDR, 60);
    expect(tenant.destinations.ids(EDR)).toEqual(numbered(60));
  });

  it('delivers 1,000 events without one duplicate when every tenth request fails once', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, failOnce(10));
    for (let i = 0; i < 10; i++) await tenant.accept(...tenant.events(100, i * 100 + 1));
    await tenant.untilTaken(EDR, 1000);
    await tenant.untilTaken(HEC, 1000);
    expect(new Set(tenant.destinations.ids(EDR)).size).toBe(1000);
    expect(tenant.destinations.ids(EDR)).toHaveLength(1000);
    expect(tenant.destinations.ids(HEC)).toEqual(numbered(1000));
    expect(await tenant.lane('edr/events')).toMatchObject({
      undelivered: 0,
      delivered: 1000,
      deadLettered: 0,
    });
  });

  it('starts attempts in cursor order with in_flight 4', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, async ({ ids }) => {
      await scheduler.wait(Number(ids[0]?.slice(4)) % 3);
      return new Response('{}');
    });
    await tenant.accept(...tenant.events(100));
    await tenant.untilTaken(EDR, 100);
    const started = tenant.destinations.sent
      .filter(({ url }) => url.startsWith(EDR))
      .flatMap(({ ids }) => ids);
    expect(started).toEqual(numbered(100));
  });

  it('sends one probe per pause while a destination is down, parks nothing, and the other lane notices nothing', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, busy);
    await tenant.accept(...tenant.events(50));
    await tenant.untilTaken(HEC, 50);
    await tenant.until(async () => (await tenant.lane('edr/events')).tries >= 4, 'four probes have failed');
    const requests = tenant.destinations.sent.filter(({ url }) => url.startsWith(EDR));
    // From the third failure of the head on, a probe tries the event after it too, each time another one.
    const ids = requests.flatMap((request) => request.ids);
    const probes = ids.slice(ids.indexOf('evt-1', 1));
    expect(probes.slice(0, 5)).toEqual(['evt-1', 'evt-1', 'evt-2', 'evt-1', 'evt-3']);
    expect(await tenant.lane('falcon/events')).toMatchObject({ state: 'idle', undelivered: 0, tries: 0 });
    expect(await tenant.lane('edr/events')).toMatchObject({ parked: 0, undelivered: 50 });
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).length === 50, 'all 50 arrived');
    expect(new Set(tenant.destinations.ids(EDR)).size).toBe(50);
  });

  it('keeps to its back-off although events that it does not want flow', async () => {
    const tenant = await Tenant.create(destination('edr', { events: ['alert.severity_high'] }));
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    await tenant.accept(tenant.event('evt-0', { type: 'alert.severity_high' }));
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).tries >= 8, 'it failed often');
    await scheduler.wait(20);
    const requests = () => tenant.destinations.sent.filter(({ url }) => url.startsWith(EDR)).length;
    const before = requests();
    for (const event of tenant.events(20)) {
      await tenant.accept(event);
      await scheduler.wait(2);
    }
    await tenant.untilTaken(HEC, 21);
    expect(requests() - before).toBeLessThanOrEqual(1);
  });

  it('recovers at a destination that needs longer than a hurried probe waits', async () => {
    const tenant = await Tenant.create(destination('edr', { in_flight: 1 }));
    await tenant.inside((relay) => {
      relay.timeouts = { requestMs: 150, probeAfterTimeoutMs: 20 };
    });
    let requests = 0;
    tenant.destinations.answer(EDR, async () => {
      requests++;
      await scheduler.wait(requests === 1 ? 400 : 60);
      return new Response('{}');
    });
    await tenant.accept(...tenant.events(3));
    await tenant.passTimeUntil(() => new Set(tenant.destinations.ids(EDR)).size === 3, 'all arrived', 2_000);
    expect(requests).toBeLessThanOrEqual(25);
  });

  it('sends an event again with the same idempotency key and a new attempt id', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, failOnce(1));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    const attempts = tenant.destinations.sent
      .filter(({ url }) => url.startsWith(EDR))
      .map(({ headers }) => headers);
    expect(attempts.map((headers) => headers.get('idempotency-key'))).toEqual([
      'interaction.policy_violated:evt-1',
      'interaction.policy_violated:evt-1',
    ]);
    expect(new Set(attempts.map((headers) => headers.get('x-attempt-id'))).size).toBe(2);
  });

  it('gathers what comes in while a batch is under way into the next batch', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(...tenant.events(100));
    await tenant.untilTaken(HEC, 100);
    const sizes = tenant.destinations.sent.filter(({ url }) => url === HEC).map(({ ids }) => ids.length);
    expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 37]);
  });

  it('finds the event that spoils a batch, dead-letters it alone, and delivers the rest once', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(HEC, ({ ids }) =>
      ids.includes('evt-41') ? new Response('bad event', { status: 400 }) : new Response('{}'),
    );
    await tenant.accept(...tenant.events(100));
    await tenant.untilTaken(HEC, 99);
    expect(tenant.destinations.ids(HEC).toSorted()).toEqual(
      numbered(100)
        .filter((id) => id !== 'evt-41')
        .toSorted(),
    );
    const letters = await tenant.stub.deadLetters({ limit: 10 });
    expect(letters).toMatchObject([
      { lane: 'falcon/events', eventId: 'evt-41', status: 400, excerpt: 'bad event' },
    ]);
    expect(await tenant.lane('falcon/events')).toMatchObject({
      undelivered: 0,
      delivered: 99,
      deadLettered: 1,
    });
  });

  it('dead-letters what is refused for good and goes on', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      ({ ids }) => new Response('no', { status: ids[0] === 'evt-3' ? 422 : 202 }),
    );
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(EDR, 4);
    expect(await tenant.stub.deadLetters({ limit: 10 })).toMatchObject([
      { eventId: 'evt-3', status: 422, attempts: 1 },
    ]);
  });

  it('keeps no token that a destination quotes', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      () => new Response('{"token":"edr-token","error":"no"}', { status: 422 }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 1, 'a dead letter');
    expect(await tenant.stub.deadLetters({ limit: 10 })).toMatchObject([
      { excerpt: '{"token":"…","error":"no"}' },
    ]);
  });

  it('blocks when everything is refused instead of dead-lettering the day', async () => {
    const tenant = await Tenant.create(destination('edr', { in_flight: 1 }));
    tenant.destinations.answer(EDR, () => new Response('no', { status: 400 }));
    await tenant.accept(...tenant.events(100));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({
      deadLettered: 20,
      undelivered: 80,
      blocked: { reason: 'rejected_in_a_row' },
    });
  });

  it('that blocked on refusals gives up one event per probe, and opens when one is taken', async () => {
    const tenant = await Tenant.create(destination('edr', { in_flight: 1 }));
    tenant.destinations.answer(EDR, () => new Response('no', { status: 400 }));
    await tenant.accept(...tenant.events(40));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    for (const deadLettered of [21, 22]) {
      tenant.nowMs += BLOCKED_PROBE_MS;
      await tenant.alarm();
      await tenant.until(
        async () => (await tenant.lane('edr/events')).deadLettered === deadLettered,
        `${deadLettered} dead letters`,
      );
    }
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'blocked', undelivered: 18 });
    tenant.destinations.answer(EDR, () => new Response('{}'));
    tenant.nowMs += BLOCKED_PROBE_MS;
    await tenant.alarm();
    await tenant.untilTaken(EDR, 18);
    expect(await tenant.stub.deadLetters({ limit: 100 })).toHaveLength(22);
  });

  it('is not blocked by an answer to a request that was made before its config changed', async () => {
    const tenant = await Tenant.create();
    let isAnswering = false;
    tenant.destinations.answer(EDR, async ({ headers }) => {
      if (headers.get('authorization') !== 'Token edr-token') return new Response('{}');
      while (!isAnswering) await scheduler.wait(2);
      return new Response(null, { status: 401 });
    });
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(() => tenant.destinations.underWay === 1, 'the request is under way');
    await tenant.configure(destination('edr', { token: 'new-token' }));
    isAnswering = true;
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.sent.at(-1)?.headers.get('authorization')).toBe('Token new-token');
  });

  it('remembers across a restart that it passed events that it does not want', async () => {
    const tenant = await Tenant.create(destination('edr', { events: ['alert.severity_critical'] }));
    for (let i = 0; i < 6; i++) await tenant.accept(...tenant.events(100, i * 100 + 1));
    await tenant.untilTaken(HEC, 600);
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the lane is at the head',
    );
    await tenant.evict();
    expect((await tenant.lane('edr/events')).undelivered).toBeLessThanOrEqual(100);
    expect(tenant.destinations.ids(EDR)).toEqual([]);
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'no_such_endpoint'],
    [308, 'redirected'],
  ])('blocks on %i and keeps its events; a new config opens it at once', async (status, reason) => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      () => new Response(null, { status, headers: { location: 'https://elsewhere.example' } }),
    );
    await tenant.accept(...tenant.events(30));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({ undelivered: 30, blocked: { reason } });
    expect(tenant.destinations.sent.filter(({ url }) => url.includes('elsewhere'))).toEqual([]);
    const requests = tenant.destinations.sent.length;
    tenant.nowMs += BLOCKED_PROBE_MS - 60_000;
    await tenant.alarm();
    await tenant.stub.drain({ v: 1, lane: 'edr/events' });
    expect(tenant.destinations.sent).toHaveLength(requests);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.configure(destination('edr', { token: 'new-token' }));
    await tenant.untilTaken(EDR, 30);
    expect(tenant.destinations.sent.at(-1)?.headers.get('authorization')).toBe('Token new-token');
    expect(tenant.destinations.ids(EDR)).toHaveLength(30);
  });

  it('probes a blocked destination every quarter of an hour by itself', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    tenant.destinations.answer(EDR, () => new Response('{}'));
    tenant.nowMs += BLOCKED_PROBE_MS;
    await tenant.alarm();
    await tenant.untilTaken(EDR, 1);
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'idle', 'the lane is idle');
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 1, undelivered: 0 });
  });

  it('does not take a login page for a delivery', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({
      blocked: { reason: 'html_answer' },
      delivered: 0,
    });
  });

  it('blocks, and tells why, when its sealed token does not open', async () => {
    const tenant = await Tenant.create();
    const config = (await readConfig(tenant.stub))?.config;
    if (!config) throw new Error('no config');
    const [edr, falcon] = config.destinations;
    const swapped = {
      ...config,
      destinations: [{ ...edr, token: config.webhook.secrets[0] }, falcon],
    } as typeof config;
    await tenant.stub.configure({ v: 1, config: swapped, expectedVersion: 1 });
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(HEC, 1);
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({ blocked: { reason: 'not_configured' } });
    expect(tenant.destinations.ids(EDR)).toEqual([]);
  });

  it('waits as long as the destination asks', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      () => new Response('{}', { status: 429, headers: { 'retry-after': '120' } }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).tries === 1,
      'the first attempt has failed',
    );
    const { due } = await tenant.lane('edr/events');
    expect(Date.parse(due ?? '')).toBe(tenant.nowMs + 120_000);
  });

  it('gives a destination that hangs up after the timeout, and probes it with less patience', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((relay) => {
      relay.timeouts = { requestMs: 60, probeAfterTimeoutMs: 20 };
    });
    tenant.destinations.answer(EDR, () => new Promise<Response>(() => undefined));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).tries >= 2, 'a probe has timed out too');
    expect(await tenant.lane('edr/events')).toMatchObject({
      lastFailure: { reason: 'timeout', detail: 'no answer within 0.02 s' },
    });
  });

  it('never has more than five connections open, and never lets one lane take them all', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [1, 2, 3, 4].map((n) => ({
        name: `edr-${n}`,
        type: 'harfanglab',
        base_url: `http://127.0.0.1:91${n}0`,
        token: 'edr-token',
      }));
    });
    let hung = 0;
    tenant.destinations.answer('http://127.0.0.1:9110', () => {
      hung++;
      return new Promise<Response>(() => undefined);
    });
    await tenant.accept(...tenant.events(50));
    for (const n of [2, 3, 4]) await tenant.untilTaken(`http://127.0.0.1:91${n}0`, 50);
    expect(tenant.destinations.mostUnderWay).toBeLessThanOrEqual(5);
    expect(hung).toBeLessThanOrEqual(4);
  });

  it('uses a fresh slice when the requests of one are used up, without being asked', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((relay) => {
      Object.assign(relay, {
        env: { ...(relay as unknown as { env: object }).env, RELAY_REQUESTS_PER_SLICE: '40' },
      });
      relay.load();
    });
    await tenant.accept(...tenant.events(100));
    // Not `until`: it would fire the alarm that the lane has asked for.
    while ((await tenant.lane('edr/events')).state !== 'idle') await scheduler.wait(5);
    // A quarter: there are four lanes, though two have nothing to do.
    expect(tenant.destinations.ids(EDR)).toHaveLength(10);
    await tenant.untilTaken(EDR, 100);
    expect(new Set(tenant.destinations.ids(EDR)).size).toBe(100);
  });
});
