/**
 * Entries of the log that the relay makes for its own lanes: a new version of the config may ask for other indicators.
 * Written once per version, from wherever the object notices it, so that a crash between the save and the entry loses nothing; and
 * once a day, so that what somebody changed at the destination, or an entry that was never delivered, does not last.
 */

import { ownEntry } from '../domain/own-entry.ts';
import type { StoredConfig } from '../domain/rpc.ts';
import { INDICATORS_CHANGED_TYPE } from '../domain/wanted.ts';
import { channelPlans } from '../destinations/channels.ts';
import type { Database } from '../lib/database.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { type LogParts, appendOwn } from './own-entries.ts';
import { readMeta, writeMeta } from './schema.ts';

/** Meta keys: the newest version whose indicators were announced, and when that was. */
const ANNOUNCED = 'announced_version';
const ANNOUNCED_AT = 'announced_at';
const AGAIN_MS = 24 * 3_600_000;
/** An announcement that could not be written is tried again this soon. */
const RETRY_MS = 10_000;

/** Announces the config's version to the lanes that keep indicators, when it is due. Never throws: what can't be written now is announced by the next alarm. */
export function announceIndicators(parts: LogParts, stored: StoredConfig, nowMs: number): void {
  try {
    announce(parts, stored, nowMs);
  } catch (error) {
    logEvent('error', 'announcement.failed', { tenant: stored.config.id, ...causeFields(error) });
  }
}

function announce(parts: LogParts, stored: StoredConfig, nowMs: number): void {
  const { db, log } = parts;
  const { version, config } = stored;
  const dueAtMs = dueSinceMs(db, stored, nowMs);
  if (dueAtMs === null || dueAtMs > nowMs) return;
  // The time tells an earlier tenant's versions from this one's, the place in the log two of one moment.
  const id = `config-${version}-${nowMs}-${log.head}`;
  const noteAnnounced = (): void => {
    writeMeta(db, ANNOUNCED, version);
    writeMeta(db, ANNOUNCED_AT, nowMs);
  };
  appendOwn(parts, ownEntry(INDICATORS_CHANGED_TYPE, { id, tenant: config.id, nowMs }), noteAnnounced, nowMs);
}

/** When the object must announce next; null: the config has no destination that keeps indicators. */
export function nextAnnouncementAtMs(db: Database, stored: StoredConfig, nowMs: number): number | null {
  const dueAtMs = dueSinceMs(db, stored, nowMs);
  return dueAtMs !== null && dueAtMs <= nowMs ? nowMs + RETRY_MS : dueAtMs;
}

/** What was announced was given up before it was delivered: it is to be announced anew. Call inside the transaction that gives it up. */
export function forgetAnnouncement(db: Database): void {
  if (readMeta(db, ANNOUNCED) !== undefined) writeMeta(db, ANNOUNCED, 0);
}

function dueSinceMs(db: Database, { version, config }: StoredConfig, nowMs: number): number | null {
  const hasIndicators = config.destinations.some((destination) =>
    channelPlans(destination).some(({ takes }) => takes.control === INDICATORS_CHANGED_TYPE),
  );
  if (!hasIndicators) return null;
  if ((readMeta(db, ANNOUNCED) ?? 0) < version) return 0;
  const atMs = readMeta(db, ANNOUNCED_AT) ?? 0;
  // A clock that has gone back must not put it off.
  return atMs > nowMs ? 0 : atMs + AGAIN_MS;
}
