import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';

import type { RemoveAnswer } from '../../src/domain/rpc.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { type Env, settingsOf } from '../../src/settings.ts';
import { EDR, HEC, Tenant, readConfig, sealedConfig } from './tenant.ts';

async function remove(tenant: Tenant, discard = false): Promise<RemoveAnswer> {
  const expectedVersion = (await readConfig(tenant.stub))?.version ?? 0;
  return tenant.stub.remove({ v: 1, expectedVersion, discard });
}

it('leaves the next tenant of the id to its own: what was read of the earlier one is a conflict, at the same version', async () => {
  const tenant = await Tenant.create();
  const earlier = await readConfig(tenant.stub);
  await remove(tenant);
  tenant.nowMs += 1;
  const config = await sealedConfig(tenant.id);
  await tenant.stub.configure({ v: 1, config, expectedVersion: null });
  const next = await readConfig(tenant.stub);
  if (!earlier || !next) throw new Error('both must have been configured');
  expect([next.version, next.createdAtMs > earlier.createdAtMs]).toEqual([1, true]);
  const stale = { v: 1, expectedVersion: 1, expectedCreatedAtMs: earlier.createdAtMs } as const;
  const conflict = { kind: 'version_conflict', version: 1 };
  expect(await tenant.stub.configure({ ...stale, config: earlier.config })).toEqual(conflict);
  expect(await tenant.stub.remove({ ...stale, discard: true })).toEqual(conflict);
  expect(await tenant.stub.endPauses(stale)).toEqual(conflict);
  expect(await readConfig(tenant.stub)).toEqual(next);
  const fresh = { ...stale, expectedCreatedAtMs: next.createdAtMs };
  expect(await tenant.stub.endPauses(fresh)).toMatchObject({ kind: 'ended', version: 1 });
  expect(await tenant.stub.remove({ ...fresh, discard: true })).toMatchObject({ kind: 'removed' });
});

/** What KV has of the tenant: the version, or null. */
async function versionInKv({ id }: Tenant): Promise<number | null> {
  const value = await env.RELAY_KV.get(`ingest/v1/${id}`);
  return value === null ? null : (JSON.parse(value) as { version: number }).version;
}

async function tablesOf(tenant: Tenant): Promise<string[]> {
  return tenant.inside((_relay, { storage }) => {
    const rows = storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    return rows
      .toArray()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('_cf_'));
  });
}

/** KV in which deletions fail, or wait, until it is healed. */
async function breakDeletions(tenant: Tenant, how: 'fail' | 'wait'): Promise<() => void> {
  let isBroken = true;
  const kv = {
    put: env.RELAY_KV.put.bind(env.RELAY_KV),
    delete: async (key: string) => {
      while (isBroken && how === 'wait') await scheduler.wait(5);
      if (isBroken) throw new Error('KV DELETE failed: 500');
      await env.RELAY_KV.delete(key);
    },
  };
  await tenant.inside((relay) => void Object.assign(relay, { env: { ...env, RELAY_KV: kv } }));
  return () => void (isBroken = false);
}

/** Both destinations take what they are sent, but answer only when the returned function is called. */
function holdAnswers(tenant: Tenant): () => void {
  let isAnswering = false;
  const later = async () => {
    while (!isAnswering) await scheduler.wait(1);
    return new Response('{}', { status: 202 });
  };
  tenant.destinations.answer(EDR, later);
  tenant.destinations.answer(HEC, later);
  return () => void (isAnswering = true);
}

describe('a tenant that is removed', () => {
  it('is forgotten at once: nothing is accepted, nothing runs, nothing is shown', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await tenant.untilTaken(HEC, 1);
    await tenant.until(
      async () => (await tenant.stub.lanes()).every(({ undelivered }) => undelivered === 0),
      'all is settled',
    );
    expect(await remove(tenant)).toEqual({ kind: 'removed', rest: [], isUnpublished: true });
    expect(await versionInKv(tenant)).toBeNull();
    expect(await tenant.accept(tenant.event('evt-2'))).toEqual({ kind: 'unknown_tenant' });
    expect(await tenant.stub.drain({ v: 1, lane: '*' })).toEqual({ kind: 'unknown_tenant' });
    expect(await readConfig(tenant.stub)).toBeNull();
    expect(await tenant.stub.lanes()).toEqual([]);
    expect(await remove(tenant)).toEqual({ kind: 'unknown_tenant' });
  });

  it('leaves nothing stored but that it goes, and that for a minute', async () => {
    const tenant = await Tenant.create();
    await remove(tenant);
    expect(await tablesOf(tenant)).toEqual(['removal']);
    expect(await tenant.alarmAtMs()).toBe(tenant.nowMs + 60_000);
    await env.RELAY_KV.put(`ingest/v1/${tenant.id}`, '{"version":1}'); // as a write that its sender lost
    tenant.nowMs += 60_000;
    await tenant.alarm();
    expect(await tablesOf(tenant)).toEqual([]);
    expect(await tenant.alarmAtMs()).toBeNull();
    expect(await versionInKv(tenant)).toBeNull();
  });

  it('stays, as it is, while events wait or are dead letters, and says how many per lane', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(HEC, () => new Response('', { status: 400 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => (await tenant.lane('falcon/events')).deadLettered === 1,
      'Falcon has refused it',
    );
    tenant.destinations.answer(EDR, () => new Response('', { status: 503 }));
    await tenant.accept(...tenant.events(2, 2));
    await tenant.until(async () => (await tenant.lane('edr/events')).tries > 0, 'HarfangLab has failed');
    await tenant.until(
      async () => (await tenant.lane('falcon/events')).deadLettered === 3,
      'Falcon has refused them all',
    );
    const rest = [
      { lane: 'edr/events', undelivered: 2, deadLetters: 0 },
      { lane: 'falcon/events', undelivered: 0, deadLetters: 3 },
    ];
    expect(await remove(tenant)).toEqual({ kind: 'undelivered', rest });
    expect(await readConfig(tenant.stub)).not.toBeNull();
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).length === 3, 'the lane goes on');

    expect(await remove(tenant, true)).toMatchObject({ kind: 'removed', rest: [rest[1]] });
  });

  it('stays when somebody else saved it meanwhile', async () => {
    const tenant = await Tenant.create();
    await tenant.configure();
    const answer = await tenant.stub.remove({ v: 1, expectedVersion: 1, discard: true });
    expect(answer).toEqual({ kind: 'version_conflict', version: 2 });
    expect(await readConfig(tenant.stub)).not.toBeNull();
  });

  it('stops its lanes: what was under way is not written down, and nothing more is sent', async () => {
    const tenant = await Tenant.create();
    const answer = holdAnswers(tenant);
    await tenant.accept(...tenant.events(50));
    await tenant.until(() => tenant.destinations.underWay >= 3, 'requests are under way');
    await breakDeletions(tenant, 'fail'); // so that the rows are still there to be written to
    const sent = tenant.destinations.sent.length;
    await remove(tenant, true);
    const rows = await tenant.inside((relay) => relay.rowsWritten);
    answer();
    await tenant.until(() => tenant.destinations.underWay === 0, 'all are answered');
    await scheduler.wait(20);
    await tenant.stub.drain({ v: 1, lane: '*' });
    expect(tenant.destinations.sent).toHaveLength(sent);
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(rows);
  });

  it('takes no event that was being unsealed', async () => {
    const tenant = await Tenant.create();
    const sealer = createSealer(settingsOf(env).masterKeys);
    const text = JSON.stringify({ v: 1, events: [tenant.event('evt-1')] });
    const jwe = await sealer.seal(text, { tenant: tenant.id, purpose: 'overflow' });
    const sealed = new TextEncoder().encode(jwe);
    const [answer] = await tenant.inside((relay) =>
      Promise.all([
        relay.acceptSealed({ v: 1, sealed, sealedAtMs: tenant.nowMs }),
        relay.remove({ v: 1, expectedVersion: 1, discard: true }),
      ]),
    );
    expect(answer).toEqual({ kind: 'unknown_tenant' });
    expect(await tablesOf(tenant)).toEqual(['removal']);
  });

  it('goes from KV by the alarm when KV failed, and is forgotten all the while', async () => {
    const tenant = await Tenant.create();
    const heal = await breakDeletions(tenant, 'fail');
    expect(await remove(tenant)).toEqual({ kind: 'removed', rest: [], isUnpublished: false });
    for (let i = 0; i < 3; i++) {
      tenant.nowMs = (await tenant.alarmAtMs()) ?? 0;
      await tenant.alarm();
      expect(await tenant.alarmAtMs()).toBe(tenant.nowMs + 10_000);
    }
    expect(await versionInKv(tenant)).toBe(1);
    expect(await tenant.accept(tenant.event('evt-1'))).toEqual({ kind: 'unknown_tenant' });
    heal();
    tenant.nowMs = (await tenant.alarmAtMs()) ?? 0;
    await tenant.alarm();
    expect(await versionInKv(tenant)).toBeNull();
    expect(await tablesOf(tenant)).toEqual(['removal']);
  });

  it.each(['fail', 'wait'] as const)(
    'goes on from the alarm after a crash while KV made it wait (%s)',
    async (how) => {
      const tenant = await Tenant.create();
      await breakDeletions(tenant, how);
      void remove(tenant).catch(() => undefined);
      await tenant.until(async () => (await readConfig(tenant.stub)) === null, 'it is forgotten');
      expect(await tablesOf(tenant)).toContain('lanes');
      await tenant.crash();
      expect(await readConfig(tenant.stub)).toBeNull();
      expect(await tenant.accept(tenant.event('evt-1'))).toEqual({ kind: 'unknown_tenant' });
      await tenant.passTimeUntil(async () => (await tablesOf(tenant)).length === 0, 'nothing is left');
      expect(await versionInKv(tenant)).toBeNull();
      expect(await tenant.alarmAtMs()).toBeNull();
    },
  );

  it('goes on from the alarm after a crash before the copy is deleted once more', async () => {
    const tenant = await Tenant.create();
    await remove(tenant);
    await tenant.crash();
    await env.RELAY_KV.put(`ingest/v1/${tenant.id}`, '{"version":1}');
    await tenant.passTimeUntil(async () => (await tablesOf(tenant)).length === 0, 'nothing is left');
    expect(await versionInKv(tenant)).toBeNull();
  });

  it('stays as it was when the removal can not be written', async () => {
    const tenant = await Tenant.create();
    const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await tenant.inside((_relay, { storage }) => {
      storage.sql.exec(
        'CREATE TRIGGER no_removal BEFORE DELETE ON config BEGIN SELECT RAISE(ABORT, "no"); END',
      );
    });
    expect(await remove(tenant)).toEqual({ kind: 'unavailable', reason: 'object_fault' });
    expect(spy.mock.calls.map(([line]) => String(line))).toContainEqual(
      expect.stringContaining('removal.failed'),
    );
    spy.mockRestore();
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ kind: 'accepted' });
    await tenant.untilTaken(EDR, 1);
    expect(await tablesOf(tenant)).not.toContain('removal');
  });
});

describe('a tenant that is made again', () => {
  it('has nothing of the earlier one: no event, no total, no duplicate', async () => {
    const tenant = await Tenant.create();
    const answer = holdAnswers(tenant);
    await tenant.accept(...tenant.events(5));
    await tenant.until(() => tenant.destinations.underWay >= 3, 'requests are under way');
    await remove(tenant, true);
    await tenant.configure(undefined, 'backlog');
    answer();
    await tenant.until(() => tenant.destinations.underWay === 0, 'all are answered');
    await scheduler.wait(20);
    await tenant.evict(); // what is written counts
    expect(await readConfig(tenant.stub)).toMatchObject({ version: 1 });
    for (const lane of await tenant.stub.lanes())
      expect(lane).toMatchObject({ state: 'idle', delivered: 0, undelivered: 0 });
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ accepted: 1, duplicates: 0 });
    await tenant.until(
      async () => (await tenant.lane('edr/events')).delivered === 1,
      'the new event is delivered',
    );
    expect(await tablesOf(tenant)).not.toContain('removal');
  });

  it.each(['fail', 'wait'] as const)(
    'wins in KV although the earlier copy is still there (%s)',
    async (how) => {
      const tenant = await Tenant.create();
      await tenant.configure();
      expect(await versionInKv(tenant)).toBe(2);
      const heal = await breakDeletions(tenant, how);
      expect(await remove(tenant, true)).toMatchObject({ isUnpublished: false });
      await tenant.configure();
      if (how === 'wait') heal();
      await tenant.passTimeUntil(async () => (await versionInKv(tenant)) === 1, 'KV has the new one');
      heal();
      for (let i = 0; i < 5; i++) {
        tenant.nowMs += 61_000;
        await tenant.alarm();
      }
      expect(await versionInKv(tenant)).toBe(1);
      expect(await tablesOf(tenant)).not.toContain('removal');
      await tenant.evict();
      expect(await readConfig(tenant.stub)).toMatchObject({ version: 1 });
    },
  );

  it('is not taken away again a minute later', async () => {
    const tenant = await Tenant.create();
    await remove(tenant);
    await tenant.configure();
    expect(await versionInKv(tenant)).toBe(1);
    for (let i = 0; i < 3; i++) {
      tenant.nowMs += 61_000;
      await tenant.alarm();
    }
    expect(await versionInKv(tenant)).toBe(1);
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
  });

  it('does not take what overflowed from the earlier one', async () => {
    const tenant = await Tenant.create();
    const sealer = createSealer(settingsOf(env).masterKeys);
    const text = JSON.stringify({ v: 1, events: [tenant.event('evt-1')] });
    const jwe = await sealer.seal(text, { tenant: tenant.id, purpose: 'overflow' });
    const sealed = new TextEncoder().encode(jwe);
    const sealedAtMs = tenant.nowMs;
    await remove(tenant);
    tenant.nowMs += 1_000;
    await tenant.configure();
    expect(await tenant.stub.acceptSealed({ v: 1, sealed, sealedAtMs })).toEqual({
      kind: 'refused',
      reason: 'too_old',
    });
    const answer = await tenant.stub.acceptSealed({ v: 1, sealed, sealedAtMs: tenant.nowMs });
    expect(answer).toMatchObject({ kind: 'accepted' });
  });

  it('stays although an earlier release made it while the removal was under way', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((_relay, { storage }) => {
      storage.sql.exec(
        'CREATE TABLE removal (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, due INTEGER NOT NULL, wiped INTEGER NOT NULL)',
      );
      storage.sql.exec('INSERT INTO removal VALUES (1, ?, 0, 0)', tenant.id);
    });
    await tenant.evict();
    for (let i = 0; i < 3; i++) {
      tenant.nowMs += 61_000;
      await tenant.alarm();
    }
    expect(await readConfig(tenant.stub)).toMatchObject({ version: 1 });
    expect(await versionInKv(tenant)).toBe(1);
    expect(await remove(tenant)).toMatchObject({ kind: 'removed' });
    expect(await tablesOf(tenant)).toEqual(['removal']);
  });
});

it('has nothing of itself read once it is gone, and nothing noted of who asked just before', async () => {
  const tenant = await Tenant.create((document) => {
    document['destinations'] = [];
  });
  await tenant.accept(tenant.event('evt-1'));
  const actor = { by: 'admin', requestId: 'req-asked' };
  const noted = await tenant.inside(async (relay, { storage }) => {
    const entries = (): number =>
      storage.sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', 'audit').toArray().length === 0
        ? 0
        : storage.sql.exec("SELECT 1 FROM audit WHERE actor LIKE '%req-asked%'").toArray().length;
    const asked = [
      relay.userKey({ v: 1, actor, user: { id: 'user-1' } }),
      relay.events({ v: 1, actor, filter: {}, limit: 10, showsPersons: true }),
      relay.explainEvent({ v: 1, actor, id: 'evt-1', showsPersons: true }),
    ];
    const kv = (relay as unknown as { env: Env }).env.RELAY_KV;
    // The copy in KV goes first: until that is done the tables stay.
    const gone = vi.spyOn(kv, 'delete').mockImplementation(async () => scheduler.wait(50));
    const removed = relay.remove({ v: 1, expectedVersion: 1, discard: true });
    const answers = await Promise.all(asked);
    expect(answers.map(({ kind }) => kind)).toEqual(Array(3).fill('unknown_tenant'));
    const count = entries();
    await removed;
    gone.mockRestore();
    return count;
  });
  expect(noted).toBe(0);
});
