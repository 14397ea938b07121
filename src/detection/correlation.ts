/**
 * Sigma correlations over sliding windows (t−W, t]: what is kept of a rule and group, and what one more event makes of it.
 * Events may come late and in any order; an event alerts when some window that holds it, and ends at an event seen, meets the condition.
 * Pure: no I/O, no clock, no import from outside this folder.
 */

import type { SigmaCorrelation } from './document.ts';
import { fieldOf } from './field.ts';
import type { SigmaEvent } from './field.ts';
import { textOf } from './values.ts';
import { countedOf, listOf, measureOf, meetsOf, neededOf, placeOf } from './window-value.ts';
import type { Entries, Kept } from './window-value.ts';

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

interface Told {
  /** Newest first: events that counted before a reset. */
  readonly spent?: readonly string[];
  /** Instants of events, in the order in which they alerted. */
  readonly alerts?: readonly number[];
  readonly quietMs?: number | undefined;
  /** Entries that gave way as there were too many: beyond them counts are at least what is said. */
  readonly dropped?: number | undefined;
}

/** What is stored of one rule and group: plain JSON, of use to this file alone. */
export interface StoredWindow extends Told {
  /** When the oldest came. */
  readonly at: number;
  /** Oldest first: how many milliseconds after the one before it. */
  readonly gaps: readonly number[];
  /** Oldest first: what is counted of each. Empty where only events are counted. */
  readonly values?: readonly Kept[];
  /** Newest first. */
  readonly ids: readonly string[];
}

/** The same while events come: not taken apart and put together for each of them, and as small. Never changed. */
interface OpenWindow extends Told, Entries {
  /** Newest first. */
  readonly ids: readonly string[];
  readonly toJSON: () => StoredWindow;
}

export type WindowState = StoredWindow | OpenWindow;

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

function opened(state: WindowState): OpenWindow {
  if ('times' in state) return state;
  const { at, gaps, values = [], ids, ...told } = state;
  let atMs = at;
  return openOf({ times: gaps.map((gap) => (atMs += gap)), values, ids }, told);
}

function openOf(entries: Entries & Pick<OpenWindow, 'ids'>, told: Told): OpenWindow {
  const { times, ...kept } = entries;
  return {
    ...entries,
    ...told,
    toJSON: () => ({
      at: times[0] ?? 0,
      gaps: times.map((atMs, n) => atMs - (times[n - 1] ?? atMs)),
      ...kept,
      ...told,
    }),
  };
}

/** The first place whose entry is later. */
function placeAfter(times: readonly number[], atMs: number): number {
  return placeOf(times.length, (place) => (times[place] ?? 0) <= atMs);
}

export function compileCorrelation(document: SigmaCorrelation): CompiledCorrelation {
  const { type, rules, timespanMs, groupBy, aliases, bounds } = document;
  const readsOf = new Map(
    rules.map((rule) => [rule, groupBy.map((field) => fieldOf(aliases[field]?.[rule] ?? field))]),
  );
  const keptOf = countedOf(document);
  const meets = meetsOf(document);
  const isTemporal = type.startsWith('temporal');
  const most = type === 'event_count' || type === 'value_count' ? Math.max(0, ...Object.values(bounds)) : 0;
  const entriesMax = Math.min(ENTRIES_MAX, Math.max(ENTRIES_MIN, 4 * (most + 1)));

  /** The windows that hold the instant and end at an entry; that of the instant itself comes first. */
  function judge(entries: Entries, atMs: number) {
    const { times } = entries;
    const measure = measureOf(document, entries);
    const windowTo = (to: number, endMs: number) => {
      const from = placeAfter(times, endMs - timespanMs);
      const value = measure(from, to);
      return { from, to, value, crossed: meets(value) };
    };
    const own = windowTo(placeAfter(times, atMs) - 1, atMs);
    let found = own;
    for (let n = own.to + 1; n < times.length && !found.crossed; n++) {
      const endMs = times[n] ?? 0;
      if (endMs >= atMs + timespanMs) break;
      if (times[n + 1] !== endMs) found = windowTo(n, endMs);
    }
    return { own, found: found.crossed ? found : own };
  }

  /** What no window can hold any more goes, and then what is least needed, oldest first; answers how many of the latter. */
  function thin(times: number[], values: Kept[], ids: string[]): number {
    const cut = (from: number, count: number) => {
      ids.splice(times.length - from - count, count);
      values.splice(from, count);
      times.splice(from, count);
    };
    cut(0, placeAfter(times, (times.at(-1) ?? 0) - LATE_MS_MAX - timespanMs));
    let valuesCount = values.flat().length;
    let needed: ReadonlySet<number> | undefined;
    let gone = 0;
    for (let n = 0; times.length > entriesMax || valuesCount > Math.max(entriesMax, VALUES_MIN);) {
      needed ??= neededOf(document, { times, values });
      if (needed.has(n + gone)) n++;
      else {
        // All that are left are needed: the oldest goes.
        n %= times.length;
        valuesCount -= listOf(values[n]).length;
        cut(n, 1);
        gone++;
      }
    }
    return gone;
  }

  return {
    groupOf(event, rule) {
      const values = readsOf.get(rule)?.map((read) => textOf(read(event)));
      return values?.every((value) => value !== undefined) ? values : undefined;
    },

    observe(state, { id, atMs: saidAtMs, rule, event }, { suppressMs, afterAlert }, nowMs) {
      const before = opened(state ?? { at: 0, gaps: [], ids: [] });
      const { spent = [], alerts = [], quietMs = 0, dropped = 0 } = before;
      const atMs = saidAtMs > nowMs + AHEAD_MS_MAX ? nowMs : saidAtMs;
      const [times, values, ids] = [[...before.times], [...before.values], [...before.ids]];
      const kept = keptOf(event, rule);
      const isKnown =
        spent.includes(id) ||
        ids.some((other, n) => other === id && (!isTemporal || values.at(-1 - n) === kept));
      if (!isKnown) {
        const place = placeAfter(times, atMs);
        const later = times.length - place;
        if (later <= ids.length) ids.splice(later, 0, id);
        ids.splice(IDS_MAX);
        times.splice(place, 0, atMs);
        if (type !== 'event_count') values.splice(place, 0, kept);
      }
      const { own, found } = judge({ times, values }, atMs);
      const { from, to, value } = found;
      const crossed = found.crossed && !isKnown;
      const isSilent =
        afterAlert === 'suppress' && alerts.some((alert) => Math.abs(atMs - alert) < suppressMs);
      const isAlert = crossed && !isSilent;
      const isReset = isAlert && afterAlert === 'reset';
      const observed = {
        value,
        crossed,
        alerts: isAlert,
        count: to - from + 1,
        firstAtMs: times[from] ?? atMs,
        lastAtMs: times[to] ?? atMs,
        eventIds: ids.slice(times.length - 1 - to, times.length - from).toReversed(),
        own: { value: own.value, crossed: own.crossed && !isKnown },
      };
      const used = isReset ? [...ids, ...spent].slice(0, IDS_MAX) : spent;
      if (isReset) for (const column of [times, values, ids]) column.splice(0);
      const heard = isAlert ? [...alerts, atMs].slice(-ALERTS_MAX) : alerts;
      const told = {
        spent: used,
        alerts: heard,
        quietMs: (isAlert ? !isReset && suppressMs : quietMs) || undefined,
        dropped: dropped + thin(times, values, ids) || undefined,
      };
      return { state: openOf({ times, values, ids }, told), ...observed };
    },

    view(state, nowMs) {
      const { times, values, alerts = [], quietMs = 0 } = opened(state);
      const { from, to, value } = judge({ times, values }, Math.max(nowMs, times.at(-1) ?? 0)).found;
      const alertedAtMs = Math.max(...alerts);
      const quietUntilMs = alertedAtMs + quietMs;
      return {
        value,
        ...(from <= to && { firstAtMs: times[from] ?? 0, lastAtMs: times[to] ?? 0 }),
        ...(alerts.length > 0 && { alertedAtMs }),
        ...(quietMs && quietUntilMs > nowMs && { quietUntilMs }),
      };
    },
  };
}
