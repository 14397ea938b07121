/** The first config of a tenant: tables, config row, audit entry, rules and lanes at once, or nothing. */

import type { ConfigureRequest } from '../domain/rpc.ts';
import type { Database } from '../lib/database.ts';
import { Audit } from './audit.ts';
import type { ConfigStore } from './config-store.ts';
import { writeFirstLanes } from './lane-set.ts';
import { laneStoreOver } from './lane-store.ts';
import { RULES_LAYER } from './rules-layer.ts';
import { CREATED_AT, migrate, readMeta, writeMeta } from './schema.ts';
import { writeFirstRules } from './tenant-rules.ts';

export function createTenant(
  db: Database,
  configs: ConfigStore,
  { config, ...by }: ConfigureRequest,
  nowMs: number,
): void {
  db.transaction(() => {
    migrate(db, nowMs);
    writeMeta(db, CREATED_AT, nowMs);
    const version = configs.write(config, nowMs);
    new Audit(db).noteSaved(by, version, nowMs);
    writeFirstRules(db, RULES_LAYER, config, { version, actor: by.actor, nowMs });
    writeFirstLanes(laneStoreOver(db), config, (readMeta(db, 'next_seq') ?? 1) - 1);
  });
  configs.load();
}
