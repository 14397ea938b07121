/** A tenant on its way from one deployment to another, with the command line, while its sender goes on. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { FakeIo } from '../cli/fake-io.ts';
import { readAtRest } from './at-rest.ts';
import { countStatuses, makeEvents, sendAll } from './events.ts';
import { Stage } from './stage.ts';
import { until } from './until.ts';

it('moves a tenant to a deployment with another master key: nothing is lost, nothing comes twice', async () => {
  await using source = await Stage.open();
  await using target = await Stage.open();
  const acme = await source.addTenant('acme', { residency: 'global' });
  const delivered = makeEvents(20);
  const waiting = makeEvents(10);
  expect(countStatuses(await sendAll(acme.sender, delivered, 5))).toEqual({ 202: 20 });
  await source.untilDone('acme', { withinMs: 5_000 });
  source.edr.fail({ status: 503 });
  expect(countStatuses(await sendAll(acme.sender, waiting, 5))).toEqual({ 202: 10 });
  await until(
    'HarfangLab has failed',
    async () => (await source.lanes('acme')).some(({ tries }) => tries > 0),
    { withinMs: 5_000 },
  );

  const fake = new FakeIo({
    fetch: async (input, init) => fetch(input, init),
    env: { NOXYS_RELAY_URL: source.url, NOXYS_RELAY_TOKEN: source.adminToken },
  });
  // A lane that just waits to try again comes to rest in real time.
  Object.assign(fake.io, { nowMs: Date.now, sleep: async (ms: number) => setTimeout(ms) });
  writeFileSync(join(fake.cwd, 'token'), target.adminToken);
  const move = async () =>
    fake.run([
      'tenants',
      'move',
      'acme',
      '--to',
      'eu',
      '--to-url',
      target.url,
      '--to-token-file',
      'token',
      '--yes',
    ]);
  const refused = await move();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('RELAY_MASTER_KEY_PREVIOUS');
  expect((await source.admin.get('/api/v1/tenants/acme/move')).body).toMatchObject({ side: 'none' });

  await target.stopRelay();
  const { primary } = target.masterKeys;
  target.masterKeys = { primary, previous: source.masterKeys.primary };
  await target.startRelay();
  const moved = await move();
  expect([moved.code, moved.stderr]).toEqual([0, expect.stringContaining('It moves to eu at')]);
  expect(moved.stdout).toContain(`${target.url}/hooks/acme`);

  // At the old place: not 401, so that the sender tries again. At the new one: taken.
  const [late] = makeEvents(1);
  expect((await acme.sender.send(late?.body)).status).toBe(503);
  const there = target.senderTo('acme', acme.secret);
  expect((await there.send(late?.body)).body).toMatchObject({ accepted: 1 });
  expect((await there.send(delivered[0]?.body)).body).toMatchObject({ accepted: 0, duplicates: 1 });
  expect((await source.admin.get('/api/v1/tenants/acme')).status).toBe(404);
  const { objects } = await readAtRest(source);
  expect(Object.values(objects).map((tables) => Object.keys(tables))).toEqual([['move', 'move_pages']]);

  // Everything sealed is under the target's own key by now.
  await target.stopRelay();
  target.masterKeys = { primary };
  await target.startRelay();
  const secrets = (await target.admin.get('/api/v1/tenants/acme/secrets')).body as {
    readonly secrets: readonly { readonly opens: boolean; readonly isPrimaryKey: boolean }[];
  };
  expect(secrets.secrets.every(({ opens, isPrimaryKey }) => opens && isPrimaryKey)).toBe(true);

  source.edr.heal();
  await target.admin.post('/api/v1/tenants/acme/destinations/edr/resume');
  await target.untilDone('acme', { withinMs: 20_000 });
  const ids = [...delivered, ...waiting, ...(late ? [late] : [])].map(({ id }) => id);
  expect(source.edr.idsInOrder().toSorted()).toEqual(ids.toSorted());
  expect(source.falcon.idsInOrder().toSorted()).toEqual(ids.toSorted());
  const audit = (await target.admin.get('/api/v1/tenants/acme/audit')).body;
  expect(audit).toMatchObject({
    entries: expect.arrayContaining([
      expect.objectContaining({ action: 'tenant.moved' }),
      expect.objectContaining({ action: 'tenant.move_begun' }),
    ]),
  });
});

it('refuses a move within one local relay, where both residencies are one place, and changes nothing', async () => {
  await using stage = await Stage.open();
  const acme = await stage.addTenant('acme');
  const fake = new FakeIo({
    fetch: async (input, init) => fetch(input, init),
    env: { NOXYS_RELAY_URL: stage.url, NOXYS_RELAY_TOKEN: stage.adminToken },
  });
  const moved = await fake.run('tenants move acme --to global --leave-eu --yes');
  expect([moved.code, moved.stderr]).toEqual([
    1,
    expect.stringContaining('Locally both residencies are one place'),
  ]);
  const [event] = makeEvents(1);
  expect((await acme.sender.send(event?.body)).status).toBe(202);
});
