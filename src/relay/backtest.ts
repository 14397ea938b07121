/**
 * One run of rules over stored events, as far as it has come: windows in memory, and what was found, by rule.
 * No I/O. Bounded in memory, whatever the log holds: what is given up for that is counted.
 */

import type { WindowState } from '../detection/correlation.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { BacktestReport } from '../domain/rule-views.ts';
import type { Verdict } from '../domain/verdict.ts';
import { isFromNoxys } from '../domain/wanted.ts';
import { type RuleEngine, compileRules } from '../rules/evaluate.ts';
import type { Found, Rule, WindowPort } from '../rules/rule.ts';
import { rulesByName, rulesInOrder } from '../rules/rule-order.ts';
import { eventView } from './event-view.ts';
import type { LogEntry } from './log.ts';
import type { PersonKeys } from './person-keys.ts';

/** Groups of all rules that are counted at once, and what is counted in them: some 30 MB. The one that was written longest ago goes first. */
const WINDOWS_MAX = 20_000;
const COUNTED_MAX = 1_000_000;
/** Users of one rule that are told apart; those who come later are in its hits alone. */
const USERS_MAX = 10_000;
const TOP_USERS = 10;
const SAMPLES_MAX = 5;
/** A rule that counts costs so many that do not: some 100 µs of an event whose window is full (measured 2026-11 in workerd). */
const COUNTING_COST = 20;

/** By a rule's id or name, by the id of an event: what an analyst found the detection to be. */
export type Marks = ReadonlyMap<string, ReadonlyMap<string, Verdict>>;
type User = NonNullable<CanonicalEvent['user']>;
type RuleReport = BacktestReport['rules'][number];

interface Tally {
  readonly rule: Rule;
  hits: number;
  readonly perDay: Map<string, number>;
  /** By the user as they are stored. */
  readonly users: Map<string, { readonly user: User; hits: number }>;
  markedFalse: number;
  markedTrue: number;
  failures: number;
  samples: { readonly entry: LogEntry; readonly count: number }[];
}

export interface BacktestInput {
  /** All that may be referred to. */
  readonly rules: readonly Rule[];
  /** Those that are asked for: run as if they were on. */
  readonly isAsked: (rule: Rule) => boolean;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly marks: Marks;
}

export class Backtest {
  readonly #engine: RuleEngine;
  /** What an event costs, in rules that do not count. */
  readonly eventCost: number;
  readonly #windows = new MemoryWindows();
  readonly #tallies: ReadonlyMap<string, Tally>;
  readonly #input: BacktestInput;

  constructor(input: BacktestInput) {
    const asked = input.rules.filter((rule) => input.isAsked(rule));
    const ids = new Set(asked.map(({ id }) => id));
    this.#input = input;
    const rules = input.rules.map((rule) => ({ ...rule, isEnabled: true, alerts: ids.has(rule.id) }));
    this.#engine = compileRules(rules);
    const costs = rulesInOrder(rules, rulesByName(rules)).map(({ document }) =>
      document.kind === 'correlation' ? COUNTING_COST : 1,
    );
    this.eventCost = costs.reduce((sum, cost) => sum + cost, 0);
    this.#tallies = new Map(asked.map((rule) => [rule.id, tallyOf(rule)]));
  }

  /** How long before `since` events still count. */
  get longestWindowMs(): number {
    return this.#engine.longestWindowMs;
  }

  /** The next entry of the log. */
  take(entry: LogEntry): void {
    const { event } = entry;
    if (!isFromNoxys(event)) return;
    const { sinceMs, untilMs } = this.#input;
    const receivedAtMs = Date.parse(event.receivedAt);
    if (receivedAtMs >= untilMs) return;
    const { found, failures } = this.#engine.evaluate(event, this.#windows, receivedAtMs);
    if (receivedAtMs < sinceMs) return;
    for (const hit of found) this.#count(hit, entry);
    for (const { rule } of failures) {
      const tally = this.#tallies.get(rule);
      if (tally) tally.failures++;
    }
  }

  report(keys: PersonKeys, showsPersons: boolean): Pick<BacktestReport, 'rules' | 'forgottenWindows'> {
    return {
      rules: [...this.#tallies.values()].map((tally) => reportOf(tally, keys, showsPersons)),
      forgottenWindows: this.#windows.forgotten,
    };
  }

  #count(hit: Found, entry: LogEntry): void {
    const tally = this.#tallies.get(hit.rule.id);
    if (!tally) return;
    const { user, occurredAt } = entry.event;
    tally.hits++;
    const day = occurredAt.slice(0, 10);
    tally.perDay.set(day, (tally.perDay.get(day) ?? 0) + 1);
    if (user) countUser(tally, user);
    const mark = this.#markOf(hit);
    if (mark === 'true_positive') tally.markedTrue++;
    if (mark === 'false_positive') tally.markedFalse++;
    tally.samples = [{ entry, count: hit.count }, ...tally.samples]
      .toSorted((a, b) => happenedMs(b) - happenedMs(a))
      .slice(0, SAMPLES_MAX);
  }

  /** Of a detection of the rule, or of one of its name, that was about some of the same events. */
  #markOf({ rule, eventIds }: Found): Verdict | undefined {
    const { marks } = this.#input;
    for (const known of [marks.get(rule.id), marks.get(rule.name)])
      for (const id of known ? eventIds.toReversed() : []) {
        const mark = known?.get(id);
        if (mark) return mark;
      }
    return undefined;
  }
}

function happenedMs({ entry }: Tally['samples'][number]): number {
  return Date.parse(entry.event.occurredAt);
}

/** The windows of a run. Each write adds no more than one event to a window. */
class MemoryWindows implements WindowPort {
  readonly #kept = new Map<string, { readonly state: WindowState; readonly counted: number }>();
  #counted = 0;
  forgotten = 0;

  get(rule: string, key: string): WindowState | undefined {
    return this.#kept.get(nameOf(rule, key))?.state;
  }

  put(rule: string, key: string, state: WindowState): void {
    const name = nameOf(rule, key);
    const counted = (this.#kept.get(name)?.counted ?? 0) + 1;
    this.#kept.delete(name);
    this.#kept.set(name, { state, counted });
    this.#counted++;
    while (this.#kept.size > 1 && (this.#kept.size > WINDOWS_MAX || this.#counted > COUNTED_MAX))
      this.#forget();
  }

  #forget(): void {
    const [[name, { counted }] = ['', { counted: 0 }]] = this.#kept;
    this.#kept.delete(name);
    this.#counted -= counted;
    this.forgotten++;
  }
}

function nameOf(rule: string, key: string): string {
  return `${rule}\n${key}`;
}

function tallyOf(rule: Rule): Tally {
  return {
    rule,
    hits: 0,
    perDay: new Map(),
    users: new Map(),
    markedFalse: 0,
    markedTrue: 0,
    failures: 0,
    samples: [],
  };
}

function countUser({ users }: Tally, user: User): void {
  const name = JSON.stringify([user.id, user.email]);
  const known = users.get(name);
  if (known) known.hits++;
  else if (users.size < USERS_MAX) users.set(name, { user, hits: 1 });
}

function reportOf(tally: Tally, keys: PersonKeys, showsPersons: boolean): RuleReport {
  const { rule, hits, perDay, users, markedFalse, markedTrue, failures, samples } = tally;
  const top = [...users.values()].toSorted((a, b) => b.hits - a.hits).slice(0, TOP_USERS);
  return {
    rule: rule.name,
    title: rule.title,
    hits,
    perDay: Object.fromEntries([...perDay].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    topUsers: top.flatMap(({ user, hits: count }) => {
      const shown = showsPersons ? (user.id ?? user.email) : keys.ofUser(user);
      return shown === undefined ? [] : [{ user: shown, hits: count }];
    }),
    markedFalse,
    markedTrue,
    failures,
    samples: samples.map(({ entry, count }) => ({
      eventId: eventView(entry, keys, showsPersons).id,
      at: entry.event.occurredAt,
      count,
    })),
  };
}
