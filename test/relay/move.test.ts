import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';

import { CLAIM_MS } from '../../src/domain/claim.ts';
import {
  ARRIVING_MS_MAX,
  COMPLETE_MS_MAX,
  DEPARTED_MS_MAX,
  LEAVING_MS_MAX,
  SETTLED_MS,
} from '../../src/domain/move.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { ACTOR, Move, dump } from './moving.ts';
import { EDR, HEC, Tenant, readConfig, sealedConfig } from './tenant.ts';

const KEY = `ingest/v1/`;
const sealer = createSealer(settingsOf(env).masterKeys);

const retired: { retire(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of retired.splice(0)) await one.retire().catch(() => undefined);
});

async function newTenant(): Promise<Tenant> {
  const tenant = await Tenant.create();
  retired.push(tenant);
  return tenant;
}

async function moveOf(tenant: Tenant): Promise<Move> {
  const move = await Move.of(tenant);
  retired.push(move.target);
  return move;
}

/** Delivered, waiting, dead, and a row in every other table. */
async function full(): Promise<Tenant> {
  const tenant = await newTenant();
  await tenant.accept(...tenant.events(5));
  await tenant.untilTaken(EDR, 5);
  await tenant.untilTaken(HEC, 5);
  tenant.destinations.answer(HEC, () => new Response('no', { status: 400 }));
  await tenant.accept(tenant.event('evt-dead'));
  await tenant.until(async () => (await tenant.lane('falcon/events')).deadLettered === 1, 'one is dead');
  tenant.destinations.answer(EDR, () => new Response('down', { status: 503 }));
  tenant.destinations.answer(HEC, () => new Response('down', { status: 503 }));
  await tenant.accept(...tenant.events(700, 100));
  await tenant.until(async () => (await tenant.lane('edr/events')).tries > 0, 'HarfangLab has failed');
  const sealed = await sealer.seal('user-1', { tenant: tenant.id, purpose: 'person' });
  await tenant.inside((_relay, { storage: { sql } }) => {
    sql.exec(
      "INSERT INTO windows_0 VALUES ('r', '[\"a\"]', '{}'), ('r', '[\"b\"]', '{}'), ('s', '[]', '{}')",
    );
    sql.exec("INSERT INTO windows_1 VALUES ('r', '[\"a\"]', '{}')");
    sql.exec("INSERT INTO watched_users VALUES ('user-1', 1, 2)");
    sql.exec("INSERT INTO erasures VALUES (1, 1, 2, '[]', '{}')");
    sql.exec("INSERT INTO legal_holds VALUES (1, 1, NULL, '{}')");
    sql.exec("INSERT INTO held_entries VALUES (1, 1, '{}', NULL)");
    sql.exec("INSERT INTO pseudonyms VALUES ('p_1', ?, 1)", sealed);
    sql.exec("INSERT INTO follow_ups VALUES ('gone/events', 1, 1, 1, 1, NULL, 0, 0)");
    sql.exec("INSERT INTO lane_ends VALUES ('gone/events', 1, 'delivered')");
    sql.exec("INSERT INTO channel_memory VALUES ('edr/events', 'k', 'v', 9999999999999)");
    sql.exec("INSERT INTO digests VALUES ('daily-1', NULL, '[]')");
    sql.exec("INSERT OR IGNORE INTO rollups VALUES (1, 'd', '{}')");
    sql.exec("INSERT OR IGNORE INTO custom_rules VALUES (1, 'd', '[]')");
    sql.exec("INSERT OR IGNORE INTO rule_stats VALUES ('r', '{}')");
    sql.exec("INSERT OR IGNORE INTO detections VALUES (9, 'd', 1, 'r', 'high', 0, NULL, '{}')");
    sql.exec("INSERT OR IGNORE INTO notice_marks VALUES ('k', '{}')");
    sql.exec("INSERT OR IGNORE INTO rule_changes VALUES (7, 1, 1, 'a', NULL, '[]')");
    sql.exec("INSERT OR IGNORE INTO findings VALUES (77, 1, '{}')");
  });
  return tenant;
}

describe('a tenant that moves', () => {
  it('takes every row of every table with it, and leaves none behind', async () => {
    const tenant = await full();
    const move = await moveOf(tenant);
    const id = await move.begin();
    const before = await tenant.inside((_relay, state) => dump(state));
    const empty = Object.keys(before).filter((name) => before[name]?.length === 0);
    expect(empty).toEqual(['move_pages']);
    const proof = await move.bring(id);
    const there = await move.target.inside((_relay, state) => dump(state));
    const { move: _move, move_pages: _pages, migrations: _made, config, ...moved } = before;
    const { move: _state, move_pages: _starts, migrations: _migrated, config: none, ...arrived } = there;
    expect(arrived).toEqual(moved);
    expect(none).toEqual([]);
    const stored = await readConfig(tenant.stub);
    const release = await move.finish(id, proof);
    expect(Object.keys(await tenant.inside((_relay, state) => dump(state)))).toEqual(['move', 'move_pages']);
    expect(await move.activate(id, release)).toEqual({ kind: 'active', version: 2, isPublished: true });
    const active = await readConfig(move.target.stub);
    expect(active).toMatchObject({ version: 2, createdAtMs: stored?.createdAtMs });
    expect(config).toHaveLength(1);
    const audit = (await move.target.stub.auditEntries({ limit: 2 })) as unknown;
    expect(audit).toMatchObject([
      { action: 'tenant.moved', by: 'bootstrap', detail: { move: id, from: 'eu', to: 'eu', version: 2 } },
      { action: 'tenant.move_begun', by: 'bootstrap', detail: { move: id, from: 'eu', to: 'eu' } },
    ]);
  });

  it('delivers there what was not delivered, each event once, and still knows what it had', async () => {
    const tenant = await full();
    const taken = [tenant.destinations.ids(EDR).length, tenant.destinations.ids(HEC).length];
    expect(taken).toEqual([6, 5]);
    const move = await moveOf(tenant);
    await move.through();
    for (const url of [EDR, HEC]) tenant.destinations.answer(url, () => new Response('{}', { status: 202 }));
    tenant.nowMs += 3_600_000;
    await tenant.until(
      async () => {
        await move.target.inside(async (relay) => relay.alarm());
        return tenant.destinations.ids(EDR).length >= 706 && tenant.destinations.ids(HEC).length >= 705;
      },
      'everything is delivered',
      20_000,
    );
    for (const [url, count] of [
      [EDR, 706],
      [HEC, 705],
    ] as const) {
      const ids = tenant.destinations.ids(url);
      expect([ids.length, new Set(ids).size]).toEqual([count, count]);
    }
    const again = await move.target.stub.accept({ v: 1, events: tenant.events(5) });
    expect(again).toEqual({ kind: 'accepted', accepted: 0, duplicates: 5 });
    const letters = (await move.target.stub.deadLetters({ limit: 5 })) as unknown;
    expect(letters).toMatchObject([{ eventId: 'evt-dead' }]);
  });

  it('waits for what a destination is just answering, so that it is not sent again', async () => {
    const tenant = await newTenant();
    const answers: ((response: Response) => void)[] = [];
    tenant.destinations.answer(EDR, async () => new Promise((resolve) => void answers.push(resolve)));
    await tenant.accept(...tenant.events(3));
    await tenant.until(() => answers.length > 0, 'HarfangLab is asked');
    const move = await moveOf(tenant);
    const begin = { step: 'begin', to: 'eu', leavesEu: false, expectedVersion: 1 } as const;
    expect(await move.leave(begin)).toEqual({ kind: 'settling', retryAfterSeconds: 2 });
    expect(await tenant.accept(tenant.event('meanwhile'))).toEqual({ kind: 'unavailable', reason: 'moving' });
    await tenant.inside(() => {
      for (const answer of answers.splice(0)) answer(new Response('{}', { status: 202 }));
    });
    const id = await move.begin();
    const underWay = tenant.destinations.ids(EDR).length;
    expect(underWay).toBeGreaterThan(0);
    const release = await move.finish(id, await move.bring(id));
    tenant.destinations.answer(EDR, () => new Response('{}', { status: 202 }));
    await move.activate(id, release);
    await tenant.untilTaken(EDR, 3);
    expect(tenant.destinations.ids(EDR).toSorted()).toEqual(['evt-1', 'evt-2', 'evt-3']);
  });

  it('takes and sends nothing from the beginning on, over a crash, but can still be seen', async () => {
    const tenant = await full();
    const move = await moveOf(tenant);
    const id = await move.begin();
    const sent = tenant.destinations.sent.length;
    await tenant.crash();
    const busy = { kind: 'unavailable', reason: 'moving' };
    const config = await sealedConfig(tenant.id);
    expect([
      await tenant.accept(tenant.event('late')),
      await tenant.stub.acceptSealed({ v: 1, sealed: new Uint8Array(1), sealedAtMs: tenant.nowMs }),
      await tenant.stub.configure({ v: 1, config, expectedVersion: 1 }),
      await tenant.stub.remove({ v: 1, expectedVersion: 1, discard: true }),
      await tenant.stub.redrive({ v: 1, select: { id: 1 } }),
      await tenant.stub.testDestination({ v: 1, destination: 'edr' }),
    ]).toEqual(Array.from({ length: 6 }, () => busy));
    expect((await readConfig(tenant.stub))?.version).toBe(1);
    expect(await tenant.stub.makeRoom({ v: 1, claims: true })).toEqual({ kind: 'taken' });
    tenant.nowMs += 3_600_000;
    await tenant.alarm();
    await tenant.stub.drain({ v: 1, lane: '*' });
    expect(tenant.destinations.sent).toHaveLength(sent);
    expect(await tenant.stub.moveState()).toMatchObject({ side: 'leaving', move: id, to: 'eu' });
  });

  it('goes on after a crash of either object between any two steps', async () => {
    const tenant = await full();
    const move = await moveOf(tenant);
    const crash = async (): Promise<void> => {
      await tenant.crash();
      await move.target.crash();
    };
    const id = await move.begin();
    await crash();
    expect(await move.begin()).toBe(id);
    const proof = await move.bring(id, crash);
    await crash();
    const release = await move.finish(id, proof);
    await crash();
    expect(await move.finish(id, proof)).toBe(release);
    expect(await tenant.stub.moveState()).toMatchObject({ side: 'departed', release, isSettled: false });
    expect(await move.target.stub.moveState()).toMatchObject({ side: 'arriving', proof });
    expect(await move.activate(id, release)).toMatchObject({ kind: 'active', version: 2 });
    await crash();
    expect(await move.activate(id, release)).toMatchObject({ kind: 'active', version: 2 });
    await move.leave({ step: 'settle', move: id });
    await crash();
    expect(await move.leave({ step: 'settle', move: id })).toMatchObject({ kind: 'done' });
    expect(await readConfig(move.target.stub)).toMatchObject({ version: 2 });
    expect(await readConfig(tenant.stub)).toBeNull();
  });

  it('answers senders 503 at its old place until the edge surely knows the new one, then has no trace left', async () => {
    const tenant = await newTenant();
    const key = `${KEY}${tenant.id}`;
    const move = await moveOf(tenant);
    const id = await move.begin();
    const release = await move.finish(id, await move.bring(id));
    const moved = { kind: 'unavailable', reason: 'moved' };
    tenant.nowMs += 24 * 3_600_000;
    expect(await tenant.accept(tenant.event('late'))).toEqual(moved);
    await move.activate(id, release);
    await move.leave({ step: 'settle', move: id });
    tenant.nowMs += SETTLED_MS - 1;
    expect(await tenant.accept(tenant.event('late'))).toEqual(moved);
    expect(await tenant.stub.makeRoom({ v: 1, claims: true })).toEqual({ kind: 'busy' });
    tenant.nowMs += 1;
    expect(await tenant.accept(tenant.event('late'))).toEqual({ kind: 'unknown_tenant' });
    const overflow = { v: 1, sealed: new Uint8Array(1), sealedAtMs: tenant.nowMs } as const;
    expect(await tenant.stub.acceptSealed(overflow)).toEqual(moved);
    await tenant.alarm();
    // The target has put its own there.
    expect((await env.RELAY_KV.getWithMetadata(key)).metadata).toMatchObject({ version: 2 });
    tenant.nowMs += DEPARTED_MS_MAX;
    await tenant.alarm();
    expect(await tenant.inside((_relay, state) => dump(state))).toEqual({});
    expect(await tenant.stub.acceptSealed(overflow)).toEqual({ kind: 'unknown_tenant' });
  });

  it('takes its copy for the edge away where the target has another deployment', async () => {
    const tenant = await newTenant();
    const key = `${KEY}${tenant.id}`;
    const move = await moveOf(tenant);
    const id = await move.begin();
    await move.finish(id, await move.bring(id));
    await move.leave({ step: 'settle', move: id });
    expect(await env.RELAY_KV.get(key)).not.toBeNull();
    tenant.nowMs += SETTLED_MS;
    await tenant.alarm();
    expect(await env.RELAY_KV.get(key)).toBeNull();
  });
});

describe('a move that is given up', () => {
  it('leaves the tenant as it was, and at work', async () => {
    const tenant = await full();
    const move = await moveOf(tenant);
    const id = await move.begin();
    await move.bring(id);
    expect(await move.leave({ step: 'abandon', move: id })).toMatchObject({ kind: 'done' });
    expect(await move.arrive({ step: 'abandon', move: id })).toMatchObject({ kind: 'done' });
    expect(await move.target.inside((_relay, state) => dump(state))).toEqual({});
    for (const url of [EDR, HEC]) tenant.destinations.answer(url, () => new Response('{}', { status: 202 }));
    tenant.nowMs += 3_600_000;
    await tenant.untilTaken(EDR, 706);
    expect(await tenant.accept(tenant.event('next'))).toMatchObject({ kind: 'accepted', accepted: 1 });
    const audit = (await tenant.stub.auditEntries({ limit: 10 })) as readonly { readonly action: string }[];
    expect(audit.map(({ action }) => action).filter((action) => action.startsWith('tenant.move'))).toEqual([
      'tenant.move_abandoned',
      'tenant.move_begun',
    ]);
    expect(await move.leave({ step: 'finish', move: id, proof: 'x' })).toEqual({
      kind: 'move_refused',
      reason: 'no_such_move',
    });
  });

  it('ends by itself at the source after a day, and at the target', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const id = await move.begin();
    const { sealed } = await move.page(id, 0);
    await move.arrive({ step: 'page', to: 'eu', sealed });
    await tenant.crash();
    tenant.nowMs += Math.max(LEAVING_MS_MAX, ARRIVING_MS_MAX);
    await tenant.alarm();
    await move.target.inside(async (relay) => relay.alarm());
    expect(await tenant.accept(tenant.event('next'))).toMatchObject({ kind: 'accepted' });
    expect(await move.target.inside((_relay, state) => dump(state))).toEqual({});
  });

  it('keeps what is complete at the target for as long as the source may be gone', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const id = await move.begin();
    const release = await move.finish(id, await move.bring(id));
    tenant.nowMs += COMPLETE_MS_MAX - 1;
    await move.target.inside(async (relay) => relay.alarm());
    expect(await move.activate(id, release)).toMatchObject({ kind: 'active' });
  });

  it('is refused once the source has let go', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const id = await move.begin();
    await move.finish(id, await move.bring(id));
    const handedOver = { kind: 'move_refused', reason: 'handed_over' };
    expect(await move.leave({ step: 'abandon', move: id })).toEqual(handedOver);
  });
});

describe('a page', () => {
  it('is taken once, in its order, of its move and its tenant alone', async () => {
    const tenant = await full();
    const move = await moveOf(tenant);
    const id = await move.begin();
    const pages = [await move.page(id, 0), await move.page(id, 1)];
    const take = async (n: number) => move.arrive({ step: 'page', to: 'eu', sealed: pages[n]?.sealed ?? '' });
    const outOfOrder = { kind: 'move_refused', reason: 'out_of_order' };
    expect(await take(1)).toEqual(outOfOrder);
    expect(await take(0)).toMatchObject({ kind: 'done', view: { pages: 1 } });
    expect(await take(0)).toMatchObject({ kind: 'done', view: { pages: 1 } });
    expect(await take(1)).toMatchObject({ kind: 'done', view: { pages: 2 } });
    const once = await move.target.inside((_relay, state) => dump(state));
    expect(await take(1)).toMatchObject({ kind: 'done', view: { pages: 2 } });
    expect(await move.target.inside((_relay, state) => dump(state))).toEqual(once);

    const other = await newTenant();
    const foreign = await moveOf(other);
    const theirs = await foreign.page(await foreign.begin(), 0);
    const unreadable = { kind: 'move_refused', reason: 'unreadable' };
    expect(await move.arrive({ step: 'page', to: 'eu', sealed: theirs.sealed })).toEqual(unreadable);
    const [head, ...rest] = (pages[0]?.sealed ?? '').split('.');
    const forged = [head, ...rest.slice(0, -1), 'AAAAAAAAAAAAAAAAAAAAAA'].join('.');
    expect(await move.arrive({ step: 'page', to: 'eu', sealed: forged })).toEqual(unreadable);
    const cut = (pages[0]?.sealed ?? '').slice(0, -40);
    expect(await move.arrive({ step: 'page', to: 'eu', sealed: cut })).toEqual(unreadable);
    expect(await move.arrive({ step: 'page', to: 'global', sealed: pages[0]?.sealed ?? '' })).toEqual(
      unreadable,
    );
    const stranger = createSealer({ primary: new Uint8Array(32).fill(7) });
    const sealed = await stranger.seal('{}', { tenant: tenant.id, purpose: 'move' });
    expect(await move.arrive({ step: 'page', to: 'eu', sealed })).toEqual({
      kind: 'move_refused',
      reason: 'unknown_key',
    });
    expect(await move.target.inside((_relay, state) => dump(state))).toEqual(once);
  });

  it('is not missed: without all of them the source does not let go, and the target does not begin', async () => {
    const tenant = await full();
    const move = await moveOf(tenant);
    const id = await move.begin();
    const { sealed } = await move.page(id, 0);
    await move.arrive({ step: 'page', to: 'eu', sealed });
    const notReady = { kind: 'move_refused', reason: 'not_ready' };
    expect(await move.leave({ step: 'finish', move: id, proof: 'guessed' })).toEqual(notReady);
    expect(await move.activate(id, 'guessed')).toEqual(notReady);
    const proof = await move.bring(id);
    expect(await move.activate(id, 'guessed')).toEqual(notReady);
    expect(await move.activate(id, await move.finish(id, proof))).toMatchObject({ kind: 'active' });
  });

  it('is refused where what came is not what left', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const id = await move.begin();
    await move.arrive({ step: 'page', to: 'eu', sealed: (await move.page(id, 0)).sealed });
    await move.target.inside((_relay, { storage: { sql } }) => {
      sql.exec("INSERT INTO watched_users VALUES ('somebody', 1, 2)");
    });
    const { sealed } = await move.page(id, 1);
    const differ = { kind: 'move_refused', reason: 'counts_differ' };
    expect(await move.arrive({ step: 'page', to: 'eu', sealed })).toEqual(differ);
    expect(await move.target.stub.moveState()).toMatchObject({ side: 'arriving', pages: 1 });
  });
});

describe('what a move is refused for', () => {
  it('leaves the EU only when somebody says so, and the audit has it', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const begin = { step: 'begin', to: 'global', expectedVersion: 1 } as const;
    const leavesEu = { kind: 'move_refused', reason: 'leaves_eu' };
    expect(await move.leave({ step: 'offer', to: 'global', leavesEu: false })).toEqual(leavesEu);
    expect(await move.leave({ ...begin, leavesEu: false })).toEqual(leavesEu);
    expect(await move.leave({ ...begin, leavesEu: true })).toMatchObject({ kind: 'done' });
    const [entry] = await tenant.inside((_relay, state) => dump(state)['audit']?.slice(-1) ?? []);
    expect(JSON.parse(String(entry?.['detail']))).toMatchObject({ from: 'eu', to: 'global', leavesEu: true });
  });

  it('changes nothing where the config can not be the target’s', async () => {
    const tenant = await newTenant();
    await tenant.inside((_relay, { storage: { sql } }) => {
      sql.exec(`UPDATE config SET document = replace(document, '${EDR}', 'https://edr.elsewhere.example')`);
    });
    await tenant.evict();
    const move = await moveOf(tenant);
    const offer = await move.leave({ step: 'offer', to: 'eu', leavesEu: false });
    const sealed = offer.kind === 'offered' ? offer.sealed : '';
    expect(await move.arrive({ step: 'check', to: 'eu', sealed })).toMatchObject({
      kind: 'config_invalid',
      faults: [{ path: expect.stringContaining('base_url') }],
    });
    expect(await move.target.inside((_relay, state) => dump(state))).toEqual({});
    expect(await tenant.stub.moveState()).toEqual({ side: 'none', hasTenant: true });
  });

  it('is welcome nowhere where the id is a tenant’s already, here or in the other place', async () => {
    const tenant = await newTenant();
    const other = await newTenant();
    const move = await moveOf(tenant);
    const offer = await move.leave({ step: 'offer', to: 'eu', leavesEu: false });
    const sealed = offer.kind === 'offered' ? offer.sealed : '';
    const { createdAtMs = 0 } = (await readConfig(tenant.stub)) ?? {};
    const taken = { kind: 'move_refused', reason: 'taken' };
    const check = { step: 'check', to: 'eu', sealed } as const;
    expect(await move.arrive(check)).toEqual({ kind: 'welcome' });
    expect(await move.arrive(check, createdAtMs)).toEqual({ kind: 'welcome' });
    expect(await move.arrive(check, createdAtMs + 1)).toEqual(taken);
    const request = { v: 1, knownCreatedAtMs: null, tenant: tenant.id, ...check } as const;
    expect((await other.stub.arrive(request)) as unknown).toEqual(taken);
    // An offer is no page of a move that ever ends.
    expect(await move.arrive({ ...check, step: 'page' })).toMatchObject({ kind: 'move_refused' });
  });

  it('is told to wait, before anything rests, while a claim or an earlier move keeps the target from it', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const offered = await move.leave({ step: 'offer', to: 'eu', leavesEu: false });
    const there = offered.kind === 'offered' ? offered.sealed : '';
    const check = async () => move.arrive({ step: 'check', to: 'eu', sealed: there });
    await move.target.stub.makeRoom({ v: 1, claims: true });
    tenant.nowMs += CLAIM_MS - 1_500;
    expect(await check()).toEqual({ kind: 'settling', retryAfterSeconds: 2 });
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ kind: 'accepted' });
    tenant.nowMs += 1_500;
    expect(await check()).toEqual({ kind: 'welcome' });
    await move.through();
    // Back to where it was.
    const offer: unknown = await move.target.stub.leave({
      v: 1,
      actor: ACTOR,
      step: 'offer',
      to: 'global',
      leavesEu: true,
    });
    const { sealed } = offer as { readonly sealed: string };
    const request = { v: 1, actor: ACTOR, tenant: tenant.id, knownCreatedAtMs: null } as const;
    const back = async (): Promise<unknown> =>
      tenant.stub.arrive({ ...request, step: 'check', to: 'global', sealed });
    expect(await back()).toEqual({ kind: 'settling', retryAfterSeconds: 15 * 60 });
    tenant.nowMs += 15 * 60_000;
    expect(await back()).toEqual({ kind: 'welcome' });
  });

  it('lets no config be written at the target while the tenant arrives', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const id = await move.begin();
    await move.arrive({ step: 'page', to: 'eu', sealed: (await move.page(id, 0)).sealed });
    const config = await sealedConfig(tenant.id);
    expect(await move.target.stub.configure({ v: 1, config, expectedVersion: null })).toEqual({
      kind: 'unavailable',
      reason: 'moving',
    });
    expect(await move.target.stub.makeRoom({ v: 1, claims: true })).toEqual({ kind: 'busy' });
    expect(await readConfig(move.target.stub)).toBeNull();
  });

  it('begins only from the version that its caller saw', async () => {
    const tenant = await newTenant();
    const move = await moveOf(tenant);
    const begin = { step: 'begin', to: 'eu', leavesEu: false, expectedVersion: 7 } as const;
    expect(await move.leave(begin)).toEqual({ kind: 'version_conflict', version: 1 });
    const answer: unknown = await tenant.stub.leave({ ...begin, v: 2 as never });
    expect(answer).toEqual({ kind: 'unavailable', reason: 'unknown_version' });
  });
});
