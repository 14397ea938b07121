/**
 * In an EU deployment every stub of an object is made in the `eu` jurisdiction, whoever asks for it: webhooks, each admin route, the
 * command line through them, both queues, the hourly poke. On fake bindings that note from where each stub came.
 */

import { describe, expect, it } from 'vitest';

import { adminRoutes } from '../src/http/api/routes.ts';
import { createApp } from '../src/http/app.ts';
import { handleBatch } from '../src/wakeups/batch.ts';
import { pokeTenants } from '../src/wakeups/poke.ts';
import { FakeIo } from './cli/fake-io.ts';
import { ADMIN_TOKEN, type World, fakeWorld } from './http/fakes.ts';
import { exampleOf } from './http/examples.ts';
import { callOperator } from './http/operator.ts';
import { NoxysSender } from './simulators/noxys.ts';
import { sampleDocument } from './tenants/sample.ts';

const SECRET = `whsec_${Buffer.from('a signing key of some 28 bytes').toString('base64')}`;
const EVENT = { id: 'evt_1', type: 'interaction.high_risk', timestamp: new Date().toISOString() };

/** With the tenant acme, whose object is in the EU. */
async function euWorld(): Promise<World> {
  const world = fakeWorld({ RELAY_RESIDENCY: 'eu' });
  const document = { ...sampleDocument(), webhook: { secrets: [SECRET] } };
  expect(await callOperator(world.env, 'PUT', '/api/v1/tenants/acme', { body: document })).toMatchObject({
    status: 201,
  });
  return world;
}

async function call(
  { env }: World,
  route: (typeof adminRoutes)[number],
  token = ADMIN_TOKEN,
): Promise<number> {
  const { method, path, body } = exampleOf(route);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const init = { method, headers, ...(body !== undefined && { body }) };
  return (await createApp().fetch(new Request(`https://relay.example.com${path}`, init), env)).status;
}

/** Where the stubs of tenants' objects came from, and of the registry. */
function placesOf({ relays, registry }: World): { readonly relays: string[]; readonly registry: string[] } {
  const places = (names: Iterable<string>) => [...new Set(names)].toSorted();
  return {
    relays: places([...relays.keys()].map((key) => key.split('/')[0] ?? '')),
    registry: places(registry.places),
  };
}

const fetchOf =
  ({ env }: World): typeof fetch =>
  async (input, init) =>
    createApp().fetch(new Request(input, init), env);

function senderTo(world: World, tenantSecret: string): NoxysSender {
  const url = 'https://relay.example.com/hooks/acme';
  return new NoxysSender({ url, tenantSecret, scheme: 'standard-webhooks', fetch: fetchOf(world) });
}

/** A batch of one message of either queue. */
function batchOf(body: unknown): MessageBatch {
  const message = {
    id: 'm0',
    timestamp: new Date(),
    attempts: 1,
    body,
    ack: () => undefined,
    retry: () => undefined,
  };
  const metadata = { metrics: { backlogCount: 0, backlogBytes: 0 } };
  return { queue: 'q', metadata, messages: [message], ackAll: () => undefined, retryAll: () => undefined };
}

describe('a stub in an EU deployment', () => {
  it.each(adminRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'is of the eu jurisdiction for %s',
    async (_name, route) => {
      const world = await euWorld();
      expect(await call(world, route)).not.toBe(401);
      expect(placesOf(world)).toEqual({ relays: ['eu'], registry: expect.toSatisfy(isEuAlone) as unknown });
    },
  );

  it('is so for a minted token, which the registry knows', async () => {
    const world = await euWorld();
    const body = { role: 'admin', name: 'ci' };
    const minted = await callOperator(world.env, 'POST', '/api/v1/tokens', { body });
    expect(minted).toMatchObject({ status: 201, body: { token: expect.any(String) as string } });
    for (const route of adminRoutes)
      expect(await call(world, route, String(minted.body.token))).not.toBe(401);
    expect(placesOf(world).relays).toEqual(['eu']);
    expect(placesOf(world).registry).toSatisfy(isEuAlone);
  });

  it('is so for webhooks, authentic, forged, and of nobody, and for what overflows', async () => {
    const world = await euWorld();
    const sender = senderTo(world, SECRET);
    expect(await sender.send(EVENT)).toMatchObject({ status: 202 });
    expect(await sender.send({ ...EVENT, type: 'noxys.test' })).toMatchObject({ status: 202 });
    const forger = senderTo(
      world,
      `whsec_${Buffer.from('another signing key of 32 bytes!').toString('base64')}`,
    );
    expect(await forger.send(EVENT)).toMatchObject({ status: 401 });
    for (const relay of world.relays.values())
      relay.accepts = async () => Promise.reject(new Error('the object moved'));
    expect(await sender.send({ ...EVENT, id: 'evt_2' })).toMatchObject({ status: 202 });
    const [message] = world.overflow.messages;
    await handleBatch(batchOf(message), world.env);
    expect([...world.relays.values()].flatMap(({ sealed }) => sealed)).toHaveLength(1);
    expect(placesOf(world)).toEqual({ relays: ['eu'], registry: ['eu'] });
  });

  it('is so for wake-ups, and a wake-up of a global tenant makes none', async () => {
    const world = await euWorld();
    const left: unknown[] = [];
    const WAKEUPS = { sendBatch: async (messages: { body: unknown }[]) => void left.push(...messages) };
    expect(await pokeTenants({ ...world.env, WAKEUPS: WAKEUPS as unknown as Queue })).toBe(1);
    expect(left).toMatchObject([{ body: { tenant: 'acme', residency: 'eu' } }]);
    for (const residency of ['eu', 'global'])
      await handleBatch(batchOf({ v: 1, tenant: `of-${residency}`, residency, lane: '*' }), world.env);
    expect(placesOf(world).relays).toEqual(['eu']);
    expect(world.relays.size).toBe(2);
  });

  it('is so for what the command line asks', async () => {
    const world = await euWorld();
    const env = { NOXYS_RELAY_URL: 'https://relay.example.com', NOXYS_RELAY_TOKEN: ADMIN_TOKEN };
    const shell = new FakeIo({ fetch: fetchOf(world), env });
    for (const command of [
      'tenants',
      'lanes acme',
      'audit acme',
      'events search acme',
      'rules list acme',
      'token list',
    ])
      expect(await shell.run(command)).toMatchObject({ code: 0, stderr: '' });
    expect(placesOf(world)).toEqual({ relays: ['eu'], registry: ['eu'] });
  });

  it('would be seen to come from elsewhere, if one did', async () => {
    const world = fakeWorld({ RELAY_RESIDENCY: 'global' });
    await callOperator(world.env, 'GET', '/api/v1/tenants/acme');
    expect(placesOf(world).relays).toEqual(['base', 'eu']);
  });
});

function isEuAlone(places: unknown): boolean {
  return Array.isArray(places) && places.every((place) => place === 'eu');
}
