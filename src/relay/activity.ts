/**
 * Hourly roll-ups of what happened: counts per type, platform, decision, classification and severity of what Noxys sent, and of what
 * the rules found. No user, no device.
 * They are derived from the log, never counted on the side: after a restart the rest of the log is read again.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { isFromNoxys } from '../domain/wanted.ts';
import type { Database } from '../lib/database.ts';
import type { EventLog } from './log.ts';
import { type NoteDropped, UNNOTED } from './retention-notes.ts';
import { readMeta, writeMeta } from './schema.ts';

const HOUR_MS = 3_600_000;
/** New events are rolled up this long after the first of them. */
const FLUSH_AFTER_MS = 60_000;
/** Distinct values kept per hour and dimension; the rest is counted under OTHER. */
const VALUES_MAX = 50;
export const OTHER = '…';
/** Rows of the log read in one turn. */
const ROWS_PER_FLUSH_MAX = 5000;
const PAGE_ENTRIES = 500;
const PAGE_LENGTH_MAX = 1024 * 1024;

export const DIMENSIONS = [
  'type',
  'platform',
  'decision',
  'classification',
  'severity',
  'refused',
  /** Of the rules, those that run dry not: `{level} {ruleName}`. */
  'detection',
] as const;
/** The value of dimension `refused` for events that were answered 429. */
export const RATE_LIMITED = 'rate_limited';
export type Dimension = (typeof DIMENSIONS)[number];
export type Counts = Readonly<Record<string, number>>;

export interface CountsOf {
  readonly dimension: Dimension;
  readonly counts: Counts;
}

export interface HourOfActivity extends CountsOf {
  /** Start of the hour, ISO 8601 UTC. */
  readonly hour: string;
}

/** What a turn has counted: by `{hour} {dimension}`, by value. */
export type Tally = ReadonlyMap<string, ReadonlyMap<string, number>>;

export class Activity {
  readonly #db: Database;
  readonly #log: EventLog;
  /** Writes, in the same transaction as the roll-ups, what else is made of what was counted. */
  readonly #also: (tally: Tally) => void;
  #rolledUpSeq = 0;
  #firstUnrolledAtMs: number | null = null;
  /** Events that were answered 429 and not rolled up yet. They are in no log: a restart forgets up to a minute of them. */
  #limited = new Map<number, number>();

  constructor(db: Database, log: EventLog, also: (tally: Tally) => void) {
    this.#db = db;
    this.#log = log;
    this.#also = also;
  }

  load(nowMs: number): void {
    this.#rolledUpSeq = readMeta(this.#db, 'rolled_up_seq') ?? 0;
    if (this.#rolledUpSeq < this.#log.head) this.#firstUnrolledAtMs = nowMs;
  }

  /** Tells that events were appended. */
  noteAppended(nowMs: number): void {
    this.#firstUnrolledAtMs ??= nowMs;
  }

  /** Tells that events were refused by the inbound limit. */
  noteLimited(count: number, nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    this.#limited.set(hour, (this.#limited.get(hour) ?? 0) + count);
    this.#firstUnrolledAtMs ??= nowMs;
  }

  /** When the next flush is due; null when everything is rolled up. */
  get dueAtMs(): number | null {
    return this.#firstUnrolledAtMs === null ? null : this.#firstUnrolledAtMs + FLUSH_AFTER_MS;
  }

  /** Rolls up the next stretch of the log, in one transaction with how far it got. */
  flush(nowMs: number): void {
    const tally = new Map(
      [...this.#limited].map(([hour, count]) => [`${hour} refused`, new Map([[RATE_LIMITED, count]])]),
    );
    let readTo = this.#rolledUpSeq;
    let rows = 0;
    while (rows < ROWS_PER_FLUSH_MAX && readTo < this.#log.head) {
      const entries = this.#log.page(readTo, PAGE_ENTRIES, PAGE_LENGTH_MAX);
      for (const { event } of entries) countEntry(tally, event);
      rows += entries.length;
      readTo = entries.at(-1)?.seq ?? this.#log.head;
    }
    this.#db.transaction(() => {
      for (const [key, counts] of tally) this.#merge(key, counts);
      this.#also(tally);
      writeMeta(this.#db, 'rolled_up_seq', readTo);
    });
    this.#limited.clear();
    this.#rolledUpSeq = readTo;
    this.#firstUnrolledAtMs = readTo < this.#log.head ? nowMs - FLUSH_AFTER_MS : null;
  }

  /** Rolls up everything that there is. */
  flushAll(nowMs: number): void {
    if (this.#firstUnrolledAtMs !== null) this.flush(nowMs);
    this.flushTo(this.#log.head, nowMs);
  }

  /** Rolls up everything up to a seq: only then may its period go. */
  flushTo(seq: number, nowMs: number): void {
    while (this.#rolledUpSeq < Math.min(seq, this.#log.head)) this.flush(nowMs);
  }

  /** Drops roll-ups of hours before a time. */
  dropBefore(atMs: number, note: NoteDropped = UNNOTED): void {
    const oldestMs = this.oldestHourMs;
    if (oldestMs === undefined || oldestMs >= atMs) return;
    this.#db.transaction(() => note(this.#db.run('DELETE FROM rollups WHERE hour < ?', atMs), atMs));
  }

  /** Undefined: nothing was rolled up. */
  get oldestHourMs(): number | undefined {
    return (
      this.#db.first<{ hour: number | null }>('SELECT MIN(hour) AS hour FROM rollups')?.hour ?? undefined
    );
  }

  /** The roll-ups from a time on, oldest first. */
  hours(fromMs: number): HourOfActivity[] {
    return this.#db
      .all<{ hour: number; dimension: string; counts: string }>(
        'SELECT hour, dimension, counts FROM rollups WHERE hour >= ? ORDER BY hour, dimension',
        fromMs,
      )
      .map((row) => ({
        hour: new Date(row.hour).toISOString(),
        dimension: row.dimension as Dimension,
        counts: JSON.parse(row.counts) as Counts,
      }));
  }

  #merge(key: string, added: Map<string, number>): void {
    const [hour = '', dimension = ''] = key.split(' ');
    const stored = this.#db.first<{ counts: string }>(
      'SELECT counts FROM rollups WHERE hour = ? AND dimension = ?',
      Number(hour),
      dimension,
    );
    const counts = new Map(Object.entries(stored ? (JSON.parse(stored.counts) as Counts) : {}));
    for (const [value, count] of added) counts.set(value, (counts.get(value) ?? 0) + count);
    this.#db.run(
      'INSERT INTO rollups (hour, dimension, counts) VALUES (?, ?, ?) ON CONFLICT (hour, dimension) DO UPDATE SET counts = excluded.counts',
      Number(hour),
      dimension,
      JSON.stringify(Object.fromEntries(topValues(counts))),
    );
  }
}

/** Events that come later than this count in the hour of their receipt: hours long past cost rows and interest nobody. */
const LATE_MS_MAX = 7 * 24 * HOUR_MS;

function hourOf({ occurredAt, receivedAt }: CanonicalEvent): number {
  const occurredMs = Date.parse(occurredAt);
  const receivedMs = Date.parse(receivedAt);
  const countedMs = receivedMs - occurredMs > LATE_MS_MAX ? receivedMs : occurredMs;
  return Math.floor(countedMs / HOUR_MS) * HOUR_MS;
}

type Values = Partial<Record<Dimension, readonly (string | undefined)[]>>;

function countEntry(tally: Map<string, Map<string, number>>, event: CanonicalEvent): void {
  const hour = hourOf(event);
  const values = valuesOf(event);
  for (const dimension of DIMENSIONS) {
    const key = `${hour} ${dimension}`;
    const counts = tally.get(key) ?? new Map<string, number>();
    for (const value of values[dimension] ?? [])
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    if (counts.size > 0) tally.set(key, counts);
  }
}

/** What an entry counts as; nothing, if the relay made it for its own lanes. */
function valuesOf(event: CanonicalEvent): Values {
  const { detection, judged } = event;
  // A verdict's entry has all that its detection has, which counts once.
  if (detection && !judged)
    return detection.dryRun ? {} : { detection: [`${detection.level} ${detection.ruleName}`] };
  if (!isFromNoxys(event)) return {};
  return {
    type: [event.type],
    platform: [event.platform?.id],
    decision: [event.policy?.decision],
    classification: event.classifications,
    severity: [event.severity],
  };
}

/** The most frequent values; the rest in one. */
export function topValues(counts: ReadonlyMap<string, number>): [string, number][] {
  const sorted = [...counts].filter(([value]) => value !== OTHER).toSorted((a, b) => b[1] - a[1]);
  const rest = sorted.slice(VALUES_MAX).reduce((sum, [, count]) => sum + count, counts.get(OTHER) ?? 0);
  return [...sorted.slice(0, VALUES_MAX), ...(rest > 0 ? [[OTHER, rest] as [string, number]] : [])];
}
