/** A detection is an entry of the log that the relay made: who gets it, who does not, and what operators see of it. */

import { describe, expect, it } from 'vitest';

import type { Detection } from '../../src/domain/detection.ts';
import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { INDICATORS_CHANGED_TYPE } from '../../src/domain/wanted.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { EDR, HEC, Tenant, destination } from './tenant.ts';

function detection(tenant: Tenant, changes: Partial<Detection> = {}): CanonicalEvent {
  const lastAt = new Date(tenant.nowMs).toISOString();
  return detectionEvent(detectionForTest({ lastAt, ...changes }), { tenant: tenant.id, receivedAt: lastAt });
}

async function explained(tenant: Tenant, id: string) {
  const answer = await tenant.inside(async (relay) => relay.explainEvent({ v: 1, id, showsPersons: false }));
  return answer.kind === 'explained' ? answer.events.flatMap(({ lanes }) => lanes) : [];
}

describe('a detection in the log', () => {
  it('reaches the HEC as a document of its own, and never a channel that takes events only', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'), detection(tenant), tenant.event('evt-2'));
    await tenant.untilTaken(HEC, 3);
    await tenant.untilTaken(EDR, 2);
    const asEvents = tenant.destinations.sent.filter(({ url }) => url === `${EDR}/api/v1/events`);
    expect(asEvents.flatMap(({ ids }) => ids)).toEqual(['evt-1', 'evt-2']);
    expect(tenant.destinations.ids(HEC)).toEqual(['evt-1', 'det_17959439cff046d2', 'evt-2']);
    expect(await explained(tenant, 'det_17959439cff046d2')).toMatchObject([
      { lane: 'edr/alerts', outcome: 'not_wanted', why: expect.stringContaining('below high') },
      {
        lane: 'edr/events',
        outcome: 'not_wanted',
        filter: 'actions',
        why: 'This lane takes events, and no detections.',
      },
      { lane: 'edr/incidents' },
      { lane: 'falcon/events', outcome: 'delivered' },
    ]);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 2, undelivered: 0 });
  });

  it("is not held back by a destination's own filter, which is about Noxys' events", async () => {
    const tenant = await Tenant.create(destination('falcon', { events: ['interaction.high_risk'] }));
    await tenant.accept(tenant.event('evt-1'), detection(tenant));
    await tenant.untilTaken(HEC, 1);
    expect(tenant.destinations.ids(HEC)).toEqual(['det_17959439cff046d2']);
  });

  it('is recorded only where its rule runs dry', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(detection(tenant, { dryRun: true }), tenant.event('evt-1'));
    await tenant.untilTaken(HEC, 1);
    expect(tenant.destinations.ids(HEC)).toEqual(['evt-1']);
    expect((await explained(tenant, 'det_17959439cff046d2'))[1]?.why).toContain('runs dry');
  });

  it('is taken once, however often it is found', async () => {
    const tenant = await Tenant.create();
    expect(await tenant.accept(detection(tenant), detection(tenant))).toMatchObject({ accepted: 1 });
    expect(await tenant.accept(detection(tenant))).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it("shows a destination no more of the user in what its rule groups by than in the user's id", async () => {
    const reduced = await Tenant.create(destination('falcon', { privacy: { user_id: 'pseudonymise' } }));
    await reduced.accept(detection(reduced));
    await reduced.untilTaken(HEC, 1);
    const toFalcon = reduced.destinations.sent.filter(({ url }) => url.startsWith(HEC));
    expect(toFalcon.map(({ body }) => body).join()).not.toContain('user-42');
  });

  it('does not count as activity', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(detection(tenant), tenant.event('evt-1'));
    tenant.nowMs += 120_000;
    await tenant.alarm();
    const hours = await tenant.inside(async (relay) => relay.activity(0));
    expect(hours.find(({ dimension }) => dimension === 'type')?.counts).toEqual({
      'interaction.policy_violated': 1,
    });
  });
});

describe('an entry for the relay itself', () => {
  it('reaches nobody, is shown to nobody, and is owed by no lane', async () => {
    const tenant = await Tenant.create();
    const control = { ...tenant.event('config-2'), type: INDICATORS_CHANGED_TYPE };
    await tenant.accept(control, tenant.event('evt-1'));
    await tenant.untilTaken(HEC, 1);
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.sent.flatMap(({ ids }) => ids)).toEqual(['evt-1', 'evt-1']);
    expect(await explained(tenant, 'config-2')).toEqual([]);
    const page = await tenant.inside(async (relay) =>
      relay.events({ v: 1, limit: 10, filter: {}, showsPersons: false }),
    );
    expect(page.kind === 'events' && page.events.map(({ id }) => id)).toEqual(['evt-1']);
    await tenant.until(
      async () => (await tenant.stub.lanes()).every(({ undelivered }) => undelivered === 0),
      'nothing is owed',
    );
  });
});
