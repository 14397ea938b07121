import { describe, expect, it } from 'vitest';

import type { ObjectHealth } from '../../src/domain/object-health.ts';
import { EDR, HEC, Tenant } from './tenant.ts';

const hang = () => new Promise<Response>(() => undefined);

async function healthOf(tenant: Tenant): Promise<ObjectHealth> {
  const health: ObjectHealth | null = await tenant.stub.health();
  if (!health) throw new Error(`Cannot tell the health of ${tenant.id} as it must be configured: it is not`);
  return health;
}

describe('the health of an object', () => {
  it('tells version, publication, lanes, totals and size, and writes nothing', async () => {
    const tenant = await Tenant.create();
    await tenant.configure();
    tenant.destinations.answer(HEC, () => new Response(null, { status: 422 }));
    await tenant.accept(...tenant.events(3));
    await tenant.untilTaken(EDR, 3);
    await tenant.until(
      async () => (await tenant.lane('falcon/events')).deadLettered === 3,
      'all are refused',
    );
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'all are settled');
    const rows = await tenant.inside((relay) => relay.rowsWritten);
    const health = await healthOf(tenant);
    expect(health).toEqual({
      jurisdiction: null,
      version: 2,
      publishedVersion: 2,
      lanes: [
        expect.objectContaining({ lane: 'edr/alerts', delivered: 0, undelivered: 0, state: 'idle' }),
        expect.objectContaining({ lane: 'edr/events', delivered: 3, deadLettered: 0, state: 'idle' }),
        expect.objectContaining({ lane: 'edr/incidents', delivered: 0, undelivered: 0, state: 'idle' }),
        expect.objectContaining({ lane: 'falcon/events', delivered: 0, deadLettered: 3 }),
      ],
      lastWebhook: {
        at: new Date(tenant.nowMs).toISOString(),
        type: 'interaction.policy_violated',
        accepted: true,
      },
      eventsAccepted: 3,
      deadLetters: 3,
      storageBytes: expect.any(Number),
      rules: [],
    });
    expect(health.storageBytes).toBeGreaterThan(10_000);
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(rows);
    expect(JSON.stringify(health)).not.toContain('user-1');
  });

  it('counts only what a restart does not take back', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, ({ ids }) => (ids.includes('evt-1') ? new Response('{}') : hang()));
    await tenant.accept(...tenant.events(4));
    await tenant.until(async () => (await tenant.lane('edr/events')).delivered === 1, 'one is delivered');
    const before = await healthOf(tenant);
    await tenant.crash();
    const after = await healthOf(tenant);
    const totals = ({ lanes, eventsAccepted }: ObjectHealth) => [
      eventsAccepted,
      ...lanes.flatMap(({ delivered, expired, discarded }) => [delivered, expired, discarded]),
    ];
    const afterwards = totals(after);
    totals(before).forEach((count, i) => expect(afterwards[i]).toBeGreaterThanOrEqual(count));
    const delivered = ({ lanes }: ObjectHealth) => lanes.find(({ lane }) => lane === 'edr/events')?.delivered;
    expect(delivered(before)).toBe(0);
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.until(async () => delivered(await healthOf(tenant)) === 4, 'all are written');
  });

  it('keeps the total of events when their periods are gone', async () => {
    const tenant = await Tenant.create((document) => {
      document['retention'] = { events: 1 };
    });
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(EDR, 5);
    await tenant.untilTaken(HEC, 5);
    for (let day = 0; day < 12; day++) {
      tenant.nowMs += 24 * 3_600_000;
      await tenant.alarm();
    }
    await tenant.evict();
    expect(await healthOf(tenant)).toMatchObject({ eventsAccepted: 5 });
  });

  it('is null for a tenant that nobody configured, and unknown while the storage can not be read', async () => {
    expect(await Tenant.unknown().stub.health()).toBeNull();
    const tenant = await Tenant.create();
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE lanes RENAME TO lanes_gone');
    });
    await tenant.crash();
    await expect(tenant.inside(async (relay) => relay.health())).rejects.toThrow('must be readable');
  });
});
