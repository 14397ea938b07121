/**
 * Entries of the log that the relay makes for its own lanes: a new version of the config may ask for other indicators.
 * Written once per version, from wherever the object notices it, so that a crash between the save and the entry loses nothing.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { StoredConfig } from '../domain/rpc.ts';
import { INDICATORS_CHANGED_TYPE } from '../domain/wanted.ts';
import { channelPlans } from '../destinations/channels.ts';
import type { Database } from '../lib/database.ts';
import type { EventLog } from './log.ts';
import { readMeta, writeMeta } from './schema.ts';

/** The meta key of the newest version whose indicators were announced. */
const ANNOUNCED = 'announced_version';

/** Announces the config's version to the lanes that keep indicators, unless it was, or there are none. Returns whether the log has an entry more. */
export function announceIndicators(
  { db, log }: { readonly db: Database; readonly log: EventLog },
  { version, config }: StoredConfig,
  nowMs: number,
): boolean {
  const hasIndicators = config.destinations.some((destination) =>
    channelPlans(destination).some(({ takes }) => takes.control === INDICATORS_CHANGED_TYPE),
  );
  if (!hasIndicators || (readMeta(db, ANNOUNCED) ?? 0) >= version) return false;
  log.rotate(nowMs);
  const appended = db.transaction(() => {
    writeMeta(db, ANNOUNCED, version);
    return log.append([entryOf(config.id, version, nowMs)]);
  });
  log.advance(appended);
  return appended.accepted > 0;
}

function entryOf(tenant: string, version: number, nowMs: number): CanonicalEvent {
  const at = new Date(nowMs).toISOString();
  return {
    // The time tells an earlier tenant's versions from this one's.
    id: `config-${version}-${nowMs}`,
    type: INDICATORS_CHANGED_TYPE,
    occurredAt: at,
    receivedAt: at,
    tenant,
    classifications: [],
    classificationCount: 0,
    faults: [],
    source: 'noxys',
  };
}
