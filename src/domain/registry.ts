/**
 * What the Worker and the deployment's token registry say to each other, and the audit of the deployment as a whole.
 * Requests that write carry `v`, as in rpc.ts, and the time: the registry has no clock of its own. Types and constants only.
 */

import type { Actor, Role } from './principal.ts';
import type { AuditDetail, AuditEntry } from './audit.ts';

/** What every request that writes carries. */
export interface RegistryWrite {
  readonly v: 1;
  readonly actor: Actor;
  readonly nowMs: number;
}

/** A token as the registry keeps it: never the token itself. */
export interface TokenRecord {
  readonly id: string;
  /** SHA-256 of the whole token in hex. */
  readonly digest: string;
  readonly name: string;
  readonly role: Role;
  /** Null: every tenant, and the deployment itself. */
  readonly tenant: string | null;
  readonly expiresAtMs: number;
}

export interface MintRequest extends RegistryWrite {
  readonly token: TokenRecord;
}

export type MintAnswer =
  | { readonly kind: 'minted' }
  /** The actor is a token that does not hold any more. */
  | { readonly kind: 'minter_revoked' }
  /** Of this tenant, or for every tenant, as many as may be are `valid` (neither expired nor revoked), or `kept` at all. */
  | { readonly kind: 'too_many_tokens'; readonly max: number; readonly counted: 'valid' | 'kept' };

/** `unknown`: this registry did not mint it, whoever signed it, or it is not the same token byte for byte. */
export type TokenStanding = 'active' | 'revoked' | 'unknown';

export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly tenant: string | null;
  /** ISO 8601 UTC, as the times below. */
  readonly createdAt: string;
  /** A principal's id. */
  readonly createdBy: string;
  readonly expiresAt: string;
  readonly revokedAt?: string;
  /** It was for a tenant that was deleted, whatever has its id now. */
  readonly isTenantGone?: true;
}

export interface TokenPage {
  /** Absent: the tokens of all tenants, and those for every tenant. */
  readonly tenant?: string;
  /** Those of deleted tenants, too. */
  readonly withGone?: boolean;
  /** The `nextBefore` of a page. */
  readonly before?: number;
  readonly limit: number;
}

export interface TokenListing {
  /** Newest first. */
  readonly tokens: readonly TokenView[];
  /** Absent: this was the last page. */
  readonly nextBefore?: number;
}

export interface RevokeRequest extends RegistryWrite {
  readonly id: string;
}

export interface RevokeTenantRequest extends RegistryWrite {
  readonly tenant: string;
}

export const DEPLOYMENT_AUDIT_ACTIONS = [
  'token.minted',
  'token.revoked',
  'tokens.revoked', // all of a tenant, as it was deleted
  'tenant.created',
  'tenant.deleting', // is about to be; that it is gone, the next one says
  'tenant.deleted',
  'tenant.departed', // to another place: its data are gone from where it was
  'tenant.arrived', // from another place, and works
] as const;
export type DeploymentAuditAction = (typeof DEPLOYMENT_AUDIT_ACTIONS)[number];

export interface DeploymentAuditEntry extends Omit<AuditEntry, 'action'> {
  readonly action: DeploymentAuditAction;
}

export interface NoteRequest extends RegistryWrite {
  readonly action: Extract<DeploymentAuditAction, `tenant.${string}`>;
  readonly detail: AuditDetail;
}

/** What TokenRegistry offers over RPC. Each method throws when it can't answer. */
export interface TokenRegistryRpc {
  mint(request: MintRequest): Promise<MintAnswer>;
  check(token: Pick<TokenRecord, 'id' | 'digest'>): Promise<TokenStanding>;
  /** Null: there is none with this id. */
  find(id: string): Promise<TokenView | null>;
  list(page: TokenPage): Promise<TokenListing>;
  /** The token, revoked now or before; null: there is none with this id. */
  revoke(request: RevokeRequest): Promise<TokenView | null>;
  /** As a tenant goes, and before another one gets its id. How many of its tokens were revoked now. */
  revokeTenant(request: RevokeTenantRequest): Promise<number>;
  /** Writes an entry of the deployment's audit about something that is done elsewhere. */
  note(request: NoteRequest): Promise<void>;
  /** The deployment's audit, newest first, below `before`. */
  audit(page: { readonly before?: number; readonly limit: number }): Promise<DeploymentAuditEntry[]>;
}
