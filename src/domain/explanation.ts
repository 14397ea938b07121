/** What every lane did with an event, and why. Types and constants only. */

import type { EventView } from './event-view.ts';
import type { DeadLetterReason } from './lane-view.ts';

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
  'delivered', // the destination took it, or the channel settled it without a request of its own
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
  /** Of `not_wanted`: `events`, `where.` and the entry's key, or `where` alone: the entry is about a person. */
  readonly filter?: string;
  /** Of `parked`: failures since it was set aside. */
  readonly tries?: number;
  /** When it is tried again at the earliest, ISO 8601 UTC. */
  readonly due?: string;
}
