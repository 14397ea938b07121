/** What a digest counts, from hourly roll-ups and from what came too late for the one before. Pure. */

import type { DigestTotals } from '../domain/digest.ts';
import { LEVELS, type Level } from '../domain/severity.ts';
import {
  type Counts,
  type CountsOf,
  type Dimension,
  type HourOfActivity,
  OTHER,
  RATE_LIMITED,
} from './activity.ts';

/** Hours that begin from one time on and before another. */
export function hoursIn(
  hours: readonly HourOfActivity[],
  fromMs: number,
  toMs: number,
): readonly HourOfActivity[] {
  return hours.filter(({ hour }) => Date.parse(hour) >= fromMs && Date.parse(hour) < toMs);
}

export function totalsOf(rows: readonly CountsOf[]): DigestTotals {
  const sumOf = (dimension: Dimension): Counts => sum(rows.filter((row) => row.dimension === dimension));
  return {
    events: Object.values(sumOf('type')).reduce((all, count) => all + count, 0),
    limited: sumOf('refused')[RATE_LIMITED] ?? 0,
    byLevel: sumOf('severity'),
    byDecision: sumOf('decision'),
    byPlatform: sumOf('platform'),
    byClassification: sumOf('classification'),
    detections: detectionsOf(sumOf('detection')),
  };
}

function sum(rows: readonly CountsOf[]): Counts {
  const sums = new Map<string, number>();
  for (const { counts } of rows)
    for (const [value, count] of Object.entries(counts)) sums.set(value, (sums.get(value) ?? 0) + count);
  return Object.fromEntries(sums);
}

/** What stands under `…` in its hour comes last: of those the level is not known any more. */
function detectionsOf(counts: Counts): DigestTotals['detections'] {
  const graded = Object.entries(counts)
    .filter(([value]) => value !== OTHER)
    .map(([value, count]) => {
      const [level, rule] = value.split(/ (.*)/s, 2) as [Level, string];
      return { rule, level, count };
    })
    .toSorted(
      (a, b) =>
        LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || b.count - a.count || (a.rule < b.rule ? -1 : 1),
    );
  const others = counts[OTHER];
  return others === undefined ? graded : [...graded, { rule: OTHER, level: 'informational', count: others }];
}
