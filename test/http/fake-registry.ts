/** The deployment's token registry in memory. `test/operators/token-registry.test.ts` holds it to what the real object does. */

import type {
  DeploymentAuditAction,
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
} from '../../src/domain/registry.ts';
import type { AuditDetail } from '../../src/domain/audit.ts';

const TOKENS_MAX = 1_000;
const KEPT_TOKENS_MAX = 10_000;

interface Kept {
  readonly record: TokenRecord;
  view: TokenView;
}

export class FakeRegistry implements TokenRegistryRpc {
  readonly #kept: Kept[] = [];
  readonly #audit: DeploymentAuditEntry[] = [];
  /** The names of the methods that were called, in order. */
  readonly asked: (keyof TokenRegistryRpc)[] = [];
  /** Where its stub was made: `base` or a jurisdiction. */
  readonly places: string[] = [];
  /** What every method does first; throws for a registry that can't be reached. */
  answers: () => Promise<void> = async () => undefined;

  async mint(request: MintRequest): Promise<MintAnswer> {
    await this.#note('mint', request);
    const { token, actor, nowMs } = request;
    const minter = actor.by.startsWith('token:') ? actor.by.slice('token:'.length) : null;
    const isActive = ({ record, view }: Kept) => record.id === minter && holds(view);
    if (minter !== null && !this.#kept.some(isActive)) return { kind: 'minter_revoked' };
    const kept = this.#kept.filter(
      ({ record, view }) => record.tenant === token.tenant && !view.isTenantGone,
    );
    const valid = kept.filter(
      ({ record, view }) => record.expiresAtMs > nowMs && view.revokedAt === undefined,
    );
    if (valid.length >= TOKENS_MAX) return { kind: 'too_many_tokens', max: TOKENS_MAX, counted: 'valid' };
    if (kept.length >= KEPT_TOKENS_MAX)
      return { kind: 'too_many_tokens', max: KEPT_TOKENS_MAX, counted: 'kept' };
    const { digest: _secret, expiresAtMs, ...shown } = token;
    const view = {
      ...shown,
      createdAt: new Date(nowMs).toISOString(),
      createdBy: actor.by,
      expiresAt: new Date(expiresAtMs).toISOString(),
    };
    this.#kept.push({ record: token, view });
    this.#append('token.minted', request, detailOf(view));
    return { kind: 'minted' };
  }

  async check({ id, digest }: Pick<TokenRecord, 'id' | 'digest'>): Promise<TokenStanding> {
    await this.#note('check');
    const kept = this.#kept.find(({ record }) => record.id === id);
    if (kept?.record.digest !== digest) return 'unknown';
    return holds(kept.view) ? 'active' : 'revoked';
  }

  async find(id: string): Promise<TokenView | null> {
    await this.#note('find');
    return this.#kept.find(({ record }) => record.id === id)?.view ?? null;
  }

  async list({
    tenant,
    withGone = false,
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: TokenPage): Promise<TokenListing> {
    await this.#note('list');
    const page = this.#kept
      .map(({ view }, index) => ({ view, seq: index + 1 }))
      .filter(({ view, seq }) => seq < before && (tenant === undefined || view.tenant === tenant))
      .filter(({ view }) => withGone || !view.isTenantGone)
      .toReversed()
      .slice(0, limit);
    const last = page.length === limit ? page.at(-1) : undefined;
    return { tokens: page.map(({ view }) => view), ...(last && { nextBefore: last.seq }) };
  }

  async revoke(request: RevokeRequest): Promise<TokenView | null> {
    await this.#note('revoke', request);
    const kept = this.#kept.find(({ record }) => record.id === request.id);
    if (!kept) return null;
    if (kept.view.revokedAt === undefined) {
      this.#revoke(kept, request.nowMs);
      this.#append('token.revoked', request, detailOf(kept.view));
    }
    return kept.view;
  }

  async revokeTenant(request: RevokeTenantRequest): Promise<number> {
    await this.#note('revokeTenant', request);
    const { tenant, nowMs } = request;
    const valid = this.#kept.filter(
      ({ record, view }) =>
        record.tenant === tenant && record.expiresAtMs > nowMs && view.revokedAt === undefined,
    );
    for (const kept of valid) this.#revoke(kept, nowMs);
    for (const kept of this.#kept.filter(({ record }) => record.tenant === tenant))
      kept.view = { ...kept.view, isTenantGone: true };
    if (valid.length > 0) this.#append('tokens.revoked', request, { tenant, count: valid.length });
    return valid.length;
  }

  async note(request: NoteRequest): Promise<void> {
    await this.#note('note', request);
    this.#append(request.action, request, request.detail);
  }

  async audit({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    readonly before?: number;
    readonly limit: number;
  }): Promise<DeploymentAuditEntry[]> {
    await this.#note('audit');
    return this.#audit
      .filter(({ id }) => id < before)
      .toReversed()
      .slice(0, limit);
  }

  async #note(method: keyof TokenRegistryRpc, request?: RegistryWrite): Promise<void> {
    this.asked.push(method);
    await this.answers();
    if (request && request.v !== 1) throw new Error('another version');
  }

  #revoke(kept: Kept, nowMs: number): void {
    kept.view = { ...kept.view, revokedAt: new Date(nowMs).toISOString() };
  }

  #append(action: DeploymentAuditAction, { actor, nowMs }: RegistryWrite, detail: AuditDetail): void {
    const { by, requestId, reason } = actor;
    this.#audit.push({
      id: this.#audit.length + 1,
      at: new Date(nowMs).toISOString(),
      by,
      action,
      requestId,
      ...(reason !== undefined && { reason }),
      detail,
    });
  }
}

function holds({ revokedAt, isTenantGone }: TokenView): boolean {
  return revokedAt === undefined && !isTenantGone;
}

/** ADMIN_LIMIT: counts, and is over for the keys that a test names. */
export class FakeLimit {
  readonly keys: string[] = [];
  isOver: (key: string) => boolean = () => false;

  async limit({ key }: { readonly key: string }): Promise<{ success: boolean }> {
    this.keys.push(key);
    return { success: !this.isOver(key) };
  }
}

function detailOf({ id, name, role, tenant }: TokenView): AuditDetail {
  return { id, name, role, ...(tenant !== null && { tenant }) };
}
