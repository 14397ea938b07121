/** Lanes of which most events are none of their business: what comes is behind them at once, without a run. */

import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { EDR, Tenant, destination } from './tenant.ts';

/** Rows that an object writes for twenty webhooks that its HarfangLab lanes of these actions see. */
async function rowsFor(actions: readonly string[]): Promise<number> {
  const tenant = await Tenant.create((document) => {
    destination('edr', { actions, in_flight: 1 })(document);
    document['destinations'] = (document['destinations'] as object[]).slice(0, 1);
  });
  const before = await tenant.inside((relay) => relay.rowsWritten);
  for (const event of tenant.events(20)) {
    await tenant.accept(event);
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'idle', 'it is done');
  }
  await tenant.untilTaken(EDR, 20);
  return (await tenant.inside((relay) => relay.rowsWritten)) - before;
}

describe('a lane that takes none of what comes', () => {
  it('writes no row for it', async () => {
    const alone = await rowsFor(['event']);
    expect(alone).toBeGreaterThan(20);
    expect(await rowsFor(['event', 'incident', 'alert', 'contain'])).toBe(alone);
  });

  it.each([
    ['flows', {}, () => new Response('{}')],
    ['is blocked', {}, () => new Response(null, { status: 401 })],
    ['is disabled', { enabled: false }, () => new Response('{}')],
  ])('has no backlog where its destination %s', async (_name, changes, answer) => {
    const tenant = await Tenant.create(destination('edr', changes));
    tenant.destinations.answer(EDR, answer);
    await tenant.accept(...tenant.events(5));
    await tenant.accept(...tenant.events(5, 6));
    expect(await tenant.lane('edr/incidents')).toMatchObject({ undelivered: 0, delivered: 0 });
    expect(await tenant.lane('edr/alerts')).toMatchObject({ undelivered: 0, delivered: 0 });
  });

  it('owes what it does take, and nothing of what comes before or after that', async () => {
    const tenant = await Tenant.create(destination('edr', { enabled: false }));
    await tenant.accept(...tenant.events(5));
    const lastAt = new Date(tenant.nowMs).toISOString();
    const detection = detectionEvent(detectionForTest({ lastAt }), {
      tenant: tenant.id,
      receivedAt: lastAt,
    });
    await tenant.accept(detection);
    await tenant.accept(...tenant.events(2, 6));
    expect(await tenant.lane('edr/incidents')).toMatchObject({ undelivered: 1 });
    expect(await tenant.lane('edr/alerts')).toMatchObject({ undelivered: 0 });
    expect(await tenant.lane('edr/events')).toMatchObject({ undelivered: 7 });
  });

  it('is where it was after a restart, and passes the same again', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(EDR, 5);
    await tenant.evict();
    await tenant.accept(tenant.event('evt-6'));
    await tenant.until(async () => (await tenant.lane('edr/incidents')).undelivered === 0, 'it is passed');
    expect(await tenant.lane('edr/incidents')).toMatchObject({
      delivered: 0,
      deadLettered: 0,
      state: 'idle',
    });
  });
});
