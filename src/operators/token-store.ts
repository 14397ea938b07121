/** The rows of the minted tokens. Synchronous: each method is one turn of the object. */

import type { Role } from '../domain/principal.ts';
import type { TokenListing, TokenPage, TokenRecord, TokenStanding, TokenView } from '../domain/registry.ts';
import type { Database } from '../lib/database.ts';

interface TokenRow {
  readonly [column: string]: SqlStorageValue;
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly tenant: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number;
  readonly revoked_at: number | null;
  /** 1: its tenant was deleted. Another one of the same id has nothing to do with it. */
  readonly tenant_gone: number;
}

const COLUMNS = 'seq, id, name, role, tenant, created_at, created_by, expires_at, revoked_at, tenant_gone';

export class TokenStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(token: TokenRecord, by: string, nowMs: number): void {
    this.#db.run(
      'INSERT INTO tokens (id, digest, name, role, tenant, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      token.id,
      token.digest,
      token.name,
      token.role,
      token.tenant,
      nowMs,
      by,
      token.expiresAtMs,
    );
  }

  /** How many of a tenant, or (null) for every tenant, are neither expired nor revoked. Counts up to `max`. */
  countValid(tenant: string | null, max: number, nowMs: number): number {
    const sql =
      'SELECT COUNT(*) AS count FROM (SELECT 1 FROM tokens WHERE tenant IS ? AND revoked_at IS NULL AND tenant_gone = 0 AND expires_at > ? LIMIT ?)';
    return this.#db.first<{ count: number }>(sql, tenant, nowMs, max)?.count ?? 0;
  }

  /** How many there are of a tenant, or for every tenant, whatever became of them. Counts up to `max`. */
  countKept(tenant: string | null, max: number): number {
    const sql =
      'SELECT COUNT(*) AS count FROM (SELECT 1 FROM tokens WHERE tenant IS ? AND tenant_gone = 0 LIMIT ?)';
    return this.#db.first<{ count: number }>(sql, tenant, max)?.count ?? 0;
  }

  standing({ id, digest }: Pick<TokenRecord, 'id' | 'digest'>): TokenStanding {
    const sql = 'SELECT digest, revoked_at, tenant_gone FROM tokens WHERE id = ?';
    const row = this.#db.first<Pick<TokenRow, 'revoked_at' | 'tenant_gone'> & { digest: string }>(sql, id);
    if (row?.digest !== digest) return 'unknown';
    return row.revoked_at === null && row.tenant_gone === 0 ? 'active' : 'revoked';
  }

  isActive(id: string): boolean {
    return (
      this.#db.first('SELECT 1 FROM tokens WHERE id = ? AND revoked_at IS NULL AND tenant_gone = 0', id) !==
      undefined
    );
  }

  find(id: string): TokenView | null {
    const row = this.#db.first<TokenRow>(`SELECT ${COLUMNS} FROM tokens WHERE id = ?`, id);
    return row ? viewOf(row) : null;
  }

  page({ tenant, withGone = false, before = Number.MAX_SAFE_INTEGER, limit }: TokenPage): TokenListing {
    const ofTenant = tenant === undefined ? '' : 'tenant = ? AND';
    const bindings = tenant === undefined ? [] : [tenant];
    const isThere = withGone ? '' : 'tenant_gone = 0 AND';
    const sql = `SELECT ${COLUMNS} FROM tokens WHERE ${ofTenant} ${isThere} seq < ? ORDER BY seq DESC LIMIT ?`;
    const rows = this.#db.all<TokenRow>(sql, ...bindings, before, limit);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return { tokens: rows.map(viewOf), ...(last && { nextBefore: last.seq }) };
  }

  /** Whether it was not revoked before. */
  revoke(id: string, nowMs: number): boolean {
    return (
      this.#db.run('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', nowMs, id) > 0
    );
  }

  /** The tenant is gone, and its tokens are of it for ever. How many were not revoked before, of those that are not expired. */
  revokeTenant(tenant: string, nowMs: number): number {
    const sql =
      'UPDATE tokens SET revoked_at = ? WHERE tenant = ? AND expires_at > ? AND revoked_at IS NULL AND tenant_gone = 0 RETURNING 1';
    const revoked = this.#db.all(sql, nowMs, tenant, nowMs).length;
    this.#db.run('UPDATE tokens SET tenant_gone = 1 WHERE tenant = ? AND tenant_gone = 0', tenant);
    return revoked;
  }

  /** Drops at most `max` rows that expired before a time, and says how many. */
  dropExpiredBefore(atMs: number, max: number): number {
    const sql =
      'DELETE FROM tokens WHERE seq IN (SELECT seq FROM tokens WHERE expires_at < ? LIMIT ?) RETURNING 1';
    return this.#db.all(sql, atMs, max).length;
  }
}

function viewOf(row: TokenRow): TokenView {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    tenant: row.tenant,
    createdAt: isoOf(row.created_at),
    createdBy: row.created_by,
    expiresAt: isoOf(row.expires_at),
    ...(row.revoked_at !== null && { revokedAt: isoOf(row.revoked_at) }),
    ...(row.tenant_gone === 1 && { isTenantGone: true }),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
