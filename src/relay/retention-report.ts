/**
 * What is kept, kind by kind: how long at most and what decides it, the oldest that there is, when it goes, and when something last went.
 * Nothing goes to the minute: the log goes by periods of up to a day, detections and the audit are dropped once a day, and the alarm may be
 * late. `goesBy` has the period or the day in it; overdue is what is still there an hour after that. Reads only, a few rows of each kind.
 */

import type { RetentionLine } from '../domain/rights.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { Activity } from './activity.ts';
import type { Audit } from './audit.ts';
import { memoryEndsAtMs } from './channel-memory.ts';
import { NOTICES_KEPT_MS } from './findings.ts';
import type { LaneSet } from './lane-set.ts';
import type { LegalHolds } from './legal-holds.ts';
import type { EventLog, Period } from './log.ts';
import type { DroppedKind, RetentionNotes } from './retention-notes.ts';
import { retentionRules } from './retention.ts';
import { oldestRuleChangeMs } from './rule-changes.ts';
import type { TenantRules } from './tenant-rules.ts';
import { WATCH_KEPT_MS } from './watched-users.ts';
import type { WindowStore } from './window-store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How late the alarm may be. */
const SLACK_MS = HOUR_MS;

export interface RetentionReportParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly activity: Activity;
  readonly audit: Audit;
  readonly windows: Pick<WindowStore, 'age'>;
  readonly rules: Pick<TenantRules, 'longestWindowMs'>;
  readonly holds: LegalHolds;
  readonly notes: RetentionNotes;
  readonly config: () => SealedTenantConfig;
  /** Of a period of the log. */
  readonly periodMs: number;
}

/** What is known of one kind. */
interface Facts {
  readonly kind: string;
  readonly dropped?: DroppedKind;
  readonly days: number;
  readonly basis: string;
  readonly oldestAtMs?: number | undefined;
  readonly goesByMs?: number | undefined;
  /** Only what is overdue says so. */
  readonly keptBy?: string | undefined;
  /** Whatever is there stays because of it. */
  readonly isKept?: boolean;
}

export function retentionLines(parts: RetentionReportParts, nowMs: number): RetentionLine[] {
  const kinds = [...ofLog(parts, nowMs), ...ofRules(parts), ...ofRecords(parts), ...ofPersons(parts)];
  return kinds.map((facts) => lineOf(facts, parts.notes, nowMs));
}

function lineOf(
  { kind, dropped, days, basis, oldestAtMs, goesByMs, keptBy, isKept = false }: Facts,
  notes: RetentionNotes,
  nowMs: number,
): RetentionLine {
  const isOverdue = goesByMs !== undefined && goesByMs + SLACK_MS < nowMs;
  const lastDroppedAtMs = dropped && notes.lastDroppedAtMs(dropped);
  return {
    kind,
    days,
    basis,
    ...(oldestAtMs !== undefined && { oldestAt: isoOf(oldestAtMs) }),
    ...(goesByMs !== undefined && { goesBy: isoOf(goesByMs) }),
    isOverdue,
    ...((isOverdue || isKept) && keptBy !== undefined && { keptBy }),
    ...(lastDroppedAtMs !== undefined && { lastDroppedAt: isoOf(lastDroppedAtMs) }),
  };
}

/** What goes with a period of the log. */
function ofLog(parts: RetentionReportParts, nowMs: number): Facts[] {
  const { db, log, config, periodMs } = parts;
  const { retention, webhook } = config();
  const { eventsMs, dedupMs } = retentionRules(retention.events, webhook.tolerance_seconds);
  const endOf = ({ closedAtMs, openedAtMs }: Period): number => closedAtMs ?? openedAtMs + periodMs;
  const holding = (seq: number | undefined | null): Period | undefined =>
    typeof seq === 'number' ? log.periods.findLast(({ firstSeq }) => firstSeq <= seq) : undefined;
  const events = log.periods.find(({ hasEvents }) => hasEvents);
  const seen = log.periods.find(({ hasSeen }) => hasSeen);
  const letter = db.first<{ at: number; seq: number }>(
    'SELECT at, seq FROM dead_letters ORDER BY id LIMIT 1',
  );
  const followUp = holding(db.first<{ seq: number | null }>('SELECT MIN(seq) AS seq FROM follow_ups')?.seq);
  const keptBy = keptInLog(parts, nowMs);
  const letterPeriod = holding(letter?.seq);
  const withPeriod = { days: retention.events, basis: 'goes with the events that it is about', keptBy };
  return [
    {
      kind: 'events',
      dropped: 'events',
      days: retention.events,
      basis: 'retention.events, from the end of the day that they came',
      oldestAtMs: events?.openedAtMs,
      goesByMs: events && endOf(events) + eventsMs,
      keptBy,
    },
    {
      kind: 'deduplication_ids',
      dropped: 'deduplication_ids',
      days: dedupMs / DAY_MS,
      basis: 'a week, or twice webhook.tolerance_seconds where that is longer',
      oldestAtMs: seen?.openedAtMs,
      goesByMs: seen && endOf(seen) + dedupMs,
    },
    {
      ...withPeriod,
      kind: 'dead_letters',
      dropped: 'dead_letters',
      oldestAtMs: letter?.at,
      goesByMs: letterPeriod && endOf(letterPeriod) + eventsMs,
    },
    {
      ...withPeriod,
      kind: 'follow_ups',
      dropped: 'follow_ups',
      oldestAtMs: followUp?.openedAtMs,
      goesByMs: followUp && endOf(followUp) + eventsMs,
    },
  ];
}

/** Why a period is still there; undefined: it is not known. */
function keptInLog({ holds, lanes }: RetentionReportParts, nowMs: number): string | undefined {
  const running = lanes.known.filter((lane) => lane.isRunning(nowMs)).map(({ name }) => name);
  if (holds.isEverythingHeld) return everythingHeld(holds);
  if (holds.holdsPersons) return 'what legal holds are about is being copied first';
  return running.length > 0 ? `running lanes: ${running.join(', ')}` : undefined;
}

function everythingHeld(holds: LegalHolds): string | undefined {
  const ids = holds.all.filter(({ keys }) => keys === null).map(({ id }) => id);
  return ids.length === 0 ? undefined : `legal hold ${ids.join(', ')}, of everything`;
}

function ofRules({ db, windows, rules, holds, config }: RetentionReportParts): Facts[] {
  const { retention } = config();
  const detection = db.first<{ at: number }>('SELECT at FROM detections ORDER BY seq LIMIT 1');
  const window = windows.age(rules.longestWindowMs);
  const watch = db.first<{ since: number; until: number }>(
    'SELECT since, until FROM watched_users ORDER BY until LIMIT 1',
  );
  return [
    {
      kind: 'detections',
      dropped: 'detections',
      days: retention.detections,
      basis: 'retention.detections, from the newest event of each; dropped once a day',
      oldestAtMs: detection?.at,
      goesByMs: detection && detection.at + retention.detections * DAY_MS + DAY_MS,
      keptBy: everythingHeld(holds),
    },
    {
      kind: 'windows',
      dropped: 'windows',
      days: window ? Math.ceil((window.goesByMs - window.oldestAtMs) / DAY_MS) : 0,
      basis:
        'twice the longest timespan or silence of the rules and a week, from when its table was begun; 0: there is none',
      oldestAtMs: window?.oldestAtMs,
      goesByMs: window?.goesByMs,
    },
    {
      kind: 'watched_users',
      dropped: 'watched_users',
      days: WATCH_KEPT_MS / DAY_MS,
      basis: 'from the end of the watch: as late as an event of that time may come',
      oldestAtMs: watch?.since,
      goesByMs: watch && watch.until + WATCH_KEPT_MS + HOUR_MS,
    },
  ];
}

function ofRecords({ db, activity, audit, holds, config }: RetentionReportParts): Facts[] {
  const { retention } = config();
  const keptBy = everythingHeld(holds);
  const lasting = (
    oldestAtMs: number | undefined,
    days: number,
  ): Pick<Facts, 'days' | 'oldestAtMs' | 'goesByMs'> => ({
    days,
    oldestAtMs,
    goesByMs: oldestAtMs === undefined ? undefined : oldestAtMs + days * DAY_MS + DAY_MS,
  });
  const notice = db.first<{ at: number }>('SELECT at FROM findings ORDER BY id LIMIT 1');
  const webhook = db.first<{ at: number }>('SELECT at FROM last_webhook');
  const memoryEndsMs = memoryEndsAtMs(db);
  return [
    {
      ...lasting(activity.oldestHourMs, retention.rollups),
      kind: 'rollups',
      dropped: 'rollups',
      basis: 'retention.rollups, from the hour; they name no person',
      keptBy,
    },
    {
      ...lasting(audit.oldestAtMs, retention.audit),
      kind: 'audit',
      dropped: 'audit',
      basis: 'retention.audit, from the entry; dropped once a day',
      keptBy,
    },
    {
      ...lasting(oldestRuleChangeMs(db), retention.audit),
      kind: 'rule_changes',
      dropped: 'rule_changes',
      basis: 'retention.audit, from the change',
      keptBy,
    },
    {
      ...lasting(notice?.at, NOTICES_KEPT_MS / DAY_MS),
      kind: 'notices',
      dropped: 'notices',
      basis: 'from the notice; they name no person',
    },
    {
      kind: 'digests',
      dropped: 'digests',
      days: retention.rollups,
      basis: 'replaced by the next digest, else retention.rollups; they name no person',
    },
    {
      kind: 'channel_memory',
      dropped: 'channel_memory',
      days: 0,
      basis: 'each entry has its own end',
      goesByMs: memoryEndsMs === undefined ? undefined : memoryEndsMs + DAY_MS,
    },
    {
      kind: 'last_webhook',
      days: 0,
      basis: 'replaced by the next webhook; it names no person',
      oldestAtMs: webhook?.at,
    },
  ];
}

/** What is there because of a person's rights. */
function ofPersons({ db, holds, config }: RetentionReportParts): Facts[] {
  const { retention } = config();
  const oldest = (sql: string): number | undefined => db.first<{ at: number | null }>(sql)?.at ?? undefined;
  const ids = holds.all.map(({ id }) => id);
  const nameDays = Math.max(retention.events, retention.detections);
  const nameAtMs = oldest('SELECT MIN(at) AS at FROM pseudonyms');
  const erasure = db.first<{ at: number; until: number }>(
    'SELECT begun_at AS at, until FROM erasures ORDER BY id LIMIT 1',
  );
  return [
    {
      kind: 'pseudonyms',
      days: nameDays,
      basis:
        'the sealed map: retention.events or retention.detections, the longer, from when the user was last seen',
      oldestAtMs: nameAtMs,
      goesByMs: nameAtMs && nameAtMs + nameDays * DAY_MS + DAY_MS,
      keptBy: everythingHeld(holds),
    },
    {
      kind: 'erasures',
      days: retention.audit,
      basis: 'retention.audit, or while late events are dropped: what was erased, by keys; the newest 200',
      oldestAtMs: erasure?.at,
      goesByMs: erasure && Math.max(erasure.at + retention.audit * DAY_MS, erasure.until) + DAY_MS,
      keptBy: ids.length === 0 ? undefined : `legal hold ${ids.join(', ')}`,
    },
    {
      kind: 'held_entries',
      dropped: 'held_entries',
      days: 0,
      basis: 'until the legal hold that keeps them is lifted',
      oldestAtMs: oldest(
        'SELECT MIN(h.at) AS at FROM legal_holds AS h WHERE EXISTS (SELECT 1 FROM held_entries WHERE hold = h.id)',
      ),
      keptBy: ids.length === 0 ? undefined : `legal hold ${ids.join(', ')}`,
      isKept: true,
    },
  ];
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
