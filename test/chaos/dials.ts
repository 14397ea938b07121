/** What the bench and its Worker say to each other: the dials that the bench sets, the figures that the Worker keeps. Types and constants only. */

export const ACCEPT_FAULTS = [
  'throw_before', // before anything is stored
  'throw_after', // stored, and the answer is an error
  'hang_before', // longer than the Worker waits, then stored after all
  'hang_after', // stored, and the answer comes later than the Worker waits
] as const;
export type AcceptFault = (typeof ACCEPT_FAULTS)[number];

export const WAKEUP_FAULTS = ['dropped', 'doubled', 'delayed'] as const;
export type WakeupFault = (typeof WAKEUP_FAULTS)[number];

/** Shares are probabilities from 0 to 1. */
export interface Dials {
  readonly seed: number;
  /** Of calls of `accept`. */
  readonly acceptShare: number;
  /** Tenants whose `accept` never fails. */
  readonly acceptExempt: readonly string[];
  /** Of wake-ups, for each kind of fault. */
  readonly wakeupShare: number;
}

/** Counted since the Worker started. */
export interface WorkerFigures {
  readonly accept: Readonly<Record<AcceptFault, number>>;
  readonly wakeups: Readonly<Record<WakeupFault | 'passed', number>>;
  readonly overflowSent: number;
  readonly overflowDone: number;
  readonly objectStarts: number;
}

/** An entry of a tenant's log. */
export interface LoggedEvent {
  readonly seq: number;
  /** `{type}:{id}`, as in the idempotency key. */
  readonly key: string;
  readonly type: string;
}

/** Of one page of the log. */
export const LOG_PAGE_EVENTS = 5_000;
/** Set on each request of a lane: when it began, as `{boot}-{number}`, each of the two ascending, padded so that text sorts as they do. */
export const START_HEADER = 'x-chaos-start';
/** Set beside it: the first event's key, for requests whose body is not read. */
export const FIRST_KEY_HEADER = 'x-chaos-first';
/** Set on the answer to a webhook while which the Worker put events into OVERFLOW: its own, or another's. */
export const OVERFLOW_HEADER = 'x-chaos-overflow';
