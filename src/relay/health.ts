/** How a tenant's object is, from what it holds. Reads only: nothing is written, started or sent. */

import type { LaneView } from '../domain/lane-view.ts';
import type { ObjectHealth, RuleHealth } from '../domain/object-health.ts';
import type { Database } from '../lib/database.ts';
import type { ConfigStore } from './config-store.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';
import type { LastWebhook } from './last-webhook.ts';
import type { EventLog } from './log.ts';
import { ownEntries } from './own-entries.ts';

export interface HealthParts {
  readonly db: Database;
  readonly configs: ConfigStore;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
  readonly lastWebhook: LastWebhook;
  readonly rules: readonly RuleHealth[];
}

export function objectHealth(
  { db, configs, log, lanes, laneStore, lastWebhook, rules }: HealthParts,
  { jurisdiction, nowMs }: { readonly jurisdiction: string | undefined; readonly nowMs: number },
): ObjectHealth {
  const views = asStored(lanes.views(nowMs), laneStore);
  const { view } = lastWebhook;
  return {
    jurisdiction: jurisdiction ?? null,
    version: configs.current?.version ?? 0,
    publishedVersion: configs.publishedVersion,
    lanes: views,
    ...(view && { lastWebhook: view }),
    eventsAccepted: log.head - ownEntries(db),
    deadLetters: views.reduce((sum, { deadLettered }) => sum + deadLettered, 0),
    storageBytes: db.sizeBytes,
    rules,
  };
}

/** A lane counts ahead of its row: after a restart a total would be smaller, which Prometheus takes for a counter that began anew. */
function asStored(views: readonly LaneView[], laneStore: LaneStore): LaneView[] {
  const stored = laneStore.loadAll();
  return views.map((view) => {
    const { delivered = 0, expired = 0, discarded = 0, erased = 0 } = stored.get(view.lane) ?? {};
    return { ...view, delivered, expired, discarded, erased };
  });
}
