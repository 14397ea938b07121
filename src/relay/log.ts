/**
 * The append-only event log and its de-duplication set, in one pair of tables per period.
 * Old periods are dropped whole: deleting rows is billed, dropping a table is not.
 * Never decides who may lose what: the caller settles the lanes before it drops a period.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { Database } from '../lib/database.ts';
import type { LogSizes } from './log-sizes.ts';
import { readMeta, writeMeta } from './schema.ts';

/** Of one read of a page. */
const ROWS_AT_ONCE = 32;

export interface LogEntry {
  readonly seq: number;
  readonly event: CanonicalEvent;
  /** Length of the stored JSON, in UTF-16 units: what batches are measured by. */
  readonly length: number;
}

/** One stretch of the log. `closedAtMs` null: the one that is written to. */
export interface Period {
  readonly n: number;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly firstSeq: number;
  readonly bytes: number;
  readonly hasEvents: boolean;
  readonly hasSeen: boolean;
}

export interface Appended {
  readonly accepted: number;
  readonly duplicates: number;
}

/** Appends entries one by one. */
export interface Appender {
  /** Where the entry stands, and its JSON; undefined: it was seen before. */
  add(event: CanonicalEvent): { readonly seq: number; readonly body: string } | undefined;
  /** What was added so far, for `advance`. */
  readonly appended: Appended & { readonly bytes: number };
}

export class EventLog {
  readonly #db: Database;
  readonly #sizes: LogSizes;
  #periods: Period[] = [];
  #nextSeq = 1;

  constructor(db: Database, sizes: LogSizes) {
    this.#db = db;
    this.#sizes = sizes;
  }

  /** Reads what is stored. `cursorMax`, the furthest cursor of any lane, keeps `seq` from ever restarting. */
  load(cursorMax: number): void {
    this.#periods = this.#db
      .all<{
        n: number;
        opened_at: number;
        closed_at: number | null;
        first_seq: number;
        bytes: number;
        has_events: number;
        has_seen: number;
      }>('SELECT * FROM periods ORDER BY n')
      .map((row) => ({
        n: row.n,
        openedAtMs: row.opened_at,
        closedAtMs: row.closed_at,
        firstSeq: row.first_seq,
        bytes: row.bytes,
        hasEvents: row.has_events === 1,
        hasSeen: row.has_seen === 1,
      }));
    const newest = this.#periods.findLast((period) => period.hasEvents);
    const last =
      newest && this.#db.first<{ seq: number | null }>(`SELECT MAX(seq) AS seq FROM events_${newest.n}`)?.seq;
    // The newest period may be empty: then only its first seq tells how far the earlier ones had come.
    const openedAt = Math.max(0, ...this.#periods.map(({ firstSeq }) => firstSeq - 1));
    this.#nextSeq = Math.max((readMeta(this.#db, 'next_seq') ?? 1) - 1, last ?? 0, openedAt, cursorMax) + 1;
  }

  /** The newest seq; 0 when nothing was ever appended. */
  get head(): number {
    return this.#nextSeq - 1;
  }

  get periods(): readonly Period[] {
    return this.#periods;
  }

  /** The newest seq of a period. */
  lastSeqOf(period: Period): number {
    const next = this.#periods.find(({ n }) => n > period.n);
    return next ? next.firstSeq - 1 : this.head;
  }

  /** When the period that is written to ends by age; null without one. */
  get periodEndsAtMs(): number | null {
    const current = this.#current();
    return current ? current.openedAtMs + this.#sizes.periodMs : null;
  }

  /** Opens the first period, or closes the current one when it is due and opens the next. Call before `append`, outside its transaction. */
  rotate(nowMs: number): void {
    const current = this.#current();
    const isDue =
      current &&
      (nowMs >= current.openedAtMs + this.#sizes.periodMs || current.bytes >= this.#sizes.periodBytesMax);
    if (current && !isDue) return;
    this.#openPeriod((this.#periods.at(-1)?.n ?? 0) + 1, nowMs);
  }

  /** Closes the current period when its time is over, without opening another: an idle tenant's data age all the same. */
  closeAged(nowMs: number): void {
    const current = this.#current();
    if (!current || nowMs < current.openedAtMs + this.#sizes.periodMs) return;
    this.#writeClosed(current, nowMs);
    this.#replace({ ...current, closedAtMs: nowMs });
  }

  /**
   * Appends what was not seen before, de-duplicated on (type, id). Call inside a transaction, after `rotate`;
   * then `advance` with what it returned, once the transaction holds.
   */
  append(events: readonly CanonicalEvent[]): Appended & { readonly bytes: number } {
    const appender = this.appender();
    for (const event of events) appender.add(event);
    return appender.appended;
  }

  /** As `append`, one after the other: at most one of them in a transaction, and not beside `append`. */
  appender(): Appender {
    const current = this.#current();
    if (!current) throw new Error('Cannot append to the log as a period must be open: there is none');
    const earlier = this.#periods.filter((period) => period.hasSeen && period.n !== current.n);
    const appended = { accepted: 0, duplicates: 0, bytes: 0 };
    const isNew = (key: string): boolean =>
      !earlier.some((period) => this.#isSeen(period, key)) &&
      this.#db.run(`INSERT OR IGNORE INTO seen_${current.n} (key) VALUES (?)`, key) > 0;
    const add = (event: CanonicalEvent): ReturnType<Appender['add']> => {
      if (!isNew(`${event.type}\n${event.id}`)) {
        appended.duplicates++;
        return undefined;
      }
      const entry = { seq: this.#nextSeq + appended.accepted, body: JSON.stringify(event) };
      this.#db.run(`INSERT INTO events_${current.n} (seq, body) VALUES (?, ?)`, entry.seq, entry.body);
      appended.accepted++;
      appended.bytes += entry.body.length;
      return entry;
    };
    return { add, appended };
  }

  /** Moves the head in memory after the transaction of `append` holds. */
  advance(appended: { readonly accepted: number; readonly bytes: number }): void {
    const current = this.#current();
    if (current) this.#replace({ ...current, bytes: current.bytes + appended.bytes });
    this.#nextSeq += appended.accepted;
  }

  /** The events after a seq, in order, up to `entriesMax` or `lengthMax`; at least one when there is one. */
  page(afterSeq: number, entriesMax: number, lengthMax: number): LogEntry[] {
    const entries: LogEntry[] = [];
    let length = 0;
    let readTo = afterSeq;
    for (const period of this.#periods) {
      if (!period.hasEvents || this.lastSeqOf(period) <= afterSeq) continue;
      const sql = `SELECT seq, body FROM events_${period.n} WHERE seq > ? ORDER BY seq LIMIT ?`;
      for (let isMore = true; isMore;) {
        // A few at a time: what lies behind a page that is full by its length is not read for nothing.
        const count = Math.min(entriesMax - entries.length, ROWS_AT_ONCE);
        const rows = this.#db.all<{ seq: number; body: string }>(sql, readTo, count);
        for (const { seq, body } of rows) {
          entries.push({ seq, event: JSON.parse(body) as CanonicalEvent, length: body.length });
          length += body.length;
          readTo = seq;
          if (length >= lengthMax) return entries;
        }
        if (entries.length >= entriesMax) return entries;
        isMore = rows.length === count;
      }
    }
    return entries;
  }

  /** One event; undefined when it is gone with its period. */
  read(seq: number): LogEntry | undefined {
    const period = this.#periods.findLast(({ firstSeq, hasEvents }) => hasEvents && firstSeq <= seq);
    const row =
      period && this.#db.first<{ body: string }>(`SELECT body FROM events_${period.n} WHERE seq = ?`, seq);
    return row && { seq, event: JSON.parse(row.body) as CanonicalEvent, length: row.body.length };
  }

  /** The oldest seq that may still be there. */
  get oldestSeq(): number {
    return this.#periods.find(({ hasEvents }) => hasEvents)?.firstSeq ?? this.#nextSeq;
  }

  /** How many entries lie after one seq, up to and with another, but for those whose JSON has one of some texts. Parses no body. */
  countBetween(afterSeq: number, lastSeq: number, withoutTexts: readonly string[]): number {
    const without = withoutTexts.map(() => ' AND instr(body, ?) = 0').join('');
    const counts = this.#periods
      .filter((period) => period.hasEvents && this.lastSeqOf(period) > afterSeq && period.firstSeq <= lastSeq)
      .map(({ n }) => {
        const sql = `SELECT COUNT(*) AS count FROM events_${n} WHERE seq > ? AND seq <= ?${without}`;
        return this.#db.first<{ count: number }>(sql, afterSeq, lastSeq, ...withoutTexts)?.count ?? 0;
      });
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Drops a period's events; its de-duplication set stays until `dropSeen`. */
  dropEvents(period: Period): void {
    this.#db.transaction(() => {
      writeMeta(this.#db, 'next_seq', this.#nextSeq);
      this.#db.run(`DROP TABLE IF EXISTS events_${period.n}`);
      this.#storeDropped({ ...period, hasEvents: false });
    });
    this.#replace({ ...period, hasEvents: false });
  }

  /** Drops a period's de-duplication set, once no sender repeats its events any more. */
  dropSeen(period: Period): void {
    this.#db.transaction(() => {
      this.#db.run(`DROP TABLE IF EXISTS seen_${period.n}`);
      this.#storeDropped({ ...period, hasSeen: false });
    });
    this.#replace({ ...period, hasSeen: false });
  }

  /** Writes the current period's size, which is counted in memory. */
  storeSize(): void {
    const current = this.#current();
    if (current) this.#db.run('UPDATE periods SET bytes = ? WHERE n = ?', current.bytes, current.n);
  }

  #current(): Period | undefined {
    const last = this.#periods.at(-1);
    return last && last.closedAtMs === null ? last : undefined;
  }

  #isSeen(period: Period, key: string): boolean {
    return this.#db.first(`SELECT 1 FROM seen_${period.n} WHERE key = ?`, key) !== undefined;
  }

  #openPeriod(n: number, nowMs: number): void {
    const closing = this.#current();
    this.#db.transaction(() => {
      if (closing) this.#writeClosed(closing, nowMs);
      this.#db.run(`CREATE TABLE events_${n} (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)`);
      this.#db.run(`CREATE TABLE seen_${n} (key TEXT PRIMARY KEY) WITHOUT ROWID`);
      this.#db.run(
        'INSERT INTO periods (n, opened_at, closed_at, first_seq, bytes, has_events, has_seen) VALUES (?, ?, NULL, ?, 0, 1, 1)',
        n,
        nowMs,
        this.#nextSeq,
      );
    });
    if (closing) this.#replace({ ...closing, closedAtMs: nowMs });
    this.#periods = [
      ...this.#periods,
      {
        n,
        openedAtMs: nowMs,
        closedAtMs: null,
        firstSeq: this.#nextSeq,
        bytes: 0,
        hasEvents: true,
        hasSeen: true,
      },
    ];
  }

  #writeClosed({ n, bytes }: Period, nowMs: number): void {
    this.#db.run('UPDATE periods SET closed_at = ?, bytes = ? WHERE n = ?', nowMs, bytes, n);
  }

  #storeDropped(period: Period): void {
    if (period.hasEvents || period.hasSeen) {
      this.#db.run(
        'UPDATE periods SET has_events = ?, has_seen = ? WHERE n = ?',
        period.hasEvents ? 1 : 0,
        period.hasSeen ? 1 : 0,
        period.n,
      );
    } else {
      this.#db.run('DELETE FROM periods WHERE n = ?', period.n);
    }
  }

  #replace(period: Period): void {
    this.#periods = this.#periods
      .map((known) => (known.n === period.n ? period : known))
      .filter((known) => known.hasEvents || known.hasSeen);
  }
}
