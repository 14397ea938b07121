/**
 * Which rules a saved config changed, and how: the table `rule_changes`, a row per version of the config that changes what rules do.
 * Bounded, whatever is changed. Names no person but who saved it: what a rule compares a person's field with is left out.
 */

import { HIDDEN_VALUE, isPersonalKey } from '../domain/personal-fields.ts';
import type { Actor } from '../domain/principal.ts';
import type { RuleChange } from '../domain/rule-views.ts';
import type { Database } from '../lib/database.ts';
import { isRecord } from '../lib/record.ts';
import type { Rule } from '../rules/rule.ts';
import { type NoteDropped, UNNOTED } from './retention-notes.ts';
import { readMeta, writeMeta } from './schema.ts';

/** UTF-16 units of one value, and of all values of a row. */
const VALUE_LENGTH_MAX = 200;
const VALUES_LENGTH_MAX = 64 * 1024;
/** In the name of a part: one of the rule's selections. */
const SELECTION = 'selection ';
/** Rows that go in one run. */
const DROPPED_MAX = 500;
/** The meta key of the next row's id: the newest may have gone. */
const NEXT_CHANGE = 'next_rule_change';

type Changes = RuleChange['changes'];
type Part = Changes[number]['parts'][number];

/** What is different between two sets of rules. Rules are told apart by their ids. */
export function ruleChanges(before: readonly Rule[], after: readonly Rule[]): Changes {
  const earlier = new Map(before.map((rule) => [rule.id, rule]));
  const later = new Set(after.map(({ id }) => id));
  const changes = [
    ...after.map((rule) => {
      const old = earlier.get(rule.id);
      const change = old ? ('changed' as const) : ('added' as const);
      return { rule: rule.name, change, parts: old ? differences(partsOf(old), partsOf(rule)) : [] };
    }),
    ...before
      .filter(({ id }) => !later.has(id))
      .map(({ name }) => ({ rule: name, change: 'removed' as const, parts: [] })),
  ].filter(({ change, parts }) => change !== 'changed' || parts.length > 0);
  return bounded(changes);
}

/** Call inside the transaction of the config. */
export function writeRuleChanges(
  db: Database,
  changes: Changes,
  { version, actor, nowMs }: { version: number; actor: Actor | undefined; nowMs: number },
): void {
  if (changes.length === 0) return;
  db.run(
    'INSERT INTO rule_changes (id, at, version, actor, reason, changes) VALUES (?, ?, ?, ?, ?, ?)',
    nextId(db),
    nowMs,
    version,
    actor?.by ?? 'unknown',
    actor?.reason ?? null,
    JSON.stringify(changes),
  );
}

/** When the oldest was made; undefined: there is none. */
export function oldestRuleChangeMs(db: Database): number | undefined {
  return db.first<{ at: number }>('SELECT at FROM rule_changes ORDER BY id LIMIT 1')?.at;
}

/** Drops what is older than a time. An id that was given out never comes again. */
export function dropRuleChanges(db: Database, beforeMs: number, note: NoteDropped = UNNOTED): void {
  const oldestMs = oldestRuleChangeMs(db);
  if (oldestMs === undefined || oldestMs >= beforeMs) return;
  db.transaction(() => {
    writeMeta(db, NEXT_CHANGE, nextId(db));
    const dropped = db.run(
      'DELETE FROM rule_changes WHERE id IN (SELECT id FROM rule_changes WHERE at < ? ORDER BY id LIMIT ?)',
      beforeMs,
      DROPPED_MAX,
    );
    note(dropped, beforeMs);
  });
}

function nextId(db: Database): number {
  const newest = db.first<{ id: number | null }>('SELECT MAX(id) AS id FROM rule_changes')?.id ?? 0;
  return Math.max(newest + 1, readMeta(db, NEXT_CHANGE) ?? 1);
}

/** A rule, part by part, as people write them. */
function partsOf(rule: Rule): Readonly<Record<string, unknown>> {
  const { document } = rule;
  const { custom: _, ...rest } = document;
  const shared = {
    name: rule.name,
    title: rule.title,
    level: rule.level,
    source: rule.source,
    enabled: rule.isEnabled,
    alerts: rule.alerts,
    dry_run: rule.isDryRun,
    respond: rule.respond,
    playbook: rule.playbook,
    watch_ms: rule.watchMs,
    suppress_ms: rule.suppressMs,
    after_alert: rule.afterAlert,
  };
  if (rest.kind === 'rule') {
    const { selections, level: _level, title: _title, name: _name, ...definition } = rest;
    const lists = Object.fromEntries(
      Object.entries(selections).map(([name, selection]) => [`${SELECTION}${name}`, selection]),
    );
    return { ...shared, ...lists, ...definition };
  }
  const { bounds, timespanMs, level: _level, title: _title, name: _name, ...definition } = rest;
  return { ...shared, threshold: bounds, timespan_ms: timespanMs, ...definition };
}

function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Part[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((part) => {
    if (JSON.stringify(before[part]) === JSON.stringify(after[part])) return [];
    const [from, to] = [shown(part, before[part]), shown(part, after[part])];
    return [{ part, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
  });
}

/** As JSON, without the persons that a selection may name: those of their fields, and keywords, which may be anybody. */
function shown(part: string, value: unknown): string | undefined {
  const isSelection = part.startsWith(SELECTION);
  const withoutPersons = (holder: unknown, isField: boolean): unknown => {
    if (Array.isArray(holder)) return holder.map((one) => withoutPersons(one, isField));
    if (!isRecord(holder)) return isField ? holder : HIDDEN_VALUE;
    const fields = Object.entries(holder).map(([key, held]) => [
      key,
      withoutPersons(held, key.split('|')[0] !== '' && !isPersonalKey(key)),
    ]);
    return Object.fromEntries(fields) as unknown;
  };
  return JSON.stringify(isSelection && value !== undefined ? withoutPersons(value, false) : value);
}

/** Values are cut, and left out where a row would have too many. */
function bounded(changes: Changes): Changes {
  let left = VALUES_LENGTH_MAX;
  const cut = (value: string | undefined): string | undefined => {
    if (value === undefined) return undefined;
    const short = value.length > VALUE_LENGTH_MAX ? `${value.slice(0, VALUE_LENGTH_MAX)}…` : value;
    left -= short.length;
    return left < 0 ? undefined : short;
  };
  return changes.map(({ parts, ...change }) => ({
    ...change,
    parts: parts.map(({ part, from, to }) => {
      const [cutFrom, cutTo] = [cut(from), cut(to)];
      return {
        part,
        ...(cutFrom !== undefined && { from: cutFrom }),
        ...(cutTo !== undefined && { to: cutTo }),
      };
    }),
  }));
}
