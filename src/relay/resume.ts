/**
 * What an operator's resume does to the lanes of a destination: their pauses end at once, and from `now` they give up
 * what they had waiting.
 */

import type { LaneStart } from '../domain/rpc.ts';
import { countWanted } from './count-wanted.ts';
import type { Database } from '../lib/database.ts';
import type { LaneSet } from './lane-set.ts';
import { type LaneState, discard, madeDue } from './lane-state.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import type { EventLog } from './log.ts';

export interface ResumeParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly store: LaneStore;
}

export interface Resumed {
  readonly lane: Lane;
  /** Events given up. */
  readonly count: number;
  readonly state: LaneState;
}

/** Written in one transaction and taken over; the caller starts the lanes. */
export function resume(parts: ResumeParts, destination: string, from: LaneStart, nowMs: number): Resumed[] {
  const { db, lanes, store } = parts;
  const resumed = lanes.of(destination).map((lane) => {
    lane.restore();
    if (from === 'backlog') return { lane, count: 0, state: madeDue(lane.state, nowMs) };
    return { lane, ...givenUp(parts, lane) };
  });
  db.transaction(() => {
    for (const { lane, state } of resumed) {
      if (from === 'now') dropFollowUps(parts, lane);
      store.save(lane.name, state);
    }
  });
  for (const { lane, state } of resumed) lane.reconfigure(state);
  return resumed;
}

/** What waits, parked events included, is discarded; redriven ones are dead letters again. */
function givenUp({ log, lanes, store }: ResumeParts, lane: Lane): Omit<Resumed, 'lane'> {
  const followUps = store.followUps.between(lane.name, 0, log.head);
  const parked = followUps.filter(({ letterId }) => letterId === null).length;
  const count = countWanted(log, lane.state, log.head, lanes.filterOf(lane)) + parked;
  const state = discard(lane.state, log.head, count);
  return { count, state: { ...state, deadLettered: state.deadLettered + followUps.length - parked } };
}

function dropFollowUps({ log, store }: ResumeParts, lane: Lane): void {
  for (const followUp of store.followUps.between(lane.name, 0, log.head)) {
    store.followUps.remove(followUp);
    if (followUp.letterId !== null) store.letters.noteRedriven(followUp.letterId, null);
  }
}
