/**
 * What somebody does at the command line when a person asks for their data and its erasure, at the whole relay: the export has all, a hold
 * keeps it, and after the erasure nothing at rest, in the log or on its way to a destination is the person's. Others keep theirs.
 */

import { setTimeout as wait } from 'node:timers/promises';

import { expect, it } from 'vitest';

import type { ErasureView, ExportItem } from '../../cli/api-types.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo } from '../cli/fake-io.ts';
import { readAtRest, renameTable } from './at-rest.ts';
import { type Forbidden, findForbidden } from './secret-search.ts';
import { Stage, type TestTenant } from './stage.ts';
import { until } from './until.ts';

const MINUTE_MS = 60_000;
const DONE = { withinMs: 30_000 };
const KEEP_ALL = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
const JANE = { user_id: 'fake.jane.7', user_email: 'jane.fake@example.invalid' };
const JOHN = { user_id: 'fake.john.8', user_email: 'john.fake@example.invalid' };
const NAMES_OF_JANE: readonly Forbidden[] = Object.values(JANE).map((word) => ({ name: 'Jane', word }));
const AS_JANE = `--user-id ${JANE.user_id} --user-email ${JANE.user_email}`;
const COUNTING = `title: Two events of one person
name: of_one_person
logsource: {product: noxys}
detection: {s: {platform_id: chatgpt}, condition: s}
level: high
---
title: Two of them
name: two_of_one_person
level: high
correlation:
  type: event_count
  rules: [of_one_person]
  group-by: [user_id, user_email]
  timespan: 1h
  condition: {gte: 2}
relay: {watch: 24h, after_alert: reset}
`;

let made = 0;

function violationOf(person: Readonly<Record<string, string>>): Record<string, unknown> {
  return {
    ...person,
    id: `evt_right_${++made}`,
    type: 'interaction.policy_violated',
    timestamp: new Date(Date.now() - 30 * MINUTE_MS + made * 1_000).toISOString(),
    data: { platform_id: 'chatgpt', policy_decision: 'block', risk_score: 0.9, classifications: ['IBAN'] },
  };
}

/** The command line at that relay, in real time. */
function shellAt(stage: Stage): FakeIo {
  const shell = new FakeIo({
    fetch,
    env: { NOXYS_RELAY_URL: stage.url, NOXYS_RELAY_TOKEN: stage.adminToken },
  });
  Object.assign(shell.io, {
    nowMs: Date.now,
    sleep: async (ms: number, signal?: AbortSignal) => wait(ms, undefined, signal ? { signal } : {}),
  });
  return shell;
}

async function addTenant(stage: Stage): Promise<TestTenant> {
  return stage.addTenant('acme', {
    residency: 'global',
    privacy: KEEP_ALL,
    destinations: [stage.destinations.edrConfig(), stage.destinations.falconConfig()],
    rules: { catalog: 'all', custom: [COUNTING] },
  });
}

interface Exported {
  readonly items: readonly ExportItem[];
  readonly counts: Readonly<Record<string, number>>;
  readonly isComplete: boolean;
}

async function exportOf(shell: FakeIo): Promise<Exported> {
  const ran = await shell.run(`export acme ${AS_JANE}`);
  expect(ran).toMatchObject({ code: EXIT.ok });
  return ran.json<Exported>();
}

/** Nothing of her at rest or in the log. */
async function expectNoTrace(stage: Stage): Promise<void> {
  const { objects, kv } = await readAtRest(stage);
  const traced = Object.values(objects).flatMap((tables) =>
    Object.entries(tables).filter(
      ([, rows]) => findForbidden(NAMES_OF_JANE, JSON.stringify(rows)).length > 0,
    ),
  );
  expect(traced.map(([table]) => table)).toEqual([]);
  expect(findForbidden(NAMES_OF_JANE, JSON.stringify(kv))).toEqual([]);
  expect(findForbidden(NAMES_OF_JANE, stage.logs.join('\n'))).toEqual([]);
  expect(JSON.stringify(objects)).toContain(JOHN.user_email);
}

/** What each destination took, in its order. */
function takenBy({ edr, falcon }: Stage): readonly (readonly unknown[])[] {
  return [edr.events, edr.incidents, edr.alerts, falcon.events];
}

it('exports, holds and erases a person, and keeps what is others’', { timeout: 180_000 }, async () => {
  await using stage = await Stage.open({ vars: { RELAY_LOG_ONE_IN: '1' } });
  const { sender } = await addTenant(stage);
  const shell = shellAt(stage);
  const first = violationOf(JANE);
  const webhook = await sender.send(first);
  for (const person of [JANE, JOHN, JANE, JOHN]) await sender.send(violationOf(person));
  await stage.untilDone('acme', DONE);
  stage.edr.fail({ match: () => true, status: 503 });
  for (const person of [JANE, JOHN, JANE]) await sender.send(violationOf(person));
  await until(
    'events wait',
    async () => (await stage.lanes('acme')).some(({ undelivered }) => undelivered > 2),
    DONE,
  );

  const before = await exportOf(shell);
  expect(before).toMatchObject({ isComplete: true, counts: { event: 5, watch: 1 } });
  expect(before.counts['detection']).toBeGreaterThan(0);
  expect(JSON.stringify(before)).not.toContain('john');

  const placed = await shell.run(['holds', 'place', 'acme', '--reason', 'case 7', '--user', JANE.user_email]);
  expect(placed.code).toBe(EXIT.ok);
  const refused = await shell.run(`erase acme ${AS_JANE} --yes`);
  expect(refused).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('holds lift acme 1') });
  expect((await shell.run('holds lift acme 1 --yes')).code).toBe(EXIT.ok);

  const erased = await shell.run(`erase acme ${AS_JANE} --yes --json`);
  expect(erased).toMatchObject({ code: EXIT.ok });
  expect(findForbidden(NAMES_OF_JANE, erased.all)).toEqual([]);
  const { erasure } = erased.json<{ readonly erasure: ErasureView }>();
  expect(erasure).toMatchObject({ doneAt: expect.any(String), removed: { events: 5, watches: 1 } });
  expect(erasure.undelivered['edr/events']).toBeGreaterThanOrEqual(2);

  const taken = takenBy(stage).map(({ length }) => length);
  stage.edr.heal();
  const again = await sender.send(first, { webhookId: webhook.webhookId });
  const anew = await sender.send(first);
  expect([again.status, anew.status]).toEqual([202, 202]);
  await sender.send(violationOf(JOHN));
  expect((await shell.run('resume acme edr')).code).toBe(EXIT.ok);
  await stage.untilDone('acme', DONE);
  const since = JSON.stringify(takenBy(stage).map((entries, i) => entries.slice(taken[i])));
  expect(findForbidden(NAMES_OF_JANE, since)).toEqual([]);
  // His that had waited with hers, and his after it.
  for (const id of ['evt_right_7', 'evt_right_9']) expect(stage.edr.idsInOrder()).toContain(id);

  const left = await exportOf(shell);
  expect(left.isComplete).toBe(true);
  expect(new Set(left.items.map(({ kind }) => kind))).toEqual(new Set(['key', 'audit']));
  await expectNoTrace(stage);
  expect((await shell.run('retention acme')).code).toBe(EXIT.ok);
});

it('drops what had overflowed before an erasure, of that person alone', { timeout: 180_000 }, async () => {
  await using stage = await Stage.open({ vars: { RELAY_LOG_ONE_IN: '1' } });
  const { sender } = await addTenant(stage);
  const shell = shellAt(stage);
  await sender.send(violationOf(JANE));
  await stage.untilDone('acme', DONE);
  await stage.stopRelay();
  await stage.startRelay();
  await renameTable(stage, 'lanes', 'lanes_gone');
  const [hers, his] = [violationOf(JANE), violationOf(JOHN)];
  expect((await sender.send([hers, his])).status).toBe(202);
  await until(
    'it has overflowed',
    () => stage.logs.some((line) => line.includes('"webhook.overflowed"')),
    DONE,
  );
  await renameTable(stage, 'lanes_gone', 'lanes');
  await until('the object is well', async () => (await shell.run('lanes acme --json')).code === EXIT.ok, {
    withinMs: MINUTE_MS,
  });
  expect((await shell.run(`erase acme ${AS_JANE} --yes`)).code).toBe(EXIT.ok);
  await until('what is his has come', () => stage.edr.idsInOrder().includes(String(his?.['id'])), {
    withinMs: MINUTE_MS,
  });
  await stage.untilDone('acme', DONE);
  await expectNoTrace(stage);
});
