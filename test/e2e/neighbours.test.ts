/** Tenants in one deployment: what one of them suffers, the others do not notice. */

import { expect, it } from 'vitest';

import { Destinations } from './destinations.ts';
import { countStatuses, makeEvents, percentile, sendAll } from './events.ts';
import { Stage } from './stage.ts';
import { until } from './until.ts';

/** The neighbour's requests hang for 15 s: whoever had to wait for one of them would be far above. */
const P99_MS_MAX = 3_000;

it('delivers for one tenant in time while the destinations of another hang and its sender is over its limit', async () => {
  await using stage = await Stage.open();
  const hanging = new Destinations();
  await hanging.start();
  try {
    hanging.edr.fail({ hang: true });
    hanging.falcon.fail({ hang: true });
    const troubled = await stage.addTenant('troubled', {
      limits: { events_per_minute: 60, burst: 100 },
      destinations: [hanging.edrConfig(), hanging.falconConfig()],
    });
    const healthy = await stage.addTenant('healthy');
    const events = makeEvents(200);

    const [flood, sent] = await Promise.all([
      sendAll(troubled.sender, makeEvents(300), 10),
      sendAll(healthy.sender, events, 2),
    ]);

    expect(countStatuses(flood)).toMatchObject({ 429: expect.any(Number) });
    expect(countStatuses(sent)).toEqual({ 202: 200 });
    await until('the healthy tenant has everything', () => stage.edr.events.length >= 200, {
      withinMs: 5_000,
    });
    await stage.untilDone(healthy.id, { withinMs: 5_000 });
    const sentAtMs = new Map(events.map((event, i) => [event.id, sent[i]?.sentAtMs ?? 0]));
    for (const { events: arrivals } of [stage.edr, stage.falcon]) {
      const latencies = arrivals.map(({ id, receivedAtMs }) => receivedAtMs - (sentAtMs.get(id ?? '') ?? 0));
      expect(latencies).toHaveLength(200);
      expect(percentile(latencies, 0.99)).toBeLessThan(P99_MS_MAX);
    }
    // Nothing went to the neighbour's address.
    const ids = new Set(events.map(({ id }) => id));
    expect([...stage.edr.idsInOrder(), ...stage.falcon.idsInOrder()].filter((id) => !ids.has(id))).toEqual(
      [],
    );
  } finally {
    await hanging.stop();
  }
});
