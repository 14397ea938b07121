/**
 * Moves what a removed destination had not delivered into the dead letters, a stretch of the log at a time:
 * nothing that was accepted vanishes with a line of a config.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { logEvent } from '../lib/log.ts';
import type { FilterOf } from './count-wanted.ts';
import type { Database } from '../lib/database.ts';
import type { DeadLetter } from './dead-letter-store.ts';
import { type Span, filterIn } from './lane-history.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import { settle } from './lane-state.ts';
import type { EventLog } from './log.ts';
import { wantsOf } from './open-lane.ts';

/** Events read in one turn. */
const EVENTS_PER_TURN_MAX = 1000;
const PAGE_LENGTH_MAX = 1024 * 1024;
const AWAY = { kind: 'away' } as const;
const NOT_SENT = 'not delivered when its destination was removed from the config';

export interface LeavingParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly store: LaneStore;
  readonly filterOf: (lane: Lane) => FilterOf;
}

/** One turn for one lane; returns the dead letters that it made. Does nothing while the lane's last run is not over. */
export function leaveSome(
  lane: Lane,
  { db, log, store, filterOf }: LeavingParts,
  nowMs: number,
): readonly DeadLetter[] {
  lane.restore();
  const { state } = lane;
  const [first, ...later] = state.leaving;
  if (!first || lane.isRunning(nowMs)) return [];
  const { to, thenFrom } = first;
  const wants = wantsOf(filterOf(lane)({ after: state.cursor, to, leaving: first }));
  const settled = new Set(state.ahead);
  const entries = log.page(state.cursor, EVENTS_PER_TURN_MAX, PAGE_LENGTH_MAX).filter(({ seq }) => seq <= to);
  const letterOf = (seq: number, event: CanonicalEvent, attempts: number): DeadLetter => ({
    lane: lane.name,
    seq,
    eventId: event.id,
    eventType: event.type,
    reason: 'destination_removed',
    status: null,
    excerpt: NOT_SENT,
    attempts,
    atMs: nowMs,
  });
  const followUps = store.followUps.between(lane.name, 0, to);
  const parked = followUps.filter(({ letterId }) => letterId === null);
  const letters = [
    ...parked.flatMap(({ seq, attempts }) => {
      const entry = log.read(seq);
      return entry ? [letterOf(seq, entry.event, attempts)] : [];
    }),
    ...entries
      .filter(({ seq, event }) => !settled.has(seq) && wants(event))
      .map(({ seq, event }) => letterOf(seq, event, 0)),
  ];
  const readTo = entries.at(-1)?.seq ?? to;
  const isOver = readTo >= to;
  const next = {
    ...settle(state, [], { firstOpen: null, readTo: isOver ? Math.max(readTo, thenFrom ?? 0) : readTo }),
    parked: 0,
    // Redriven ones are dead letters again, as they were.
    deadLettered: state.deadLettered + letters.length + followUps.length - parked.length,
    leaving: isOver ? later : state.leaving,
  };
  const spans = [
    { after: state.cursor, rule: { kind: 'sent', ...filterIn(first) }, settled: state.ahead },
    ...(isOver && thenFrom !== undefined && thenFrom > to ? [{ after: to, rule: AWAY }] : []),
  ] satisfies Span[];
  db.transaction(() => {
    for (const { letterId } of followUps) if (letterId !== null) store.letters.noteRedriven(letterId, null);
    for (const followUp of followUps) store.followUps.remove(followUp);
    store.save(lane.name, next, { letters, spans });
  });
  lane.adopt(next);
  if (isOver && later.length === 0)
    logEvent('info', 'lane.left', { lane: lane.name, tenant: lane.parts.tenant() });
  return letters;
}
