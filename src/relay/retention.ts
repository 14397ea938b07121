/**
 * Which periods of the log may go, and when the next one is due. Pure.
 */

import { deduplicationMs } from '../domain/deduplication.ts';
import type { Period } from './log.ts';

const DAY_MS = 24 * 3_600_000;

/** Above this the oldest delivered periods go before their time. The platform's limit is 10 GB per object. */
export const SPACE_BYTES_HIGH = 7e9;
/** Above this nothing more is accepted. */
export const SPACE_BYTES_FULL = 9e9;

export interface RetentionRules {
  readonly eventsMs: number;
  readonly dedupMs: number;
}

/** The rules of a tenant, from its config in days and seconds. */
export function retentionRules(eventsDays: number, toleranceSeconds: number): RetentionRules {
  return {
    eventsMs: eventsDays * DAY_MS,
    dedupMs: deduplicationMs(toleranceSeconds),
  };
}

/** Closed periods whose newest event is older than the retention. */
export function eventsDue(periods: readonly Period[], rules: RetentionRules, nowMs: number): Period[] {
  return periods.filter(
    (p) => p.hasEvents && p.closedAtMs !== null && p.closedAtMs + rules.eventsMs <= nowMs,
  );
}

/** Closed periods whose de-duplication set no sender needs any more. */
export function seenDue(periods: readonly Period[], rules: RetentionRules, nowMs: number): Period[] {
  return periods.filter((p) => p.hasSeen && p.closedAtMs !== null && p.closedAtMs + rules.dedupMs <= nowMs);
}

/** When `eventsDue` or `seenDue` next has something; null when nothing is closed. */
export function nextDropAtMs(periods: readonly Period[], rules: RetentionRules): number | null {
  const times = periods.flatMap((p) =>
    p.closedAtMs === null
      ? []
      : [
          ...(p.hasEvents ? [p.closedAtMs + rules.eventsMs] : []),
          ...(p.hasSeen ? [p.closedAtMs + rules.dedupMs] : []),
        ],
  );
  return times.length === 0 ? null : Math.min(...times);
}

/** Undelivered events are announced when a fifth of their retention is left, three days at most. */
export function warnsAtMs(goesAtMs: number, retentionMs: number): number {
  return goesAtMs - Math.min(3 * DAY_MS, retentionMs / 5);
}
