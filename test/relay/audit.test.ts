import { describe, expect, it } from 'vitest';

import type { Actor } from '../../src/domain/principal.ts';
import type { AuditEntry } from '../../src/domain/audit.ts';
import { EDR, Tenant, destination, readConfig, sealedConfig } from './tenant.ts';

const DAY_MS = 24 * 3_600_000;
const ALICE: Actor = { by: 'access:alice@msp.example', requestId: 'req-7', reason: 'ticket 42 – été' };

async function entriesOf(tenant: Tenant, limit = 100, before?: number): Promise<AuditEntry[]> {
  return tenant.inside(async (relay) =>
    relay.auditEntries({ limit, ...(before !== undefined && { before }) }),
  );
}

async function actionsOf(tenant: Tenant): Promise<string[]> {
  return (await entriesOf(tenant)).map(({ action }) => action).toReversed();
}

/** Every table of the object, but for what belongs to the platform. */
async function contentsOf(tenant: Tenant): Promise<unknown> {
  return tenant.inside((_relay, { storage: { sql } }) => {
    const tables = [
      ...sql.exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'",
      ),
    ];
    return tables.map(({ name }) => [name, [...sql.exec(`SELECT * FROM ${name}`)]]);
  });
}

/** A destination that refused one event. */
async function withDeadLetter(): Promise<Tenant> {
  const tenant = await Tenant.create();
  tenant.destinations.answer(EDR, () => new Response('no', { status: 400 }));
  await tenant.accept(tenant.event('evt-1'));
  await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 1, 'it is a dead letter');
  return tenant;
}

describe('the audit', () => {
  it('names who saved a config, why, which version and what changed, from the first one on', async () => {
    const tenant = Tenant.unknown();
    const config = await sealedConfig(tenant.id);
    await tenant.takeOver();
    await tenant.inside(async (relay) => {
      await relay.configure({ v: 1, actor: ALICE, config, expectedVersion: null });
      await relay.configure({
        v: 1,
        actor: { by: 'token:t-1', requestId: 'req-8' },
        config,
        expectedVersion: 1,
        action: 'secret.rotated',
        changedPaths: ['webhook.secrets'],
      });
    });
    const at = new Date(tenant.nowMs).toISOString();
    expect(await entriesOf(tenant)).toEqual([
      {
        id: 2,
        at,
        by: 'token:t-1',
        action: 'secret.rotated',
        requestId: 'req-8',
        detail: { version: 2, changedPaths: ['webhook.secrets'] },
      },
      { id: 1, at, ...ALICE, action: 'config.saved', detail: { version: 1 } },
    ]);
  });

  it('names a hundred paths of a config at most', async () => {
    const tenant = await Tenant.create();
    const config = await sealedConfig(tenant.id);
    const changedPaths = Array.from({ length: 300 }, (_, n) => `destinations[${n}]`);
    await tenant.inside(async (relay) => relay.configure({ v: 1, config, expectedVersion: 1, changedPaths }));
    const [entry] = await entriesOf(tenant);
    expect(entry).toMatchObject({ by: 'unknown', requestId: '' });
    expect(entry?.detail['changedPaths']).toHaveLength(100);
  });

  it('has nothing of a config that was not saved', async () => {
    const tenant = await Tenant.create();
    const config = await sealedConfig(tenant.id);
    await tenant.inside(async (relay) => relay.configure({ v: 1, actor: ALICE, config, expectedVersion: 7 }));
    expect(await actionsOf(tenant)).toEqual(['config.saved']);
  });

  it('has one entry for a pause and one for a resume, and none for what is so already', async () => {
    const tenant = await Tenant.create();
    for (const by of ['first', 'second']) {
      await tenant.inside(async (relay) =>
        relay.pause({ v: 1, actor: { by, requestId: 'r' }, destination: 'edr' }),
      );
    }
    await tenant.accept(...tenant.events(3));
    for (const by of ['third', 'fourth']) {
      await tenant.inside(async (relay) =>
        relay.resume({ v: 1, actor: { by, requestId: 'r' }, destination: 'edr', from: 'now' }),
      );
    }
    await tenant.inside(async (relay) => relay.pause({ v: 1, actor: ALICE, destination: 'nobody' }));
    const entries = (await entriesOf(tenant)).toReversed();
    expect(entries.map(({ action, by, detail }) => ({ action, by, detail }))).toEqual([
      { action: 'config.saved', by: 'unknown', detail: { version: 1 } },
      { action: 'destination.paused', by: 'first', detail: { destination: 'edr', version: 2 } },
      {
        action: 'destination.resumed',
        by: 'third',
        detail: { destination: 'edr', from: 'now', discarded: 3, version: 3 },
      },
    ]);
  });

  it('has an entry for a resume that only ends the pause of a lane', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response('no', { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    tenant.destinations.answer(EDR, () => new Response('{}'));
    const resume = async () =>
      tenant.inside(async (relay) =>
        relay.resume({ v: 1, actor: ALICE, destination: 'edr', from: 'backlog' }),
      );
    await resume();
    await tenant.untilTaken(EDR, 1);
    await resume();
    const [entry, ...earlier] = await entriesOf(tenant);
    expect(entry?.detail).toEqual({ destination: 'edr', from: 'backlog', discarded: 0 });
    expect(earlier).toHaveLength(1);
  });

  it('has what was selected for a redrive, and how many that were; none when nothing was', async () => {
    const tenant = await withDeadLetter();
    const redrive = async (sinceMs: number) =>
      tenant.inside(async (relay) =>
        relay.redrive({ v: 1, actor: ALICE, select: { reason: 'rejected', lane: 'edr/events', sinceMs } }),
      );
    await redrive(tenant.nowMs + 1);
    await redrive(tenant.nowMs);
    const [entry, ...earlier] = await entriesOf(tenant);
    expect(entry).toMatchObject({ action: 'dead_letters.redriven', ...ALICE });
    expect(entry?.detail).toEqual({
      reason: 'rejected',
      lane: 'edr/events',
      since: new Date(tenant.nowMs).toISOString(),
      count: 1,
      left: 0,
    });
    expect(earlier).toHaveLength(1);
  });

  it.each([
    ['configure', 'saved'],
    ['pause', 'saved'],
    ['resume', 'saved'],
    ['redrive', 'redriven'],
  ] as const)('is written with what it is about, or %s does nothing', async (verb, kind) => {
    const tenant = await withDeadLetter();
    if (verb === 'resume') await tenant.inside(async (relay) => relay.pause({ v: 1, destination: 'edr' }));
    const config = await sealedConfig(tenant.id, destination('edr', { enabled: false }));
    const expectedVersion = (await readConfig(tenant.stub))?.version ?? null;
    const act = async () =>
      tenant.inside(async (relay) => {
        if (verb === 'configure') return relay.configure({ v: 1, config, expectedVersion });
        if (verb === 'pause') return relay.pause({ v: 1, destination: 'edr' });
        if (verb === 'resume') return relay.resume({ v: 1, destination: 'edr', from: 'now' });
        return relay.redrive({ v: 1, select: { lane: 'edr/events' } });
      });
    const sql = async (statement: string) =>
      tenant.inside((_relay, { storage }) => void storage.sql.exec(statement));
    await sql('ALTER TABLE audit RENAME TO audit_away');
    const before = await contentsOf(tenant);
    expect(await act()).toEqual({ kind: 'unavailable', reason: 'object_fault' });
    expect(await contentsOf(tenant)).toEqual(before);
    await sql('ALTER TABLE audit_away RENAME TO audit');
    const lane = verb === 'redrive' ? 'follow_ups' : 'lanes';
    await sql(`ALTER TABLE ${lane} RENAME TO away`);
    const unwritten = await entriesOf(tenant);
    expect(await act()).toEqual({ kind: 'unavailable', reason: 'object_fault' });
    expect(await entriesOf(tenant)).toEqual(unwritten);
    await sql(`ALTER TABLE away RENAME TO ${lane}`);
    expect(await act()).toMatchObject({ kind });
    expect(await entriesOf(tenant)).toHaveLength(unwritten.length + 1);
  });

  it('is read in pages, newest first', async () => {
    const tenant = await Tenant.create();
    for (let version = 2; version <= 5; version++) await tenant.configure();
    expect((await entriesOf(tenant, 2)).map(({ id }) => id)).toEqual([5, 4]);
    expect((await entriesOf(tenant, 2, 4)).map(({ id }) => id)).toEqual([3, 2]);
    expect(await entriesOf(Tenant.unknown())).toEqual([]);
  });
});

describe('the retention of the audit', () => {
  const lifted = (document: Record<string, unknown>) => {
    document['retention'] = { audit: 30 };
  };

  it('drops what is older, once a day, with an entry that says so: no id comes again', async () => {
    const tenant = await Tenant.create(lifted);
    for (let version = 2; version <= 4; version++) await tenant.configure(lifted);
    tenant.nowMs += 30 * DAY_MS - 60_000;
    await tenant.alarm();
    expect(await entriesOf(tenant)).toHaveLength(4);
    tenant.nowMs += 120_000;
    // The last look was two minutes ago.
    await tenant.inside(async (relay) => relay.alarm());
    expect(await entriesOf(tenant)).toHaveLength(4);
    tenant.nowMs += DAY_MS;
    await tenant.inside(async (relay) => relay.alarm());
    expect((await entriesOf(tenant)).map(({ id }) => id)).toEqual([5]);
    await tenant.configure(lifted);
    expect((await entriesOf(tenant)).map(({ id }) => id)).toEqual([6, 5]);
  });

  it('writes no row while nothing is old', async () => {
    const tenant = await Tenant.create();
    await tenant.passTimeUntil(
      async () => ((await tenant.alarmAtMs()) ?? 0) > tenant.nowMs + 300 * DAY_MS,
      'nothing is left to do but to drop the audit one day',
    );
    const before = await tenant.inside((relay) => relay.rowsWritten);
    await tenant.inside(async (relay) => relay.alarm());
    // The alarm itself, armed first and then set for the end of the audit's retention.
    expect((await tenant.inside((relay) => relay.rowsWritten)) - before).toBeLessThanOrEqual(2);
  });

  it('is a year for a config that was stored before the key was known', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((relay, { storage }) => {
      storage.sql.exec("UPDATE config SET document = json_remove(document, '$.retention.audit')");
      relay.load();
    });
    await tenant.takeOver();
    expect((await readConfig(tenant.stub))?.config.retention).toEqual({
      events: 30,
      rollups: 400,
      audit: 365,
      detections: 365,
    });
    await tenant.configure();
    tenant.nowMs += 364 * DAY_MS;
    await tenant.inside(async (relay) => relay.alarm());
    expect(await entriesOf(tenant)).toHaveLength(2);
    tenant.nowMs += 2 * DAY_MS;
    await tenant.inside(async (relay) => relay.alarm());
    expect(await entriesOf(tenant)).toHaveLength(1);
  });
});
