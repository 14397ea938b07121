/**
 * The table `pseudonyms`: names of users, sealed, by pseudonym. Only while the tenant keeps the sealed map; it opens no seal.
 * A name goes when its user was not seen for as long as anything of them may be kept.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { SEALED_NAMES_MAX, SEALED_NAME_LENGTH_MAX, type SealedName } from '../domain/pseudonym-map.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import { causeFields, logEvent } from '../lib/log.ts';

const DAY_MS = 24 * 3_600_000;
/** Rows that go are billed, and there is no index on their time: at most so many go at once, looked for so often. */
const DROPPED_MAX = 5_000;
const LOOK_EVERY_MS = DAY_MS;

export class PseudonymStore {
  readonly #db: Database;
  readonly #config: () => SealedTenantConfig;
  #hasRows: boolean;
  /** In memory: an object that starts looks once. */
  #lookedAtMs = 0;
  #oldestAtMs = 0;
  #hasMore = false;

  constructor(db: Database, config: () => SealedTenantConfig) {
    this.#db = db;
    this.#config = config;
    this.#hasRows = db.first('SELECT 1 FROM pseudonyms LIMIT 1') !== undefined;
  }

  get isOn(): boolean {
    return this.#config().privacy.sealed_map === true;
  }

  get hasRows(): boolean {
    return this.#hasRows;
  }

  /**
   * Keeps the names of users that entries have; others are not taken. Call inside the transaction of the entries. Never throws: events
   * are not refused for the sake of the map.
   */
  keep(names: readonly SealedName[], entries: readonly CanonicalEvent[], nowMs: number): void {
    if (names.length === 0 || !this.isOn) return;
    try {
      const keys = new Set(entries.flatMap(({ user }) => [user?.id, user?.email]));
      const own = names.slice(0, SEALED_NAMES_MAX).filter(({ key }) => keys.has(key));
      for (const { key, sealed } of own) {
        if (sealed.length > SEALED_NAME_LENGTH_MAX) continue;
        this.#db.run(
          // A day is counted either way: the clock may have gone back. A newer seal is under a key that is as new.
          'INSERT INTO pseudonyms (key, sealed, at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, at = excluded.at WHERE abs(excluded.at - at) >= ?',
          key,
          sealed,
          nowMs,
          DAY_MS,
        );
        this.#hasRows = true;
      }
    } catch (error) {
      logEvent('error', 'pseudonym_map.keeping_failed', { tenant: this.#config().id, ...causeFields(error) });
    }
  }

  /** The seal of one key. */
  get(key: string): string | undefined {
    return this.#db.first<{ sealed: string }>('SELECT sealed FROM pseudonyms WHERE key = ?', key)?.sealed;
  }

  /** Those above a key whose seal does not begin like this, in order. */
  sealedOtherwise(prefix: string, after: string, limit: number): SealedName[] {
    return this.#db.all<{ key: string; sealed: string }>(
      'SELECT key, sealed FROM pseudonyms WHERE key > ? AND substr(sealed, 1, ?) <> ? ORDER BY key LIMIT ?',
      after,
      prefix.length,
      prefix,
      limit,
    );
  }

  /** A new seal for the same name, unless the old one is gone or was replaced meanwhile. Returns whether it was written. */
  replace({ key, sealed }: SealedName, old: string): boolean {
    return (
      this.#db.run('UPDATE pseudonyms SET sealed = ? WHERE key = ? AND sealed = ?', sealed, key, old) > 0
    );
  }

  /** How many there are, and how many begin like each of these. Reads all. */
  count(prefixes: readonly string[]): { readonly total: number; readonly by: readonly number[] } {
    const counted = prefixes.map((prefix, index) => ({ prefix, name: `n${index}` }));
    const columns = counted.map(({ name }) => `, SUM(substr(sealed, 1, ?) = ?) AS ${name}`).join('');
    const bindings = counted.flatMap(({ prefix }) => [prefix.length, prefix]);
    const sql = `SELECT COUNT(*) AS total${columns} FROM pseudonyms`;
    const row = this.#db.first<Record<string, number | null>>(sql, ...bindings);
    return { total: row?.['total'] ?? 0, by: counted.map(({ name }) => row?.[name] ?? 0) };
  }

  /** All of it goes: the tenant keeps no map any more. Call inside the transaction of that config, and `forget` once it holds. */
  clear(): void {
    this.#db.run('DELETE FROM pseudonyms');
  }

  /** What `clear` has deleted is not there any more. */
  forget(): void {
    this.#hasRows = false;
  }

  /** Drops names of users that were not seen for longer than anything of them is kept. */
  dropOld(nowMs: number): void {
    const dueAtMs = this.dueAtMs;
    // A clock that has gone back looks again, too.
    if (dueAtMs === null || (nowMs < dueAtMs && nowMs >= this.#lookedAtMs)) return;
    const sql = 'DELETE FROM pseudonyms WHERE key IN (SELECT key FROM pseudonyms WHERE at < ? LIMIT ?)';
    const dropped = this.#db.run(sql, nowMs - this.#keptMs, DROPPED_MAX);
    this.#hasMore = dropped >= DROPPED_MAX;
    this.#lookedAtMs = nowMs;
    const oldest = this.#db.first<{ at: number | null }>('SELECT MIN(at) AS at FROM pseudonyms')?.at ?? null;
    this.#hasRows = oldest !== null;
    this.#oldestAtMs = oldest ?? 0;
  }

  /** When `dropOld` has something to do; null when there are none. */
  get dueAtMs(): number | null {
    if (!this.#hasRows) return null;
    if (this.#hasMore) return this.#lookedAtMs;
    return Math.max(this.#oldestAtMs + this.#keptMs, this.#lookedAtMs + LOOK_EVERY_MS);
  }

  get #keptMs(): number {
    const { events, detections } = this.#config().retention;
    return Math.max(events, detections) * DAY_MS;
  }
}
