/** The bounds of a tenant's storage, scaled down: what happens there is what would happen at 7 and 9 GB. */

import { describe, expect, it } from 'vitest';

import { RELAY_SIZES, type RelaySizes } from '../../src/relay/relay-parts.ts';
import { EDR, HEC, Tenant } from './tenant.ts';

const SIZES: RelaySizes = {
  ...RELAY_SIZES,
  periodBytesMax: 64 * 1024,
  spaceBytesHigh: 1.0e6,
  spaceBytesFull: 1.5e6,
};
/** The tenant's rate. */
const PER_MINUTE = 6_000;

async function smallTenant(): Promise<Tenant> {
  const tenant = await Tenant.create((document) => {
    document['limits'] = { events_per_minute: PER_MINUTE, burst: 600 };
  });
  await takeSizes(tenant);
  return tenant;
}

async function takeSizes(tenant: Tenant): Promise<void> {
  await tenant.inside((relay) => {
    relay.sizes = SIZES;
    relay.load();
  });
}

/** Sends events at the allowed rate until the tenant is told to wait for space. Returns how many were accepted. */
async function fill(tenant: Tenant, from = 1): Promise<number> {
  for (let next = from; next < 50_000; next += 100) {
    tenant.nowMs += (100 / PER_MINUTE) * 60_000;
    const answer = await tenant.accept(...tenant.events(100, next));
    if (answer.kind === 'unavailable' && answer.reason === 'space_exhausted') return next - from;
    if (answer.kind !== 'accepted' || answer.accepted !== 100) throw new Error(`Answered ${answer.kind}`);
    if (((await tenant.alarmAtMs()) ?? Infinity) <= tenant.nowMs) await tenant.alarm();
  }
  throw new Error('The storage never became full');
}

const sizeOf = (tenant: Tenant) => tenant.inside((_relay, state) => state.storage.sql.databaseSize);

describe('a tenant at its rate whose destination is dead', () => {
  it('is told to wait when the storage is full, and loses nothing that was accepted', async () => {
    const tenant = await smallTenant();
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    const accepted = await fill(tenant);
    expect(accepted).toBeGreaterThan(1_000);
    expect(await sizeOf(tenant)).toBeGreaterThan(SIZES.spaceBytesFull);
    expect(await sizeOf(tenant)).toBeLessThan(SIZES.spaceBytesFull * 1.2);
    // An eviction forgets nothing of it.
    await tenant.crash();
    await takeSizes(tenant);
    tenant.nowMs += 60_000;
    expect(await tenant.accept(tenant.event('one-more'))).toMatchObject({ reason: 'space_exhausted' });

    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.passTimeUntil(
      () => new Set(tenant.destinations.ids(EDR)).size === accepted,
      'all that was accepted arrived',
      2_000,
    );
    expect(new Set(tenant.destinations.ids(HEC)).size).toBe(accepted);
    expect(await tenant.lane('edr/events')).toMatchObject({ expired: 0, deadLettered: 0, discarded: 0 });

    // What is delivered makes room, and the tenant is served again.
    await tenant.passTimeUntil(async () => (await sizeOf(tenant)) < SIZES.spaceBytesHigh, 'there is room');
    tenant.nowMs += 60_000;
    expect(await tenant.accept(tenant.event('one-more'))).toMatchObject({ accepted: 1 });
    await tenant.untilTaken(EDR, accepted + 1);
  }, 60_000);

  it('keeps what a dead letter or a parked event refers to when delivered periods go early', async () => {
    const tenant = await smallTenant();
    tenant.destinations.answer(EDR, ({ ids }) => {
      if (ids.includes('evt-5')) return new Response('no', { status: 422 });
      return new Response(null, { status: ids.includes('evt-7') ? 500 : 202 });
    });
    await tenant.accept(...tenant.events(100));
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 1, 'one is parked');
    tenant.destinations.answer(EDR, () => new Response(null, { status: 503 }));
    const accepted = 100 + (await fill(tenant, 101));
    tenant.destinations.answer(
      EDR,
      ({ ids }) => new Response(null, { status: ids.includes('evt-7') ? 500 : 202 }),
    );
    await tenant.passTimeUntil(
      async () => (await sizeOf(tenant)) < SIZES.spaceBytesHigh,
      'there is room',
      2_000,
    );
    tenant.destinations.answer(EDR, () => new Response('{}'));
    expect(await tenant.stub.redrive({ v: 1, select: { lane: 'edr/events' } })).toMatchObject({ left: 0 });
    await tenant.passTimeUntil(
      () => new Set(tenant.destinations.ids(EDR)).size === accepted,
      'the dead letter and the parked event arrived too',
      2_000,
    );
  }, 60_000);
});
