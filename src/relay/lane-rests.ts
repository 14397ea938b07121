/** What the lanes of a tenant have not delivered: asked before it is removed. Reads only. */

import type { LaneRest } from '../domain/rpc.ts';
import { countWanted } from './count-wanted.ts';
import type { LaneSet } from './lane-set.ts';
import type { EventLog } from './log.ts';

/** Events that are looked at one by one; of more, a lane's own upper bound is told. */
const COUNTED_EVENTS_MAX = 5_000;

/** What each lane has not delivered, dead letters included; lanes without any are left out. */
export function laneRests(lanes: LaneSet, log: EventLog, nowMs: number): LaneRest[] {
  return lanes
    .views(nowMs)
    .map(({ lane, undelivered, parked, deadLettered }) => {
      return { lane, undelivered: wanted(lanes, log, lane, undelivered) + parked, deadLetters: deadLettered };
    })
    .filter(({ undelivered, deadLetters }) => undelivered + deadLetters > 0);
}

/** Of what a lane may owe, what it wants: exact, unless that would take long to count. */
function wanted(lanes: LaneSet, log: EventLog, name: string, undelivered: number): number {
  const lane = lanes.find(name);
  if (!lane || undelivered > COUNTED_EVENTS_MAX) return undelivered;
  return countWanted(log, lane.state, log.head, lanes.filterOf(lane));
}
