/**
 * When the operator is told, and when not again: a storm is one notice, and one more when it lasts.
 * Pure: the time is passed in. The log that notices go to is in findings.ts.
 */

import type { NoticeFacts, NoticeKind } from '../domain/notice.ts';

const HOUR_MS = 3_600_000;

/** After a notice the same one (of the same lane) is not repeated for this long; what happens meanwhile is told then. */
export const QUIET_MS: Readonly<Record<NoticeKind, number>> = {
  // Shorter than the others: a lane that blocks again must not look well for an hour.
  lane_blocked: 10 * 60_000,
  lane_recovered: 0,
  dead_letters: HOUR_MS,
  events_expired: HOUR_MS,
  retention_near: 24 * HOUR_MS,
  rule_failed: HOUR_MS,
  isolation_waits: HOUR_MS,
  inbound_limited: HOUR_MS,
};

/** Something that the operator may have to know. */
export interface Occurrence {
  readonly kind: NoticeKind;
  readonly lane?: string;
  /** When it began; now, unless told. */
  readonly sinceMs?: number;
  /** Events concerned. */
  readonly count?: number;
  readonly detail?: string;
  /**
   * All that it counts are notices and digests: operators read of it, and no lane is told. Of two lanes that tell people, each would
   * lose the other's notices, tell of it, and so on for ever.
   */
  readonly isRowOnly?: boolean;
}

export interface Pending {
  readonly sinceMs: number;
  readonly count: number;
  readonly detail?: string;
}

/** What is remembered of the notices of one kind and lane. */
export interface NoticeMark {
  readonly announcedAtMs: number;
  /** Happened since, and not told yet. */
  readonly pending: Pending | null;
  /** A block that was announced and is not over: its end is announced, too. */
  readonly isOpen: boolean;
}

export interface Decision {
  readonly mark: NoticeMark | undefined;
  /** To be told now. */
  readonly announce: Pending | null;
}

/** What an occurrence leads to. `mark` is that of its kind and lane: for `lane_recovered` that of `lane_blocked`. */
export function afterOccurrence(
  mark: NoticeMark | undefined,
  occurrence: Occurrence,
  nowMs: number,
): Decision {
  const { kind, detail } = occurrence;
  const happened = {
    sinceMs: occurrence.sinceMs ?? nowMs,
    count: occurrence.count ?? 0,
    ...(detail && { detail }),
  };
  if (kind === 'lane_recovered') {
    const isAnnounced = mark?.isOpen ?? false;
    return {
      mark: mark && { ...mark, isOpen: false, pending: null },
      announce: isAnnounced ? happened : null,
    };
  }
  const merged = mark?.pending ? together(mark.pending, happened) : happened;
  if (mark && !isQuietOver(mark, kind, nowMs)) return { mark: { ...mark, pending: merged }, announce: null };
  return announced(merged, kind, nowMs);
}

/** What is pending of a kind, once its quiet time is over. */
export function afterQuiet(mark: NoticeMark, kind: NoticeKind, nowMs: number): Decision {
  if (!mark.pending || !isQuietOver(mark, kind, nowMs)) return { mark, announce: null };
  return announced(mark.pending, kind, nowMs);
}

/** When `afterQuiet` has something to tell; null when nothing is pending. */
export function quietEndsAtMs(mark: NoticeMark, kind: NoticeKind): number | null {
  return mark.pending ? mark.announcedAtMs + QUIET_MS[kind] : null;
}

/** Whether a mark may be forgotten: it would not change what happens next. */
export function isSpent(mark: NoticeMark, kind: NoticeKind, nowMs: number): boolean {
  return !mark.pending && !mark.isOpen && isQuietOver(mark, kind, nowMs);
}

function announced(pending: Pending, kind: NoticeKind, nowMs: number): Decision {
  return {
    mark: { announcedAtMs: nowMs, pending: null, isOpen: kind === 'lane_blocked' },
    announce: pending,
  };
}

/** A mark from the future says that the clock has gone back: it keeps nobody quiet. */
function isQuietOver(mark: NoticeMark, kind: NoticeKind, nowMs: number): boolean {
  return nowMs >= mark.announcedAtMs + QUIET_MS[kind] || nowMs < mark.announcedAtMs;
}

function together(a: Pending, b: Pending): Pending {
  return { ...a, ...b, sinceMs: Math.min(a.sinceMs, b.sinceMs), count: a.count + b.count };
}

/** What a notice tells, for the words of any language. */
export function noticeFacts({ kind, lane }: Occurrence, { sinceMs, count, detail }: Pending): NoticeFacts {
  return {
    kind,
    ...(lane !== undefined && { lane }),
    since: new Date(sinceMs).toISOString(),
    ...(count > 0 && { count }),
    ...(detail && { detail }),
  };
}
