/** Stored events as an operator asks for them and sees them. Types only, and how many at once. */

import type { CanonicalEvent, PolicyDecision } from './event.ts';
import type { Actor } from './principal.ts';
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

export interface UserKeyRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly user: UserName;
}
