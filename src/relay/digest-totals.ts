/** What a digest counts, from hourly roll-ups. Pure. */

import type { DigestTotals } from '../domain/digest.ts';
import { LEVELS, type Level } from '../domain/severity.ts';
import { type Counts, type Dimension, type HourOfActivity, OTHER, RATE_LIMITED } from './activity.ts';

/** The sums of the hours that begin from one time on and before another. */
export function totalsOf(hours: readonly HourOfActivity[], fromMs: number, toMs: number): DigestTotals {
  const inside = hours.filter(({ hour }) => Date.parse(hour) >= fromMs && Date.parse(hour) < toMs);
  const sumOf = (dimension: Dimension): Counts => sum(inside.filter((row) => row.dimension === dimension));
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

function sum(rows: readonly HourOfActivity[]): Counts {
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
    .toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || b.count - a.count);
  const others = counts[OTHER];
  return others === undefined ? graded : [...graded, { rule: OTHER, level: 'informational', count: others }];
}
