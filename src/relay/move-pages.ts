/**
 * The stored tables as pages, and back: every row of every table, as it is. What is of this object alone (the move itself, a removal,
 * a claim, the migrations) stays. Pure over the storage: nothing is sealed or opened here.
 */

import type { SealedTenantConfig, Residency } from '../domain/tenant-config.ts';
import { encodeUtf8 } from '../lib/bytes.ts';
import type { Database, Row } from '../lib/database.ts';
import type { PageStart } from './move-state.ts';

/** Of a page's rows as JSON, so that its seal fits into a body where nothing compresses; a longer row has a page for itself. */
const PAGE_BYTES_MAX = 512 * 1024;
const ROWS_AT_ONCE = 250;
/** The config goes with the first page by itself. */
const STAYS_PATTERN = /^(?:sqlite_.*|_.*|migrations|config|move|move_pages|removal|claim)$/;
/** Of a period of the log; they are made as they come. */
const PERIOD_PATTERN = /^(events|seen)_\d{1,9}$/;
const PERIOD_COLUMNS = {
  events: '(seq INTEGER PRIMARY KEY, body TEXT NOT NULL)',
  seen: '(key TEXT PRIMARY KEY) WITHOUT ROWID',
} as const;

export interface TableRows {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlStorageValue[])[];
}

/** The move that an offer's page belongs to: none. */
export const OFFER = 'offer';

export interface FirstPage {
  readonly config: SealedTenantConfig;
  readonly releaseDigest: string;
  /** By the source's clock: of two moves of a tenant the later one is meant. */
  readonly begunAtMs: number;
  /** The residency of the deployment that it leaves. */
  readonly deployment: Residency;
  /** Somebody said that it may. */
  readonly leavesEu: boolean;
}

/** What a seal holds. `n` and `move` are inside, so that no page takes another's place. */
export interface MovePage {
  readonly v: 1;
  readonly move: string;
  readonly n: number;
  readonly to: Residency;
  /** The newest migration of the source. */
  readonly schema: number;
  readonly version: number;
  readonly createdAtMs: number;
  /** Of the first page, which has no rows. */
  readonly first?: FirstPage;
  readonly tables: readonly TableRows[];
  /** Of the last page: how many rows each table has in all. */
  readonly last?: { readonly counts: Readonly<Record<string, number>>; readonly proof: string };
}

/** The names of what moves, in order. */
export function movingTables(db: Database): string[] {
  return db
    .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .map(({ name }) => name)
    .filter((name) => !STAYS_PATTERN.test(name));
}

export function countsOf(db: Database): Record<string, number> {
  return Object.fromEntries(
    movingTables(db).map((name) => [
      name,
      db.first<{ count: number }>(`SELECT COUNT(*) AS count FROM ${name}`)?.count ?? 0,
    ]),
  );
}

/** Of two places, by table: one that is not there has none. */
export function areSameCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => (a[name] ?? 0) === (b[name] ?? 0));
}

/** The rows of a page from its start on; no `next`: there are no more. */
export function readRows(
  db: Database,
  start: PageStart | undefined,
): { readonly tables: TableRows[]; readonly next?: PageStart } {
  const tables: TableRows[] = [];
  let bytes = 0;
  for (const name of movingTables(db)) {
    if (start && name < start.table) continue;
    const { columns, keys } = shapeOf(db, name);
    const rows: SqlStorageValue[][] = [];
    let last: Row | undefined;
    for (const row of rowsAfter(db, { name, keys }, start?.table === name ? start.after : null)) {
      const values = valuesOf(row, columns);
      const rowBytes = encodeUtf8(JSON.stringify(values)).length;
      if (bytes > 0 && bytes + rowBytes > PAGE_BYTES_MAX) {
        if (last) tables.push({ name, columns, rows });
        return { tables, next: { table: name, after: last ? valuesOf(last, keys) : null } };
      }
      rows.push(values);
      bytes += rowBytes;
      last = row;
    }
    tables.push({ name, columns, rows });
  }
  return { tables };
}

/** Writes rows as they came. Call inside a transaction. Throws for what this release has no table or column of. */
export function writeRows(db: Database, { name, columns, rows }: TableRows): void {
  const period = PERIOD_PATTERN.exec(name)?.[1];
  if (period === 'events' || period === 'seen')
    db.run(`CREATE TABLE IF NOT EXISTS ${name} ${PERIOD_COLUMNS[period]}`);
  const known = movingTables(db).includes(name) ? shapeOf(db, name).columns : [];
  if (columns.length === 0 || columns.some((column) => !known.includes(column)))
    throw new Error(`Cannot take rows as the table ${name} must have their columns: it has not`);
  const places = columns.map(() => '?').join(', ');
  const sql = `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${places})`;
  for (const row of rows) db.run(sql, ...row);
}

interface Shape {
  readonly columns: readonly string[];
  /** Of the primary key, in its order. */
  readonly keys: readonly string[];
}

function shapeOf(db: Database, table: string): Shape {
  const columns = db.all<{ name: string; pk: number }>(`PRAGMA table_info(${table})`);
  const keys = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
  return { columns: columns.map(({ name }) => name), keys: keys.map(({ name }) => name) };
}

function* rowsAfter(
  db: Database,
  { name, keys }: { readonly name: string; readonly keys: readonly string[] },
  start: PageStart['after'],
): Generator<Row> {
  const key = keys.join(', ');
  let after = start;
  for (;;) {
    const where = after ? ` WHERE (${key}) > (${keys.map(() => '?').join(', ')})` : '';
    const sql = `SELECT * FROM ${name}${where} ORDER BY ${key} LIMIT ?`;
    const rows = db.all(sql, ...(after ?? []), ROWS_AT_ONCE);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_AT_ONCE) return;
    after = valuesOf(last, keys);
  }
}

function valuesOf(row: Row, columns: readonly string[]): SqlStorageValue[] {
  return columns.map((column) => row[column] ?? null);
}
