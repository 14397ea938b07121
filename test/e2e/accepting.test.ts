/** What the sender is promised: once is enough, too fast is told when to come again, a restart forgets nothing. */

import { expect, it } from 'vitest';

import type { SendResult } from '../simulators/noxys.ts';
import { countStatuses, makeEvent, makeEvents, sendAll } from './events.ts';
import { Stage } from './stage.ts';
import { until } from './until.ts';

it('delivers a webhook that comes 50 times at once exactly once to each destination', async () => {
  await using stage = await Stage.open();
  const { id, sender } = await stage.addTenant('once');
  const event = makeEvent();
  const request = { webhookId: 'msg_the_same_fifty_times' };

  const results = await Promise.all(Array.from({ length: 50 }, () => sender.send(event.body, request)));

  expect(countStatuses(results)).toEqual({ 202: 50 });
  expect(sumOf(results, 'accepted')).toBe(1);
  expect(sumOf(results, 'duplicates')).toBe(49);
  await stage.untilDone(id, { withinMs: 5_000 });
  expect(stage.edr.idsInOrder()).toEqual([event.id]);
  expect(stage.falcon.idsInOrder()).toEqual([event.id]);
});

it('answers 429 above the burst, and accepts again when Retry-After is over', async () => {
  await using stage = await Stage.open();
  const { sender } = await stage.addTenant('limited', { limits: { events_per_minute: 60, burst: 100 } });
  const results = await sendAll(sender, makeEvents(100), 20);
  expect(countStatuses(results)).toEqual({ 202: 100 });

  const batch = makeEvents(3).map(({ body }) => body);
  let refused = await sender.send(batch);
  // The bucket filled by a token per second while the hundred went in: empty it.
  if (refused.status === 202) refused = await sender.send(makeEvents(3).map(({ body }) => body));

  expect(refused.status).toBe(429);
  expect(refused.headers['content-type']).toBe('application/problem+json');
  const retryAfterSeconds = Number(refused.headers['retry-after']);
  expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
  // Three tokens come in three seconds.
  expect(retryAfterSeconds).toBeLessThanOrEqual(3);
  await until('the wait is over', () => Date.now() >= refused.answeredAtMs + retryAfterSeconds * 1000, {
    withinMs: 5_000,
  });
  const accepted = await sender.send(makeEvents(3).map(({ body }) => body));
  expect(accepted.status).toBe(202);
  expect(accepted.body).toMatchObject({ accepted: 3 });
});

it('keeps config and memory of what it has seen over a restart', async () => {
  await using stage = await Stage.open();
  const { id, sender } = await stage.addTenant('restarted');
  const [event, another] = makeEvents(2);
  expect((await sender.send(event?.body)).body).toMatchObject({ accepted: 1, duplicates: 0 });
  await stage.untilDone(id, { withinMs: 5_000 });
  const before = await stage.admin.get(`/api/v1/tenants/${id}`);

  await stage.stopRelay();
  await stage.startRelay();

  expect((await stage.admin.get(`/api/v1/tenants/${id}`)).body).toEqual(before.body);
  expect((await sender.send(event?.body)).body).toMatchObject({ accepted: 0, duplicates: 1 });
  expect((await sender.send(another?.body)).body).toMatchObject({ accepted: 1, duplicates: 0 });
  await stage.untilDone(id, { withinMs: 5_000 });
  expect(stage.edr.idsInOrder()).toEqual([event?.id, another?.id]);
  expect(stage.falcon.idsInOrder()).toEqual([event?.id, another?.id]);
});

function sumOf(results: readonly SendResult[], count: 'accepted' | 'duplicates'): number {
  return results.reduce((sum, { body }) => sum + (body as Record<typeof count, number>)[count], 0);
}
