/**
 * The object's tables and their migrations, additive only: a rolled-back Worker must still read them.
 * Every table is listed in docs/architecture.md. Tables of a period (events_N, seen_N) are made by log.ts.
 */

import type { Database } from '../lib/database.ts';

interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/** In order; what was released is never changed. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      // Numbers that outlive a restart: next_seq, rolled_up_seq, published_version and others.
      'CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
      'CREATE TABLE config (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, saved_at INTEGER NOT NULL, document TEXT NOT NULL)',
      'CREATE TABLE periods (n INTEGER PRIMARY KEY, opened_at INTEGER NOT NULL, closed_at INTEGER, first_seq INTEGER NOT NULL, bytes INTEGER NOT NULL, has_events INTEGER NOT NULL, has_seen INTEGER NOT NULL)',
      'CREATE TABLE lanes (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID',
      'CREATE TABLE dead_letters (id INTEGER PRIMARY KEY, lane TEXT NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL, event_type TEXT NOT NULL, status INTEGER NOT NULL, excerpt TEXT NOT NULL, attempts INTEGER NOT NULL, at INTEGER NOT NULL)',
      'CREATE TABLE rollups (hour INTEGER NOT NULL, dimension TEXT NOT NULL, counts TEXT NOT NULL, PRIMARY KEY (hour, dimension)) WITHOUT ROWID',
    ],
  },
  {
    version: 2,
    statements: [
      "ALTER TABLE dead_letters ADD COLUMN reason TEXT NOT NULL DEFAULT 'rejected'",
      'ALTER TABLE dead_letters ADD COLUMN redriven_at INTEGER',
      'CREATE TABLE follow_ups (lane TEXT NOT NULL, seq INTEGER NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL, attempts INTEGER NOT NULL, letter INTEGER, PRIMARY KEY (lane, seq)) WITHOUT ROWID',
      'CREATE TABLE findings (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)',
      'CREATE TABLE notice_marks (key TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID',
    ],
  },
  {
    version: 3,
    statements: [
      "CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, request_id TEXT NOT NULL DEFAULT '', reason TEXT, detail TEXT NOT NULL)",
      'CREATE TABLE last_webhook (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, type TEXT NOT NULL, accepted INTEGER NOT NULL)',
    ],
  },
  {
    version: 4,
    statements: [
      'CREATE TABLE lane_history (lane TEXT PRIMARY KEY, spans TEXT NOT NULL) WITHOUT ROWID',
      'CREATE TABLE lane_ends (lane TEXT NOT NULL, seq INTEGER NOT NULL, ending TEXT NOT NULL, PRIMARY KEY (lane, seq)) WITHOUT ROWID',
    ],
  },
  {
    version: 5,
    statements: [
      'CREATE TABLE channel_memory (lane TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (lane, key)) WITHOUT ROWID',
    ],
  },
  {
    version: 6,
    statements: ['ALTER TABLE follow_ups ADD COLUMN aside INTEGER NOT NULL DEFAULT 0'],
  },
  {
    version: 7,
    statements: [
      "CREATE TABLE digests (period TEXT PRIMARY KEY, told TEXT, late TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID",
    ],
  },
  {
    version: 8,
    statements: [
      'ALTER TABLE follow_ups ADD COLUMN named INTEGER NOT NULL DEFAULT 0',
      // One row per rule and group. The two take turns: the older one is dropped whole.
      'CREATE TABLE windows_0 (rule TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (rule, key)) WITHOUT ROWID',
      'CREATE TABLE windows_1 (rule TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (rule, key)) WITHOUT ROWID',
      'CREATE TABLE detections (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, rule TEXT NOT NULL, level TEXT NOT NULL, dry_run INTEGER NOT NULL, verdict TEXT, body TEXT NOT NULL)',
      'CREATE INDEX detections_by_id ON detections (id)',
      'CREATE TABLE rule_stats (rule TEXT PRIMARY KEY, counts TEXT NOT NULL) WITHOUT ROWID',
      'CREATE TABLE rule_changes (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, version INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT, changes TEXT NOT NULL)',
      'CREATE TABLE custom_rules (id INTEGER PRIMARY KEY CHECK (id = 1), digest TEXT NOT NULL, documents TEXT NOT NULL)',
      'CREATE TABLE watched_users (user TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
    ],
  },
  {
    version: 9,
    statements: [
      // Whose data were erased, by key: late events of theirs are dropped until then.
      'CREATE TABLE erasures (id INTEGER PRIMARY KEY, begun_at INTEGER NOT NULL, until INTEGER NOT NULL, keys TEXT NOT NULL, state TEXT NOT NULL)',
      // Keys null: of everybody.
      'CREATE TABLE legal_holds (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, keys TEXT, detail TEXT NOT NULL)',
      'CREATE TABLE held_entries (hold INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, verdict TEXT, PRIMARY KEY (hold, seq)) WITHOUT ROWID',
      'CREATE TABLE pseudonyms (key TEXT PRIMARY KEY, sealed TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID',
    ],
  },
];

/** Whether this object was ever configured. Reads only: an object that was not must stay without a trace. */
export function isCreated(db: Database): boolean {
  return db.hasTable('migrations');
}

/** Brings the tables to the newest version. Throws when a statement fails; nothing of that version stays then. */
export function migrate(db: Database, nowMs: number): void {
  if (!isCreated(db)) {
    db.run('CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)');
  }
  const applied =
    db.first<{ version: number }>('SELECT MAX(version) AS version FROM migrations')?.version ?? 0;
  for (const migration of MIGRATIONS.filter(({ version }) => version > applied)) {
    db.transaction(() => {
      for (const statement of migration.statements) db.run(statement);
      db.run('INSERT INTO migrations (version, applied_at) VALUES (?, ?)', migration.version, nowMs);
    });
  }
}

/** The meta key of when the tenant was made. */
export const CREATED_AT = 'created_at';
/** The meta key of when an API account was last used. */
export const API_USED_AT = 'api_used_at';

/** A number of the meta table, undefined when it was never written. */
export function readMeta(db: Database, key: string): number | undefined {
  return db.first<{ value: number }>('SELECT value FROM meta WHERE key = ?', key)?.value;
}

export function writeMeta(db: Database, key: string, value: number): void {
  db.run(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    value,
  );
}
