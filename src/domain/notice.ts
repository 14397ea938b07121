/** What the operator is told: an entry of the findings log, for channels and the admin API. Types only. */

export const NOTICE_KINDS = [
  'lane_blocked', // nothing passes until an operator acts
  'lane_recovered', // a lane that was announced as blocked delivers again
  'dead_letters', // events that could not be delivered were set aside
  'events_expired', // undelivered events, dead letters included, are gone: their retention or their maximum age was over
  'retention_near', // undelivered events are about to reach the end of their retention
  'inbound_limited', // webhooks were answered 429
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export interface Notice {
  readonly id: number;
  readonly kind: NoticeKind;
  /** When it was announced, ISO 8601 UTC. */
  readonly at: string;
  /** Which lane it is about; absent when it is about the tenant. */
  readonly lane?: string;
  /** When what it tells began, ISO 8601 UTC. */
  readonly since: string;
  /** Events that it is about, those of suppressed notices before it included; absent when none are counted. */
  readonly count?: number;
  /** One or two sentences: what happened, and what to do. */
  readonly text: string;
}
