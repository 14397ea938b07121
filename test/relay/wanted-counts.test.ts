/** What operators see as undelivered: what a lane wants, and not what it will only pass. */

import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { EDR, Tenant, destination } from './tenant.ts';

const ALERTS = 'edr/alerts';
const refused = () => new Response(null, { status: 401 });

function detection(tenant: Tenant, id: string): CanonicalEvent {
  const lastAt = new Date(tenant.nowMs).toISOString();
  const found = detectionForTest({ id, level: 'critical', lastAt });
  return detectionEvent(found, { tenant: tenant.id, receivedAt: lastAt });
}

/** Its lane of alerts is blocked with one detection. */
async function blocked(): Promise<Tenant> {
  const tenant = await Tenant.create(destination('edr', { actions: ['alert'] }));
  tenant.destinations.answer(EDR, refused);
  await tenant.accept(detection(tenant, 'one'));
  await tenant.until(async () => (await tenant.lane(ALERTS)).state === 'blocked', 'it is blocked');
  return tenant;
}

describe('the undelivered entries of a lane', () => {
  it('are those that it wants, however many wait behind them', async () => {
    const tenant = await blocked();
    expect(await tenant.lane(ALERTS)).toMatchObject({ undelivered: 1 });
    await tenant.accept(...tenant.events(5));
    expect(await tenant.lane(ALERTS)).toMatchObject({ state: 'blocked', undelivered: 1 });
    await tenant.accept(detection(tenant, 'two'), tenant.event('evt-9'));
    expect(await tenant.lane(ALERTS)).toMatchObject({ undelivered: 2 });
    const health = await tenant.inside(async (relay) => relay.health());
    expect(health?.lanes.find(({ lane }) => lane === ALERTS)).toMatchObject({ undelivered: 2 });
    await tenant.crash();
    expect(await tenant.lane(ALERTS)).toMatchObject({ undelivered: 2 });
  });

  it('are none when all is delivered', async () => {
    const tenant = await blocked();
    await tenant.accept(...tenant.events(5));
    expect(await tenant.lane(ALERTS)).toMatchObject({ undelivered: 1 });
    tenant.destinations.answer(EDR, () => new Response('{}', { status: 201 }));
    await tenant.inside(async (relay) => relay.resume({ v: 1, destination: 'edr', from: 'backlog' }));
    await tenant.until(async () => (await tenant.lane(ALERTS)).undelivered === 0, 'all is delivered');
    expect(await tenant.lane(ALERTS)).toMatchObject({ delivered: 1 });
  });

  it('are an upper bound where too many wait to be looked at, unless they were counted as they came', async () => {
    const tenant = await blocked();
    const all = tenant.events(5_000);
    for (let i = 0; i < all.length; i += 500) await tenant.accept(...all.slice(i, i + 500));
    expect(await tenant.lane(ALERTS)).toMatchObject({ undelivered: 1 });
    await tenant.crash();
    expect(await tenant.lane(ALERTS)).toMatchObject({ undelivered: 5_001 });
  });
});
