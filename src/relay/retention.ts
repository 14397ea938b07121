/**
 * Which periods of the log may go, and when the next one is due. Pure.
 */

import type { Period } from './log.ts';

const DAY_MS = 24 * 3_600_000;
/** A sender repeats a webhook for up to 76 hours (Standard Webhooks); a week covers slower ones. */
const DEDUP_MS_MIN = 7 * DAY_MS;

/** Above this the oldest delivered periods go before their time. The platform's limit is 10 GB per object. */
export const SPACE_BYTES_HIGH = 7e9;
/** Above this nothing more is accepted. */
export const SPACE_BYTES_FULL = 9e9;

export interface RetentionRules {
  readonly eventsMs: number;
  /** How long an event's (type, id) is remembered: at least twice the signature's tolerance. */
  readonly dedupMs: number;
}

/** The rules of a tenant, from its config in days and seconds. */
export function retentionRules(eventsDays: number, toleranceSeconds: number): RetentionRules {
  return {
    eventsMs: eventsDays * DAY_MS,
    dedupMs: Math.max(DEDUP_MS_MIN, 2 * toleranceSeconds * 1000),
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
