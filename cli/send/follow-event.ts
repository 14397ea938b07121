/** Follows one event until every lane has settled it, or until a deadline. */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { Explained, Explanation, LaneView } from '../api-types.ts';
import type { LaneOutcome } from '../../src/domain/explanation.ts';
import { interrupted } from '../failure.ts';
import type { Io } from '../io.ts';

const LOOK_MS = 1_000;

/** Something more may happen to the event there by itself. */
const PENDING: readonly LaneOutcome[] = ['waiting', 'parked'];
const BAD: readonly LaneOutcome[] = ['dead_letter', 'expired', 'discarded'];
/** In these states a lane does nothing until somebody acts. */
const STUCK: readonly LaneView['state'][] = ['blocked', 'disabled', 'removed'];

export interface Followed {
  readonly lanes: readonly Explanation[];
  /** Whether the log has the event at all: what overflowed comes later. */
  readonly isFound: boolean;
  readonly isSettled: boolean;
}

export interface Following {
  readonly tenant: string;
  readonly id: string;
  readonly type: string;
  readonly deadlineMs: number;
}

export async function followEvent(io: Io, api: ApiClient, following: Following): Promise<Followed> {
  const { tenant, id, type, deadlineMs } = following;
  for (;;) {
    const answer = await api.send<Explained>({
      method: 'GET',
      shape: SHAPES.explained,
      path: tenantPath(tenant, 'events', id),
      query: { type },
    });
    const isMissing =
      !answer.ok && answer.error.kind === 'problem' && answer.error.problem === 'event_not_found';
    if (!answer.ok && !isMissing) throw cliFailureOf(answer.error, 'follow the event', api.origin);
    const lanes = answer.ok ? (answer.value.body.events[0]?.lanes ?? []) : [];
    const isFound = answer.ok && answer.value.body.events.length > 0;
    const pending = lanes.filter(({ outcome }) => PENDING.includes(outcome));
    const isSettled = isFound && pending.length === 0;
    if (isSettled || io.nowMs() + LOOK_MS > deadlineMs) return { lanes, isFound, isSettled };
    if (isFound && (await areStuck(api, tenant, pending))) return { lanes, isFound, isSettled };
    await io.sleep(LOOK_MS, io.signal).catch(() => undefined);
    if (io.signal.aborted) throw interrupted();
  }
}

/** Whether waiting for these lanes is in vain. */
async function areStuck(api: ApiClient, tenant: string, pending: readonly Explanation[]): Promise<boolean> {
  const answer = await api.send<{ readonly lanes: readonly LaneView[] }>({
    method: 'GET',
    shape: SHAPES.lanes,
    path: tenantPath(tenant, 'lanes'),
  });
  if (!answer.ok) return false;
  const stuck = answer.value.body.lanes.filter(({ state }) => STUCK.includes(state)).map(({ lane }) => lane);
  return pending.every(({ lane }) => stuck.includes(lane));
}

/** Why the log does not have what the relay answered for. Of a person who was erased it answers as if it knew the event. */
export function whyMissing(tenant: string, isAccepted: boolean): string {
  const erased = `its person was erased, and the event is of before: such are dropped (\`npx noxys-relay erasures ${tenant}\`)`;
  return isAccepted
    ? `The relay took the event, and its log does not have it yet: it waits in the overflow queue (\`npx noxys-relay doctor\`), or ${erased}.`
    : `The relay did not store the event: ${erased}; or it was stored once, and has gone with its retention or an erasure.`;
}

/** Whether the event ended as it was meant to, in every lane. */
export function isWell({ lanes, isSettled }: Followed): boolean {
  return isSettled && lanes.every(({ outcome }) => !BAD.includes(outcome));
}
