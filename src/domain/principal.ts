/** Who calls the admin API, and what they may do there. Pure. */

/** From the least to the most: each may do what those before it may. */
export const ROLES = ['metrics', 'viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Grant {
  readonly role: Role;
  /** Null: every tenant, and the deployment itself. */
  readonly tenant: string | null;
}

export interface Principal {
  /** `bootstrap`, `token:{id}` or `access:{e-mail or service}`: who the audit names. */
  readonly id: string;
  readonly grants: readonly Grant[];
  /** When it stops being one, ISO 8601 UTC; absent: when its token is replaced. */
  readonly expiresAt?: string;
}

/** Who does something, for the audit. */
export interface Actor {
  /** A principal's id. */
  readonly by: string;
  readonly requestId: string;
  /** Why, as the caller says; at most `REASON_LENGTH_MAX` characters. */
  readonly reason?: string;
}

/** UTF-16 units of a reason: a ticket's number and a sentence. */
export const REASON_LENGTH_MAX = 200;

/** What a principal may not do; `hidden`: not even know whether it exists. */
export type GrantRefusal = 'hidden' | 'role_missing';

/** Whether a principal may do what a role may, for a tenant or (null) for the whole deployment. */
export function grantRefusal(
  { grants }: Pick<Principal, 'grants'>,
  role: Role,
  tenant: string | null,
): GrantRefusal | undefined {
  const covering = grants.filter((grant) => grant.tenant === null || grant.tenant === tenant);
  if (covering.length === 0) return tenant === null ? 'role_missing' : 'hidden';
  return covering.some((grant) => includesRole(grant.role, role)) ? undefined : 'role_missing';
}

/** Whether one role may do everything that another may. */
export function includesRole(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(other);
}

/** Whether a principal's grants reach beyond single tenants. */
export function isDeploymentWide({ grants }: Pick<Principal, 'grants'>): boolean {
  return grants.some(({ tenant }) => tenant === null);
}
