/**
 * What a lane did with events that it has behind it, as far as its cursor, dead letters and follow-ups do not tell: by which rule
 * it passed each stretch of the log, and how single events ended otherwise. Written when a rule changes, never per event.
 * Nothing is sent because of it: it explains.
 */

import type { DestinationConfig } from '../domain/tenant-config.ts';
import { TAKES_EVENTS, type Takes } from '../domain/wanted.ts';
import type { Database } from '../lib/database.ts';

/** What a lane wants of the log: what its channel takes (absent: Noxys' events), and of those what its destination's own filter lets through. */
export type Filter = Pick<DestinationConfig, 'events' | 'where'> & { readonly takes?: Takes };

/** How a lane dealt with a stretch of the log. */
export type Rule =
  /** Accepted before the lane began. */
  | { readonly kind: 'before' }
  /** Came while its destination was not configured. */
  | { readonly kind: 'away' }
  /** Passed before anything was remembered, or too long ago. */
  | { readonly kind: 'unknown' }
  /** What the filter wants was sent, the rest passed over. */
  | (Filter & { readonly kind: 'sent' })
  /** What the filter wants was given up by an operator. */
  | (Filter & { readonly kind: 'given_up' });

/** A stretch of the log: from after one seq up to the next span. */
export interface Span {
  readonly after: number;
  readonly rule: Rule;
  /** Of this stretch, what was settled already by the rule before. */
  readonly settled?: readonly number[];
}

/** How an event ended that the lane wanted, and neither delivered nor made a dead letter of. */
export type LaneEnd =
  | 'expired' // too old for its channel
  | 'not_wanted' // parked, and the filter changed meanwhile
  | 'discarded'; // parked, and given up by an operator

/** Of a lane: its filter changes that seldom. */
const SPANS_MAX = 100;
/** A row may have 2 MB, and a filter be as large as a config: 256 KiB. */
const LENGTH_MAX = 512 * 1024;
const UNKNOWN: Span = { after: 0, rule: { kind: 'unknown' } };

/** The filter alone of what has one. */
export function filterIn({ events, where, takes }: Filter): Filter {
  const isUsual = JSON.stringify(takes) === JSON.stringify(TAKES_EVENTS);
  return { ...(events && { events }), ...(where && { where }), ...(takes && !isUsual && { takes }) };
}

/** The spans with one more; the same ones when the last has its rule already. */
export function noted(spans: readonly Span[], next: Span): readonly Span[] {
  const last = spans.at(-1);
  if (last && JSON.stringify(last.rule) === JSON.stringify(next.rule)) return spans;
  if (!last) return next.after > 0 ? [UNKNOWN, next] : [next];
  return bounded([...spans.filter(({ after }) => after < next.after), next]);
}

function bounded(spans: readonly Span[]): readonly Span[] {
  let kept = spans;
  while (kept.length > 1 && (kept.length > SPANS_MAX || JSON.stringify(kept).length > LENGTH_MAX))
    kept = kept.slice(1);
  return kept.length < spans.length ? [UNKNOWN, ...kept] : kept;
}

/** The span that an event lies in. */
export function spanOf(spans: readonly Span[], seq: number): Span {
  return spans.findLast(({ after }) => after < seq) ?? UNKNOWN;
}

export class LaneHistory {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Oldest first. */
  spans(lane: string): readonly Span[] {
    const sql = 'SELECT spans FROM lane_history WHERE lane = ?';
    const row = this.#db.first<{ spans: string }>(sql, lane);
    return row ? (JSON.parse(row.spans) as readonly Span[]) : [];
  }

  /** Whether a rule is another one than the lane's last. */
  isNew(lane: string, rule: Rule): boolean {
    return JSON.stringify(this.spans(lane).at(-1)?.rule) !== JSON.stringify(rule);
  }

  /** Call with spans in order, inside the transaction of the lane's row. */
  note(lane: string, next: readonly Span[]): void {
    const before = this.spans(lane);
    const after = next.reduce(noted, before);
    if (after === before) return;
    this.#db.run(
      'INSERT INTO lane_history (lane, spans) VALUES (?, ?) ON CONFLICT (lane) DO UPDATE SET spans = excluded.spans',
      lane,
      JSON.stringify(after),
    );
  }

  endOf(lane: string, seq: number): LaneEnd | undefined {
    const sql = 'SELECT ending FROM lane_ends WHERE lane = ? AND seq = ?';
    return this.#db.first<{ ending: LaneEnd }>(sql, lane, seq)?.ending;
  }

  noteEnd(lane: string, seq: number, end: LaneEnd): void {
    this.#db.run('INSERT OR REPLACE INTO lane_ends (lane, seq, ending) VALUES (?, ?, ?)', lane, seq, end);
  }

  removeEnd(lane: string, seq: number): void {
    this.#db.run('DELETE FROM lane_ends WHERE lane = ? AND seq = ?', lane, seq);
  }

  /** The events of a stretch of the log are gone. */
  removeBetween(firstSeq: number, lastSeq: number): void {
    this.#db.run('DELETE FROM lane_ends WHERE seq BETWEEN ? AND ?', firstSeq, lastSeq);
  }
}
