/**
 * What the alarm looks after for the rules: rules that could not be made are told of; windows, detections, watches and changes go when
 * their time is over. Each task may throw.
 */

import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { DetectionStore } from './detection-store.ts';
import type { LegalHolds } from './legal-holds.ts';
import type { RetentionNotes } from './retention-notes.ts';
import { dropRuleChanges, oldestRuleChangeMs } from './rule-changes.ts';
import type { TenantRules } from './tenant-rules.ts';
import type { WatchedUsers } from './watched-users.ts';
import type { WindowStore } from './window-store.ts';

const DAY_MS = 24 * 3_600_000;

export interface RulesUpkeepParts {
  readonly db: Database;
  readonly rules: TenantRules;
  readonly windows: WindowStore;
  readonly detections: DetectionStore;
  readonly watched: WatchedUsers;
  readonly holds: LegalHolds;
  readonly notes: RetentionNotes;
  readonly config: () => TenantConfig;
}

export function rulesUpkeep(
  { db, rules, windows, detections, watched, holds, notes, config }: RulesUpkeepParts,
  nowMs: number,
): readonly (() => void)[] {
  const { retention } = config();
  return [
    () => rules.tellFaults(),
    () => windows.turn(rules.longestWindowMs, nowMs, notes.of('windows', nowMs)),
    () => {
      if (!holds.mayDrop) return;
      const keep = (seqs: readonly number[]): void => holds.keepDetections(seqs);
      detections.dropOld(retention.detections, nowMs, { keep, note: notes.of('detections', nowMs) });
    },
    () => watched.dropExpired(nowMs, notes.of('watched_users', nowMs)),
    () => {
      if (holds.isEverythingHeld) return;
      dropRuleChanges(db, nowMs - retention.audit * DAY_MS, notes.of('rule_changes', nowMs));
    },
  ];
}

/** When each is next due. */
export function rulesUpkeepDueAtMs(parts: RulesUpkeepParts): (number | null)[] {
  const { db, rules, windows, detections, watched, holds, config } = parts;
  const { retention } = config();
  const oldestChangeMs = holds.isEverythingHeld ? undefined : oldestRuleChangeMs(db);
  return [
    windows.dueAtMs(rules.longestWindowMs),
    holds.isEverythingHeld ? null : detections.dueAtMs(retention.detections),
    watched.dueAtMs,
    oldestChangeMs === undefined ? null : oldestChangeMs + retention.audit * DAY_MS + 1,
  ];
}
