/**
 * Sends dead letters again: each becomes a follow-up of its lane, retried alone with a new attempt id and the same idempotency id.
 * Its dead letter stays until it is delivered, marked as redriven.
 */

import type { RedriveAnswer, RedriveRequest } from '../domain/rpc.ts';
import type { Database } from './database.ts';
import type { StoredDeadLetter } from './dead-letter-store.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';

/** Events of a lane that are retried alone may be so many before a redrive adds no more: half of what parking may use. */
export const REDRIVEN_PER_LANE_MAX = 500;
/** Letters looked at in one call: PAGES_MAX × PAGE_LETTERS. */
const PAGE_LETTERS = 500;
const PAGES_MAX = 20;

export interface RedriveParts {
  readonly db: Database;
  readonly lanes: LaneSet;
  readonly store: LaneStore;
}

/** Selects, marks and queues them in one transaction; the caller starts the lanes. */
export function redrive(
  { db, lanes, store }: RedriveParts,
  select: RedriveRequest['select'],
  nowMs: number,
): RedriveAnswer {
  if (select.id !== undefined && !store.letters.get(select.id)) return { kind: 'not_found' };
  for (const lane of lanes.known) lane.restore();
  const chosen = new Map<Lane, StoredDeadLetter[]>();
  let count = 0;
  let afterId = 0;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = store.letters.waiting(select, afterId, PAGE_LETTERS);
    for (const letter of page) {
      const lane = lanes.destinationOf(letter.lane) && lanes.find(letter.lane);
      const taken = lane ? (chosen.get(lane) ?? []) : [];
      if (!lane || lane.state.parked + taken.length >= REDRIVEN_PER_LANE_MAX) continue;
      chosen.set(lane, [...taken, letter]);
      count++;
    }
    if (page.length < PAGE_LETTERS) break;
    afterId = page.at(-1)?.id ?? afterId;
  }
  const left = store.letters.countWaiting(select) - count;
  const states = [...chosen].map(([lane, letters]) => {
    const { parked, deadLettered } = lane.state;
    const moved = letters.length;
    return {
      lane,
      letters,
      state: { ...lane.state, parked: parked + moved, deadLettered: Math.max(0, deadLettered - moved) },
    };
  });
  db.transaction(() => {
    for (const { lane, letters, state } of states) {
      const followUps = letters.map(({ id, seq, attempts }) => ({
        lane: lane.name,
        seq,
        attempts,
        dueAtMs: nowMs,
        tries: 0,
        letterId: id,
      }));
      for (const { id } of letters) store.letters.noteRedriven(id, nowMs);
      store.save(lane.name, state, { letters: [], followUps, ended: [] });
    }
  });
  for (const { lane, state } of states) lane.adopt(state);
  return { kind: 'redriven', count, left };
}
