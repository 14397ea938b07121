/** What the sender is promised about sizes, and about a tenant's object that fails: 202 means that the events arrive. */

import { expect, it } from 'vitest';

import { renameTable } from './at-rest.ts';
import { makeEvent, makeEvents } from './events.ts';
import { Stage } from './stage.ts';
import { until } from './until.ts';

const KIB = 1024;
const GLOBAL = { residency: 'global' };

/** An event that is allowed to overflow, its webhook padded to a size by a field that nobody reads. */
function padded(bytes: number): { id: string; body: Record<string, unknown> } {
  const { id, body } = makeEvent();
  const spare = bytes - JSON.stringify({ ...body, padding: '' }).length;
  return { id, body: { ...body, padding: 'x'.repeat(spare) } };
}

it('delivers a webhook of 250 KiB and refuses one of 300 KiB with 413', async () => {
  await using stage = await Stage.open();
  const { id, sender } = await stage.addTenant('large');
  const large = padded(250 * KIB);
  expect(await sender.send(large.body)).toMatchObject({ status: 202, body: { accepted: 1 } });
  expect(await sender.send(padded(300 * KIB).body)).toMatchObject({ status: 413 });
  await stage.untilDone(id, { withinMs: 5_000 });
  expect(stage.edr.idsInOrder()).toEqual([large.id]);
  expect(stage.falcon.idsInOrder()).toEqual([large.id]);
});

it("delivers, once, what came while the tenant's object had a fault; what could not wait was answered 503", async () => {
  await using stage = await Stage.open();
  const { id, sender } = await stage.addTenant('faulty', GLOBAL);
  const european = await stage.addTenant('european');
  await stage.stopRelay();
  await stage.startRelay();
  await renameTable(stage, 'lanes', 'lanes_gone');

  const large = padded(250 * KIB);
  const batch = makeEvents(40);
  const answers = [
    await sender.send(large.body),
    await sender.send(batch.map(({ body }) => body)),
    await sender.send(batch.map(({ body }) => body)),
  ];
  expect(answers.map(({ status, body }) => [status, body])).toEqual(
    [1, 40, 40].map((accepted) => [202, { accepted, duplicates: 0, filtered: 0, rejected: [] }]),
  );
  expect(stage.logs.filter((line) => line.includes('"webhook.overflowed"'))).toHaveLength(3);

  const names = Array.from({ length: 64 }, (_, i) => `${'語'.repeat(60)}${i}`);
  const tooLarge = await sender.send({ ...makeEvent().body, classifications: names });
  const confined = await european.sender.send(makeEvent().body);
  for (const answer of [tooLarge, confined]) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  }
  expect((await sender.send(padded(300 * KIB).body)).status).toBe(413);

  await renameTable(stage, 'lanes_gone', 'lanes');
  const ids = [large.id, ...batch.map((event) => event.id)].toSorted();
  await until('all events have arrived', () => stage.edr.idsInOrder().length >= ids.length, {
    withinMs: 60_000,
  });
  await stage.untilDone(id, { withinMs: 20_000 });
  expect(stage.edr.idsInOrder().toSorted()).toEqual(ids);
  expect(stage.falcon.idsInOrder().toSorted()).toEqual(ids);
  await stage.untilDone(european.id, { withinMs: 5_000 });
});
