/**
 * What has become of each rule since it was first used: the table `rule_stats`, one row of counts per rule. A rule that is switched off
 * keeps its row.
 */

import type { RuleCounts } from '../domain/rule-views.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Database } from '../lib/database.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';

export const NO_COUNTS: RuleCounts = {
  detections: 0,
  dryRuns: 0,
  truePositives: 0,
  falsePositives: 0,
  failures: 0,
};

export const COUNTED_AS = { true_positive: 'truePositives', false_positive: 'falsePositives' } as const;

/** The counts of one rule. What can't be read counts from nothing: it must not keep an event from being stored. */
export function countsOf(db: Database, rule: string): RuleCounts {
  const row = db.first<{ counts: string }>('SELECT counts FROM rule_stats WHERE rule = ?', rule);
  const counts = row && jsonIn(row.counts);
  return isRecord(counts) ? { ...NO_COUNTS, ...(counts as Partial<RuleCounts>) } : NO_COUNTS;
}

/** Adds to a rule's counts: one row. Call inside the transaction of what is counted. */
export function addCounts(db: Database, rule: string, added: Partial<RuleCounts>): void {
  const sums = sumOf(countsOf(db, rule), added);
  db.run(
    'INSERT INTO rule_stats (rule, counts) VALUES (?, ?) ON CONFLICT (rule) DO UPDATE SET counts = excluded.counts',
    rule,
    JSON.stringify(sums),
  );
}

/** One verdict instead of another, or of none. */
export function moveVerdict(db: Database, rule: string, from: Verdict | null, to: Verdict): void {
  addCounts(db, rule, { ...(from && { [COUNTED_AS[from]]: -1 }), [COUNTED_AS[to]]: 1 });
}

/** The sum of both; of two times the later one. */
export function sumOf(a: RuleCounts, b: Partial<RuleCounts>): RuleCounts {
  const lastDetectionAt = [a.lastDetectionAt, b.lastDetectionAt].filter((at) => at !== undefined).toSorted();
  const last = lastDetectionAt.at(-1);
  return {
    detections: a.detections + (b.detections ?? 0),
    dryRuns: a.dryRuns + (b.dryRuns ?? 0),
    // Where counts were lost, a verdict that moves has nothing to be taken from.
    truePositives: Math.max(0, a.truePositives + (b.truePositives ?? 0)),
    falsePositives: Math.max(0, a.falsePositives + (b.falsePositives ?? 0)),
    failures: a.failures + (b.failures ?? 0),
    ...(last !== undefined && { lastDetectionAt: last }),
  };
}
