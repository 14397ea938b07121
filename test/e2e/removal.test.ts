/** The end of a tenant through the admin API, and a new beginning under the same id. */

import { expect, it } from 'vitest';

import { readAtRest } from './at-rest.ts';
import { countStatuses, makeEvents, sendAll } from './events.ts';
import { Stage } from './stage.ts';
import { until } from './until.ts';

const PATH = '/api/v1/tenants/acme';

it('deletes a tenant with all that it stores, and makes it again with nothing of the earlier one', async () => {
  await using stage = await Stage.open();
  const earlier = await stage.addTenant('acme');
  const events = makeEvents(20);
  expect(countStatuses(await sendAll(earlier.sender, events, 5))).toEqual({ 202: 20 });
  await stage.untilDone('acme', { withinMs: 5_000 });
  stage.edr.fail({ status: 503 });
  const [waiting] = makeEvents(1);
  await earlier.sender.send(waiting?.body);
  await until(
    'HarfangLab has failed',
    async () => (await stage.lanes('acme')).some(({ tries }) => tries > 0),
    {
      withinMs: 5_000,
    },
  );

  const refused = await stage.admin.delete(PATH);
  expect(refused).toMatchObject({ status: 409, body: { lanes: [{ lane: 'edr/events', undelivered: 1 }] } });
  const removed = await stage.admin.delete(`${PATH}?undelivered=discard`);
  expect([removed.status, removed.body]).toEqual([200, { id: 'acme', undelivered: 1, deadLetters: 0 }]);

  expect((await stage.admin.get(PATH)).status).toBe(404);
  expect((await stage.admin.get('/api/v1/tenants')).body).toEqual({ tenants: [] });
  const [late] = makeEvents(1);
  expect((await earlier.sender.send(late?.body)).status).toBe(401);
  const { objects, kv } = await readAtRest(stage);
  expect(Object.values(objects)).toEqual([
    { removal: [expect.objectContaining({ tenant: 'acme', wiped: 1 })] },
  ]);
  expect(kv).toEqual({});

  stage.edr.heal();
  const before = stage.edr.events.length;
  // With the same secret: for 30 s more the isolate knows the earlier one.
  const again = await stage.admin.put('acme', stage.document('acme', earlier.secret));
  expect(again).toMatchObject({ status: 201, body: { version: 1 } });
  expect((await earlier.sender.send(late?.body)).status).toBe(202);
  // Sent before, and no duplicate for a tenant that has seen nothing.
  expect((await earlier.sender.send(events[0]?.body)).body).toMatchObject({ accepted: 1, duplicates: 0 });
  await stage.untilDone('acme', { withinMs: 5_000 });
  expect(stage.edr.idsInOrder().slice(before)).toEqual([late?.id, events[0]?.id]);
});
