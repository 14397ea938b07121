/** How many events a lane wants and has not settled. They are read only where it has a filter of its own. */

import type { CanonicalEvent } from '../domain/event.ts';
import { type LaneState, type Stretch, owedStretches } from './lane-state.ts';
import type { EventLog } from './log.ts';

const PAGE_ENTRIES = 500;
const PAGE_LENGTH_MAX = 1024 * 1024;

/** A lane's filter for a stretch of the log; undefined: it wants everything. */
export type FilterOf = (stretch: Stretch) => ((event: CanonicalEvent) => boolean) | undefined;

/** Exact, up to and with `lastSeq`. Follow-ups are not counted. */
export function countWanted(log: EventLog, state: LaneState, lastSeq: number, filterOf: FilterOf): number {
  const settled = new Set(state.ahead);
  return owedStretches(state, lastSeq).reduce(
    (sum, stretch) => sum + countIn(log, stretch, settled, filterOf(stretch)),
    0,
  );
}

function countIn(
  log: EventLog,
  { after, to }: Stretch,
  settled: ReadonlySet<number>,
  filter: ReturnType<FilterOf>,
): number {
  if (!filter)
    return log.countBetween(after, to) - [...settled].filter((seq) => seq > after && seq <= to).length;
  let count = 0;
  for (let readTo = after; readTo < to;) {
    const entries = log.page(readTo, PAGE_ENTRIES, PAGE_LENGTH_MAX);
    count += entries.filter(({ seq, event }) => seq <= to && !settled.has(seq) && filter(event)).length;
    readTo = entries.at(-1)?.seq ?? to;
  }
  return count;
}
