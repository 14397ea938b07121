/** What lanes keep for their channels: rows of `channel_memory`, dropped when their time is over. */

import type { ChannelMemory } from '../destinations/destination.ts';
import type { Database } from '../lib/database.ts';

/** The memory of one lane. A value whose time is over is none. */
export function channelMemory(db: Database, lane: string, nowMs: () => number): ChannelMemory {
  return {
    get: (key) =>
      db.first<{ value: string }>(
        'SELECT value FROM channel_memory WHERE lane = ? AND key = ? AND expires_at > ?',
        lane,
        key,
        nowMs(),
      )?.value,
    put: (key, value, expiresAtMs) => {
      db.run(
        'INSERT OR REPLACE INTO channel_memory (lane, key, value, expires_at) VALUES (?, ?, ?, ?)',
        lane,
        key,
        value,
        expiresAtMs,
      );
    },
    delete: (key) => {
      db.run('DELETE FROM channel_memory WHERE lane = ? AND key = ?', lane, key);
    },
    entries: (prefix) =>
      db
        .all<{ key: string; value: string }>(
          'SELECT key, value FROM channel_memory WHERE lane = ? AND substr(key, 1, ?) = ? AND expires_at > ? ORDER BY key',
          lane,
          prefix.length,
          prefix,
          nowMs(),
        )
        .map(({ key, value }) => [key, value] as const),
  };
}

/** Drops what no lane can read any more. Clears nothing before its time: a removed destination may come back. */
export function dropExpiredMemory(db: Database, nowMs: number): void {
  const isAny = db.first('SELECT 1 FROM channel_memory WHERE expires_at <= ? LIMIT 1', nowMs) !== undefined;
  if (isAny) db.run('DELETE FROM channel_memory WHERE expires_at <= ?', nowMs);
}
