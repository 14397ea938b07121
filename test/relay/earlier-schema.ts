/** Storage of an object as an earlier version of the product left it: its tables, and rows as that version wrote them. */

import type { Database, Row } from '../../src/lib/database.ts';
import { MIGRATIONS } from '../../src/relay/schema.ts';
import { START_MS, type Tenant, sealedConfig } from './tenant.ts';

/** The platform's own tables, and SQLite's. */
const NOT_OURS = /^(?:_cf_|sqlite_)/;

/** The tables of a version, empty. */
export function createAsOf(db: Database, version: number): void {
  db.run('CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)');
  for (const migration of MIGRATIONS.filter((known) => known.version <= version)) {
    for (const statement of migration.statements) db.run(statement);
    db.run('INSERT INTO migrations (version, applied_at) VALUES (?, ?)', migration.version, START_MS);
  }
}

/** The definitions of all tables and indexes, by name. */
export function tablesOf(db: Database): Record<string, string> {
  const rows = db.all<{ name: string; sql: string | null }>(
    'SELECT name, sql FROM sqlite_master ORDER BY name',
  );
  return Object.fromEntries(
    rows.filter(({ name }) => !NOT_OURS.test(name)).map(({ name, sql }) => [name, sql ?? '']),
  );
}

/** One row in every table, whatever its columns are: values that only have to survive. */
export function fillEachTable(db: Database): void {
  for (const table of dataTables(db)) {
    const columns = db.all<{ name: string; type: string }>(
      `SELECT name, type FROM pragma_table_info('${table}')`,
    );
    const names = columns.map(({ name }) => name).join(', ');
    const values = columns.map(({ name, type }) => (type === 'INTEGER' ? 1 : `"${name} ✓"`));
    db.run(`INSERT INTO ${table} (${names}) VALUES (${values.map(() => '?').join(', ')})`, ...values);
  }
}

/** All rows of every table, by its name. */
export function readEachTable(db: Database): Record<string, Row[]> {
  return Object.fromEntries(dataTables(db).map((table) => [table, db.all(`SELECT * FROM ${table}`)]));
}

function dataTables(db: Database): string[] {
  const rows = db.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  return rows.map(({ name }) => name).filter((name) => !NOT_OURS.test(name) && name !== 'migrations');
}

/**
 * A tenant with a history: HarfangLab delivered 40 events before the retained ones; of these, event 1 is a dead letter and
 * event 2 waits. Falcon has both. Only the columns of the version are written.
 */
export async function insertTenant(db: Database, tenant: Tenant, version: number): Promise<void> {
  const rows: [table: string, row: Row][] = [
    [
      'config',
      { id: 1, version: 7, saved_at: START_MS, document: JSON.stringify(await sealedConfig(tenant.id)) },
    ],
    ['meta', { key: 'published_version', value: 7 }],
    ['meta', { key: 'next_seq', value: 43 }],
    ['meta', { key: 'rolled_up_seq', value: 42 }],
    ['lanes', { name: 'edr/events', cursor: 41, state: JSON.stringify({ ...LANE, deadLettered: 1 }) }],
    ['lanes', { name: 'falcon/events', cursor: 42, state: JSON.stringify(LANE) }],
    [
      'periods',
      { n: 1, opened_at: START_MS, closed_at: null, first_seq: 41, bytes: 900, has_events: 1, has_seen: 1 },
    ],
    ['rollups', { hour: START_MS, dimension: 'type', counts: '{"interaction.policy_violated":2}' }],
    ['dead_letters', { id: 1, seq: 41, status: 422, attempts: 1, at: START_MS, ...LETTER }],
  ];
  if (version >= 2) {
    const mark = { announcedAtMs: START_MS, pending: null, isOpen: true };
    rows.push(
      ['findings', { id: 1, at: START_MS, body: JSON.stringify(NOTICE) }],
      ['notice_marks', { key: 'lane_blocked edr/events', mark: JSON.stringify(mark) }],
    );
  }
  db.run('CREATE TABLE events_1 (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  db.run('CREATE TABLE seen_1 (key TEXT PRIMARY KEY) WITHOUT ROWID');
  for (const [i, event] of tenant.events(2).entries()) {
    rows.push(
      ['events_1', { seq: 41 + i, body: JSON.stringify(event) }],
      ['seen_1', { key: `${event.type}\n${event.id}` }],
    );
  }
  for (const [table, row] of rows) {
    const names = Object.keys(row);
    const marks = names.map(() => '?').join(', ');
    db.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`, ...Object.values(row));
  }
}

/** What version 1 wrote for a lane; later versions added fields. */
const LANE = {
  ahead: [],
  tries: 0,
  failingSinceMs: null,
  dueAtMs: null,
  blocked: null,
  lastFailure: null,
  width: 1,
  rejectedInARow: 0,
  lastDeliveredAtMs: START_MS,
  delivered: 40,
  deadLettered: 0,
  expired: 0,
  discarded: 3,
};

const LETTER = {
  lane: 'edr/events',
  event_id: 'evt-1',
  event_type: 'interaction.policy_violated',
  excerpt: '{"error":"refused"}',
};

const NOTICE = {
  kind: 'lane_blocked',
  at: '2096-11-22T08:00:00.000Z',
  lane: 'edr/events',
  since: '2096-11-22T08:00:00.000Z',
  text: 'edr/events is blocked.',
};
