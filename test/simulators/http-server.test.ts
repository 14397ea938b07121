import { request as httpRequest } from 'node:http';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Fault } from './faults.ts';
import { type Exchange, SimulatorServer } from './http-server.ts';
import type { SimulatorAnswer, SimulatorRequest } from './request.ts';

/** The smallest vendor: takes everything, keeps the bodies. */
class CountingSimulator extends SimulatorServer {
  readonly bodies: string[] = [];

  protected override answer(request: SimulatorRequest): SimulatorAnswer {
    if (request.path === '/bug') throw new Error('simulated bug');
    if (request.isTooLarge) return { status: 413 };
    this.bodies.push(request.body.toString('utf8'));
    return { status: 201, body: { taken: this.bodies.length } };
  }

  protected override authorizationIsRight(request: SimulatorRequest): boolean {
    return request.headers['authorization'] === 'Token right-secret';
  }
}

let simulator: CountingSimulator;

beforeEach(async () => {
  simulator = await new CountingSimulator({ bodyBytesMax: 1000 }).start();
});

afterEach(async () => {
  await simulator.stop();
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(simulator.url + path, { method: 'POST', body, headers });
const last = () => simulator.requests.at(-1);

/** Sixty requests under a seeded probability. */
const drawnStatuses = async () => {
  const fault = simulator.fail({ status: 503, every: 0.3, seed: 7 });
  const seen: number[] = [];
  for (let i = 0; i < 60; i++) seen.push((await post('/', `${i}`)).status);
  fault.heal();
  return seen;
};

/** Sends each key, tells which failed, and that none fails again. */
const failedKeys = async (keys: readonly string[]) => {
  const fault = simulator.fail({
    status: 503,
    every: 0.1,
    seed: 3,
    oncePerKey: ({ headers }) => headers['idempotency-key'],
  });
  const failed: string[] = [];
  for (const key of keys) {
    if ((await post('/', '', { 'idempotency-key': key })).status === 503) failed.push(key);
  }
  for (const key of keys) expect((await post('/', '', { 'idempotency-key': key })).status).toBe(201);
  expect((await post('/', '')).status).toBe(201);
  fault.heal();
  return failed.toSorted();
};

describe('recording', () => {
  it('records method, path, query, headers, size, status and times of each request', async () => {
    await post('/events?x=1', 'café', { 'X-Noise': 'a' });
    expect(last()).toMatchObject({
      method: 'POST',
      path: '/events',
      query: { x: '1' },
      headers: { 'x-noise': 'a' },
      bytes: 5,
      status: 201,
      isFaulted: false,
    });
    expect(last()?.answeredAtMs).toBeGreaterThanOrEqual(last()?.atMs ?? Infinity);
    expect(last()).not.toHaveProperty('abandoned');
  });

  it.each([
    ['Token right-secret', '[right]'],
    ['Token wrong-secret', '[wrong]'],
  ])('replaces the authorization %s by %s', async (authorization, marker) => {
    await post('/', '{}', { authorization });
    expect(last()?.headers['authorization']).toBe(marker);
    expect(JSON.stringify(simulator.requests)).not.toContain('-secret');
  });

  it('records the path as it was sent, slips included', async () => {
    await post('//api//events?x=1?y=2', '');
    expect(last()).toMatchObject({ path: '//api//events', query: { x: '1?y=2' } });
  });

  it('counts a body over the cap without keeping it', async () => {
    const response = await post('/', 'x'.repeat(1001));
    expect(response.status).toBe(413);
    expect(last()?.bytes).toBe(1001);
  });

  it('answers 500 when the simulator itself is at fault', async () => {
    expect((await post('/bug', '')).status).toBe(500);
  });

  it('keeps its port over stop and start, and refuses connections in between', async () => {
    const { url } = simulator;
    await simulator.stop();
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    await simulator.start();
    expect(simulator.url).toBe(url);
    expect((await post('/', '{}')).status).toBe(201);
  });

  it('has no URL before it is started', () => {
    expect(() => new CountingSimulator().url).toThrow('must be started');
  });
});

describe('faults', () => {
  it('answers the canned status, headers and body for so many requests, and records nothing at the vendor', async () => {
    simulator.fail({ status: 503, headers: { 'Retry-After': '7' }, body: { down: true }, times: 2 });
    const first = await post('/', 'a');
    expect([first.status, first.headers.get('retry-after'), await first.json()]).toEqual([
      503,
      '7',
      { down: true },
    ]);
    expect((await post('/', 'b')).status).toBe(503);
    expect((await post('/', 'c')).status).toBe(201);
    expect(simulator.bodies).toEqual(['c']);
    expect(simulator.requests.map(({ isFaulted }) => isFaulted)).toEqual([true, true, false]);
  });

  it('sends a canned text in its own content type', async () => {
    simulator.fail({ status: 200, body: '<p>portal</p>', contentType: 'text/html' });
    const response = await post('/', 'a');
    expect([response.headers.get('content-type'), await response.text()]).toEqual([
      'text/html',
      '<p>portal</p>',
    ]);
  });

  it('ends by itself after so many milliseconds', async () => {
    let nowMs = 0;
    const timed = await new CountingSimulator({ nowMs: () => nowMs }).start();
    timed.fail({ status: 503, forMs: 15_000 });
    nowMs = 14_999;
    expect((await fetch(timed.url)).status).toBe(503);
    nowMs = 15_000;
    expect((await fetch(timed.url)).status).toBe(201);
    await timed.stop();
  });

  it('ends when healed, one fault or all', async () => {
    const one = simulator.fail({ status: 500 });
    simulator.fail({ status: 503 });
    expect((await post('/', '')).status).toBe(500);
    one.heal();
    expect((await post('/', '')).status).toBe(503);
    simulator.heal();
    expect((await post('/', '')).status).toBe(201);
    expect(one.hits).toBe(1);
  });

  it('hits only matching requests', async () => {
    simulator.fail({ status: 400, match: ({ path, body }) => path === '/a' && body.includes('poison') });
    expect((await post('/a', 'poison')).status).toBe(400);
    expect((await post('/a', 'fine')).status).toBe(201);
    expect((await post('/b', 'poison')).status).toBe(201);
  });

  it('drops the connection before reading: the vendor never had the event', async () => {
    simulator.fail({ drop: 'before_reading', times: 1 });
    await expect(post('/', 'a')).rejects.toThrow('fetch failed');
    expect(simulator.bodies).toEqual([]);
    expect(last()).not.toHaveProperty('status');
    expect(last()).not.toHaveProperty('abandoned');
  });

  it('drops the connection after reading: the vendor has the event, the client no answer', async () => {
    simulator.fail({ drop: 'after_reading', times: 1 });
    await expect(post('/', 'a')).rejects.toThrow('fetch failed');
    expect(simulator.bodies).toEqual(['a']);
    expect((await post('/', 'a')).status).toBe(201);
    expect(simulator.bodies).toEqual(['a', 'a']);
  });

  it('hangs until the client gives up, and records that it did', async () => {
    simulator.fail({ hang: true, times: 1 });
    await expect(
      fetch(simulator.url, { method: 'POST', body: 'a', signal: AbortSignal.timeout(50) }),
    ).rejects.toThrow(/timeout|abort/);
    await vi.waitFor(() => expect(last()?.abandoned).toBe(true));
    expect(simulator.bodies).toEqual([]);
  });

  it('answers late: the vendor has the event although the client gave up', async () => {
    simulator.fail({ delayMs: 5000, times: 1 });
    await expect(
      fetch(simulator.url, { method: 'POST', body: 'a', signal: AbortSignal.timeout(50) }),
    ).rejects.toThrow(/timeout|abort/);
    await vi.waitFor(() => expect(last()?.abandoned).toBe(true));
    expect(simulator.bodies).toEqual(['a']);
  });

  it('notices a client that goes away while it sends', async () => {
    const half = httpRequest(simulator.url, { method: 'POST', headers: { 'content-length': '100' } });
    half.on('error', () => {});
    half.write('half');
    await vi.waitFor(() => expect(simulator.requests).toHaveLength(1));
    half.destroy();
    await vi.waitFor(() => expect(last()?.abandoned).toBe(true));
    expect(simulator.bodies).toEqual([]);
  });

  it('stops although a request hangs', async () => {
    simulator.fail({ hang: true });
    const hanging = post('/', 'a');
    await vi.waitFor(() => expect(simulator.requests).toHaveLength(1));
    await Promise.all([simulator.stop(), expect(hanging).rejects.toThrow('fetch failed')]);
    expect(last()).not.toHaveProperty('abandoned');
  });

  it('draws a probability with its seed, the same every time', async () => {
    const [first, second] = [await drawnStatuses(), await drawnStatuses()];
    expect(first).toEqual(second);
    expect(first.filter((status) => status === 503).length).toBeGreaterThan(5);
    expect(first.filter((status) => status === 503).length).toBeLessThan(35);
  });

  it('lets a tenth of the keys fail once each, whatever the order, and never again', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `evt_${i}`);
    const failed = await failedKeys(keys);
    expect(failed.length).toBeGreaterThan(8);
    expect(failed.length).toBeLessThan(36);
    expect(await failedKeys(keys.toReversed())).toEqual(failed);
  });

  it('takes a predicate for which requests fail', async () => {
    let count = 0;
    simulator.fail({ status: 502, every: () => ++count % 2 === 0 });
    const statuses = [await post('/', ''), await post('/', ''), await post('/', ''), await post('/', '')];
    expect(statuses.map(({ status }) => status)).toEqual([201, 502, 201, 502]);
  });
});

describe('telling of each request', () => {
  it('says what the vendor has taken, whether or not the client gets to know', async () => {
    await simulator.stop();
    const told: Exchange[] = [];
    simulator = await new CountingSimulator({ onExchange: (exchange) => void told.push(exchange) }).start();
    const sendUnder = async (fault: Fault) => {
      simulator.fail({ ...fault, times: 1 });
      await post('/', 'x', { 'idempotency-key': 'k' }).catch(() => undefined);
    };
    await post('/', 'x', { 'idempotency-key': 'k' });
    await sendUnder({ drop: 'after_reading' });
    await sendUnder({ drop: 'before_reading' });
    await sendUnder({ status: 200, body: '<html>', contentType: 'text/html' });
    await sendUnder({ status: 503 });
    expect(told.map(({ isTaken, record }) => [isTaken, record.status])).toEqual([
      [true, 201],
      [true, undefined],
      [false, undefined],
      [false, 200],
      [false, 503],
    ]);
    expect(told.map(({ request }) => request.headers['idempotency-key'])).toEqual(['k', 'k', 'k', 'k', 'k']);
  });

  it('sends bytes as they are', async () => {
    simulator.fail({
      status: 500,
      body: Uint8Array.of(0xff, 0x00, 0xfe),
      contentType: 'application/octet-stream',
    });
    expect(await (await post('/', '')).bytes()).toEqual(Uint8Array.of(0xff, 0x00, 0xfe));
  });
});
