/**
 * The windows of a tenant's rules: one row per rule and group, in two tables that take turns. What is counted is written to the current
 * one and read from both, so that a group that nobody counts any more goes with its table: dropping one writes no row per group.
 * Of a window's state it knows no more than whether it is one.
 */

import type { WindowState } from '../detection/correlation.ts';
import { OVERFLOW_AGE_MS_MAX } from '../domain/deduplication.ts';
import { encodeUtf8 } from '../lib/bytes.ts';
import type { Database } from '../lib/database.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import type { RuleFailure, WindowPort } from '../rules/rule.ts';
import { ruleOfWindow } from '../rules/rule-order.ts';
import { type NoteDropped, UNNOTED } from './retention-notes.ts';
import { MIGRATIONS, readMeta, writeMeta } from './schema.ts';

const DAY_MS = 24 * 3_600_000;
/** An event may come as late as overflow does: its window is kept for a day longer than that. */
const LATE_MS = OVERFLOW_AGE_MS_MAX + DAY_MS;
const TURN_MS_MIN = LATE_MS + DAY_MS;
/** A row holds 2 MB: what is longer would keep the events themselves from being stored. */
const STATE_BYTES_MAX = 1_900_000;
/** Meta keys: which of the two tables is written to, and since when. */
const TURN = 'windows_turn';
const TURNED_AT = 'windows_turned_at';

type Turn = 0 | 1;

export class WindowStore {
  readonly #db: Database;
  #turn: Turn = 0;
  #turnedAtMs: number | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  load(): void {
    this.#turn = readMeta(this.#db, TURN) === 1 ? 1 : 0;
    this.#turnedAtMs = readMeta(this.#db, TURNED_AT);
  }

  /** The windows of one transaction: each is read once, and written once, by `write`. */
  batch(): WindowBatch {
    return new WindowBatch({
      read: (rule, key) =>
        this.#read(this.#turn, rule, key) ?? this.#read(this.#turn === 0 ? 1 : 0, rule, key),
      write: (rule, key, state) => this.#write(rule, key, state),
      drop: (rule, key) => this.#drop(rule, key),
    });
  }

  /**
   * Has the tables take turns, once all that the older one holds is too old to count. `longestMs`: of the windows, and of how long a
   * rule is silent.
   */
  turn(longestMs: number, nowMs: number, note: NoteDropped = UNNOTED): void {
    const dueAtMs = this.dueAtMs(longestMs);
    if (dueAtMs === null) return;
    // A clock that has gone back begins anew.
    if (this.#turnedAtMs === undefined || this.#turnedAtMs > nowMs) this.#noteTurned(this.#turn, nowMs);
    else if (dueAtMs <= nowMs) this.#turnNow(this.#turn === 0 ? 1 : 0, nowMs, note);
  }

  /** When `turn` is next due; null when there is nothing to drop. */
  dueAtMs(longestMs: number): number | null {
    const sql = 'SELECT 1 WHERE EXISTS (SELECT 1 FROM windows_0) OR EXISTS (SELECT 1 FROM windows_1)';
    if (this.#db.first(sql) === undefined) return null;
    return this.#turnedAtMs === undefined ? 0 : this.#turnedAtMs + Math.max(longestMs + LATE_MS, TURN_MS_MIN);
  }

  #turnNow(turn: Turn, nowMs: number, note: NoteDropped): void {
    this.#db.transaction(() => {
      note(this.#isEmpty(turn) ? 0 : 1, this.#turnedAtMs ?? nowMs);
      this.#db.run(`DROP TABLE windows_${turn}`);
      this.#db.run(definitionOf(turn));
      this.#noteTurned(turn, nowMs);
    });
  }

  /** Since when what is in a table was written, at the earliest, and when it goes at the latest; undefined: there is none. */
  age(longestMs: number): { readonly oldestAtMs: number; readonly goesByMs: number } | undefined {
    const dueAtMs = this.dueAtMs(longestMs);
    if (dueAtMs === null || this.#turnedAtMs === undefined) return undefined;
    const turnMs = dueAtMs - this.#turnedAtMs;
    if (this.#isEmpty(this.#turn === 0 ? 1 : 0))
      return { oldestAtMs: this.#turnedAtMs, goesByMs: dueAtMs + turnMs };
    return { oldestAtMs: this.#turnedAtMs - turnMs, goesByMs: dueAtMs };
  }

  #isEmpty(turn: Turn): boolean {
    return this.#db.first(`SELECT 1 FROM windows_${turn} LIMIT 1`) === undefined;
  }

  #noteTurned(turn: Turn, atMs: number): void {
    writeMeta(this.#db, TURN, turn);
    writeMeta(this.#db, TURNED_AT, atMs);
    this.#turn = turn;
    this.#turnedAtMs = atMs;
  }

  #read(turn: Turn, rule: string, key: string): string | undefined {
    const sql = `SELECT state FROM windows_${turn} WHERE rule = ? AND key = ?`;
    return this.#db.first<{ state: string }>(sql, rule, key)?.state;
  }

  #write(rule: string, key: string, state: string): void {
    this.#db.run(
      `INSERT INTO windows_${this.#turn} (rule, key, state) VALUES (?, ?, ?) ON CONFLICT (rule, key) DO UPDATE SET state = excluded.state`,
      rule,
      key,
      state,
    );
  }

  #drop(rule: string, key: string): void {
    for (const turn of [0, 1])
      this.#db.run(`DELETE FROM windows_${turn} WHERE rule = ? AND key = ?`, rule, key);
  }
}

interface Rows {
  read(rule: string, key: string): string | undefined;
  write(rule: string, key: string, state: string): void;
  drop(rule: string, key: string): void;
}

interface Kept {
  readonly rule: string;
  readonly key: string;
  readonly state: WindowState | undefined;
  readonly isNew: boolean;
}

/** Windows of one transaction, in memory until they are written. */
export class WindowBatch implements WindowPort {
  readonly #rows: Rows;
  readonly #kept = new Map<string, Kept>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** Throws when the row can't be read; the window is then gone, so that its rule fails once, and counts anew from there. */
  get(rule: string, key: string): WindowState | undefined {
    const name = nameOf(rule, key);
    const kept = this.#kept.get(name);
    if (kept) return kept.state;
    const text = this.#rows.read(rule, key);
    const state = text === undefined ? undefined : windowStateIn(text);
    this.#kept.set(name, { rule, key, state, isNew: false });
    if (text === undefined || state) return state;
    this.#rows.drop(rule, key);
    throw new Error('Cannot go on with a window as its row must hold one: it does not');
  }

  put(rule: string, key: string, state: WindowState): void {
    this.#kept.set(nameOf(rule, key), { rule, key, state, isNew: true });
  }

  /** Writes what was put: one row for each window. One that no row can hold is gone, so that its rule fails once, as above. */
  write(): readonly RuleFailure[] {
    const failures: RuleFailure[] = [];
    for (const { rule, key, state, isNew } of this.#kept.values()) {
      if (!isNew || !state) continue;
      const text = JSON.stringify(state);
      if (fits(text)) this.#rows.write(rule, key, text);
      else {
        this.#rows.drop(rule, key);
        const cause = new Error('Cannot keep a window as a row must hold it: it counts too many values');
        failures.push({ rule: ruleOfWindow(rule), cause });
      }
    }
    return failures;
  }
}

function fits(text: string): boolean {
  return text.length * 3 <= STATE_BYTES_MAX || encodeUtf8(text).byteLength <= STATE_BYTES_MAX;
}

function nameOf(rule: string, key: string): string {
  return JSON.stringify([rule, key]);
}

/** Undefined: no window is in it. */
export function windowStateIn(text: string): WindowState | undefined {
  const state = jsonIn(text);
  if (!isRecord(state)) return undefined;
  const { at, gaps, ids, values = [], spent = [], alerts = [] } = state;
  const isWindow = Number.isFinite(at) && [gaps, ids, values, spent, alerts].every(Array.isArray);
  return isWindow ? (state as unknown as WindowState) : undefined;
}

/** As the migration makes it. */
function definitionOf(turn: Turn): string {
  const statements = MIGRATIONS.flatMap((migration) => migration.statements);
  const found = statements.find((statement) => statement.startsWith(`CREATE TABLE windows_${turn} `));
  if (found === undefined) throw new Error('Cannot make a table of windows as a migration must: none does');
  return found;
}
