/** What an operator sees of lanes and dead letters. Types and constants only. */

import type { BlockedReason } from './outcome.ts';

/** One lane as an operator sees it. */
export interface LaneView {
  readonly lane: string;
  readonly state: 'idle' | 'running' | 'waiting' | 'blocked' | 'disabled' | 'removed';
  /** Events that it wants and has not settled: of more than 5,000 that wait an upper bound, wanted or not. */
  readonly undelivered: number;
  readonly delivered: number;
  readonly deadLettered: number;
  /** Gone with their period before they were delivered. */
  readonly expired: number;
  /** Events that are retried alone, beside the others: parked or redriven. */
  readonly parked: number;
  /** Given up by an operator: the destination was resumed from now. */
  readonly discarded: number;
  /** Of a person whose data were erased before they were delivered, dead letters included. */
  readonly erased: number;
  /** Failures in a row. */
  readonly tries: number;
  readonly blocked?: { readonly reason: BlockedReason; readonly detail: string; readonly since: string };
  readonly lastFailure?: { readonly reason: string; readonly detail: string; readonly at: string };
  /** When the lane tries again. */
  readonly due?: string;
  readonly lastDeliveredAt?: string;
}

export const DEAD_LETTER_REASONS = [
  'rejected', // the destination refused the event for good
  'attempts_exhausted', // parked, and every attempt failed
  'destination_removed', // not delivered when its destination was taken out of the config
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

export interface DeadLetterView {
  readonly id: number;
  readonly lane: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly reason: DeadLetterReason;
  /** HTTP status of the last answer; absent when there was none. */
  readonly status?: number;
  /** Capped, redacted excerpt of the last answer, or what failed. */
  readonly excerpt: string;
  readonly attempts: number;
  readonly at: string;
  /** Being sent again since then. */
  readonly redrivenAt?: string;
}

export interface DeadLetterPage {
  /** Newest first; below this id. */
  readonly before?: number;
  readonly limit: number;
  readonly reason?: DeadLetterReason;
  readonly lane?: string;
}
