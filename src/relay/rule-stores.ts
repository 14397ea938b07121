/** What a tenant's object has of its rules, read from its storage when the object starts. */

import { DetectionStore } from './detection-store.ts';
import { RULES_LAYER, type RulesLayer } from './rules-layer.ts';
import { TenantRules, type TenantRulesParts } from './tenant-rules.ts';
import { WatchedUsers } from './watched-users.ts';
import { WindowStore } from './window-store.ts';

export interface RuleStores {
  readonly layer: RulesLayer;
  readonly rules: TenantRules;
  readonly windows: WindowStore;
  readonly detections: DetectionStore;
  readonly watched: WatchedUsers;
}

export function openRuleStores(parts: Omit<TenantRulesParts, 'layer'>): RuleStores {
  const layer = RULES_LAYER;
  const rules = new TenantRules({ ...parts, layer });
  const windows = new WindowStore(parts.db);
  const watched = new WatchedUsers(parts.db);
  for (const store of [rules, windows, watched]) store.load();
  return { layer, rules, windows, watched, detections: new DetectionStore(parts.db) };
}
