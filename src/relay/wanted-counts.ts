/**
 * What operators see of a lane as undelivered: the entries that it wants, not those that it will only pass.
 * Counted when somebody looks, never while something is accepted or delivered; what was counted is remembered, so that a lane that stands
 * still is read on from there. Of too many at once the lane's own upper bound is told.
 */

import { type FilterOf, countWanted } from './count-wanted.ts';
import type { Filter } from './lane-history.ts';
import type { LaneState } from './lane-state.ts';
import type { Lane } from './lane.ts';

/** Entries that are looked at one by one. */
const COUNTED_ENTRIES_MAX = 5_000;

interface Counted {
  readonly state: LaneState;
  readonly filter: Filter | undefined;
  readonly to: number;
  readonly count: number;
}

export class WantedCounts {
  readonly #counted = new Map<string, Counted>();

  /** Exact, unless that would take long. `filter`: of now; undefined: the destination was removed. */
  of(lane: Lane, filter: Filter | undefined): number {
    const { name, state, undelivered } = lane;
    const { log } = lane.parts;
    if (undelivered === 0) return 0;
    const before = this.#counted.get(name);
    const known = before && isSame(before, state, filter) ? before : undefined;
    const owed = known ? log.head - known.to : undelivered;
    if (owed > COUNTED_ENTRIES_MAX) return undelivered;
    const rest = known ? { ...state, cursor: known.to } : state;
    const filterOf: FilterOf = ({ leaving = filter ?? {} }) => leaving;
    const count = (known?.count ?? 0) + countWanted(log, rest, log.head, filterOf);
    this.#counted.set(name, { state, filter, to: log.head, count });
    return count;
  }
}

/** Whether what was counted still stands. What a removed destination left is counted anew each time: it is on its way out. */
function isSame({ state, filter }: Counted, now: LaneState, filterNow: Filter | undefined): boolean {
  return (
    state.cursor === now.cursor &&
    state.ahead === now.ahead &&
    filter === filterNow &&
    now.leaving.length === 0 &&
    state.leaving.length === 0
  );
}
