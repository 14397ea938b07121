/** What a digest tells: counts of a day or a week, and of the one before. It names no person. Types and constants only. */

import type { Level } from './severity.ts';

/** Of entries that the relay makes for the lanes that tell people. */
export const DIGEST_TYPE = 'relay.digest';

export interface DigestTotals {
  /** Of Noxys, accepted. */
  readonly events: number;
  /** Of Noxys, answered 429. */
  readonly limited: number;
  readonly byLevel: Readonly<Record<string, number>>;
  readonly byDecision: Readonly<Record<string, number>>;
  /** By platform id. */
  readonly byPlatform: Readonly<Record<string, number>>;
  readonly byClassification: Readonly<Record<string, number>>;
  /** By rule, the gravest and most frequent first. */
  readonly detections: readonly { readonly rule: string; readonly level: Level; readonly count: number }[];
}

export interface DigestFacts {
  readonly period: 'daily' | 'weekly';
  /** ISO 8601 UTC, whole hours: hours of activity that begin from then on, up to and without `to`. */
  readonly from: string;
  readonly to: string;
  /** In which people read the times. IANA name. */
  readonly timeZone: string;
  /** Of those hours, and what arrived too late for the digest before. */
  readonly totals: DigestTotals;
  /** What the digest before told, or, if it was of another length, what is counted of the span of the same length before. */
  readonly before: DigestTotals;
  /** Notices of the span, by kind. */
  readonly notices: Readonly<Record<string, number>>;
  /** Lanes that are blocked now. */
  readonly blockedLanes: readonly string[];
}
