/**
 * Sigma correlations over sliding windows (t−W, t]: what is kept of a rule and group, and what one more event makes of it.
 * Events may come late and in any order; an event alerts when some window that holds it, and ends at an event seen, meets the condition.
 * Pure: no I/O, no clock, no import from outside this folder.
 */

import type { SigmaCorrelation } from './document.ts';
import { fieldOf } from './field.ts';
import type { SigmaEvent } from './field.ts';
import { textOf } from './values.ts';
import { countedOf, measureOf, meetsOf, placeOf } from './window-value.ts';
import type { Counted, Entry } from './window-value.ts';

/** Clocks that run ahead of ours by more are set to ours. */
const AHEAD_MS_MAX = 5 * 60_000;
/** How much older than the newest an entry may be, beside the timespan: as late as events can come to us. */
const LATE_MS_MAX = 7 * 86_400_000;
/** Entries of a group that are kept at least, and at most however high the bound. */
const ENTRIES_MIN = 500;
const ENTRIES_MAX = 10_000;
/** Values of all entries of a group, where one event may have many: a window is a row of a table, and read for each event. */
const VALUES_MIN = 5_000;
/** Newest entries whose events are known, to count none of them twice and to name them. */
const IDS_MAX = 100;
/** Alerts remembered, against which later and late ones are held. */
const ALERTS_MAX = 16;

/** What is kept of one rule and group: plain JSON, of use to this file alone. */
export interface WindowState {
  /** When the newest came. */
  readonly at: number;
  /** Newest first: how many milliseconds before the one before it. */
  readonly gaps: readonly number[];
  /** Newest first: what is counted of each; one that counts one value, without brackets. Absent where only events are counted. */
  readonly values?: readonly (Counted | readonly Counted[])[];
  /** Newest first. */
  readonly ids: readonly string[];
  /** Newest first: events that counted before a reset. */
  readonly spent?: readonly string[];
  /** Instants of events, in the order in which they alerted. */
  readonly alerts?: readonly number[];
  readonly quietMs?: number;
  /** Entries that gave way as there were too many: beyond them counts are at least what is said. */
  readonly dropped?: number;
}

export interface Occurrence {
  /** Of the event: counted once. */
  readonly id: string;
  readonly atMs: number;
  /** By which the correlation refers to the rule that matched: one of `document.rules`. */
  readonly rule: string;
  readonly event: SigmaEvent;
}

export interface AlertPolicy {
  /** After an alert, in event time, and before it for events that come late. */
  readonly suppressMs: number;
  /** `reset`: what was counted is forgotten, and nothing is silent. */
  readonly afterAlert: 'suppress' | 'reset';
}

export interface Observed {
  readonly state: WindowState;
  /** Of the window that crossed; else of the one that ends at the event. */
  readonly value: number | null;
  readonly crossed: boolean;
  /** Crossed, and neither silent nor counted before. */
  readonly alerts: boolean;
  /** Events in that window; of those whose ids are known, the ids, oldest first. */
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly eventIds: readonly string[];
  /** At the event's own time alone, whatever came later. */
  readonly own: { readonly value: number | null; readonly crossed: boolean };
}

export interface WindowView {
  readonly value: number | null;
  readonly firstAtMs?: number;
  readonly lastAtMs?: number;
  readonly alertedAtMs?: number;
  readonly quietUntilMs?: number;
}

export interface CompiledCorrelation {
  /** The values that the event is counted under; `undefined`: one is missing, so it is not counted. */
  readonly groupOf: (event: SigmaEvent, rule: string) => readonly string[] | undefined;
  readonly observe: (
    state: WindowState | undefined,
    occurrence: Occurrence,
    policy: AlertPolicy,
    nowMs: number,
  ) => Observed;
  /** What the window that ends now comes to. */
  readonly view: (state: WindowState, nowMs: number) => WindowView;
}

/** Oldest first. */
function entriesOf({ at, gaps, values, ids }: WindowState): Entry[] {
  let atMs = at;
  return gaps
    .map((gap, n) => {
      const counted = values?.[n] ?? [];
      return { atMs: (atMs -= gap), values: typeof counted === 'object' ? counted : [counted], id: ids[n] };
    })
    .toReversed();
}

function stateOf(entries: readonly Entry[], hasValues: boolean): WindowState {
  const newestFirst = entries.toReversed();
  const at = newestFirst[0]?.atMs ?? 0;
  return {
    at,
    gaps: newestFirst.map(({ atMs }, n) => (newestFirst[n - 1]?.atMs ?? at) - atMs),
    ids: newestFirst.slice(0, IDS_MAX).map(({ id = '' }) => id),
    ...(hasValues && {
      values: newestFirst.map(({ values }) => (values.length === 1 ? (values[0] ?? []) : values)),
    }),
  };
}

/** The first place whose entry is later. */
function placeAfter(entries: readonly Entry[], atMs: number): number {
  return placeOf(entries.length, (place) => (entries[place]?.atMs ?? 0) <= atMs);
}

/** The oldest whose values all come again later, else the oldest. */
function leastNeeded(entries: readonly Entry[], isDistinct: boolean): number {
  if (!isDistinct) return 0;
  const later = new Set<Counted>();
  let found = 0;
  for (let n = entries.length - 1; n >= 0; n--) {
    const values = entries[n]?.values ?? [];
    if (values.every((value) => later.has(value))) found = n;
    for (const value of values) later.add(value);
  }
  return found;
}

export function compileCorrelation(document: SigmaCorrelation): CompiledCorrelation {
  const { type, rules, timespanMs, groupBy, aliases, bounds } = document;
  const readsOf = new Map(
    rules.map((rule) => [rule, groupBy.map((field) => fieldOf(aliases[field]?.[rule] ?? field))]),
  );
  const counted = countedOf(document);
  const meets = meetsOf(document);
  const isTemporal = type.startsWith('temporal');
  const most = type === 'event_count' || type === 'value_count' ? Math.max(0, ...Object.values(bounds)) : 0;
  const entriesMax = Math.min(ENTRIES_MAX, Math.max(ENTRIES_MIN, 4 * (most + 1)));

  /** The windows that hold the instant and end at an entry; that of the instant itself comes first. */
  function judge(entries: readonly Entry[], atMs: number) {
    const measure = measureOf(document, entries);
    const windowTo = (to: number, endMs: number) => {
      const from = placeAfter(entries, endMs - timespanMs);
      const value = measure(from, to);
      return { from, to, value, crossed: meets(value) };
    };
    const own = windowTo(placeAfter(entries, atMs) - 1, atMs);
    let found = own;
    for (let n = own.to + 1; n < entries.length && !found.crossed; n++) {
      const endMs = entries[n]?.atMs ?? 0;
      if (endMs >= atMs + timespanMs) break;
      if (entries[n + 1]?.atMs !== endMs) found = windowTo(n, endMs);
    }
    return { own, found: found.crossed ? found : own };
  }

  /** What no window can hold any more goes, and then what is least needed; answers how many of the latter. */
  function thin(entries: Entry[]): number {
    entries.splice(0, placeAfter(entries, (entries.at(-1)?.atMs ?? 0) - LATE_MS_MAX - timespanMs));
    let valuesCount = entries.reduce((sum, { values }) => sum + values.length, 0);
    let tooMany = 0;
    for (; entries.length > entriesMax || valuesCount > Math.max(entriesMax, VALUES_MIN); tooMany++) {
      const [least] = entries.splice(leastNeeded(entries, isTemporal || type === 'value_count'), 1);
      valuesCount -= least?.values.length ?? 0;
    }
    return tooMany;
  }

  return {
    groupOf(event, rule) {
      const values = readsOf.get(rule)?.map((read) => textOf(read(event)));
      return values?.every((value) => value !== undefined) ? values : undefined;
    },

    observe(state, { id, atMs: saidAtMs, rule, event }, { suppressMs, afterAlert }, nowMs) {
      const { spent = [], alerts = [], dropped = 0 } = state ?? {};
      const atMs = saidAtMs > nowMs + AHEAD_MS_MAX ? nowMs : saidAtMs;
      const entries = state ? entriesOf(state) : [];
      const values = counted(event, rule);
      const isKnown =
        spent.includes(id) ||
        entries.some((entry) => entry.id === id && (!isTemporal || entry.values[0] === values[0]));
      if (!isKnown) entries.splice(placeAfter(entries, atMs), 0, { atMs, values, id });
      const { own, found } = judge(entries, atMs);
      const crossed = found.crossed && !isKnown;
      const isSilent =
        afterAlert === 'suppress' && alerts.some((alert) => Math.abs(atMs - alert) < suppressMs);
      const isAlert = crossed && !isSilent;
      const held = entries.slice(found.from, found.to + 1);
      const isReset = isAlert && afterAlert === 'reset';
      const used = isReset ? [...entries.flatMap((entry) => entry.id || []).toReversed(), ...spent] : spent;
      const left = isReset ? [] : entries;
      const gone = thin(left) + dropped;
      return {
        state: {
          ...stateOf(left, type !== 'event_count'),
          ...(used.length > 0 && { spent: used.slice(0, IDS_MAX) }),
          ...((isAlert || alerts.length > 0) && {
            alerts: (isAlert ? [...alerts, atMs] : alerts).slice(-ALERTS_MAX),
            quietMs: isAlert ? (afterAlert === 'reset' ? 0 : suppressMs) : (state?.quietMs ?? 0),
          }),
          ...(gone > 0 && { dropped: gone }),
        },
        value: found.value,
        crossed,
        alerts: isAlert,
        count: held.length,
        firstAtMs: held[0]?.atMs ?? atMs,
        lastAtMs: held.at(-1)?.atMs ?? atMs,
        eventIds: held.flatMap((entry) => entry.id || []),
        own: { value: own.value, crossed: own.crossed && !isKnown },
      };
    },

    view(state, nowMs) {
      const entries = entriesOf(state);
      const { found } = judge(entries, Math.max(nowMs, state.at));
      const held = entries.slice(found.from, found.to + 1);
      const [first, last] = [held[0], held.at(-1)];
      const alertedAtMs = state.alerts?.length ? Math.max(...state.alerts) : undefined;
      const quietUntilMs = (alertedAtMs ?? 0) + (state.quietMs ?? 0);
      return {
        value: found.value,
        ...(first && last && { firstAtMs: first.atMs, lastAtMs: last.atMs }),
        ...(alertedAtMs !== undefined && { alertedAtMs }),
        ...(quietUntilMs > nowMs && state.quietMs && { quietUntilMs }),
      };
    },
  };
}
