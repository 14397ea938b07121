/**
 * The registry's tables and their migrations, additive only: a rolled-back Worker must still read them.
 * Every table is listed in docs/architecture.md.
 */

import type { Database } from '../lib/database.ts';

/** The k-th brings the tables to version k + 1. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    'CREATE TABLE tokens (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, tenant TEXT, created_at INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER, tenant_gone INTEGER NOT NULL DEFAULT 0)',
    'CREATE INDEX tokens_of_tenant ON tokens (tenant, tenant_gone, seq)',
    'CREATE INDEX tokens_valid ON tokens (tenant, expires_at) WHERE revoked_at IS NULL AND tenant_gone = 0',
    'CREATE INDEX tokens_expired ON tokens (expires_at)',
    'CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, request_id TEXT NOT NULL, reason TEXT, detail TEXT NOT NULL)',
    // When the next sweep is due: what its alarm takes for the time.
    'CREATE TABLE sweep (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL)',
  ],
];

/** Whether anything was ever written. Reads only. */
export function isCreated(db: Database): boolean {
  return db.first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'") !== undefined;
}

/** Brings the tables to the newest version. Throws when a statement fails; nothing of that version stays then. */
export function migrate(db: Database): void {
  if (!isCreated(db)) db.run('CREATE TABLE migrations (version INTEGER PRIMARY KEY)');
  const applied =
    db.first<{ version: number | null }>('SELECT MAX(version) AS version FROM migrations')?.version ?? 0;
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < applied) continue;
    db.transaction(() => {
      for (const statement of statements) db.run(statement);
      db.run('INSERT INTO migrations (version) VALUES (?)', index + 1);
    });
  }
}
