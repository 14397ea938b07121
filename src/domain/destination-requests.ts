/** What an operator asks of one destination, now, and what comes of it: a test, a host let back into the network. Types only; see rpc.ts. */

import type { BlockedReason, Outcome, RetryReason } from './outcome.ts';
import type { Actor } from './principal.ts';
import type { SealedTenantConfig } from './tenant-config.ts';
import type { Busy, UnavailableReason } from './unavailable.ts';

/** Sends a test event to each channel of a destination, now. It is in no log and no total, and changes no lane. */
export interface TestDestinationRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly destination: string;
  /** Tested instead of the stored config, and forgotten. The tenant need not exist yet. */
  readonly config?: SealedTenantConfig;
}

export interface LaneTest {
  readonly lane: string;
  readonly outcome: Outcome['kind'];
  /** Of `retry` and `blocked`. */
  readonly reason?: RetryReason | BlockedReason;
  /** HTTP status; absent when there was no answer. */
  readonly status?: number;
  /** Capped and redacted: what failed, or the start of the answer. It is the destination's own text. */
  readonly detail?: string;
  /** Of the request itself, without waiting for a connection; 0 when none was made. */
  readonly durationMs: number;
  /** For the operator, a sentence each: what works, what could not be tested. */
  readonly notes?: readonly string[];
  /** Under which the destination shows the test event; absent: none was sent. */
  readonly eventId?: string;
}

export type TestDestinationAnswer =
  | {
      readonly kind: 'tested';
      readonly tests: readonly LaneTest[];
      /** A sentence, where every channel passed and the product has one. */
      readonly summary?: string;
    }
  /** The same destination is being tested, or the tenant's tests of this minute are used up. */
  | { readonly kind: 'too_many_tests'; readonly retryAfterSeconds: number }
  | { readonly kind: 'unknown_destination' }
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

/** Lets an isolated host back into the network, now. One of the two names it. */
export interface LiftContainmentRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly destination: string;
  readonly deviceId?: string;
  readonly hostname?: string;
}

export type LiftContainmentAnswer =
  | { readonly kind: 'lifted'; readonly deviceId: string; readonly detail: string }
  /** Nothing was done: no such host, several, or one that is not isolated. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The destination did not do it. */
  | { readonly kind: 'failed'; readonly reason?: RetryReason | BlockedReason; readonly detail: string }
  /** The destination isolates no hosts: `contain` is not among its actions. */
  | { readonly kind: 'not_granted' }
  /** The same destination is asked for another host, or the tenant's lifts of this minute are used up. */
  | Busy
  | { readonly kind: 'unknown_destination' }
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };
