/**
 * What came of one request to a destination. It answers one question: what would a retry achieve?
 * Types and constants only. HTTP answers are turned into outcomes in destinations/outcome.ts.
 */

export type Outcome =
  | {
      readonly kind: 'delivered';
      /** Of the request's events, so many of the first are done with. Absent: all. At least 1. */
      readonly settled?: number;
      /** What came of the others. Absent: they were not tried, and are to be sent again at once. */
      readonly others?: FailedOutcome;
    }
  | FailedOutcome;

export type FailedOutcome =
  /** The same request may pass later. */
  | {
      readonly kind: 'retry';
      readonly reason: RetryReason;
      readonly detail: string;
      readonly retryAfterMs?: number;
      /** HTTP status and the start of the answer; absent when there was none. */
      readonly status?: number;
      readonly excerpt?: string;
      /** The destination was asked and is at it: the entry alone is looked at again after `retryAfterMs`, beside the lane, and nothing has failed. */
      readonly isAside?: true;
    }
  /** Nothing passes until an operator acts: events are kept, one probe per 15 minutes. */
  | { readonly kind: 'blocked'; readonly reason: BlockedReason; readonly detail: string }
  /** These events will never pass: dead letters. `status` null: the relay itself refused, and the destination was not at fault. */
  | {
      readonly kind: 'rejected';
      readonly status: number | null;
      readonly excerpt: string;
      /** The relay may do it, but not without a person: who redrives the dead letter has decided. */
      readonly asksHuman?: true;
    };

/** The lane's run was given up, or its config changed, before the request went out: nobody looks at it. */
export const NOT_SENT: Outcome & { readonly kind: 'retry' } = {
  kind: 'retry',
  reason: 'internal_error',
  detail: 'not sent',
};

export const RETRY_REASONS = [
  'timeout',
  'network',
  'busy',
  'server_error',
  'internal_error',
  'pending', // asked for, and not done yet
  'unconfirmed', // no answer was seen, and whether it was done does not show yet
] as const;
export type RetryReason = (typeof RETRY_REASONS)[number];

export const BLOCKED_REASONS = [
  'unauthorized', // 401
  'forbidden', // 403
  'no_such_endpoint', // 404, 405, 410 on the collection path
  'scope_missing', // 403: the API client lacks a scope
  'address_not_allowed', // 403 of the token endpoint: the vendor lets only known addresses in
  'wrong_region', // the credential belongs to another cloud of the vendor
  'redirected', // any 3xx: never followed
  'tls_failure',
  'html_answer', // a 2xx with a web page: a login portal, not the API
  'host_not_allowed', // the tenant's residency does not allow this host
  'rejected_in_a_row', // twenty rejections without a delivery
  'too_many_parked', // so many events fail alone that more of them may not be set aside
  'not_configured', // a sealed credential does not open, or the destination is incomplete
  'unexpected_status',
] as const;
export type BlockedReason = (typeof BLOCKED_REASONS)[number];
