/** How many events a lane wants and has not settled. They are read only where it has a filter of its own. */

import type { CanonicalEvent } from '../domain/event.ts';
import type { LaneState } from './lane-state.ts';
import type { EventLog } from './log.ts';

const PAGE_ENTRIES = 500;
const PAGE_LENGTH_MAX = 1024 * 1024;

/** Exact, up to and with `lastSeq`. Follow-ups are not counted. */
export function countWanted(
  log: EventLog,
  { cursor, ahead }: LaneState,
  lastSeq: number,
  filter: ((event: CanonicalEvent) => boolean) | undefined,
): number {
  const settled = new Set(ahead);
  if (!filter) return log.countBetween(cursor, lastSeq) - ahead.filter((seq) => seq <= lastSeq).length;
  let count = 0;
  for (let readTo = cursor; readTo < lastSeq;) {
    const entries = log.page(readTo, PAGE_ENTRIES, PAGE_LENGTH_MAX);
    count += entries.filter(({ seq, event }) => seq <= lastSeq && !settled.has(seq) && filter(event)).length;
    readTo = entries.at(-1)?.seq ?? lastSeq;
  }
  return count;
}
