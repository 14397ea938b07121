import { env } from 'cloudflare:workers';
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';

import type { DrainAnswer, DrainRequest } from '../../src/domain/rpc.ts';
import { type Env, settingsOf } from '../../src/settings.ts';
import { handleBatch } from '../../src/wakeups/batch.ts';
import { pokeTenants } from '../../src/wakeups/poke.ts';
import { EDR, Tenant } from '../relay/tenant.ts';

const QUEUE = 'noxys-relay-wakeups';

function wakeup(tenant: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { v: 1, tenant, residency: 'eu', lane: 'edr/events', ...changes };
}

/** Runs a batch through the consumer as the platform does; ids that were acknowledged, and delays of those that come again. */
async function consume(bodies: readonly unknown[], bindings: Partial<Env> = {}) {
  const messages = bodies.map((body, i) => ({ id: `m${i}`, timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch(QUEUE, messages);
  await handleBatch(batch, { ...env, ...bindings });
  const result = await getQueueResult(batch, createExecutionContext());
  return {
    outcome: result.outcome,
    acknowledged: result.explicitAcks.toSorted(),
    retried: result.retryMessages.map(({ msgId }) => msgId).toSorted(),
  };
}

/** A namespace whose objects answer `drain` as told. */
function objects(drain: (request: DrainRequest) => Promise<DrainAnswer>): Partial<Env> {
  const namespace = { getByName: () => ({ drain }), jurisdiction: () => namespace };
  return { TENANT_RELAY: namespace as unknown as Env['TENANT_RELAY'] };
}

const BAD: readonly unknown[] = [
  null,
  'text',
  42,
  [],
  {},
  { v: 1 },
  { v: 2, tenant: 'acme', residency: 'eu', lane: 'edr/events' },
  { v: 1, tenant: '../acme', residency: 'eu', lane: 'edr/events' },
  { v: 1, tenant: 'acme', residency: 'mars', lane: 'edr/events' },
  { v: 1, tenant: 'acme', residency: 'eu', lane: '' },
  { v: 1, tenant: 'acme', residency: 'eu', lane: 'x'.repeat(1000) },
];

describe('the queue handler', () => {
  it('starts the lane of a good message although every other message of the batch is bad', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response('{}', { status: 503 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).tries >= 4, 'the lane waits');
    tenant.destinations.answer(EDR, () => new Response('{}'));
    tenant.nowMs += 60_000;
    const bodies = [...BAD.slice(0, 5), wakeup(tenant.id), ...BAD.slice(5)];
    const result = await consume(bodies);
    await tenant.untilTaken(EDR, 1);
    expect(result).toEqual({
      outcome: 'ok',
      acknowledged: bodies.map((_, i) => `m${i}`).toSorted(),
      retried: [],
    });
  });

  it('never throws, and sends again only the message whose object failed', async () => {
    const asked: string[] = [];
    const result = await consume(
      ['a', 'b', 'c', 'd'].map((lane) => wakeup('acme', { lane })),
      objects(async ({ lane }) => {
        asked.push(lane);
        if (lane === 'b') throw new Error('the object moved');
        return { kind: lane === 'c' ? 'unavailable' : 'started' };
      }),
    );
    expect(asked.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(result).toEqual({ outcome: 'ok', acknowledged: ['m0', 'm3'], retried: ['m1', 'm2'] });
  });

  it('is done with a wake-up of a tenant that is gone', async () => {
    const gone = Tenant.unknown();
    expect(await consume([wakeup(gone.id)])).toMatchObject({ acknowledged: ['m0'], retried: [] });
  });

  it('is done with a wake-up of a residency that this deployment does not serve, and asks no object', async () => {
    const asked: string[] = [];
    const result = await consume([wakeup('acme', { residency: 'global' })], {
      RELAY_RESIDENCY: 'eu',
      ...objects(async ({ lane }) => {
        asked.push(lane);
        return { kind: 'started' };
      }),
    });
    expect(result).toMatchObject({ acknowledged: ['m0'], retried: [] });
    expect(asked).toEqual([]);
  });

  it('sends every message again, and still does not throw, when its settings are broken', async () => {
    const broken = { ...env, RELAY_MASTER_KEY: 'short' };
    expect(() => settingsOf(broken)).toThrow('RELAY_MASTER_KEY');
    expect(await consume([wakeup('acme'), null], { RELAY_MASTER_KEY: 'short' })).toEqual({
      outcome: 'ok',
      acknowledged: ['m1'],
      retried: ['m0'],
    });
  });
});

describe('the hourly poke', () => {
  it('leaves one wake-up for each tenant, with its residency and nothing else', async () => {
    const tenants = await Promise.all([1, 2, 3].map(async () => Tenant.create()));
    const sent: { body: unknown; delaySeconds?: number }[] = [];
    const queue = {
      sendBatch: async (messages: Iterable<(typeof sent)[number]>) => void sent.push(...messages),
    };
    const count = await pokeTenants({ RELAY_KV: env.RELAY_KV, WAKEUPS: queue as unknown as Queue });
    expect(count).toBe(sent.length);
    for (const { id } of tenants) {
      expect(sent.map(({ body }) => body)).toContainEqual({ v: 1, tenant: id, residency: 'eu', lane: '*' });
    }
    expect(sent.every(({ delaySeconds = -1 }) => delaySeconds >= 0 && delaySeconds <= 1800)).toBe(true);
  });

  it('delivers what every other trigger has lost', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(
      EDR,
      () => new Response('{}', { status: 503, headers: { 'retry-after': '60' } }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).tries === 1, 'the lane waits');
    await tenant.inside(async (_relay, state) => state.storage.deleteAlarm());
    tenant.destinations.answer(EDR, () => new Response('{}'));
    tenant.nowMs += 3_600_000;
    await consume([wakeup(tenant.id, { lane: '*' })]);
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1']);
  });
});
