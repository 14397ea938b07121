/**
 * Sends dead letters again: each becomes a follow-up of its lane, retried alone with a new attempt id and the same idempotency id.
 * Its dead letter stays until it is delivered, marked as redriven. To name one overrules what waits for a person's word; to select many does not.
 */

import type { AuditDetail } from '../domain/audit.ts';
import type { RedriveAnswer, RedriveRequest } from '../domain/rpc.ts';
import type { Database } from '../lib/database.ts';
import type { Audit } from './audit.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';

/** Events of a lane that are retried alone may be so many before a redrive adds no more: half of what parking may use. */
export const REDRIVEN_PER_LANE_MAX = 500;

export interface RedriveParts {
  readonly db: Database;
  readonly lanes: LaneSet;
  readonly store: LaneStore;
  readonly audit: Audit;
}

/** Selects, marks, queues and audits them in one transaction; the caller starts the lanes. */
export function redrive(
  { db, lanes, store, audit }: RedriveParts,
  { select, actor }: RedriveRequest,
  nowMs: number,
): RedriveAnswer {
  if (select.id !== undefined && !store.letters.get(select.id)) return { kind: 'not_found' };
  for (const lane of lanes.known) lane.restore();
  const chosen = lanes.all
    .filter((lane) => select.lane === undefined || select.lane === lane.name)
    .map((lane) => {
      const room = Math.max(0, REDRIVEN_PER_LANE_MAX - lane.state.parked);
      return { lane, letters: store.letters.waiting({ ...select, lane: lane.name }, room) };
    })
    .filter(({ letters }) => letters.length > 0);
  const count = chosen.reduce((sum, { letters }) => sum + letters.length, 0);
  const left = store.letters.countWaiting(select) - count;
  const states = chosen.map(({ lane, letters }) => {
    const { parked, deadLettered } = lane.state;
    const state = {
      ...lane.state,
      parked: parked + letters.length,
      deadLettered: Math.max(0, deadLettered - letters.length),
    };
    return { lane, letters, state };
  });
  db.transaction(() => {
    if (count > 0)
      audit.append('dead_letters.redriven', actor, { ...selectionOf(select), count, left }, nowMs);
    for (const { lane, letters, state } of states) {
      const followUps = letters.map(({ id, seq, attempts }) => ({
        lane: lane.name,
        seq,
        attempts,
        dueAtMs: nowMs,
        tries: 0,
        letterId: id,
        asideSinceMs: null,
        isNamed: select.id !== undefined,
      }));
      for (const { id } of letters) store.letters.noteRedriven(id, nowMs);
      store.save(lane.name, state, { followUps });
    }
  });
  for (const { lane, state } of states) lane.adopt(state);
  return { kind: 'redriven', count, left };
}

function selectionOf({ sinceMs, ...select }: RedriveRequest['select']): AuditDetail {
  return { ...select, ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }) };
}
