/** `DELETE /api/v1/tenants/{id}`: a tenant and all that its object stores, for good. */

import type { LaneRest } from '../../domain/rpc.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { afterRemoval } from './after-removal.ts';
import { findExisting, unavailable } from './existing.ts';
import { causeFields } from '../../lib/log.ts';
import { conflict } from './save.ts';
import { refused } from './refused.ts';
import { noteTenant } from './registry.ts';
import { oneOf } from './values.ts';
import { isPreconditionMet } from './version.ts';

interface Parameters {
  /** What is not delivered is given up. */
  readonly undelivered: 'discard';
}

export const tenantRemovalRoutes: readonly AdminRoute[] = [
  adminRoute<Parameters>({
    method: 'DELETE',
    path: '/api/v1/tenants/:id',
    role: 'admin',
    // Its own admin would erase the audit that says what it did.
    scope: 'deployment',
    query: { undelivered: oneOf(['discard']) },
    handle: async (call) => removeTenant(call),
  }),
];

async function removeTenant(call: Call<Parameters>): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, actor, query } = call;
  const tenant = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(tenant)) return failure({ kind: 'tenant_not_found' });
  const found = await findExisting(c, deployment);
  if (!found.ok) {
    // An earlier request may have removed it, and come no further.
    const isGone = found.error.kind === 'tenant_not_found';
    const finished = isGone ? await afterRemoval(call, { tenant }) : found;
    return finished.ok ? found : finished;
  }
  const { version, createdAtMs } = found.value.stored;
  if (!isPreconditionMet(c.req.raw.headers, version))
    return failure({ kind: 'precondition_failed', version });
  const discard = query.undelivered === 'discard';
  // First, so that whoever deletes is known whatever comes between; an attempt that comes no further has this entry alone.
  const noted = await noteTenant(call, 'tenant.deleting', { tenant, version, discard });
  if (!noted.ok) return noted;
  const expected = { expectedVersion: version, expectedCreatedAtMs: createdAtMs };
  const request = { v: 1, actor, ...expected, discard } as const;
  try {
    const answer = await found.value.stub.remove(request);
    switch (answer.kind) {
      case 'removed': {
        const counts = countsOf(answer.rest);
        const { isUnpublished } = answer;
        const after = await afterRemoval(call, { tenant, removed: { version, isUnpublished, ...counts } });
        return after.ok ? success({ body: { id: tenant, ...counts } }) : after;
      }
      case 'undelivered':
        return failure({ kind: 'tenant_has_undelivered', rest: answer.rest });
      case 'held':
        return failure({ kind: 'held', tenant, holds: answer.holds });
      case 'version_conflict':
        return failure(conflict(call, answer));
      default:
        return refused(c, answer);
    }
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}

/** Given up with it. */
function countsOf(rest: readonly LaneRest[]): { readonly undelivered: number; readonly deadLetters: number } {
  return {
    undelivered: rest.reduce((sum, lane) => sum + lane.undelivered, 0),
    deadLetters: rest.reduce((sum, lane) => sum + lane.deadLetters, 0),
  };
}
