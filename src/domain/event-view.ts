/** Stored events as an operator asks for them and sees them: types, and the words of an explanation. */

import type { CanonicalEvent, PolicyDecision } from './event.ts';
import type { Actor } from './principal.ts';
import type { DeadLetterReason, UnavailableReason } from './rpc.ts';
import type { Level } from './severity.ts';

/** Events of one answer, whatever is asked for. */
export const EVENTS_PER_PAGE_MAX = 200;

/**
 * An event without its people: instead of a user's or a device's own names it has their pseudonyms, and no host of a page.
 * The names are there only when persons are to be shown.
 */
export interface EventView extends Omit<CanonicalEvent, 'user' | 'device'> {
  readonly seq: number;
  readonly user?: { readonly key: string; readonly id?: string; readonly email?: string };
  readonly device?: { readonly key: string; readonly id?: string; readonly hostname?: string };
}

export interface EventFilter {
  readonly type?: string;
  /** A platform's id. */
  readonly platform?: string;
  readonly level?: Level;
  readonly decision?: PolicyDecision;
  /** Of `occurredAt`: from this time on … */
  readonly sinceMs?: number;
  /** … and before this one. */
  readonly untilMs?: number;
}

/** A user by a name of theirs, as Noxys sends it. */
export type UserName = { readonly id: string } | { readonly email: string };

export interface EventsRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly filter: EventFilter;
  /** A search for one user, audited. */
  readonly user?: UserName | { readonly key: string };
  /** Newest first, below this seq; without `after`, that is the order. */
  readonly before?: number;
  /** Oldest first, above this seq. */
  readonly after?: number;
  /** At most `EVENTS_PER_PAGE_MAX`. */
  readonly limit: number;
  /** The answer names users and devices, and is audited. */
  readonly showsPersons: boolean;
}

export interface EventPage {
  readonly events: readonly EventView[];
  /** Newest first only: where the next page begins. Absent: nothing that matches is older. */
  readonly nextBefore?: number;
  /** Where a look at newer events goes on: as the next `after`. */
  readonly lastSeq: number;
}

type Refused =
  { readonly kind: 'unknown_tenant' } | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export type EventsAnswer = (EventPage & { readonly kind: 'events' }) | Refused;

export interface ExplainRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly id: string;
  /** Absent: an event of any type that has the id. */
  readonly type?: string;
  /** Below this seq. */
  readonly before?: number;
  readonly showsPersons: boolean;
}

export type ExplainAnswer = (Explained & { readonly kind: 'explained' }) | Refused;

export interface Explained {
  /** Newest first. */
  readonly events: readonly ExplainedEvent[];
  /** All that is retained was looked through, or the one event that was asked for is found. */
  readonly isComplete: boolean;
  /** Where the search goes on when it is not complete. */
  readonly nextBefore?: number;
}

export interface ExplainedEvent {
  readonly event: EventView;
  readonly lanes: readonly Explanation[];
}

export const LANE_OUTCOMES = [
  'delivered', // the destination took it
  'dead_letter', // given up; an operator can have it sent again
  'parked', // retried alone, beside the others
  'waiting', // its turn has not come
  'not_wanted', // the destination's own filter
  'expired', // too old for its channel
  'discarded', // given up by an operator
  'before_lane', // accepted before the lane began
  'destination_absent', // came while the destination was not in the config
  'settled', // behind the lane, and what became of it is not known any more
] as const;
export type LaneOutcome = (typeof LANE_OUTCOMES)[number];

/** What one lane did with one event. */
export interface Explanation {
  readonly lane: string;
  readonly outcome: LaneOutcome;
  /** One sentence; names no person and quotes no destination. */
  readonly why: string;
  /** The dead letter's id: of `dead_letter`, and of `parked` when it is sent again. */
  readonly deadLetter?: number;
  readonly reason?: DeadLetterReason;
  /** Of `not_wanted`: `events`, or `where.` and the entry's key. */
  readonly filter?: string;
  /** Of `parked`: failures since it was set aside. */
  readonly tries?: number;
  /** When it is tried again at the earliest, ISO 8601 UTC. */
  readonly due?: string;
}

export interface UserKeyRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly user: UserName;
}

export type UserKeyAnswer = { readonly kind: 'key'; readonly key: string } | Refused;
