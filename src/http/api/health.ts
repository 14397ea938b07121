/**
 * `GET /api/v1/tenants/{id}/health`: what a tenant's object, its config and its seals say of themselves.
 * `GET /api/v1/health`: the deployment, without waking an object. Both only read.
 */

import { channelPlans } from '../../destinations/channels.ts';
import type { ObjectHealth } from '../../domain/object-health.ts';
import type { SealedTenantConfig } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import { causeFields } from '../../lib/log.ts';
import { failure, success } from '../../lib/result.ts';
import { sealStateOf } from '../../tenants/seal-state.ts';
import { redactConfig } from '../../tenants/secrets.ts';
import { validateTenantConfig } from '../../tenants/validate.ts';
import type { AdminRoute, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import { backlogOf, versionOf } from '../bindings.ts';
import type { Deployment } from '../deployment.ts';
import type { RequestFailure } from '../request-failure.ts';
import { findExisting, unavailable } from './existing.ts';
import { lanesFor } from './for-viewers.ts';

export const healthRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/api/v1/tenants/:id/health',
    role: 'viewer',
    scope: 'tenant',
    handle: async (call) => {
      const body = await tenantHealth(call);
      return body.ok ? success({ body: body.value }) : body;
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/api/v1/health',
    role: 'viewer',
    scope: 'deployment',
    handle: async (call) => success({ body: await deploymentHealth(call) }),
  }),
];

async function tenantHealth(call: Call): Promise<Result<object, RequestFailure>> {
  const { c, deployment, options } = call;
  const found = await findExisting(c, deployment);
  if (!found.ok) return found;
  const { stored, stub } = found.value;
  let health: ObjectHealth | null;
  try {
    health = await stub.health();
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
  if (!health) return failure({ kind: 'tenant_not_found' });
  const { jurisdiction, version, publishedVersion, rules: _rules, ...rest } = health;
  return success({
    tenant: stored.config.id,
    jurisdiction,
    version,
    publishedVersion,
    ...(await configHealth(stored.config, deployment)),
    ...rest,
    lanes: lanesFor(call, rest.lanes),
    noticeChannels: noticeChannels(stored.config),
    time: new Date(options.nowMs()).toISOString(),
  });
}

/** The lanes that tell people what the operator must know of the relay, as far as their destinations are not paused. */
function noticeChannels({ destinations }: SealedTenantConfig): readonly string[] {
  return destinations
    .filter(({ enabled }) => enabled)
    .flatMap((destination) =>
      channelPlans(destination)
        .filter(({ takes }) => takes.noticesBut !== undefined)
        .map(({ kind }) => `${destination.name}/${kind}`),
    );
}

/** A config that was right when it was saved may not be so under the settings of now. Secrets are not looked at: they are sealed. */
async function configHealth(config: SealedTenantConfig, { settings, sealer }: Deployment) {
  const valid = validateTenantConfig(await redactConfig(config), settings);
  return { configFaults: valid.ok ? [] : valid.error, secrets: await sealStateOf(config, sealer) };
}

async function deploymentHealth({ c, deployment, options }: Call) {
  const { settings, sealer } = deployment;
  const [wakeups, overflow] = await Promise.all([
    backlogOf(c.env.WAKEUPS, 'WAKEUPS'),
    backlogOf(c.env.OVERFLOW, 'OVERFLOW'),
  ]);
  return {
    time: new Date(options.nowMs()).toISOString(),
    env: settings.env,
    residency: settings.residency,
    keyIds: await sealer.keyIds(),
    access: settings.access !== undefined,
    egressAllow: settings.egressAllow,
    queues: { wakeups, overflow },
    ...versionOf(c.env),
  };
}
