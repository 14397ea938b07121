/** Follows one event until every lane has settled it, or until a deadline. */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { EventExplained, Explanation } from '../api-types.ts';
import { interrupted } from '../failure.ts';
import type { Io } from '../io.ts';

const LOOK_MS = 1_000;

/** Nothing more happens to the event there by itself. */
const SETTLED = [
  'delivered',
  'dead_letter',
  'not_wanted',
  'expired',
  'disabled',
  'discarded',
  'removed',
  'blocked',
];
const GOOD = ['delivered', 'not_wanted', 'disabled', 'removed'];

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
    const answer = await api.send<EventExplained>({
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
    const isSettled = isFound && lanes.every(({ outcome }) => SETTLED.includes(outcome));
    if (isSettled || io.nowMs() + LOOK_MS > deadlineMs) return { lanes, isFound, isSettled };
    await io.sleep(LOOK_MS, io.signal).catch(() => undefined);
    if (io.signal.aborted) throw interrupted();
  }
}

/** Whether the event ended as it was meant to, in every lane. */
export function isWell({ lanes, isSettled }: Followed): boolean {
  return isSettled && lanes.every(({ outcome }) => GOOD.includes(outcome));
}
