/** What lanes keep for their channels: rows of `channel_memory`, dropped when their time is over. */

import type { ChannelMemory } from '../destinations/destination.ts';
import type { Database } from '../lib/database.ts';
import { type NoteDropped, UNNOTED } from './retention-notes.ts';

/** The memory of one lane. A value whose time is over is none; of a tenant that is gone nothing is read or written any more. */
export function channelMemory(
  db: Database,
  lane: string,
  nowMs: () => number,
  isRemoved: () => boolean = () => false,
): ChannelMemory {
  const rows = <Row extends { readonly value: string }>(
    sql: string,
    ...values: (string | number)[]
  ): Row[] => (isRemoved() ? [] : db.all<Row>(sql, ...values));
  const write = (sql: string, ...values: (string | number)[]): void => {
    if (!isRemoved()) db.run(sql, ...values);
  };
  return {
    get: (key) =>
      rows(
        'SELECT value FROM channel_memory WHERE lane = ? AND key = ? AND expires_at > ?',
        lane,
        key,
        nowMs(),
      )[0]?.value,
    put: (key, value, expiresAtMs) =>
      write(
        'INSERT OR REPLACE INTO channel_memory (lane, key, value, expires_at) VALUES (?, ?, ?, ?)',
        lane,
        key,
        value,
        expiresAtMs,
      ),
    delete: (key) => write('DELETE FROM channel_memory WHERE lane = ? AND key = ?', lane, key),
    entries: (prefix) =>
      rows<{ readonly key: string; readonly value: string }>(
        'SELECT key, value FROM channel_memory WHERE lane = ? AND substr(key, 1, ?) = ? AND expires_at > ? ORDER BY key',
        lane,
        prefix.length,
        prefix,
        nowMs(),
      ).map(({ key, value }) => [key, value] as const),
  };
}

/** Drops what no lane can read any more. Clears nothing before its time: a removed destination may come back. */
export function dropExpiredMemory(db: Database, nowMs: number, note: NoteDropped = UNNOTED): void {
  const isAny = db.first('SELECT 1 FROM channel_memory WHERE expires_at <= ? LIMIT 1', nowMs) !== undefined;
  if (!isAny) return;
  db.transaction(() => note(db.run('DELETE FROM channel_memory WHERE expires_at <= ?', nowMs), nowMs));
}

/** When the first of it is over; undefined: there is none. Looks at all of it. */
export function memoryEndsAtMs(db: Database): number | undefined {
  return db.first<{ at: number | null }>('SELECT MIN(expires_at) AS at FROM channel_memory')?.at ?? undefined;
}
