/** What every lane of a tenant did with an entry of the log, removed lanes too. Reads only. */

import type { Explanation } from '../domain/explanation.ts';
import { explain } from './explain.ts';
import { spanOf } from './lane-history.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';
import type { LogEntry } from './log.ts';

export interface LaneParts {
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
}

export function explainLanes(
  { lanes, laneStore }: LaneParts,
  { seq, event }: Pick<LogEntry, 'seq' | 'event'>,
  showsPersons: boolean,
): Explanation[] {
  const letters = laneStore.letters.ofEvent(seq);
  return lanes.known.map((lane) => {
    lane.restore();
    return explain({
      lane: lane.name,
      seq,
      event,
      state: lane.state,
      destination: lanes.destinationOf(lane.name),
      filter: lanes.filter(lane.name),
      letter: letters.get(lane.name),
      followUp: laneStore.followUps.between(lane.name, seq, seq)[0],
      end: laneStore.history.endOf(lane.name, seq),
      span: spanOf(laneStore.history.spans(lane.name), seq),
      showsPersons,
    });
  });
}
