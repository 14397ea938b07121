/**
 * `/api/v1/tokens`: bearer tokens, minted, listed, revoked.
 * Whoever is admin of a tenant alone has to do with that tenant's tokens alone; of others it does not learn that they exist.
 */

import type { Principal, Role } from '../../domain/principal.ts';
import { grantRefusal, ROLES } from '../../domain/principal.ts';
import type { TokenPage, TokenView } from '../../domain/registry.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import type { Readers } from './fields.ts';
import { mintToken } from './mint-token.ts';
import { FIRST_PAGE, PAGE_READERS } from './page.ts';
import { askTokens } from './registry.ts';
import { oneOf, type Reader, reader, tenantId } from './values.ts';

const ROOT = '/api/v1/tokens';
const DAYS_DEFAULT = 90;
/** A year and its leap day. */
const DAYS_MAX = 366;
const NAME_PATTERN = /^[^\s\p{C}](?:[^\p{C}]{0,62}[^\s\p{C}])?$/u;

const tokenName: Reader<string> = reader({ type: 'string', minLength: 1, maxLength: 64 }, (value) =>
  typeof value === 'string' && NAME_PATTERN.test(value)
    ? success(value)
    : failure('must be 1 to 64 printable characters, without a space at its ends'),
);
const days: Reader<number> = reader({ type: 'integer', minimum: 1, maximum: DAYS_MAX }, (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= DAYS_MAX
    ? success(value)
    : failure(`must be a whole number of days from 1 to ${DAYS_MAX}`),
);

interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** Absent: for every tenant. */
  readonly tenant: string;
  readonly expires_in_days: number;
}
const NEW_TOKEN_READERS: Readers<NewToken> = {
  name: tokenName,
  role: oneOf(ROLES),
  tenant: tenantId,
  expires_in_days: days,
};
const LIST_READERS: Readers<Omit<TokenPage, 'withGone'>> = { ...PAGE_READERS, tenant: tenantId };

export const tokenRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: ROOT,
    role: 'admin',
    scope: 'own',
    query: LIST_READERS,
    handle: async (call) => {
      const refused = adminRefusal(call.principal, call.query.tenant ?? null);
      if (refused) return failure(refused);
      const page = { ...FIRST_PAGE, ...call.query, withGone: seesGone(call.principal) };
      const listing = await askTokens(call, async (registry) => registry.list(page));
      return listing.ok ? success({ body: listing.value }) : listing;
    },
  }),
  adminRoute({
    method: 'POST',
    path: ROOT,
    role: 'admin',
    scope: 'own',
    body: NEW_TOKEN_READERS,
    handle: async (call) => {
      const { name, role, tenant = null, expires_in_days: validDays = DAYS_DEFAULT } = call.body;
      if (name === undefined || role === undefined) return failure(missingKeys({ name, role }));
      const refused = adminRefusal(call.principal, tenant);
      return refused ? failure(refused) : mintToken(call, { name, role, tenant, validDays });
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: `${ROOT}/:token`,
    role: 'admin',
    scope: 'own',
    handle: revokeToken,
  }),
];

/** Admin is the highest role there is: who is admin of a tenant may give every role in it. */
function adminRefusal(principal: Principal, tenant: string | null): RequestFailure | undefined {
  switch (grantRefusal(principal, 'admin', tenant)) {
    case 'hidden':
      return { kind: 'tenant_not_found' };
    case 'role_missing':
      return { kind: 'role_missing', role: 'admin' };
    default:
      return undefined;
  }
}

/** A tenant's admin has nothing to do with an earlier tenant of the same id. */
function seesGone(principal: Principal): boolean {
  return grantRefusal(principal, 'admin', null) === undefined;
}

function isHidden(principal: Principal, { tenant, isTenantGone }: TokenView): boolean {
  return adminRefusal(principal, tenant) !== undefined || (isTenantGone === true && !seesGone(principal));
}

async function revokeToken(call: Call): Promise<Result<Answer, RequestFailure>> {
  const id = call.c.req.param('token') ?? '';
  const found = await askTokens(call, async (registry) => registry.find(id));
  if (!found.ok) return found;
  // One answer for a token that is not there and for one that is somebody else's.
  if (!found.value || isHidden(call.principal, found.value)) return failure({ kind: 'token_not_found' });
  const revoked = await askTokens(call, async (registry, write) => registry.revoke({ ...write, id }));
  if (!revoked.ok) return revoked;
  if (!revoked.value) return failure({ kind: 'token_not_found' });
  const { tenant, revokedAt } = revoked.value;
  logEvent('info', 'token.revoked', {
    requestId: call.c.get('requestId'),
    token: id,
    tenant: tenant ?? undefined,
  });
  return success({ body: { id, revokedAt } });
}

function missingKeys(required: Readonly<Record<string, unknown>>): RequestFailure {
  const missing = Object.keys(required).filter((key) => required[key] === undefined);
  return { kind: 'body_invalid', faults: missing.map((path) => ({ path, message: 'must be given' })) };
}
