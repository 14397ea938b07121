/**
 * A config that changes nothing was saved again: every lane that waits or is blocked tries at once, as after any other save.
 * Writes the rows of those lanes only.
 */

import type { Actor } from '../domain/principal.ts';
import type { Database } from '../lib/database.ts';
import { Audit } from './audit.ts';
import type { LaneSet } from './lane-set.ts';
import { madeDue } from './lane-state.ts';
import type { LaneStore } from './lane-store.ts';

export interface EndPausesParts {
  readonly db: Database;
  readonly lanes: LaneSet;
  readonly store: LaneStore;
}

/** Written in one transaction and taken over; the caller starts the lanes. Whether any lane was paused. */
export function endPauses(
  { db, lanes, store }: EndPausesParts,
  actor: Actor | undefined,
  nowMs: number,
): boolean {
  for (const lane of lanes.all) lane.restore();
  const paused = lanes.all.flatMap((lane) => {
    const { dueAtMs } = lane.state;
    return dueAtMs === null ? [] : [{ lane, isLater: dueAtMs > nowMs, state: madeDue(lane.state, nowMs) }];
  });
  const later = paused.filter(({ isLater }) => isLater);
  if (later.length > 0) {
    db.transaction(() => {
      for (const { lane, state } of later) store.save(lane.name, state);
      const names = later.map(({ lane }) => lane.name);
      new Audit(db).append('pauses.ended', actor, { lanes: names }, nowMs);
    });
  }
  // Also where a probe is under way: its failure says nothing about what the operator has mended since.
  for (const { lane, state } of paused) lane.reconfigure(state);
  return paused.length > 0;
}
