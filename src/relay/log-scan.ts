/**
 * Looks through the log in either direction, for an operator or for what an entry's user did. There is no index: a turn looks at so many rows and no more,
 * and says where it stopped. Reads only.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { Busy } from '../domain/unavailable.ts';
import { encodeUtf8 } from '../lib/bytes.ts';
import type { Database } from '../lib/database.ts';
import { TokenBucket } from './limits.ts';
import type { EventLog, LogEntry, Period } from './log.ts';

/** Rows of one turn: lanes and webhooks of the tenant wait for it. */
export const ROWS_PER_TURN_MAX = 5_000;
/**
 * Rows that are looked at for all who ask: one of them must not keep the object from its lanes. A turn of 5,000 rows takes
 * up to 66 ms (measured 2026-11 in workerd on two slow cores).
 */
export const SCANNED_ROWS = { perMinute: 600_000, burst: 50_000 } as const;
/** Who looks for a few stops early: what was read beyond that is in vain. */
const ROWS_AT_ONCE = 250;
/** Of what is found, as JSON in UTF-8. */
const BYTES_MAX = 1_000_000;
/** No event is from later than five minutes after it came; the rest is for clocks that differ. */
export const CLOCK_SLACK_MS = 3_600_000;

/** Where to look: newest first below `before`, or oldest first above `after`. */
export type Direction =
  | {
      readonly before: number;
      /** Nothing older than this is looked for. */
      readonly sinceMs?: number | undefined;
    }
  | { readonly after: number };

export interface Scanned<T> {
  readonly found: readonly T[];
  /** The last seq that was looked at; null: none was. */
  readonly lastSeq: number | null;
  /** Nothing is left in that direction. */
  readonly isComplete: boolean;
  /** How many were looked at. */
  readonly rows: number;
}

/** What is looked for. */
export interface Search<T extends object> {
  /** Texts that the JSON of each entry of interest has: what lacks one is not parsed. */
  readonly texts: readonly string[];
  readonly pick: (entry: LogEntry) => T | undefined;
  /** Of this turn, where it may be fewer rows than usual. */
  readonly rowsMax?: number;
}

/** The one budget of all who look through what a tenant has stored: what is charged is what was looked at. */
export class ScanBudget {
  readonly #rows: TokenBucket;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#rows = new TokenBucket(SCANNED_ROWS, nowMs());
  }

  /** Has a turn of at most so many rows look, unless too many were looked at of late. */
  turn<T extends { readonly rows: number }>(look: () => T, rowsMax = ROWS_PER_TURN_MAX): T | Busy {
    const waitMs = this.#rows.take(rowsMax, this.#nowMs());
    if (waitMs > 0) return { kind: 'busy', retryAfterSeconds: Math.ceil(waitMs / 1000) };
    const looked = look();
    this.#rows.giveBack(rowsMax - looked.rows);
    return looked;
  }
}

/** What `pick` makes of the entries, up to `limit`, and to what one turn and one answer may hold. Call it in one turn. */
export function scanLog<T extends object>(
  db: Database,
  log: EventLog,
  direction: Direction,
  limit: number,
  { texts, pick, rowsMax = ROWS_PER_TURN_MAX }: Search<T>,
): Scanned<T> {
  const found: T[] = [];
  let lastSeq: number | null = null;
  let rows = 0;
  let bytes = 0;
  for (const { seq, body } of rowsOf(db, log, direction, rowsMax)) {
    const picked = texts.every((text) => body.includes(text)) ? pick(entryOf(seq, body)) : undefined;
    const size = picked ? encodeUtf8(JSON.stringify(picked)).byteLength : 0;
    if (found.length > 0 && bytes + size > BYTES_MAX) return { found, lastSeq, isComplete: false, rows };
    if (picked) found.push(picked);
    bytes += size;
    lastSeq = seq;
    rows++;
    if (found.length >= limit || rows >= rowsMax)
      return { found, lastSeq, isComplete: isLast(log, direction, lastSeq), rows };
  }
  return { found, lastSeq, isComplete: true, rows };
}

function isLast(log: EventLog, direction: Direction, seq: number): boolean {
  return 'after' in direction ? seq >= log.head : seq <= log.oldestSeq;
}

function entryOf(seq: number, body: string): LogEntry {
  return { seq, event: JSON.parse(body) as CanonicalEvent, length: body.length };
}

function* rowsOf(
  db: Database,
  log: EventLog,
  direction: Direction,
  rowsMax: number,
): Generator<{ readonly seq: number; readonly body: string }> {
  const isForward = 'after' in direction;
  for (const period of isForward ? log.periods : log.periods.toReversed()) {
    if (!period.hasEvents || !mayHold(log, period, direction)) continue;
    const sql = isForward
      ? `SELECT seq, body FROM events_${period.n} WHERE seq > ? ORDER BY seq LIMIT ?`
      : `SELECT seq, body FROM events_${period.n} WHERE seq < ? ORDER BY seq DESC LIMIT ?`;
    const count = Math.min(rowsMax, ROWS_AT_ONCE);
    let from: number | undefined = isForward ? direction.after : direction.before;
    while (from !== undefined) {
      const rows: { seq: number; body: string }[] = db.all(sql, from, count);
      yield* rows;
      from = rows.length < count ? undefined : rows.at(-1)?.seq;
    }
  }
}

function mayHold(log: EventLog, period: Period, direction: Direction): boolean {
  if ('after' in direction) return log.lastSeqOf(period) > direction.after;
  const { before, sinceMs = 0 } = direction;
  const isTooOld = period.closedAtMs !== null && period.closedAtMs + CLOCK_SLACK_MS < sinceMs;
  return period.firstSeq < before && !isTooOld;
}
