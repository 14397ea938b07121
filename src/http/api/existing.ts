/** The tenant that an admin route is about. */

import type { Context } from 'hono';

import type { TenantRelayRpc } from '../../domain/rpc.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { FoundTenant } from '../../residency.ts';
import { findTenant } from '../../residency.ts';
import type { AppEnv, Deployment } from '../deployment.ts';
import type { RequestFailure } from '../problem.ts';

/** Its object did not answer: an operator or a script tries again soon. */
const RETRY_AFTER_SECONDS = 5;

/** The tenant named by the route's `id`; an id that no tenant can have is not looked up. */
export async function findExisting(
  c: Context<AppEnv>,
  { settings }: Deployment,
): Promise<Result<FoundTenant<TenantRelayRpc>, RequestFailure>> {
  const id = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(id)) return failure({ kind: 'tenant_not_found' });
  const found = await findTenant(c.env.TENANT_RELAY, settings, id);
  if (!found.ok) return failure({ kind: 'unavailable', retryAfterSeconds: RETRY_AFTER_SECONDS });
  return found.value ? success(found.value) : failure({ kind: 'tenant_not_found' });
}
