/** The tenant that an admin route is about, and what its object answers. */

import type { Context } from 'hono';

import type { TenantRelayRpc } from '../../domain/rpc.ts';
import type { SealedTenantConfig } from '../../domain/tenant-config.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import type { LogFields } from '../../lib/log.ts';
import { causeFields, logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { FoundTenant } from '../../residency.ts';
import { findTenant } from '../../residency.ts';
import type { AppEnv, Deployment } from '../deployment.ts';
import type { RequestFailure } from '../request-failure.ts';

/** Its object did not answer, or could not: an operator or a script tries again soon. */
export const UNAVAILABLE = { kind: 'unavailable', retryAfterSeconds: 5 } as const;

/** The tenant named by the route's `id`; an id that no tenant can have is not looked up. */
export async function findExisting(
  c: Context<AppEnv>,
  { settings }: Deployment,
): Promise<Result<FoundTenant<TenantRelayRpc>, RequestFailure>> {
  const id = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(id)) return failure({ kind: 'tenant_not_found' });
  const found = await findTenant(c.env.TENANT_RELAY, settings, id);
  if (!found.ok) return failure(UNAVAILABLE);
  return found.value ? success(found.value) : failure({ kind: 'tenant_not_found' });
}

/** What the object of the named tenant answers. `ask` is one call of it and nothing else: whatever throws there is the object's. */
export async function askExisting<T>(
  c: Context<AppEnv>,
  deployment: Deployment,
  ask: (relay: TenantRelayRpc) => Promise<T>,
): Promise<Result<T, RequestFailure>> {
  const found = await findExisting(c, deployment);
  if (!found.ok) return found;
  try {
    return success(await ask(found.value.stub));
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}

/** That the named tenant has no such destination, and which it has. */
export async function noSuchDestination(
  c: Context<AppEnv>,
  deployment: Deployment,
): Promise<Result<never, RequestFailure>> {
  const found = await findExisting(c, deployment);
  return found.ok ? withoutDestination(found.value.stored.config) : found;
}

/** The same of a config that is at hand. */
export function withoutDestination({
  destinations,
}: Pick<SealedTenantConfig, 'destinations'>): Result<never, RequestFailure> {
  return failure({ kind: 'destination_not_found', known: destinations.map(({ name }) => name) });
}

/** The failure of a request whose tenant's object can't serve it now, with its line in the log. */
export function unavailable(c: Context<AppEnv>, facts: LogFields): Result<never, RequestFailure> {
  logEvent('error', 'tenant.unavailable', { ...requestFields(c), ...facts });
  return failure(UNAVAILABLE);
}

/** What every log line about a request on a tenant has. Its id is checked before anything is logged. */
export function requestFields(c: Context<AppEnv>): LogFields {
  return { requestId: c.get('requestId'), tenant: c.req.param('id') };
}
