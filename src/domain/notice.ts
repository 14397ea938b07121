/** What the operator is told of the relay itself: for the admin API, and for the lanes that tell people. Types and constants only. */

/** Of entries that the relay makes for the lanes that tell people. */
export const NOTICE_TYPE = 'relay.notice';

export const NOTICE_KINDS = [
  'lane_blocked', // nothing passes until an operator acts
  'lane_recovered', // a lane that was announced as blocked delivers again
  'dead_letters', // events that could not be delivered were set aside
  'events_expired', // undelivered events, dead letters included, are gone: their retention or their maximum age was over
  'retention_near', // undelivered events are about to reach the end of their retention
  'rule_failed', // a rule threw: the event went on without it
  'isolation_waits', // the hourly cap of isolations is reached: a person decides
  'inbound_limited', // webhooks were answered 429
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What a notice tells, for the words of any language. */
export interface NoticeFacts {
  readonly kind: NoticeKind;
  /** Which lane it is about; absent when it is about the tenant. It never goes through that lane. */
  readonly lane?: string;
  /** When what it tells began, ISO 8601 UTC. */
  readonly since: string;
  /** Events that it is about; absent when none are counted. */
  readonly count?: number;
  /** The cause, or a time: in English, as vendors and the relay's logs say it. */
  readonly detail?: string;
}

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
