/** What happens between the order and the isolation: the agent is looked at, from the lane, until it is isolated or that has taken too long. */

import { afterEach, describe, expect, it } from 'vitest';

import { AgentBench, WKS, agentId } from './agent-bench.ts';

const MINUTE_MS = 60_000;
const DEVICE = { device: { hostname: 'WKS-7' } };
const ISOLATE = `/api/data/endpoint/Agent/${agentId('a')}/isolate/`;
const isIsolate = ({ path }: { readonly path: string }) => path === ISOLATE;

let bench: AgentBench;
afterEach(async () => bench.edr.stop());

const at = async (...given: Parameters<typeof AgentBench.of>) => (bench = await AgentBench.of(...given));

const isolateRequests = () => bench.edr.requests.filter(isIsolate).length;
const aside = (retryAfterMs: number) => ({ kind: 'retry', reason: 'pending', isAside: true, retryAfterMs });

describe('an isolation that HarfangLab has taken', () => {
  it('is watched by one read of the agent at a time until it is done', async () => {
    await at([WKS]);
    const event = bench.detection('det', DEVICE);
    expect(await bench.deliver(event)).toMatchObject(aside(MINUTE_MS));
    expect(bench.outcomes).toEqual(['asked']);
    bench.nowMs += MINUTE_MS - 1;
    const before = bench.asked.length;
    expect(await bench.deliver(event)).toMatchObject(aside(MINUTE_MS));
    expect(bench.asked.slice(before)).toEqual([`GET /api/data/endpoint/Agent/${agentId('a')}/`]);
    bench.nowMs += 1;
    expect(await bench.deliver(event)).toEqual({ kind: 'delivered' });
    expect(bench.outcomes).toEqual(['asked', 'isolated']);
    expect(bench.audited.map(({ deviceId }) => deviceId)).toEqual([agentId('a'), agentId('a')]);
    expect(bench.memory.entries('order:')).toEqual([]);
    expect(bench.orders).toEqual(['isolate a']);
  });

  it.each<[number | null, number]>([
    [1, 15_000],
    [30, 30_000],
    [120, 120_000],
    [3600, 5 * MINUTE_MS],
    [null, MINUTE_MS],
    [0, MINUTE_MS],
  ])('is looked at after the sleep of its policy, within bounds: %s s', async (sleeptime, waitMs) => {
    await at([{ ...WKS, policy: { sleeptime: sleeptime as number } }], {}, { isolationDelayMs: 1e9 });
    expect(await bench.deliver(bench.detection('det', DEVICE))).toMatchObject(aside(waitMs));
  });

  it.each<[number, number]>([
    [10, 6],
    [60, 6],
    [120, 12],
    [3600, 30],
  ])(
    'is given up after six sleeps of %d s, which are %d minutes within bounds',
    async (sleeptime, minutes) => {
      await at([{ ...WKS, status: 'offline', policy: { sleeptime } }]);
      const startMs = bench.nowMs;
      expect(await bench.follow(bench.detection('det', DEVICE))).toEqual({
        kind: 'rejected',
        status: null,
        excerpt: `not isolated: the agent is not isolated after ${minutes} minutes: it is not online; HarfangLab still holds the order, and isolates the agent when it is online again`,
      });
      expect(bench.nowMs - startMs).toBe(minutes * MINUTE_MS);
      expect(bench.outcomes).toEqual(['asked', 'timed_out']);
      expect(isolateRequests()).toBe(1);
    },
  );

  it('says of an agent that is online that it has not carried the order out', async () => {
    await at([WKS], {}, { isolationDelayMs: 1e9 });
    expect(await bench.follow(bench.detection('det', DEVICE))).toMatchObject({
      excerpt: expect.stringContaining('it is online, but has not carried the order out'),
    });
  });

  it('is given up before the lane takes the detection for too old', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    const event = bench.detection('det', DEVICE);
    const startMs = bench.nowMs;
    bench.nowMs += 57 * MINUTE_MS;
    expect(await bench.deliver(event)).toMatchObject(aside(MINUTE_MS));
    expect(await bench.follow(event)).toMatchObject({ kind: 'rejected', status: null });
    expect(bench.nowMs - startMs).toBe(59 * MINUTE_MS);
    expect(bench.outcomes).toEqual(['asked', 'timed_out']);
  });

  it('is done when an operator redrives it after the agent came back', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    const event = bench.detection('det', DEVICE);
    expect(await bench.follow(event)).toMatchObject({ kind: 'rejected' });
    bench.edr.setAgentStatus(agentId('a'), 'online');
    expect(await bench.deliver(event)).toEqual({ kind: 'delivered' });
    expect(bench.outcomes).toEqual(['asked', 'timed_out', 'isolated']);
    expect(isolateRequests()).toBe(1);
  });

  it('is watched on after a read that failed', async () => {
    await at([WKS]);
    const event = bench.detection('det', DEVICE);
    await bench.deliver(event);
    bench.edr.fail({ match: () => true, status: 503, body: {}, times: 1 });
    bench.nowMs += MINUTE_MS;
    const failed = await bench.deliver(event);
    expect(failed).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(failed).not.toHaveProperty('isAside');
    expect(await bench.deliver(event)).toEqual({ kind: 'delivered' });
    expect(isolateRequests()).toBe(1);
  });

  it('ends when the agent is gone', async () => {
    await at([WKS]);
    const event = bench.detection('det', DEVICE);
    await bench.deliver(event);
    bench.edr.fail({ match: () => true, status: 404, body: { detail: 'Not found.' } });
    expect(await bench.deliver(event)).toMatchObject({
      kind: 'rejected',
      excerpt: 'not isolated: HarfangLab knows no agent with this id',
    });
    expect(bench.outcomes).toEqual(['asked', 'failed']);
  });

  it('ends when an operator lets the host back, and a late retry asks for nothing', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    const event = bench.detection('det', DEVICE);
    await bench.deliver(event);
    bench.nowMs += 1;
    expect(await bench.channel.liftContainment?.({ hostname: 'WKS-7' }, bench.io)).toMatchObject({
      kind: 'lifted',
    });
    for (let late = 0; late < 2; late++) {
      bench.nowMs += MINUTE_MS;
      expect(await bench.deliver(event)).toEqual({
        kind: 'rejected',
        status: null,
        excerpt: 'not isolated: an operator has let the host back into the network since',
      });
    }
    expect(bench.orders).toEqual(['isolate a', 'deisolate a']);
    expect(bench.outcomes).toEqual(['asked', 'lifted']);
  });

  it('covers other detections of the same host, which ask for nothing, are not followed and take none of the hour', async () => {
    await at(
      [
        { ...WKS, status: 'offline' },
        { id: agentId('b'), hostname: 'WKS-8' },
      ],
      {
        contain: { per_hour_max: 2 },
      },
    );
    await bench.deliver(bench.detection('det-1', DEVICE));
    const before = bench.asked.length;
    expect(await bench.deliver(bench.detection('det-2', DEVICE))).toEqual({ kind: 'delivered' });
    // The same device by the same name: that is the agent of the order, whatever HarfangLab would say.
    expect(bench.asked).toHaveLength(before);
    const byId = bench.detection('det-3', { device: { id: agentId('a') } });
    expect(await bench.deliver(byId)).toEqual({ kind: 'delivered' });
    expect(isolateRequests()).toBe(1);
    expect(await bench.deliver(bench.detection('det-4', { device: { hostname: 'WKS-8' } }))).toMatchObject(
      aside(MINUTE_MS),
    );
    expect(bench.audited.filter(({ deviceId }) => deviceId === agentId('a'))).toMatchObject([
      { detection: 'det-1', outcome: 'asked' },
      { detection: 'det-2', outcome: 'covered' },
      { detection: 'det-3', outcome: 'covered' },
    ]);
    expect(bench.memory.entries('order:')).toHaveLength(2);
    expect(JSON.stringify(bench.memory.entries(''))).not.toMatch(/WKS/i);
  });

  it('covers no detection of another host, nor one after an operator let the host back, nor once it is given up', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    const first = bench.detection('det-1', DEVICE);
    await bench.deliver(first);
    expect(await bench.deliver(bench.detection('det-2', { device: { hostname: 'WKS-70' } }))).toMatchObject({
      excerpt: 'not isolated: HarfangLab knows no agent of this name',
    });
    const third = bench.detection('det-3', DEVICE);
    bench.nowMs += 1;
    await bench.channel.liftContainment?.({ hostname: 'WKS-7' }, bench.io);
    expect(await bench.deliver(third)).toMatchObject({
      excerpt: 'not isolated: an operator has let the host back into the network since',
    });
    bench.nowMs += 6 * MINUTE_MS;
    expect(await bench.deliver(bench.detection('det-4', DEVICE))).toMatchObject(aside(MINUTE_MS));
    expect(bench.outcomes).toEqual(['asked', 'asked']);
  });

  it.each([{ hostname: 'WKS-7' }, { id: agentId('a') }])(
    'covers no detection of the host that came after an operator let it back, though it is in memory yet: %j',
    async (device) => {
      await at([{ ...WKS, status: 'offline' }]);
      const first = bench.detection('det-1', DEVICE);
      await bench.deliver(first);
      bench.nowMs += 1_000;
      await bench.channel.liftContainment?.({ hostname: 'WKS-7' }, bench.io);
      bench.nowMs += 1_000;
      const second = bench.detection('det-2', { device });
      expect(await bench.deliver(second)).toMatchObject(aside(MINUTE_MS));
      expect(await bench.deliver(first)).toMatchObject({ excerpt: expect.stringContaining('an operator') });
      expect(await bench.deliver(bench.detection('det-3', DEVICE))).toEqual({ kind: 'delivered' });
      expect(bench.orders).toEqual(['isolate a', 'deisolate a', 'isolate a']);
      expect(bench.outcomes).toEqual(['asked', 'asked', 'lifted', 'covered']);
    },
  );

  it('is neither noted nor settled as covered once the config has changed', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    await bench.deliver(bench.detection('det-1', DEVICE));
    bench.isCurrent = () => false;
    expect(await bench.deliver(bench.detection('det-2', DEVICE))).toMatchObject({ detail: 'not sent' });
    expect(bench.outcomes).toEqual(['asked']);
  });

  it('is asked for anew after somebody let the host back at HarfangLab', async () => {
    await at([WKS]);
    expect(await bench.follow(bench.detection('det-1', DEVICE))).toEqual({ kind: 'delivered' });
    bench.edr.addAgent(WKS);
    expect(await bench.follow(bench.detection('det-2', DEVICE))).toEqual({ kind: 'delivered' });
    expect(bench.orders).toEqual(['isolate a', 'isolate a']);
  });

  it('is no order any more when what is remembered of it can not be read', async () => {
    await at([WKS]);
    const event = bench.detection('det', DEVICE);
    await bench.deliver(event);
    const [[key] = ['']] = bench.memory.entries('order:');
    for (const value of ['no JSON', '{}', '[]']) {
      bench.memory.put(key, value, bench.nowMs + MINUTE_MS);
      bench.edr.addAgent({ ...WKS, isolation_state: true });
      expect(await bench.deliver(event)).toEqual({ kind: 'delivered' });
    }
    expect(isolateRequests()).toBe(1);
  });
});

describe('an order whose answer was never seen', () => {
  it('is not repeated while the agent may carry it out, and is done when it has', async () => {
    await at([WKS]);
    bench.edr.fail({ match: isIsolate, drop: 'after_reading', times: 1 });
    const event = bench.detection('det', DEVICE);
    expect(await bench.deliver(event)).toMatchObject({ kind: 'retry', reason: 'network' });
    bench.nowMs += 2_000;
    expect(await bench.deliver(event)).toMatchObject(aside(MINUTE_MS));
    expect(await bench.follow(event)).toEqual({ kind: 'delivered' });
    expect(isolateRequests()).toBe(1);
    expect(bench.orders).toEqual(['isolate a']);
    expect(bench.outcomes).toEqual(['asked', 'isolated']);
  });

  it('is made again once the agent has had its time, with the same one of the hour', async () => {
    await at([WKS, { id: agentId('b'), hostname: 'WKS-8' }], { contain: { per_hour_max: 1 } });
    bench.edr.fail({ match: isIsolate, hang: true, times: 1 });
    bench.hurried = '/isolate/';
    const event = bench.detection('det', DEVICE);
    expect(await bench.deliver(event)).toMatchObject({ kind: 'retry', reason: 'timeout' });
    bench.hurried = '';
    expect(await bench.deliver(bench.detection('det-8', { device: { hostname: 'WKS-8' } }))).toMatchObject({
      excerpt: expect.stringContaining('per_hour_max'),
    });
    const startMs = bench.nowMs;
    expect(await bench.follow(event)).toEqual({ kind: 'delivered' });
    expect(bench.nowMs - startMs).toBe(3 * MINUTE_MS);
    expect(bench.orders).toEqual(['isolate a']);
    expect(bench.outcomes).toEqual(['asked', 'asked', 'isolated']);
  });

  it('is what HarfangLab has already where it does not take the repeated one', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    bench.edr.fail({ match: isIsolate, drop: 'after_reading', times: 1 });
    const event = bench.detection('det', DEVICE);
    await bench.deliver(event);
    expect(await bench.follow(event)).toMatchObject({
      excerpt: expect.stringContaining('HarfangLab still holds the order'),
    });
    expect(isolateRequests()).toBe(2);
    expect(bench.orders).toEqual(['isolate a']);
    expect(bench.outcomes).toEqual(['asked', 'asked', 'timed_out']);
  });

  it('looks at what protects the host again before it is repeated', async () => {
    await at([WKS]);
    bench.edr.fail({ match: isIsolate, status: 502, body: {}, times: 1 });
    const event = bench.detection('det', DEVICE);
    expect(await bench.deliver(event)).toMatchObject({ kind: 'retry', reason: 'server_error' });
    bench.edr.addAgent({ ...WKS, producttype: 'server' });
    bench.nowMs += 2 * MINUTE_MS;
    expect(await bench.deliver(event)).toMatchObject({ kind: 'rejected', status: null });
    expect(isolateRequests()).toBe(1);
  });

  it('is asked for as long as the detection may be acted on, and watched from when it is taken', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    const event = bench.detection('det', DEVICE);
    const down = bench.edr.fail({ match: isIsolate, status: 503, body: {} });
    for (let minute = 0; minute < 50; minute++) {
      expect(await bench.deliver(event)).toMatchObject({ kind: 'retry' });
      bench.nowMs += MINUTE_MS;
    }
    // One, and again each time that the agent has slept twice since.
    expect(isolateRequests()).toBe(25);
    down.heal();
    expect(await bench.deliver(event)).toMatchObject(aside(MINUTE_MS));
    const takenMs = bench.nowMs;
    expect(await bench.follow(event)).toMatchObject({
      excerpt: expect.stringContaining('HarfangLab still holds the order'),
    });
    expect(bench.nowMs - takenMs).toBe(6 * MINUTE_MS);
    expect(bench.orders).toEqual(['isolate a']);
  });

  it('covers no other detection of the host: that one waits aside, and is covered once HarfangLab has taken it', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    bench.edr.fail({ match: isIsolate, status: 503, body: {}, times: 1 });
    const [first, second] = [bench.detection('det-1', DEVICE), bench.detection('det-2', DEVICE)];
    const byId = bench.detection('det-3', { device: { id: agentId('a') } });
    await bench.deliver(first);
    for (const other of [second, byId])
      expect(await bench.deliver(other)).toMatchObject({
        ...aside(MINUTE_MS),
        detail: expect.stringContaining('whether the order was taken is not known yet'),
      });
    bench.nowMs += 2 * MINUTE_MS;
    expect(await bench.deliver(second)).toMatchObject(aside(MINUTE_MS));
    expect(await bench.deliver(first)).toMatchObject(aside(MINUTE_MS));
    for (const other of [second, byId]) expect(await bench.deliver(other)).toEqual({ kind: 'delivered' });
    expect(isolateRequests()).toBe(2);
    expect(bench.outcomes).toEqual(['asked', 'asked', 'covered', 'covered']);
  });

  it('has nothing asked for by who waited for it until the detection is an hour old', async () => {
    await at([WKS]);
    bench.edr.fail({ match: isIsolate, status: 503, body: {} });
    const [first, second] = [bench.detection('det-1', DEVICE), bench.detection('det-2', DEVICE)];
    bench.nowMs += 58 * MINUTE_MS;
    await bench.deliver(first);
    expect(await bench.deliver(second)).toMatchObject(aside(MINUTE_MS));
    bench.nowMs += 3 * MINUTE_MS;
    expect(await bench.deliver(second)).toEqual({
      kind: 'rejected',
      status: null,
      excerpt: expect.stringMatching(/^not isolated: it was detected over an hour ago/),
    });
    expect(isolateRequests()).toBe(1);
  });

  it('is asked for by another detection where nobody follows its own any more, and by that one alone', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    bench.edr.fail({ match: isIsolate, drop: 'after_reading', times: 1 });
    const [first, second] = [bench.detection('det-1', DEVICE), bench.detection('det-2', DEVICE)];
    await bench.deliver(first);
    bench.edr.fail({ match: isIsolate, status: 200, body: { unrequested: [agentId('a')] }, times: 1 });
    bench.nowMs += 5 * MINUTE_MS - 1;
    expect(await bench.deliver(second)).toMatchObject(aside(MINUTE_MS));
    expect(isolateRequests()).toBe(1);
    bench.nowMs += 1;
    // HarfangLab has the order of the first one.
    expect(await bench.deliver(second)).toMatchObject(aside(MINUTE_MS));
    expect(isolateRequests()).toBe(2);
    expect(await bench.deliver(first)).toEqual({ kind: 'delivered' });
    expect(isolateRequests()).toBe(2);
    bench.edr.setAgentStatus(agentId('a'), 'online');
    bench.edr.addAgent({ ...WKS, isolation_state: true });
    expect(await bench.deliver(second)).toEqual({ kind: 'delivered' });
    expect(bench.audited.map(({ detection, outcome }) => [detection, outcome])).toEqual([
      ['det-1', 'asked'],
      ['det-2', 'asked'],
      ['det-1', 'covered'],
      ['det-2', 'isolated'],
    ]);
  });

  it('is asked for again when an operator redrives what was given up', async () => {
    await at([WKS]);
    const down = bench.edr.fail({ match: isIsolate, status: 503, body: {} });
    const event = bench.detection('det', DEVICE);
    await bench.deliver(event);
    bench.nowMs += 59 * MINUTE_MS;
    expect(await bench.deliver(event)).toMatchObject({
      kind: 'rejected',
      excerpt: expect.stringContaining('no answer to the order was seen'),
    });
    expect(isolateRequests()).toBe(1);
    down.heal();
    await bench.deliver(event);
    expect(isolateRequests()).toBe(2);
    expect(bench.orders).toEqual(['isolate a']);
  });

  it('says that it is not known whether HarfangLab has it when its time is over', async () => {
    await at([WKS]);
    bench.edr.fail({ match: isIsolate, status: 200, body: {} });
    expect(await bench.follow(bench.detection('det', DEVICE))).toMatchObject({
      kind: 'rejected',
      status: null,
      excerpt: expect.stringContaining('no answer to the order was seen'),
    });
    expect(bench.outcomes.at(-1)).toBe('timed_out');
  });

  it('stays in the hour and in the orders when its repetition is refused for want of a permission', async () => {
    await at([WKS]);
    bench.edr.fail({ match: isIsolate, drop: 'after_reading', times: 1 });
    const event = bench.detection('det', DEVICE);
    await bench.deliver(event);
    bench.edr.setAgentStatus(agentId('a'), 'offline');
    bench.edr.fail({ match: isIsolate, status: 403, body: { detail: 'no' }, times: 1 });
    bench.nowMs += 2 * MINUTE_MS;
    expect(await bench.deliver(event)).toMatchObject({ kind: 'blocked', reason: 'forbidden' });
    expect(bench.memory.entries('isolation:')).toHaveLength(1);
    bench.edr.setAgentStatus(agentId('a'), 'online');
    expect(await bench.deliver(event)).toEqual({ kind: 'delivered' });
    expect(bench.orders).toEqual(['isolate a']);
  });
});
