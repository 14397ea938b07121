/**
 * What is kept between two digests of a period: what the last one told, and the counts of what has arrived since for hours that were
 * told already, which the next one adds. One row per period; with a turn of roll-ups that finds such events it costs a write, never
 * per event.
 */

import type { DigestTotals } from '../domain/digest.ts';
import { DIGEST_PERIODS, type DigestPeriod } from '../domain/digest-times.ts';
import type { Database } from '../lib/database.ts';
import { type Counts, type CountsOf, type Tally, topValues } from './activity.ts';
import type { NoteDropped } from './retention-notes.ts';
import { readMeta } from './schema.ts';

/** What a digest told, of `[fromMs, toMs)`. */
export interface Told {
  readonly fromMs: number;
  readonly toMs: number;
  readonly totals: DigestTotals;
}

/** The meta key of where the last digest of a period ended. */
export function toKeyOf(period: DigestPeriod): string {
  return `digest_${period}_to`;
}

/** Null: nothing was kept yet. */
export function toldOf(db: Database, period: DigestPeriod): Told | null {
  const row = db.first<{ told: string | null }>('SELECT told FROM digests WHERE period = ?', period);
  return row?.told ? (JSON.parse(row.told) as Told) : null;
}

/** What has arrived too late for the last digest. */
export function lateOf(db: Database, period: DigestPeriod): readonly CountsOf[] {
  const row = db.first<{ late: string }>('SELECT late FROM digests WHERE period = ?', period);
  return row ? (JSON.parse(row.late) as CountsOf[]) : [];
}

/** Drops what was told before a time: of a period that no digest is made for any more. */
export function dropTold(db: Database, beforeMs: number, note: NoteDropped): void {
  const old = DIGEST_PERIODS.filter((period) => (toldOf(db, period)?.toMs ?? Infinity) < beforeMs);
  if (old.length === 0) return;
  db.transaction(() => {
    for (const period of old) db.run('DELETE FROM digests WHERE period = ?', period);
    note(old.length, beforeMs);
  });
}

/** A digest is made: what is late is late for this one from now on. Call inside the transaction that writes where it ended. */
export function keepTold(db: Database, period: DigestPeriod, told: Told): void {
  db.run(
    "INSERT INTO digests (period, told, late) VALUES (?, ?, '[]') ON CONFLICT (period) DO UPDATE SET told = excluded.told, late = excluded.late",
    period,
    JSON.stringify(told),
  );
}

/** Keeps what of newly rolled up counts is of hours that a digest has told. Call inside the transaction of the roll-up. */
export function keepLate(db: Database, tally: Tally): void {
  for (const period of DIGEST_PERIODS) {
    const toMs = readMeta(db, toKeyOf(period)) ?? -Infinity;
    const late = [...tally].filter(([key]) => Number(key.split(' ')[0]) < toMs);
    if (late.length === 0) continue;
    const sums = new Map<string, Map<string, number>>(
      lateOf(db, period).map(({ dimension, counts }) => [dimension, new Map(Object.entries(counts))]),
    );
    for (const [key, counts] of late) add(sums, key.split(' ')[1] ?? '', counts);
    db.run(
      'INSERT INTO digests (period, late) VALUES (?, ?) ON CONFLICT (period) DO UPDATE SET late = excluded.late',
      period,
      JSON.stringify([...sums].map(([dimension, counts]) => ({ dimension, counts: bounded(counts) }))),
    );
  }
}

function add(
  sums: Map<string, Map<string, number>>,
  dimension: string,
  counts: ReadonlyMap<string, number>,
): void {
  const sum = sums.get(dimension) ?? new Map<string, number>();
  for (const [value, count] of counts) sum.set(value, (sum.get(value) ?? 0) + count);
  sums.set(dimension, sum);
}

function bounded(counts: ReadonlyMap<string, number>): Counts {
  return Object.fromEntries(topValues(counts));
}
