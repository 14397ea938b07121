/**
 * What the relay keeps: every row of every tenant object and every KV entry, as plain values that a test can compare.
 * Reads the objects' databases beside the running relay, and writes only to make them faulty.
 */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { Stage } from './stage.ts';

/** A writer holds its lock for a transaction: milliseconds. */
const LOCK_MS_MAX = 5_000;

export interface AtRest {
  /** By object id, then by table: all rows. The platform's own tables (`_cf_…`, which hold the alarm) are left out. */
  readonly objects: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;
  /** By key: value and metadata. */
  readonly kv: Readonly<Record<string, { readonly value: string | null; readonly metadata: unknown }>>;
}

/** Reads everything. */
export async function readAtRest(stage: Stage): Promise<AtRest> {
  const [objects, kv] = await Promise.all([readObjects(stage), readKv(stage)]);
  return { objects, kv };
}

/** The events in the logs of all tenants, each log in its order. */
export async function readStoredEvents(stage: Stage): Promise<CanonicalEvent[]> {
  return Object.values(await readObjects(stage)).flatMap(({ events_1: rows = [] }) =>
    rows.map((row) => JSON.parse((row as { readonly body: string }).body) as CanonicalEvent),
  );
}

/** Within it every alarm counts: later ones are those of retention. */
const SOON_MS = 3_600_000;

/** Whether any object has an alarm armed that is due soon. workerd keeps them beside the objects, in nanoseconds. */
export function hasAlarm(stage: Stage): boolean {
  const database = openDatabase(join(objectsFolder(stage), 'metadata.sqlite'));
  try {
    const soonNs = BigInt(Date.now() + SOON_MS) * 1_000_000n;
    return (
      database.prepare('SELECT 1 FROM _cf_ALARM WHERE scheduled_time < ? LIMIT 1').all(soonNs).length > 0
    );
  } finally {
    database.close();
  }
}

/** Renames a table of every tenant object beside the running relay: without its lanes an object has a fault. */
export async function renameTable(stage: Stage, from: string, to: string): Promise<void> {
  await change(stage, `ALTER TABLE ${from} RENAME TO ${to}`);
}

/** Cuts off what every window holds, beside the running relay: a rule whose window can't be read fails. */
export async function spoilWindows(stage: Stage): Promise<void> {
  for (const table of ['windows_0', 'windows_1'])
    await change(stage, `UPDATE ${table} SET state = substr(state, 1, length(state) - 1)`);
}

async function change(stage: Stage, sql: string): Promise<void> {
  for (const id of await stage.miniflare.listDurableObjectIds('TENANT_RELAY')) {
    const file = join(objectsFolder(stage), `${id}.sqlite`);
    const database = new DatabaseSync(file, { timeout: LOCK_MS_MAX });
    database.exec(sql);
    database.close();
  }
}

async function readObjects(stage: Stage): Promise<AtRest['objects']> {
  const ids = await stage.miniflare.listDurableObjectIds('TENANT_RELAY');
  return Object.fromEntries(ids.map((id) => [id, readTables(join(objectsFolder(stage), `${id}.sqlite`))]));
}

function objectsFolder(stage: Stage): string {
  return join(stage.stateFolder, 'do', 'noxys-relay-TenantRelay');
}

function openDatabase(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: LOCK_MS_MAX });
}

/** All tables as they were at one moment. */
function readTables(file: string): Record<string, readonly unknown[]> {
  const database = openDatabase(file);
  try {
    database.exec('BEGIN');
    const names = database
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
      )
      .all()
      .map(({ name }) => String(name));
    return Object.fromEntries(names.map((name) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]));
  } finally {
    database.close();
  }
}

async function readKv(stage: Stage): Promise<AtRest['kv']> {
  const kv = await stage.miniflare.getKVNamespace('RELAY_KV');
  const { keys } = await kv.list();
  const entries = keys.map(async ({ name }) => [name, await kv.getWithMetadata(name, 'text')] as const);
  return Object.fromEntries(
    (await Promise.all(entries)).map(([name, { value, metadata }]) => [name, { value, metadata }]),
  );
}
