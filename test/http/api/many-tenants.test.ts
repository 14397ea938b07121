/** What a deployment asks of KV and of objects with 10,000 tenants: as much as with one, but for lists, which take a page each. */

import { beforeAll, describe, expect, it } from 'vitest';

import { FORWARDED_EVENT_TYPES } from '../../../src/domain/event.ts';
import { createApp } from '../../../src/http/app.ts';
import { encodeBase64 } from '../../../src/lib/bytes.ts';
import { hmacSha256, importHmacKey } from '../../../src/lib/hmac.ts';
import { pokeTenants } from '../../../src/wakeups/poke.ts';
import { sampleDocument } from '../../tenants/sample.ts';
import type { World } from '../fakes.ts';
import { fakeWorld } from '../fakes.ts';
import { callOperator } from '../operator.ts';

const TENANTS = 10_000;
/** What the Workers platform lets one invocation ask KV and queues. Source: Workers limits, paid plan, read 2026-11. */
const OPERATIONS_MAX = 1_000;
const KEY = new TextEncoder().encode('a signing key of some 28 bytes');
const PATH = '/api/v1/tenants/acme';
const DOCUMENT = { ...sampleDocument(), webhook: { secrets: [`whsec_${encodeBase64(KEY)}`] } };

/** What was asked since it was made: calls of KV by kind, and of objects by method. */
class Asked {
  readonly #world: World;
  readonly #before: Record<string, number>;

  constructor(world: World) {
    this.#world = world;
    this.#before = this.#now();
  }

  get counts(): Record<string, number> {
    const now = this.#now();
    const counts = Object.entries(now).map(([name, count]) => [name, count - (this.#before[name] ?? 0)]);
    return Object.fromEntries(counts.filter(([, count]) => count !== 0)) as Record<string, number>;
  }

  #now(): Record<string, number> {
    const { kv, relays } = this.#world;
    const all = [...relays.values()];
    const sum = (of: (relay: (typeof all)[number]) => number) => all.reduce((n, relay) => n + of(relay), 0);
    return {
      'kv reads': kv.reads,
      'kv writes': kv.writes,
      'kv lists': kv.lists,
      objects: relays.size,
      readConfig: sum(({ configReads }) => configReads),
      configure: sum(({ configured }) => configured.length),
      endPauses: sum(({ endedPauses }) => endedPauses.length),
      accept: sum(({ requests }) => requests.length),
    };
  }
}

/** A deployment in which `acme` is one of so many tenants. The others are in KV, as their objects would have published them. */
async function worldOf(tenants: number): Promise<World> {
  const world = fakeWorld();
  await callOperator(world.env, 'PUT', PATH, { body: DOCUMENT });
  const value = world.kv.values.get('ingest/v1/acme') ?? '';
  for (let i = 1; i < tenants; i++) {
    const key = `ingest/v1/tenant-${String(i).padStart(5, '0')}`;
    world.kv.values.set(key, value);
    world.kv.metadata.set(key, { residency: 'eu', version: 1, savedAt: '2026-11-22T00:00:00.000Z' });
  }
  return world;
}

async function webhook({ env }: World): Promise<number> {
  const body = JSON.stringify({ id: 'evt_1', type: FORWARDED_EVENT_TYPES[0] });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signed = new TextEncoder().encode(`msg_1.${timestamp}.${body}`);
  const signature = `v1,${encodeBase64(await hmacSha256(await importHmacKey(KEY), signed))}`;
  const headers = {
    'content-type': 'application/json',
    'webhook-id': 'msg_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
  const request = new Request('https://relay.example.com/hooks/acme', { method: 'POST', body, headers });
  return (await createApp().fetch(request, env)).status;
}

let one: World;
let many: World;
beforeAll(async () => {
  [one, many] = [await worldOf(1), await worldOf(TENANTS)];
});

/** What one request asks in both deployments, and that it is answered as it should. */
async function ask(
  request: (world: World) => Promise<number>,
  status: number,
): Promise<Record<string, number>> {
  const counts = [];
  for (const world of [one, many]) {
    const asked = new Asked(world);
    expect(await request(world)).toBe(status);
    counts.push(asked.counts);
  }
  expect(counts[1]).toEqual(counts[0]);
  return counts[1] ?? {};
}

const operate = (method: string, path: string, body?: unknown) => async (world: World) =>
  (await callOperator(world.env, method, path, body === undefined ? {} : { body })).status;

describe(`with ${TENANTS} tenants`, () => {
  it('a webhook costs one read of KV and one call of its object, as with one tenant', async () => {
    expect(await ask(webhook, 202)).toEqual({ 'kv reads': 1, accept: 1 });
    // Then its isolate knows the tenant.
    expect(await ask(webhook, 202)).toEqual({ accept: 1 });
  });

  it('looking one up asks its object in each place, and nothing else', async () => {
    expect(await ask(operate('GET', PATH), 200)).toEqual({ readConfig: 2 });
  });

  it('a plan that changes nothing reads only, and so does one that changes something', async () => {
    expect(await ask(operate('POST', `${PATH}/plan`, DOCUMENT), 200)).toEqual({ readConfig: 2 });
    const changed = { ...DOCUMENT, limits: { burst: 700 } };
    expect(await ask(operate('POST', `${PATH}/plan`, changed), 200)).toEqual({ readConfig: 2 });
  });

  it('a PUT that changes nothing writes neither a version nor to KV', async () => {
    expect(await ask(operate('PUT', PATH, DOCUMENT), 200)).toEqual({ readConfig: 2, endPauses: 1 });
  });

  it('a PUT that changes something writes one version and one key', async () => {
    const changed = { ...DOCUMENT, limits: { burst: 700 } };
    const counts = await ask(operate('PUT', PATH, changed), 200);
    expect(counts).toEqual({ readConfig: 2, configure: 1, 'kv writes': 1 });
  });

  it.each([50, 200])(
    'listing all in pages of %i takes one list of KV a page, and no object',
    async (limit) => {
      const asked = new Asked(many);
      const seen = new Set<string>();
      let cursor = '';
      for (;;) {
        const { status, body } = await callOperator(
          many.env,
          'GET',
          `/api/v1/tenants?limit=${limit}${cursor}`,
        );
        expect(status).toBe(200);
        for (const { id } of body.tenants) seen.add(id);
        if (body.nextCursor === undefined) break;
        cursor = `&cursor=${body.nextCursor}`;
      }
      expect(seen.size).toBe(TENANTS);
      expect(asked.counts).toEqual({ 'kv lists': TENANTS / limit });
    },
  );

  it('the hourly poke stays within what one invocation may ask, and leaves one wake-up each', async () => {
    const asked = new Asked(many);
    const batches: { body: { tenant: string }; delaySeconds: number }[][] = [];
    const queue = { sendBatch: async (messages: []) => void batches.push(messages) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of it that is used
    const count = await pokeTenants({ RELAY_KV: many.env.RELAY_KV, WAKEUPS: queue as unknown as Queue });
    expect(count).toBe(TENANTS);
    expect(asked.counts).toEqual({ 'kv lists': TENANTS / 1000 });
    expect(batches).toHaveLength(TENANTS / 100);
    expect(Math.max(...batches.map((messages) => messages.length))).toBe(100);
    expect(TENANTS / 1000 + batches.length).toBeLessThan(OPERATIONS_MAX);
    const messages = batches.flat();
    expect(new Set(messages.map(({ body }) => body.tenant)).size).toBe(TENANTS);
    expect(JSON.stringify(batches[0]).length).toBeLessThan(256_000);
    // Spread over half an hour: no second has more than a few.
    const delays = Map.groupBy(messages, ({ delaySeconds }) => delaySeconds);
    expect(Math.max(...[...delays.values()].map((together) => together.length))).toBeLessThanOrEqual(10);
  });
});
