/**
 * A destination in trouble: it is spared while it is down, gets everything when it is back, and the other one notices nothing.
 * The scenes of a group run at the same time, each on a stage of its own: most of their time is waiting.
 * How soon and how undisturbed, in figures: `npm run bench -- outage`.
 */

import { describe, expect, it } from 'vitest';

import { makeEvents, percentile, sendAll } from './events.ts';
import { Stage } from './stage.ts';
import { until, untilMoment } from './until.ts';

const OUTAGE_MS = 15_000;
const RECOVERY_MS_MAX = 15_000;
const REQUESTS_WHILE_DOWN_MAX = 25;
/** From the send to the arrival, while two scenes share the machine. A lane that pauses once waits up to a second, then longer. */
const FALCON_P99_MS_MAX = 1_000;
const FALCON_P50_MS_MAX = 200;
/** Of the shorter outages. Generous: a request that hangs ends after 15 s, and a pause lasts 10 s at most. */
const SHORT_OUTAGE_MS = 8_000;
const SHORT_RECOVERY_MS_MAX = 40_000;

describe.concurrent('a destination in trouble', () => {
  it(
    'gets 200 events in order within 15 s of an outage of 15 s, and at most 25 requests during it',
    { timeout: 60_000 },
    async () => {
      await using stage = await Stage.open();
      const { sender } = await stage.addTenant('outage', {
        destinations: [stage.destinations.edrConfig({ in_flight: 1 }), stage.destinations.falconConfig()],
      });
      const events = makeEvents(200);
      const ids = events.map((event) => event.id);
      const downFromMs = Date.now();
      stage.edr.fail({ status: 503, forMs: OUTAGE_MS });

      const sentAtMs = new Map<string, number>();
      for (const [i, event] of events.entries()) {
        await untilMoment(downFromMs + i * 60);
        sentAtMs.set(event.id, Date.now());
        expect((await sender.send(event.body)).body).toMatchObject({ accepted: 1 });
      }

      await until('Falcon has everything', () => stage.falcon.events.length === 200, { withinMs: 2_000 });
      const latencies = stage.falcon.events.map(
        ({ id, receivedAtMs }) => receivedAtMs - (sentAtMs.get(id ?? '') ?? Number.NaN),
      );
      const upAtMs = downFromMs + OUTAGE_MS;
      // Falcon was done during the outage.
      expect(Date.now()).toBeLessThan(upAtMs);
      expect(stage.edr.events.length).toBe(0);
      await until('HarfangLab has everything', () => stage.edr.events.length >= 200, {
        withinMs: upAtMs + RECOVERY_MS_MAX - Date.now(),
      });

      const whileDown = stage.edr.requests.filter(({ isFaulted }) => isFaulted).length;
      const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
      console.info(
        `outage: ${whileDown} requests while down, all there ${Date.now() - upAtMs} ms after; ` +
          `Falcon p50 ${p50} ms, p99 ${p99} ms`,
      );
      expect(whileDown).toBeLessThanOrEqual(REQUESTS_WHILE_DOWN_MAX);
      expect(stage.edr.idsInOrder()).toEqual(ids);
      expect(stage.falcon.idsInOrder()).toEqual(ids);
      expect(p50).toBeLessThan(FALCON_P50_MS_MAX);
      expect(p99).toBeLessThan(FALCON_P99_MS_MAX);
    },
  );

  it(
    'gets 1,000 events without one duplicate when every tenth request fails once',
    { timeout: 150_000 },
    async () => {
      await using stage = await Stage.open();
      const { id, sender } = await stage.addTenant('flaky', {
        limits: { events_per_minute: 60_000, burst: 2_000 },
        destinations: [stage.destinations.edrConfig({ in_flight: 4 }), stage.destinations.falconConfig()],
      });
      const events = makeEvents(1_000);
      const faults = stage.edr.fail({
        status: 503,
        every: 0.1,
        seed: 7,
        oncePerKey: ({ headers }) => headers['idempotency-key'],
      });

      const results = await sendAll(sender, events, 20);
      expect(results.filter((result) => result?.status !== 202)).toEqual([]);
      const tookMs = await until('everything is delivered', () => stage.edr.events.length >= 1_000, {
        withinMs: 120_000,
      });
      await stage.untilDone(id, { withinMs: 10_000 });

      console.info(`flaky: ${faults.hits} requests failed, all there after ${tookMs} ms`);
      expect(faults.hits).toBeGreaterThan(60);
      const ids = events.map((event) => event.id).toSorted();
      expect(stage.edr.idsInOrder().toSorted()).toEqual(ids);
      expect(stage.falcon.idsInOrder().toSorted()).toEqual(ids);
    },
  );
});

describe('a destination that is not there', () => {
  it.concurrent(
    'gets the 500 events that came while it refused connections, each once, and Falcon does not wait for it',
    { timeout: 90_000 },
    async () => {
      await using stage = await Stage.open();
      const { id, sender } = await stage.addTenant('refused');
      const upAtMs = Date.now() + SHORT_OUTAGE_MS;
      await stage.edr.stop();
      const events = makeEvents(500);
      const results = await sendAll(sender, events, 10);
      expect(results.filter((result) => result?.status !== 202)).toEqual([]);
      await until('Falcon has everything', () => stage.falcon.events.length >= 500, { withinMs: 20_000 });

      await untilMoment(upAtMs);
      await stage.edr.start();
      await until('HarfangLab has everything', () => stage.edr.events.length >= 500, {
        withinMs: SHORT_RECOVERY_MS_MAX,
      });
      await stage.untilDone(id, { withinMs: 10_000 });
      const ids = events.map((event) => event.id).toSorted();
      expect(stage.edr.idsInOrder().toSorted()).toEqual(ids);
      expect(stage.falcon.idsInOrder().toSorted()).toEqual(ids);
    },
  );

  it.concurrent(
    'gets the 100 events that came while it never answered, each once, and Falcon does not wait for it',
    { timeout: 90_000 },
    async () => {
      await using stage = await Stage.open();
      const { id, sender } = await stage.addTenant('hanging');
      const upAtMs = Date.now() + SHORT_OUTAGE_MS;
      stage.edr.fail({ hang: true });
      const events = makeEvents(100);
      const results = await sendAll(sender, events, 10);
      expect(results.filter((result) => result?.status !== 202)).toEqual([]);
      await until('Falcon has everything', () => stage.falcon.events.length >= 100, { withinMs: 20_000 });
      // The first requests hang still: nothing that Falcon got had to wait for one of them to end.
      expect(stage.edr.requests.length).toBeGreaterThan(0);
      expect(stage.edr.requests.filter(({ abandoned }) => abandoned)).toEqual([]);

      await untilMoment(upAtMs);
      stage.edr.heal();
      await until('HarfangLab has everything', () => stage.edr.events.length >= 100, {
        withinMs: SHORT_RECOVERY_MS_MAX,
      });
      await stage.untilDone(id, { withinMs: 10_000 });
      const ids = events.map((event) => event.id).toSorted();
      expect(stage.edr.idsInOrder().toSorted()).toEqual(ids);
      expect(stage.falcon.idsInOrder().toSorted()).toEqual(ids);
    },
  );
});
