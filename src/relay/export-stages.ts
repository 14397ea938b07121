/**
 * What is stored of a person, kind by kind, each in an order that a later page goes on in: the rows of a kind after a place, and what each
 * is of the person, if anything. Reads only. Values of others that stand in a row of the person's are `…`.
 */

import { listOf } from '../detection/window-value.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { LEFT_OUT } from '../domain/personal-fields.ts';
import type { ExportItem } from '../domain/rights.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Database } from '../lib/database.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import type { Rule } from '../rules/rule.ts';
import { ruleOfWindow } from '../rules/rule-order.ts';
import { groupOfKey } from '../rules/window-key.ts';
import { detectionIn } from './detection-store.ts';
import { type NamesByKey, nameItems } from './export-names.ts';
import type { EventLog } from './log.ts';
import type { Person } from './person.ts';
import { readMeta } from './schema.ts';
import { windowStateIn } from './window-store.ts';

/** In this order. */
export const STAGES = ['known', 'audit', 'windows', 'letters', 'detections', 'events', 'held'] as const;
export type Stage = (typeof STAGES)[number];
/** After which row of a stage: its columns of order. */
export type At = readonly (number | string)[];

export interface StageParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly person: Person;
  /** As they were opened for the first page. */
  readonly names: NamesByKey;
  readonly config: SealedTenantConfig;
  readonly rules: readonly Rule[];
  /** The newest entry of the log when the export began: it ends there. */
  readonly head: number;
}

export interface Row {
  readonly at: At;
  readonly items: readonly ExportItem[];
}

type Rows = (parts: StageParts, after: At, rowsMax: number) => Iterable<Row>;

/** The rows of each stage after a place. */
export const ROWS_OF: Readonly<Record<Stage, Rows>> = {
  known: (parts, [after = 0]) => (Number(after) > 0 ? [] : [{ at: [1], items: [...knownOf(parts)] }]),
  audit: auditOf,
  windows: windowsOf,
  letters: lettersOf,
  detections: detectionsOf,
  events: eventsOf,
  held: heldOf,
};

/** Their keys, the names that the sealed map holds, and the few rows that are looked through at once: who is watched, and the config's devices. */
function* knownOf({ db, person, names, config }: StageParts): Generator<ExportItem> {
  for (const key of person.keys) yield { kind: 'key', key };
  yield* nameItems(db, names);
  const sql = 'SELECT user, since, until FROM watched_users ORDER BY user';
  for (const { user, since, until } of db.all<{ user: string; since: number; until: number }>(sql))
    if (person.isNamed(user)) yield { kind: 'watch', since: isoOf(since), until: isoOf(until) };
  for (const [user, hostname] of Object.entries(config.device_map))
    if (person.isNamed(user) || person.isNamed(user.toLowerCase())) yield { kind: 'device', hostname };
}

function* auditOf({ db, person }: StageParts, [after = 0]: At, rowsMax: number): Generator<Row> {
  const rows = db.all<{ id: number; at: number; action: string; detail: string }>(
    'SELECT id, at, action, detail FROM audit WHERE id > ? ORDER BY id LIMIT ?',
    after,
    rowsMax,
  );
  for (const { id, at, action, detail } of rows) {
    const isTheirs = person.keys.some((key) => detail.includes(JSON.stringify(key)));
    yield { at: [id], items: isTheirs ? [{ kind: 'audit', at: isoOf(at), action }] : [] };
  }
}

/** Of both tables, a window that is in both once: as the current one has it. */
function* windowsOf(
  { db, person, rules }: StageParts,
  [rule = '', key = '']: At,
  rowsMax: number,
): Generator<Row> {
  const turn = readMeta(db, 'windows_turn') === 1 ? 1 : 0;
  const [current, older] = [`windows_${turn}`, `windows_${1 - turn}`];
  const rows = db.all<{ rule: string; key: string; state: string }>(
    `SELECT rule, key, state FROM ${current} WHERE (rule, key) > (?, ?)
      UNION ALL SELECT rule, key, state FROM ${older} AS o WHERE (rule, key) > (?, ?)
      AND NOT EXISTS (SELECT 1 FROM ${current} AS c WHERE c.rule = o.rule AND c.key = o.key)
      ORDER BY rule, key LIMIT ?`,
    rule,
    key,
    rule,
    key,
    rowsMax,
  );
  for (const row of rows) {
    const item = windowOf(row, person, rules);
    yield { at: [row.rule, row.key], items: item ? [item] : [] };
  }
}

/** Undefined: it is neither grouped by the person, nor do they count in it. */
function windowOf(
  row: { readonly rule: string; readonly key: string; readonly state: string },
  person: Person,
  rules: readonly Rule[],
): ExportItem | undefined {
  const group = groupOf(row, rules);
  const state = windowStateIn(row.state);
  const isTheirs = Object.values(group).some((value) => person.isNamed(value));
  const counted = (state?.values ?? []).filter((kept) =>
    listOf(kept).some((value) => namesIn(value).some((name) => person.isNamed(name))),
  );
  if (!isTheirs && counted.length === 0) return undefined;
  // Grouped by somebody or something else: what that is may name another.
  const shown = isTheirs ? group : Object.fromEntries(Object.keys(group).map((name) => [name, LEFT_OUT]));
  const count = isTheirs ? timesIn(row.state) : counted.length;
  return { kind: 'window', rule: ruleNameOf(row.rule, rules), group: shown, count };
}

/** Values of several fields are one text: a JSON list. */
function namesIn(value: unknown): readonly string[] {
  const parts = typeof value === 'string' && value.startsWith('[') ? jsonIn(value) : undefined;
  return [value, ...(Array.isArray(parts) ? (parts as unknown[]) : [])].flatMap((part) =>
    typeof part === 'string' ? [part] : [],
  );
}

/** How many entries are counted. */
function timesIn(text: string): number {
  const state = jsonIn(text);
  const gaps = isRecord(state) ? state['gaps'] : undefined;
  return Array.isArray(gaps) ? gaps.length : 0;
}

/** By field; by place, where the config has the rule no more. */
function groupOf(
  { rule: windowId, key }: { readonly rule: string; readonly key: string },
  rules: readonly Rule[],
): Readonly<Record<string, string>> {
  const rule = rules.find(({ id }) => id === ruleOfWindow(windowId));
  const named = rule ? groupOfKey(rule, key) : {};
  if (Object.keys(named).length > 0) return named;
  const values = jsonIn(key);
  return Object.fromEntries(
    (Array.isArray(values) ? (values as unknown[]) : [key]).map((value, at) => [
      String(at + 1),
      String(value),
    ]),
  );
}

function ruleNameOf(windowId: string, rules: readonly Rule[]): string {
  const id = ruleOfWindow(windowId);
  return rules.find((rule) => rule.id === id)?.name ?? id;
}

/** A letter refers to its entry in the log, and goes with it. */
function* lettersOf({ db, log, person }: StageParts, [after = 0]: At, rowsMax: number): Generator<Row> {
  const rows = db.all<LetterRow & { id: number; seq: number }>(
    'SELECT id, seq, lane, event_id AS eventId, reason, at, excerpt FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?',
    after,
    rowsMax,
  );
  for (const { id, seq, ...letter } of rows) {
    const entry = log.read(seq);
    yield { at: [id], items: entry && person.isIn(entry.event) ? [letterItem(letter)] : [] };
  }
}

type LetterRow = { lane: string; eventId: string; reason: string; at: number; excerpt: string };

function letterItem({ lane, eventId, reason, at, excerpt }: LetterRow): ExportItem {
  return { kind: 'dead_letter', lane, eventId, reason, at: isoOf(at), excerpt };
}

function* detectionsOf({ db, person, head }: StageParts, [after = 0]: At, rowsMax: number): Generator<Row> {
  const rows = db.all<{ seq: number; verdict: string | null; body: string }>(
    'SELECT seq, verdict, body FROM detections WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
    after,
    head,
    rowsMax,
  );
  for (const { seq, verdict, body } of rows) {
    const event = detectionIn(body);
    const isTheirs = event && person.isIn(event);
    yield { at: [seq], items: isTheirs ? [{ kind: 'detection', event, ...verdictOf(verdict) }] : [] };
  }
}

/** Entries that the relay made for its own lanes are among them: that of a verdict has its detection's user. */
function* eventsOf({ db, log, person, head }: StageParts, [after = 0]: At, rowsMax: number): Generator<Row> {
  let left = rowsMax;
  for (const period of log.periods) {
    if (!period.hasEvents || log.lastSeqOf(period) <= Number(after) || left <= 0) continue;
    const rows = db.all<{ seq: number; body: string; isDetection: number }>(
      `SELECT seq, body, EXISTS (SELECT 1 FROM detections AS d WHERE d.seq = e.seq) AS isDetection
        FROM events_${period.n} AS e WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
      after,
      head,
      left,
    );
    left -= rows.length;
    for (const { seq, body, isDetection } of rows) {
      const event = entryIn(body);
      const isTheirs = event && isDetection === 0 && person.isIn(event);
      yield { at: [seq], items: isTheirs ? [{ kind: 'event', event }] : [] };
    }
  }
}

/** Copies of entries, and below zero of dead letters. */
function* heldOf({ db, person }: StageParts, [hold = 0, after]: At, rowsMax: number): Generator<Row> {
  const rows = db.all<HeldRow>(
    'SELECT hold, seq, body, verdict FROM held_entries WHERE (hold, seq) > (?, ?) ORDER BY hold, seq LIMIT ?',
    hold,
    after ?? -Number.MAX_SAFE_INTEGER,
    rowsMax,
  );
  for (const row of rows) yield { at: [row.hold, row.seq], items: [...heldItems(row, person)] };
}

type HeldRow = { hold: number; seq: number; body: string; verdict: string | null };

function* heldItems({ hold, seq, body, verdict }: HeldRow, person: Person): Generator<ExportItem> {
  const held = jsonIn(body);
  if (!isRecord(held)) return;
  if (seq < 0) {
    const { entry, ...letter } = held as unknown as LetterRow & { readonly entry: unknown };
    if (isRecord(entry) && person.isIn(entry)) yield letterItem(letter);
    return;
  }
  const event = held as unknown as CanonicalEvent;
  if (person.isIn(event)) yield { kind: 'held', hold, event, ...verdictOf(verdict) };
}

function entryIn(body: string): CanonicalEvent | undefined {
  const entry = jsonIn(body);
  return isRecord(entry) ? (entry as unknown as CanonicalEvent) : undefined;
}

function verdictOf(verdict: string | null): { readonly verdict?: Verdict } {
  return verdict === null ? {} : { verdict: verdict as Verdict };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
