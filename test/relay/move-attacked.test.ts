import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';

import type { LaneView } from '../../src/domain/lane-view.ts';
import { COMPLETE_MS_MAX, MOVE_BODY_BYTES_MAX } from '../../src/domain/move.ts';
import { encodeBase64Url } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { Move, dump } from './moving.ts';
import { EDR, HEC, Tenant } from './tenant.ts';

const sealer = createSealer(settingsOf(env).masterKeys);
const retired: { retire(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of retired.splice(0)) await one.retire().catch(() => undefined);
});

async function movable(): Promise<{ readonly tenant: Tenant; readonly move: Move }> {
  const tenant = await Tenant.create();
  const move = await Move.of(tenant);
  retired.push(tenant, move.target);
  return { tenant, move };
}

describe('what is complete at the target', () => {
  it('does not give way to a page of an earlier move that comes late', async () => {
    const { tenant, move } = await movable();
    const early = await move.begin();
    const late = await move.page(early, 0);
    await move.leave({ step: 'abandon', move: early });
    tenant.nowMs += 1_000;
    const id = await move.begin();
    const release = await move.finish(id, await move.bring(id));
    const before = await move.target.inside((_relay, state) => dump(state));
    expect(await move.arrive({ step: 'page', to: 'eu', sealed: late.sealed })).toEqual({
      kind: 'move_refused',
      reason: 'another_move',
    });
    expect(await move.target.inside((_relay, state) => dump(state))).toEqual(before);
    expect(await move.activate(id, release)).toMatchObject({ kind: 'active' });
  });

  it('gives way to a later move, whose source was still there', async () => {
    const { tenant, move } = await movable();
    const early = await move.begin();
    await move.bring(early);
    await move.leave({ step: 'abandon', move: early });
    tenant.nowMs += 1_000;
    expect(await move.through()).not.toBe(early);
  });

  it('begins nowhere while a tenant of its id is at work in the other place', async () => {
    const { move } = await movable();
    const { createdAtMs = 0 } = (await move.source.stub.readConfig()) ?? {};
    const id = await move.begin();
    const release = await move.finish(id, await move.bring(id));
    expect(await move.arrive({ step: 'activate', move: id, release }, createdAtMs)).toEqual({
      kind: 'move_refused',
      reason: 'taken',
    });
    expect(await move.activate(id, release)).toMatchObject({ kind: 'active' });
  });
});

it('seals anew at the target whom an erasure that a hold puts off is about', async () => {
  const { tenant, move } = await movable();
  const sealed = await sealer.seal('{"user_id":"u"}', { tenant: tenant.id, purpose: 'erasure' });
  await tenant.inside((_relay, { storage: { sql } }) => {
    // Else the move waits for the erasure.
    sql.exec("INSERT INTO legal_holds VALUES (1, 1, NULL, '{}')");
    sql.exec(
      'INSERT INTO erasures VALUES (1, 1, 2, ?, ?)',
      '["p_1"]',
      JSON.stringify({ phase: 'windows_0', at: null, sealed }),
    );
  });
  const rotated = {
    ...env,
    RELAY_MASTER_KEY: encodeBase64Url(new Uint8Array(32).fill(9)),
    RELAY_MASTER_KEY_PREVIOUS: env.RELAY_MASTER_KEY,
  };
  await move.target.inside((relay) => Object.defineProperty(relay, 'env', { value: rotated }));
  await move.bring(await move.begin());
  const came = await move.target.inside((_relay, { storage: { sql } }) =>
    sql.exec<{ state: string }>('SELECT state FROM erasures WHERE id = 1').one(),
  );
  const state = JSON.parse(came.state) as { sealed: string; phase: string };
  expect(state.phase).toBe('windows_0');
  expect(await createSealer(settingsOf(rotated).masterKeys).describe(state.sealed)).toMatchObject({
    isPrimaryKey: true,
  });
});

it('has pages that fit into a request, whatever senders write', async () => {
  const { tenant, move } = await movable();
  const wild = (length: number): string =>
    Array.from({ length }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000))).join('');
  await tenant.inside((_relay, { storage: { sql } }) => {
    for (let n = 0; n < 300; n++)
      sql.exec('INSERT INTO findings VALUES (?, 1, ?)', 1_000 + n, JSON.stringify({ text: wild(4_000) }));
  });
  const id = await move.begin();
  for (let n = 0; ; n++) {
    const { sealed, isLast } = await move.page(id, n);
    expect(JSON.stringify({ to: 'global', sealed }).length).toBeLessThan(MOVE_BODY_BYTES_MAX);
    if (isLast) break;
  }
});

it('leaves no copy for the edge where nobody said that the target works', async () => {
  const { tenant, move } = await movable();
  const key = `ingest/v1/${tenant.id}`;
  const id = await move.begin();
  await move.finish(id, await move.bring(id));
  expect(await env.RELAY_KV.get(key)).not.toBeNull();
  tenant.nowMs += COMPLETE_MS_MAX;
  await tenant.alarm();
  await tenant.alarm();
  expect(await env.RELAY_KV.get(key)).toBeNull();
  expect(await tenant.inside((_relay, state) => dump(state))).toEqual({});
});

it('keeps the account of each lane as it was', async () => {
  const { tenant, move } = await movable();
  await tenant.accept(...tenant.events(4));
  await tenant.untilTaken(EDR, 4);
  await tenant.untilTaken(HEC, 4);
  tenant.destinations.answer(HEC, () => new Response('no', { status: 400 }));
  await tenant.accept(tenant.event('evt-dead'));
  await tenant.until(async () => (await tenant.lane('falcon/events')).deadLettered === 1, 'one is dead');
  tenant.destinations.answer(EDR, () => new Response('down', { status: 503 }));
  await tenant.accept(...tenant.events(3, 50));
  await tenant.until(async () => (await tenant.lane('edr/events')).tries > 0, 'HarfangLab has failed');
  await move.begin().then(async (id) => move.leave({ step: 'abandon', move: id }));
  const before: LaneView[] = await tenant.stub.lanes();
  await move.through();
  const after: LaneView[] = await move.target.stub.lanes();
  expect(after.map(accountOf)).toEqual(before.map(accountOf));
});

it('does not say that nothing is there while the tenant is on its way', async () => {
  const { tenant, move } = await movable();
  await tenant.accept(tenant.event('evt-1'));
  await tenant.untilTaken(EDR, 1);
  await move.begin();
  const page = { limit: 10 };
  for (const read of [
    async () => tenant.stub.lanes(),
    async () => tenant.stub.deadLetters(page),
    async () => tenant.stub.deadLetter(1),
    async () => tenant.stub.notices(page),
    async () => tenant.stub.auditEntries(page),
  ])
    await expect(read()).rejects.toThrow('it moves');
});

function accountOf(view: LaneView) {
  const { lane, undelivered, delivered, deadLettered, expired, parked, discarded, erased } = view;
  return { lane, undelivered, delivered, deadLettered, expired, parked, discarded, erased };
}

it('works at one target alone, where it was brought to two', async () => {
  const { tenant, move } = await movable();
  const other = await Move.of(tenant);
  retired.push(other.target);
  const id = await move.begin();
  const proofs = [await move.bring(id), await other.bring(id)];
  const release = await move.finish(id, proofs[0] ?? '');
  const refused = { kind: 'move_refused', reason: 'another_target' };
  expect(await other.leave({ step: 'finish', move: id, proof: proofs[1] ?? '' })).toEqual(refused);
  expect(await other.activate(id, release)).toEqual(refused);
  expect(await move.finish(id, proofs[0] ?? '')).toBe(release);
  expect(await move.activate(id, release)).toMatchObject({ kind: 'active' });
  expect(await other.target.stub.moveState()).toMatchObject({ side: 'arriving' });
});

it('leaves an EU deployment for one that is not only when somebody says so', async () => {
  const { tenant, move } = await movable();
  const eu = { ...env, RELAY_RESIDENCY: 'eu' };
  await tenant.inside((relay) => Object.defineProperty(relay, 'env', { value: eu }));
  for (const leavesEu of [false, true]) {
    const offer = await move.leave({ step: 'offer', to: 'eu', leavesEu });
    const sealed = offer.kind === 'offered' ? offer.sealed : '';
    expect(await move.arrive({ step: 'check', to: 'eu', sealed })).toEqual(
      leavesEu ? { kind: 'welcome' } : { kind: 'move_refused', reason: 'leaves_eu' },
    );
  }
});
