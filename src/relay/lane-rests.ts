/** What the lanes of a tenant have not delivered: asked before it is removed. Reads only. */

import type { LaneRest } from '../domain/rpc.ts';
import type { LaneSet } from './lane-set.ts';

/** What each lane has not delivered, dead letters included; lanes without any are left out. */
export function laneRests(lanes: LaneSet, nowMs: number): LaneRest[] {
  return lanes
    .views(nowMs)
    .map(({ lane, undelivered, parked, deadLettered }) => {
      return { lane, undelivered: undelivered + parked, deadLetters: deadLettered };
    })
    .filter(({ undelivered, deadLetters }) => undelivered + deadLetters > 0);
}
