/** When a lane may send its next request, where its channel has a rate or its vendor's quota runs low. Pure. */

import { type LaneState } from './lane-state.ts';
import { fullBucket, takeTokens } from './limits.ts';

/** Of a minute's requests, how many a lane that was idle may send at once. */
const BURST_SHARE = 1 / 6;

/** How long the next request must wait; with `waitMs` 0, `state` is the lane's once it is sent. */
export function paced(
  state: LaneState,
  requestsPerMinute: number | undefined,
  nowMs: number,
): { readonly state: LaneState; readonly waitMs: number } {
  const slowMs = Math.max(0, (state.slowUntilMs ?? nowMs) - nowMs);
  if (requestsPerMinute === undefined) return { state, waitMs: slowMs };
  const limits = { perMinute: requestsPerMinute, burst: Math.max(1, requestsPerMinute * BURST_SHARE) };
  const { bucket, waitMs } = takeTokens(state.bucket ?? fullBucket(limits, nowMs), limits, 1, nowMs);
  return { state: waitMs > 0 ? state : { ...state, bucket }, waitMs: Math.max(slowMs, waitMs) };
}
