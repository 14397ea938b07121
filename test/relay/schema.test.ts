/**
 * Every object migrates from whatever version it stopped at, with all that it holds, and a rolled-back Worker still reads and
 * writes what a newer one made. Written for any number of versions: a new one is covered without a change here.
 */

import { describe, expect, it } from 'vitest';

import { Database } from '../../src/lib/database.ts';
import { MIGRATIONS, migrate } from '../../src/relay/schema.ts';
import { createAsOf, fillEachTable, insertTenant, readEachTable, tablesOf } from './earlier-schema.ts';
import { EDR, START_MS, Tenant, readConfig } from './tenant.ts';

const NEWEST = Math.max(...MIGRATIONS.map(({ version }) => version));
const VERSIONS = MIGRATIONS.map(({ version }) => version);
const EARLIER = VERSIONS.filter((version) => version < NEWEST);

/** Has the object of a tenant that nobody configured work on its empty storage. */
async function onStorage<T>(work: (db: Database) => T): Promise<T> {
  return Tenant.unknown().inside((_relay, { storage }) => work(new Database(storage)));
}

/** A tenant whose object stopped at a version, with its data. */
async function tenantAsOf(version: number): Promise<Tenant> {
  const tenant = Tenant.unknown();
  await tenant.inside(async (_relay, { storage }) => {
    const db = new Database(storage);
    createAsOf(db, version);
    await insertTenant(db, tenant, version);
    await db.setAlarm(START_MS);
  });
  await tenant.evict(); // a new object, with the newest version's code, finds them
  return tenant;
}

describe('a migration', () => {
  it('has the number after the one before it', () => {
    expect(VERSIONS).toEqual(VERSIONS.map((_version, i) => i + 1));
  });

  it.each(MIGRATIONS.map(({ version, statements }) => [version, statements] as const))(
    'to version %i only adds: an older Worker reads and writes what is there afterwards',
    (_version, statements) => {
      for (const statement of statements) {
        expect(statement).not.toMatch(/\b(?:DROP|RENAME|DELETE|REPLACE)\b/i);
        expect(statement).toMatch(/^(?:CREATE|ALTER TABLE \w+ ADD COLUMN|INSERT|UPDATE)\b/i);
      }
      // An older Worker inserts rows without the new column.
      const demanding = statements.filter((statement) => /\bADD COLUMN\b.*\bNOT NULL\b/i.test(statement));
      expect(demanding.filter((statement) => !/\bDEFAULT\b/i.test(statement))).toEqual([]);
    },
  );

  it.each(EARLIER)('keeps every value of every table of version %i', async (version) => {
    await onStorage((db) => {
      createAsOf(db, version);
      fillEachTable(db);
      const before = readEachTable(db);
      expect(Object.keys(before).length).toBeGreaterThan(5);
      migrate(db, START_MS);
      expect(readEachTable(db)).toMatchObject(before);
      expect(db.all('SELECT version FROM migrations ORDER BY version')).toEqual(
        VERSIONS.map((applied) => ({ version: applied })),
      );
    });
  });

  it.each(EARLIER)('from version %i makes the tables that a new object has', async (version) => {
    const fresh = await onStorage((db) => {
      migrate(db, START_MS);
      return tablesOf(db);
    });
    const migrated = await onStorage((db) => {
      createAsOf(db, version);
      migrate(db, START_MS);
      return tablesOf(db);
    });
    expect(migrated).toEqual(fresh);
  });

  it('is not done twice', async () => {
    await onStorage((db) => {
      migrate(db, START_MS);
      const rowsWritten = db.rowsWritten;
      migrate(db, START_MS + 1);
      expect(db.rowsWritten).toBe(rowsWritten);
    });
  });

  it('that fails leaves the version before it whole', async () => {
    await onStorage((db) => {
      createAsOf(db, NEWEST - 1);
      // What the newest version makes last is there already: it fails after all its other statements.
      const statements = MIGRATIONS.at(-1)?.statements ?? [];
      expect(statements.findLast((statement) => isDone(() => db.run(statement)))).toBeDefined();
      const before = tablesOf(db);
      expect(() => migrate(db, START_MS)).toThrow(/already exists|duplicate column/);
      expect(tablesOf(db)).toEqual(before);
      expect(db.first('SELECT MAX(version) AS version FROM migrations')).toEqual({ version: NEWEST - 1 });
    });
  });
});

function isDone(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

describe.each(VERSIONS)('an object that stopped at version %i', (version) => {
  it('has its config, lanes, dead letters, roll-ups and notices', async () => {
    const tenant = await tenantAsOf(version);
    expect(await readConfig(tenant.stub)).toMatchObject({ version: 7, config: { id: tenant.id } });
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 40, deadLettered: 1, discarded: 3 });
    expect(await tenant.stub.deadLetter(1)).toMatchObject({
      lane: 'edr/events',
      eventId: 'evt-1',
      reason: 'rejected',
      status: 422,
      attempts: 1,
    });
    expect(await tenant.stub.activity(0)).toContainEqual({
      hour: new Date(START_MS).toISOString(),
      dimension: 'type',
      counts: { 'interaction.policy_violated': 2 },
    });
    const notices = await tenant.stub.notices({ limit: 10 });
    expect(notices.map(({ kind }) => kind)).toEqual(version >= 2 ? ['lane_blocked'] : []);
  });

  it('sends what it had left, and a dead letter when it is asked to', async () => {
    const tenant = await tenantAsOf(version);
    await tenant.alarm();
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-2']);
    expect(await tenant.stub.redrive({ v: 1, select: { lane: 'edr/events' } })).toMatchObject({ count: 1 });
    await tenant.untilTaken(EDR, 2);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-2', 'evt-1']);
  });

  it('takes new events, and knows the earlier ones again', async () => {
    const tenant = await tenantAsOf(version);
    expect(await tenant.accept(...tenant.events(3))).toMatchObject({ accepted: 1, duplicates: 2 });
    await tenant.untilTaken(EDR, 2);
    expect(tenant.destinations.ids(EDR).toSorted()).toEqual(['evt-2', 'evt-3']);
  });
});

it('a config that an earlier release saved gets the lanes that this one knows, from what comes now on', async () => {
  const tenant = await Tenant.create();
  await tenant.accept(tenant.event('evt-1'));
  await tenant.untilTaken(EDR, 1);
  await tenant.inside(
    (_relay, { storage }) => void storage.sql.exec("DELETE FROM lanes WHERE name = 'edr/alerts'"),
  );
  await tenant.evict();
  expect((await tenant.stub.lanes()).map(({ lane }) => lane)).toContain('edr/alerts');
  expect(await tenant.lane('edr/alerts')).toMatchObject({ undelivered: 0, delivered: 0 });
  await tenant.evict();
  expect((await tenant.stub.lanes()).map(({ lane }) => lane)).toContain('edr/alerts');
});
