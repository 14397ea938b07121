/** What one turn of the cases channel works with, and the two kinds of cases that it keeps. Types and small pure functions. */

import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import type { FailedOutcome } from '../../domain/outcome.ts';
import type { ChannelContext, DeliveryIo } from '../destination.ts';
import type { FalconApi } from './api.ts';
import { STORM_KEY } from './case-group.ts';

const LOOK_AGAIN_MS = 10_000;
/** Where a destination says nothing about cases. */
const PER_HOUR_MAX_DEFAULT = 20;

export interface CaseTurn {
  readonly config: FalconConfig;
  readonly context: ChannelContext;
  readonly io: DeliveryIo;
  readonly api: FalconApi;
}

/** Whose case: a group's own, or the one of all that came above the cap. */
export interface CaseTarget {
  readonly key: string;
  readonly isStorm: boolean;
}

export const STORM: CaseTarget = { key: STORM_KEY, isStorm: true };

export function perHourMaxOf({ cases }: FalconConfig): number {
  return cases?.per_hour_max ?? PER_HOUR_MAX_DEFAULT;
}

/** The entry that a text is about: the newest. `items` has at least one. */
export function newestOf(items: readonly CanonicalEvent[]): CanonicalEvent {
  return items.reduce((a, b) => (Date.parse(b.occurredAt) >= Date.parse(a.occurredAt) ? b : a));
}

/** Later it will show what there is. */
export function unconfirmed(detail: string): FailedOutcome {
  return { kind: 'retry', reason: 'unconfirmed', detail, retryAfterMs: LOOK_AGAIN_MS };
}
