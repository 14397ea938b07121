/** When a lane may send its next request, where its channel has a rate or its vendor's quota runs low. Pure. */

import { type LaneState } from './lane-state.ts';
import { type Bucket, type BucketLimits, SLOW_DOWN_MS_MAX, fullBucket, takeTokens } from './limits.ts';

/** Of a minute's requests, how many a lane that was idle may send at once. */
const BURST_SHARE = 1 / 6;

/** How long the next request must wait; with `waitMs` 0, `state` is the lane's once it is sent. */
export function paced(
  state: LaneState,
  requestsPerMinute: number | undefined,
  nowMs: number,
): { readonly state: LaneState; readonly waitMs: number } {
  const toldMs = (state.slowUntilMs ?? nowMs) - nowMs;
  // A slow-down that would last longer than any does says that the clock has gone back.
  const slowMs = toldMs > SLOW_DOWN_MS_MAX ? 0 : Math.max(0, toldMs);
  if (requestsPerMinute === undefined) return { state, waitMs: slowMs };
  const limits = { perMinute: requestsPerMinute, burst: Math.max(1, requestsPerMinute * BURST_SHARE) };
  const { bucket, waitMs } = takeTokens(bucketOf(state, limits, nowMs), limits, 1, nowMs);
  return { state: waitMs > 0 ? state : { ...state, bucket }, waitMs: Math.max(slowMs, waitMs) };
}

/** As it was left. One that was filled further ahead than filling takes says that the clock has gone back: it begins anew. */
function bucketOf({ bucket }: LaneState, limits: BucketLimits, nowMs: number): Bucket {
  const fillMs = (limits.burst / limits.perMinute) * 60_000;
  return bucket && bucket.filledAtMs - nowMs <= fillMs ? bucket : fullBucket(limits, nowMs);
}
