/**
 * Whether all that a lane has not delivered of a stretch of the log is what the relay itself had to tell: notices and digests.
 * Writes nothing.
 */

import { TAKES_EVENTS, areTellings } from '../domain/wanted.ts';
import { countWanted } from './count-wanted.ts';
import type { Filter } from './lane-history.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import type { EventLog } from './log.ts';

export interface LostParts {
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
}

/** Of what is waiting up to `lastSeq`, and of what is retried alone between the two. Dead letters are not looked at. */
export function owesTellingsOnly(
  { log, lanes, laneStore }: LostParts,
  lane: Lane,
  { firstSeq, lastSeq }: { readonly firstSeq: number; readonly lastSeq: number },
): boolean {
  const parked = laneStore.followUps.between(lane.name, firstSeq, lastSeq).map(({ seq }) => log.read(seq));
  if (!parked.every((entry) => entry && areTellings([entry.event]))) return false;
  if (lane.state.cursor >= lastSeq || !lanes.owing.includes(lane)) return true;
  const filterOf = lanes.filterOf(lane);
  return countWanted(log, lane.state, lastSeq, (stretch) => withoutTellings(filterOf(stretch))) === 0;
}

function withoutTellings(filter: Filter): Filter {
  const { noticesBut: _notices, digests: _digests, ...takes } = filter.takes ?? TAKES_EVENTS;
  return { ...filter, takes };
}
