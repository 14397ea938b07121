/**
 * Takes one person out of the tables beside the log, a turn's worth of rows at a time: detections, windows, what is remembered of event
 * ids, and every text that the relay keeps for people.
 */

import { type StoredWindow } from '../detection/correlation.ts';
import { isCountedName, windowWithout } from '../detection/window-without.ts';
import type { Database } from '../lib/database.ts';
import { jsonIn } from '../lib/json.ts';
import { detectionIn } from './detection-store.ts';
import { type ErasedPerson, beganAtMs } from './erased-person.ts';
import type { LegalHolds } from './legal-holds.ts';
import type { EventLog } from './log.ts';
import type { PersonKeys } from './person-keys.ts';
import { windowStateIn } from './window-store.ts';

/** Of one turn. */
const ROWS_PER_TURN = 1_000;

export type Key = readonly (string | number)[];

interface Table {
  readonly name: string;
  /** Of its primary key, in order. */
  readonly keys: readonly string[];
}

type Values = Record<string, string | number | null>;

/** The rows after a key, in order. */
function rowsAfter(
  db: Database,
  { name, keys }: Table,
  columns: readonly string[],
  after: Key | null,
): Values[] {
  const all = [...new Set([...keys, ...columns])].join(', ');
  const where = after ? `WHERE (${keys.join(', ')}) > (${keys.map(() => '?').join(', ')})` : '';
  const sql = `SELECT ${all} FROM ${name} ${where} ORDER BY ${keys.join(', ')} LIMIT ?`;
  return db.all<Values>(sql, ...(after ?? []), ROWS_PER_TURN);
}

function keyOf({ keys }: Table, row: Values): (string | number)[] {
  return keys.map((key) => row[key] ?? '');
}

function change(db: Database, table: Table, row: Values, set: Readonly<Record<string, string>> | null): void {
  const where = table.keys.map((key) => `${key} = ?`).join(' AND ');
  const key = keyOf(table, row);
  if (!set) db.run(`DELETE FROM ${table.name} WHERE ${where}`, ...key);
  else {
    const columns = Object.keys(set).map((column) => `${column} = ?`);
    db.run(`UPDATE ${table.name} SET ${columns.join(', ')} WHERE ${where}`, ...Object.values(set), ...key);
  }
}

/** How far a turn came: null is the end of the table. */
function endOf(table: Table, rows: readonly Values[]): Key | null {
  const last = rows.at(-1);
  return rows.length < ROWS_PER_TURN || !last ? null : keyOf(table, last);
}

const DETECTIONS: Table = { name: 'detections', keys: ['seq'] };

export interface Swept {
  readonly next: Key | null;
  readonly removed: number;
  readonly texts: number;
}

/** Detections of the person go; the names go out of those of others. */
export function eraseDetections(
  { db, log, holds }: { readonly db: Database; readonly log: EventLog; readonly holds: LegalHolds },
  person: ErasedPerson,
  {
    after,
    head,
    begunAtMs,
    keys,
  }: {
    readonly after: Key | null;
    readonly head: number;
    readonly begunAtMs: number;
    readonly keys: PersonKeys;
  },
): Swept {
  const rows = rowsAfter(db, DETECTIONS, ['body'], after);
  const sums = { removed: 0, texts: 0 };
  for (const row of rows) {
    const body = String(row['body']);
    const entry = detectionIn(body);
    const seq = Number(row['seq']);
    if (entry && person.isEntry(entry)) {
      if (seq > head && beganAtMs(entry) > begunAtMs) continue;
      holds.keepErased([{ seq, body }], keys);
      change(db, DETECTIONS, row, null);
      sums.removed++;
      continue;
    }
    const clean = person.finder.withoutInJson(body);
    if (clean === body) continue;
    change(db, DETECTIONS, row, { body: clean });
    // As long as it stands in the log, it was counted there.
    if (!log.read(seq)) sums.texts++;
  }
  return { next: endOf(DETECTIONS, rows), ...sums };
}

/** Windows that are grouped by the person go; what windows count of them goes out of the others. */
export function eraseWindows(db: Database, turn: 0 | 1, person: ErasedPerson, after: Key | null): Swept {
  const table = { name: `windows_${turn}`, keys: ['rule', 'key'] };
  const rows = rowsAfter(db, table, ['state'], after);
  const names = [...person.names.ids, ...person.names.emails, ...person.keys];
  let removed = 0;
  for (const row of rows) {
    const state = String(row['state']);
    const left = groupOf(String(row['key'])).some((value) => person.isName(value))
      ? null
      : stateWithout(state, person, names);
    if (left === state) continue;
    change(db, table, row, left === null ? null : { state: left });
    removed++;
  }
  return { next: endOf(table, rows), removed, texts: 0 };
}

function stateWithout(text: string, person: ErasedPerson, names: readonly string[]): string | null {
  const state = windowStateIn(text);
  if (!state || 'times' in state) return text;
  const left = windowWithout(
    state,
    // An earlier release counted addresses with their capitals.
    (value) => isCountedName(value, names) || isCountedName(value.toLowerCase(), person.names.emails),
  );
  const ids = left && withoutNamedIds(left, person);
  if (!ids) return null;
  return ids === state ? text : JSON.stringify(ids);
}

/** An id is what its sender chose: it may hold a name. */
function withoutNamedIds(state: StoredWindow, { finder }: ErasedPerson): StoredWindow {
  const { ids, spent = [] } = state;
  if (![...ids, ...spent].some((id) => finder.isIn(id))) return state;
  return { ...state, ...finder.cleaned({ ids, spent }) };
}

function groupOf(key: string): readonly string[] {
  const values = jsonIn(key);
  return Array.isArray(values) ? values.map(String) : [];
}

/** Ids of events by which these are known when they come again, where they hold the name. */
export function eraseSeen(db: Database, period: number, person: ErasedPerson, after: Key | null): Swept {
  const table = { name: `seen_${period}`, keys: ['key'] };
  if (!db.hasTable(table.name)) return { next: null, removed: 0, texts: 0 };
  const rows = rowsAfter(db, table, [], after);
  for (const row of rows) if (person.finder.isIn(String(row['key']))) change(db, table, row, null);
  return { next: endOf(table, rows), removed: 0, texts: 0 };
}

interface TextTable extends Table {
  readonly json?: readonly string[];
  readonly ids?: readonly string[];
  readonly plain?: readonly string[];
}

/** Texts that the relay keeps for people, or for itself, beside the entries. `ids` are ids of events, `json` anything as JSON. */
const TEXTS: readonly TextTable[] = [
  { name: 'dead_letters', keys: ['id'], ids: ['event_id'], plain: ['excerpt'] },
  { name: 'findings', keys: ['id'], json: ['body'] },
  { name: 'notice_marks', keys: ['key'], json: ['mark'] },
  { name: 'rollups', keys: ['hour', 'dimension'], json: ['counts'] },
  { name: 'digests', keys: ['period'], json: ['told', 'late'] },
  { name: 'channel_memory', keys: ['lane', 'key'], json: ['value'] },
  { name: 'lane_history', keys: ['lane'], json: ['spans'] },
  { name: 'rule_changes', keys: ['id'], json: ['changes'] },
  { name: 'audit', keys: ['id'], json: ['detail'] },
];
export const TEXT_TABLES = TEXTS.length;

/** The names go out of one of these tables. */
export function eraseTexts(db: Database, place: number, person: ErasedPerson, after: Key | null): Swept {
  const table = TEXTS[place];
  if (!table) return { next: null, removed: 0, texts: 0 };
  const finder = table.name === 'audit' ? person.rawFinder : person.finder;
  const { json = [], ids = [], plain = [] } = table;
  const rows = rowsAfter(db, table, [...json, ...ids, ...plain], after);
  for (const row of rows) {
    const set: Record<string, string> = {};
    for (const column of [...json, ...ids, ...plain]) {
      const text = row[column];
      if (typeof text !== 'string' || !finder.isIn(text)) continue;
      if (ids.includes(column)) set[column] = finder.cleaned({ id: text }).id;
      else
        set[column] =
          json.includes(column) && jsonIn(text) !== undefined
            ? finder.withoutInJson(text)
            : finder.without(text);
    }
    // A mark whose own key names somebody says nothing that is not told again.
    if (table.name === 'notice_marks' && finder.isIn(String(row['key']))) change(db, table, row, null);
    else if (Object.keys(set).length > 0) change(db, table, row, set);
  }
  return { next: endOf(table, rows), removed: 0, texts: 0 };
}

const HELD: Table = { name: 'held_entries', keys: ['hold', 'seq'] };

/** Holds whose copies name the person: they are changed by nobody. */
export function holdsNaming(db: Database, { finder }: ErasedPerson, after: Key | null) {
  const rows = rowsAfter(db, HELD, ['body'], after);
  const naming = rows.filter((row) => finder.isIn(String(row['body'])));
  return { holds: new Set(naming.map((row) => Number(row['hold']))), next: endOf(HELD, rows) };
}

/** What a turn of the search for raw names has seen: users of detections, and what windows are grouped by. */
export function detectionUsers(db: Database, after: Key | null) {
  const rows = rowsAfter(db, DETECTIONS, ['body'], after);
  const users = rows.flatMap((row) => detectionIn(String(row['body']))?.user ?? []);
  return { users, next: endOf(DETECTIONS, rows) };
}

export function windowGroups(db: Database, turn: 0 | 1, after: Key | null) {
  const table = { name: `windows_${turn}`, keys: ['rule', 'key'] };
  const rows = rowsAfter(db, table, [], after);
  return { values: rows.flatMap((row) => groupOf(String(row['key']))), next: endOf(table, rows) };
}
