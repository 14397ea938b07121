/**
 * What an operator's resume does to the lanes of a destination: their pauses end at once, and from `now` they give up
 * what they had waiting.
 */

import type { LaneStart } from '../domain/rpc.ts';
import { countWanted } from './count-wanted.ts';
import type { LaneSet } from './lane-set.ts';
import { type Filter, type LaneEnd, type Span, filterIn } from './lane-history.ts';
import { type LaneState, discard, madeDue, owedStretches } from './lane-state.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import type { EventLog } from './log.ts';

export interface ResumeParts {
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

/** What is to become of the destination's lanes. Changes nothing yet. */
export function resumed(parts: ResumeParts, destination: string, from: LaneStart, nowMs: number): Resumed[] {
  return parts.lanes.of(destination).map((lane) => {
    lane.restore();
    if (from === 'backlog') return { lane, count: 0, state: madeDue(lane.state, nowMs) };
    return { lane, ...givenUp(parts, lane) };
  });
}

/** Whether the lane goes on otherwise than it would have. */
export function isResumeFelt({ lane, state }: Resumed): boolean {
  return JSON.stringify(state) !== JSON.stringify(lane.state);
}

/** Writes it. Call inside a transaction; the caller lets the lanes take their states over once it holds. */
export function writeResumed(parts: ResumeParts, lanes: readonly Resumed[], from: LaneStart): void {
  const { store, lanes: set, log } = parts;
  for (const { lane, state } of lanes) {
    const spans = from === 'now' ? spansGivenUp(lane.state, log.head, set.destinationOf(lane.name)) : [];
    const ends = from === 'now' ? dropFollowUps(parts, lane) : [];
    store.save(lane.name, state, { spans, ends });
  }
}

/** What waits, parked events included, is discarded; redriven ones are dead letters again. */
function givenUp({ log, lanes, store }: ResumeParts, lane: Lane): Omit<Resumed, 'lane'> {
  const followUps = store.followUps.between(lane.name, 0, log.head);
  const parked = followUps.filter(({ letterId }) => letterId === null).length;
  const count = countWanted(log, lane.state, log.head, lanes.filterOf(lane)) + parked;
  const state = discard(lane.state, log.head, count);
  return { count, state: { ...state, deadLettered: state.deadLettered + followUps.length - parked } };
}

/** The rest of the log in spans: what the lane owed is given up, what came while its destination was away is not its own. */
function spansGivenUp(state: LaneState, head: number, own: Filter = {}): Span[] {
  const spans: Span[] = [];
  let after = state.cursor;
  for (const { after: from, to, leaving = own } of owedStretches(state, head)) {
    if (from > after) spans.push({ after, rule: { kind: 'away' } });
    spans.push({ after: from, rule: { kind: 'given_up', ...filterIn(leaving) }, settled: state.ahead });
    after = to;
  }
  if (after < head) spans.push({ after, rule: { kind: 'away' } });
  return spans;
}

/** Returns how those ended that were parked. */
function dropFollowUps({ log, store }: ResumeParts, lane: Lane): { seq: number; end: LaneEnd }[] {
  const followUps = store.followUps.between(lane.name, 0, log.head);
  for (const followUp of followUps) {
    store.followUps.remove(followUp);
    if (followUp.letterId !== null) store.letters.noteRedriven(followUp.letterId, null);
  }
  return followUps.flatMap(({ seq, letterId }) => (letterId === null ? [{ seq, end: 'discarded' }] : []));
}
