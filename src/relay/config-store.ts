/** The tenant's config: one versioned row, secrets sealed, and how far it was published to KV. */

import type { StoredConfig } from '../domain/rpc.ts';
import { type SealedTenantConfig, withLaterKeys } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import { CREATED_AT, readMeta, writeMeta } from './schema.ts';

export class ConfigStore {
  readonly #db: Database;
  #current: StoredConfig | null = null;
  #publishedVersion = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  load(): void {
    const row = this.#db.first<{ version: number; saved_at: number; document: string }>(
      'SELECT version, saved_at, document FROM config WHERE id = 1',
    );
    this.#current = row
      ? {
          version: row.version,
          savedAt: new Date(row.saved_at).toISOString(),
          createdAtMs: readMeta(this.#db, CREATED_AT) ?? 0,
          config: withLaterKeys(JSON.parse(row.document) as SealedTenantConfig),
        }
      : null;
    this.#publishedVersion = readMeta(this.#db, 'published_version') ?? 0;
  }

  get current(): StoredConfig | null {
    return this.#current;
  }

  /** The version that KV has; 0 when it is not known which. */
  get publishedVersion(): number {
    return this.#publishedVersion;
  }

  get isPublished(): boolean {
    return this.#current === null || this.#publishedVersion === this.#current.version;
  }

  /** Writes the next version, or a later one, and says which. Call inside a transaction, and `load` after it holds. */
  write(
    config: SealedTenantConfig,
    nowMs: number,
    version: number = (this.#current?.version ?? 0) + 1,
  ): number {
    this.#db.run(
      'INSERT INTO config (id, version, saved_at, document) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version, saved_at = excluded.saved_at, document = excluded.document',
      version,
      nowMs,
      JSON.stringify(config),
    );
    return version;
  }

  /** The tenant has no config any more. Call inside a transaction, and `load` after it holds. */
  forget(): void {
    this.#db.run('DELETE FROM config');
  }

  notePublished(version: number): void {
    writeMeta(this.#db, 'published_version', version);
    this.#publishedVersion = version;
  }
}
