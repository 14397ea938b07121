/**
 * What the alarm looks after for the rules: rules that could not be made are told of; windows, detections, watches and changes go when
 * their time is over. Each task may throw.
 */

import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { DetectionStore } from './detection-store.ts';
import { dropRuleChanges } from './rule-changes.ts';
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
  readonly config: () => TenantConfig;
}

export function rulesUpkeep(
  { db, rules, windows, detections, watched, config }: RulesUpkeepParts,
  nowMs: number,
): readonly (() => void)[] {
  const { retention } = config();
  return [
    () => rules.tellFaults(),
    () => windows.turn(rules.longestWindowMs, nowMs),
    () => detections.dropOld(retention.detections, nowMs),
    () => watched.dropExpired(nowMs),
    () => dropRuleChanges(db, nowMs - retention.audit * DAY_MS),
  ];
}

/** When each is next due. */
export function rulesUpkeepDueAtMs(parts: RulesUpkeepParts): (number | null)[] {
  const { rules, windows, detections, watched, config } = parts;
  return [
    windows.dueAtMs(rules.longestWindowMs),
    detections.dueAtMs(config().retention.detections),
    watched.dueAtMs,
  ];
}
