/**
 * The contract that every product implements: a destination has channels, each channel feeds one lane.
 * Types only. A channel builds and sends one request and says what came of it; it knows no cursor, no retry, no storage.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { SendRequest } from '../lib/http.ts';

export interface DeliveryIo {
  /** The one guarded HTTP function: timeout, no redirects, capped answer, host allow-list, connection limit. */
  readonly send: SendRequest;
  readonly timeoutMs: number;
  /** New for each attempt; the idempotency id (the event's) stays the same. */
  readonly attemptId: string;
  readonly nowMs: () => number;
}

export interface BatchLimits {
  readonly eventsMax: number;
  /** UTF-16 units of the events' stored JSON. A body may be twice that. */
  readonly lengthMax: number;
}

export interface Channel {
  /** The channel's part of the lane's name: `events` in `edr/events`. */
  readonly kind: 'events';
  /** Present: a request carries several events, one request at a time. Absent: one event per request. */
  readonly batch?: BatchLimits;
  /** Requests under way at once; 1 for batched channels. */
  readonly inFlight: number;
  /** Requests that the lane may send per minute; absent: as many as the destination takes. Kept with the lane's row. */
  readonly requestsPerMinute?: number;
  /** What is older is recorded as expired, never sent. Absent: nothing is too old. See domain/maximum-age.ts. */
  readonly maximumAgeMs?: number;
  /** Sends the events in one request. Never throws for what a destination does; a bug may throw. */
  deliver(events: readonly CanonicalEvent[], io: DeliveryIo): Promise<Outcome>;
}
