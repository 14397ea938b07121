/**
 * The Durable Object that knows every minted token of the deployment: whether it still holds is asked here at each request.
 * It keeps digests, never tokens, and has no clock: who writes says what time it is.
 * Before anything was minted or noted it has no table, and reading leaves no trace.
 */

import { DurableObject } from 'cloudflare:workers';

import type { Actor } from '../domain/principal.ts';
import type {
  DeploymentAuditEntry,
  MintAnswer,
  MintRequest,
  NoteRequest,
  RegistryWrite,
  RevokeRequest,
  RevokeTenantRequest,
  TokenListing,
  TokenPage,
  TokenRecord,
  TokenRegistryRpc,
  TokenStanding,
  TokenView,
} from '../domain/registry.ts';
import { Database } from '../lib/database.ts';
import type { Env } from '../settings.ts';
import { DeploymentAudit } from './deployment-audit.ts';
import { isCreated, migrate } from './registry-schema.ts';
import { TokenStore } from './token-store.ts';

const DAY_MS = 24 * 3_600_000;
/** Of the audit, and of tokens once they are expired: a year of who could do what. */
const RETENTION_MS = 365 * DAY_MS;
/** Rows of each table that one sweep drops; with more to drop the next one comes after a minute. */
const SWEEP_ROWS_MAX = 1_000;
const SWEEP_AGAIN_MS = 60_000;
/** Tokens that hold, of one tenant or for every tenant: who has so many loses sight of them. */
export const TOKENS_MAX = 1_000;
/** The same, whatever became of them: nobody can fill the registry that all share. A year after one has expired it is dropped. */
export const KEPT_TOKENS_MAX = 10_000;
const PAGE_ENTRIES_MAX = 500;
/** Of a principal that is a token. */
const TOKEN_PREFIX = 'token:';

export class TokenRegistry extends DurableObject<Env> implements TokenRegistryRpc {
  readonly #db: Database;
  readonly #tokens: TokenStore;
  readonly #audit: DeploymentAudit;
  #isMigrated = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#db = new Database(ctx.storage);
    this.#tokens = new TokenStore(this.#db);
    this.#audit = new DeploymentAudit(this.#db);
  }

  async mint(request: MintRequest): Promise<MintAnswer> {
    const { token, actor, nowMs } = request;
    return this.#write<MintAnswer>(request, () => {
      if (!this.#holds(actor)) return { kind: 'minter_revoked' };
      if (this.#tokens.countValid(token.tenant, TOKENS_MAX, nowMs) >= TOKENS_MAX)
        return { kind: 'too_many_tokens', max: TOKENS_MAX, counted: 'valid' };
      if (this.#tokens.countKept(token.tenant, KEPT_TOKENS_MAX) >= KEPT_TOKENS_MAX)
        return { kind: 'too_many_tokens', max: KEPT_TOKENS_MAX, counted: 'kept' };
      this.#tokens.insert(token, actor.by, nowMs);
      this.#audit.append('token.minted', actor, detailOf(token), nowMs);
      return { kind: 'minted' };
    });
  }

  async check(token: Pick<TokenRecord, 'id' | 'digest'>): Promise<TokenStanding> {
    return this.#isReadable() ? this.#tokens.standing(token) : 'unknown';
  }

  async find(id: string): Promise<TokenView | null> {
    return this.#isReadable() ? this.#tokens.find(id) : null;
  }

  async list(page: TokenPage): Promise<TokenListing> {
    return this.#isReadable()
      ? this.#tokens.page({ ...page, limit: boundedLimit(page.limit) })
      : { tokens: [] };
  }

  /** The first revocation stands: another one changes and notes nothing. */
  async revoke(request: RevokeRequest): Promise<TokenView | null> {
    const { id, actor, nowMs } = request;
    if (!(await this.find(id))) return null;
    return this.#write(request, () => {
      const isRevoked = this.#tokens.revoke(id, nowMs);
      const token = this.#tokens.find(id);
      if (isRevoked && token) this.#audit.append('token.revoked', actor, detailOf(token), nowMs);
      return token;
    });
  }

  async revokeTenant(request: RevokeTenantRequest): Promise<number> {
    const { tenant, actor, nowMs } = request;
    if (!this.#isReadable()) return 0;
    return this.#write(request, () => {
      const count = this.#tokens.revokeTenant(tenant, nowMs);
      if (count > 0) this.#audit.append('tokens.revoked', actor, { tenant, count }, nowMs);
      return count;
    });
  }

  async note(request: NoteRequest): Promise<void> {
    const { action, actor, detail, nowMs } = request;
    await this.#write(request, () => this.#audit.append(action, actor, detail, nowMs));
  }

  async audit({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    readonly before?: number;
    readonly limit: number;
  }): Promise<DeploymentAuditEntry[]> {
    return this.#isReadable() ? this.#audit.page(before, boundedLimit(limit)) : [];
  }

  /** Drops what is older than its retention, as of the time for which the sweep was set: never too early. */
  override async alarm(): Promise<void> {
    const atMs = this.#db.first<{ at: number }>('SELECT at FROM sweep')?.at;
    if (atMs === undefined) return;
    const dropped = this.#db.transaction(() => [
      this.#tokens.dropExpiredBefore(atMs - RETENTION_MS, SWEEP_ROWS_MAX),
      this.#audit.dropBefore(atMs - RETENTION_MS, SWEEP_ROWS_MAX),
    ]);
    await this.#setSweep(atMs + (dropped.includes(SWEEP_ROWS_MAX) ? SWEEP_AGAIN_MS : DAY_MS));
  }

  /** Whoever is no token can't be revoked here. */
  #holds({ by }: Actor): boolean {
    return !by.startsWith(TOKEN_PREFIX) || this.#tokens.isActive(by.slice(TOKEN_PREFIX.length));
  }

  #isReadable(): boolean {
    if (!this.#isMigrated && isCreated(this.#db)) this.#migrate();
    return this.#isMigrated;
  }

  #migrate(): void {
    migrate(this.#db);
    this.#isMigrated = true;
  }

  /** One transaction. An older object may be asked by a newer Worker: what it does not know it refuses. */
  async #write<T>({ v, nowMs }: RegistryWrite, work: () => T): Promise<T> {
    if (v !== 1)
      throw new Error(`Cannot write to the registry as the request must be of version 1: it is not`);
    if (!this.#isMigrated) this.#migrate();
    const result = this.#db.transaction(work);
    if ((await this.#db.getAlarm()) === null) await this.#setSweep(nowMs + DAY_MS);
    return result;
  }

  async #setSweep(atMs: number): Promise<void> {
    this.#db.run(
      'INSERT INTO sweep (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at',
      atMs,
    );
    await this.#db.setAlarm(atMs);
  }
}

function detailOf({ id, name, role, tenant }: Pick<TokenRecord, 'id' | 'name' | 'role' | 'tenant'>) {
  return { id, name, role, ...(tenant !== null && { tenant }) };
}

function boundedLimit(limit: number): number {
  return Math.min(Math.max(1, limit), PAGE_ENTRIES_MAX);
}
