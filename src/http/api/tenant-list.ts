/** `GET /api/v1/tenants`: every tenant, from KV, or those that the caller's grants name, from their objects. */

import type { Principal } from '../../domain/principal.ts';
import { grantRefusal } from '../../domain/principal.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { Sealer } from '../../lib/seal.ts';
import { findTenant } from '../../residency.ts';
import type { ListedTenant, TenantPage } from '../../tenants/tenant-list.ts';
import { listTenants } from '../../tenants/tenant-list.ts';
import type { AdminRoute, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { UNAVAILABLE } from './existing.ts';
import { reader, textOf, wholeNumber } from './values.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;
/** Longer than any cursor of KV, sealed: about 600 characters. */
const CURSOR_LENGTH_MAX = 4096;
/** Objects asked at once, each in up to two places. */
const LOOK_UPS_AT_ONCE = 20;
/** A cursor belongs to no tenant: no tenant id is spelt like this. */
const CURSOR_BINDING = { tenant: '*', purpose: 'cursor' } as const;

/** Whose page a cursor goes on from: each kind has cursors of its own. */
type Kind = 'all' | 'granted';

interface Parameters {
  readonly limit: number;
  readonly cursor: string;
  readonly prefix: string;
}

export const tenantListRoutes: readonly AdminRoute[] = [
  adminRoute<Parameters>({
    method: 'GET',
    path: '/api/v1/tenants',
    role: 'viewer',
    scope: 'own',
    query: {
      limit: wholeNumber(`must be from 1 to ${LIMIT_MAX}`, { min: 1, max: LIMIT_MAX }),
      cursor: textOf({ min: 1, max: CURSOR_LENGTH_MAX }),
      prefix: reader({ type: 'string', pattern: '^[a-z0-9-]{0,64}$' }, (value) =>
        typeof value === 'string' && /^[a-z0-9-]{0,64}$/.test(value)
          ? success(value)
          : failure('must be the beginning of a tenant id'),
      ),
    },
    handle: async (call) => {
      const page = await readPage(call);
      return page.ok ? success({ body: page.value }) : page;
    },
  }),
];

async function readPage(call: Call<Parameters>): Promise<Result<TenantPage, RequestFailure>> {
  const { c, deployment, principal, query } = call;
  const { sealer } = deployment;
  const { prefix = '', limit = LIMIT_DEFAULT } = query;
  const isEverything = grantRefusal(principal, 'viewer', null) === undefined;
  const kind = isEverything ? 'all' : 'granted';
  const cursor = await openCursor(sealer, query.cursor, [kind, prefix]);
  if (!cursor.ok) return cursor;
  const asked = { prefix, limit, ...(cursor.value !== undefined && { cursor: cursor.value }) };
  const page = isEverything ? await listTenants(c.env.RELAY_KV, asked) : await listGranted(call, asked);
  if (!page.ok) return failure(UNAVAILABLE);
  const { tenants, nextCursor } = page.value;
  return success({
    tenants,
    ...(nextCursor !== undefined && { nextCursor: await sealCursor(sealer, nextCursor, [kind, prefix]) }),
  });
}

/** The page of a caller whose grants name tenants: each is looked up in its object, in the order of the ids; the cursor is an id. */
async function listGranted(
  { c, deployment, principal }: Call<Parameters>,
  { prefix, limit, cursor = '' }: { prefix: string; limit: number; cursor?: string },
): Promise<Result<TenantPage, { readonly kind: 'object_unreachable' }>> {
  const ids = grantedIds(principal).filter((id) => id.startsWith(prefix) && id > cursor);
  const tenants: ListedTenant[] = [];
  const chosen = ids.slice(0, limit);
  for (let i = 0; i < chosen.length; i += LOOK_UPS_AT_ONCE) {
    const some = chosen.slice(i, i + LOOK_UPS_AT_ONCE);
    const found = await Promise.all(
      some.map(async (id) => findTenant(c.env.TENANT_RELAY, deployment.settings, id)),
    );
    for (const [index, tenant] of found.entries()) {
      if (!tenant.ok) return tenant;
      if (!tenant.value) continue;
      const { residency, stored } = tenant.value;
      const { version, savedAt } = stored;
      tenants.push({ id: some[index] ?? '', residency, version, savedAt });
    }
  }
  const last = chosen.at(-1);
  return success({
    tenants,
    ...(last !== undefined && ids.length > chosen.length && { nextCursor: last }),
  });
}

function grantedIds(principal: Principal): string[] {
  const ids = principal.grants.flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
  return [...new Set(ids)].filter((id) => !grantRefusal(principal, 'viewer', id)).toSorted();
}

/** Sealed, so that it is what this relay gave out, or is refused: KV's own answer to another one looks like a fault of KV. */
async function sealCursor(
  sealer: Sealer,
  cursor: string,
  [kind, prefix]: readonly [Kind, string],
): Promise<string> {
  return sealer.seal(JSON.stringify([kind, prefix, cursor]), CURSOR_BINDING);
}

async function openCursor(
  sealer: Sealer,
  sealed: string | undefined,
  [kind, prefix]: readonly [Kind, string],
): Promise<Result<string | undefined, RequestFailure>> {
  if (sealed === undefined) return success(undefined);
  const opened = await sealer.open(sealed, CURSOR_BINDING);
  const [ofKind, ofPrefix, cursor]: unknown[] = opened.ok ? (JSON.parse(opened.value) as unknown[]) : [];
  if (typeof cursor === 'string' && ofKind === kind && ofPrefix === prefix) return success(cursor);
  const detail = 'cursor must be the nextCursor of a page of the same prefix and caller.';
  return failure({ kind: 'parameter_invalid', path: 'cursor', detail });
}
