/**
 * `GET` and `PUT /api/v1/tenants/{id}`: a tenant's config, validated as a whole, its secrets write-only.
 * The tenant's object is the authority: it is written first, and publishes the copy for ingest itself.
 */

import type { Context } from 'hono';

import type { ConfigureAnswer, ConfigureRequest, LaneStart } from '../../domain/rpc.ts';
import type { TenantConfig } from '../../domain/tenant-config.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import { causeFields, logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success, unreachable } from '../../lib/result.ts';
import { findTenant, relayStub } from '../../residency.ts';
import { isIngestChanged } from '../../tenants/ingest-change.ts';
import { redactConfig, sealConfig } from '../../tenants/secrets.ts';
import { validateTenantConfig } from '../../tenants/validate.ts';
import { warningsOf } from '../../tenants/warnings.ts';
import { readBody } from '../body.ts';
import type { AdminRoute, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { AppEnv, Deployment } from '../deployment.ts';
import type { RequestFailure } from '../problem.ts';
import { parseDocument } from './document.ts';
import { findExisting, requestFields, UNAVAILABLE, unavailable } from './existing.ts';
import { laneStart } from './values.ts';
import { etagOf, isPreconditionMet } from './version.ts';

/** A config with every list full is below 100 KiB. */
export const DOCUMENT_BYTES_MAX = 256 * 1024;
const NOT_PUBLISHED = 'The edge has not received this version yet: the relay tries again by itself.';

const ROOT = '/api/v1/tenants/:id';

export const tenantRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: ROOT,
    role: 'viewer',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const found = await findExisting(c, deployment);
      if (!found.ok) return found;
      const { version, savedAt, config } = found.value.stored;
      const body = { id: config.id, version, savedAt, config: await redactConfig(config) };
      return success({ body, headers: { etag: etagOf(version) } });
    },
  }),
  adminRoute<Parameters>({
    method: 'PUT',
    path: ROOT,
    role: 'admin',
    scope: 'tenant',
    query: { added_from: laneStart },
    handle: async (call) => {
      const saved = await putTenant(call);
      if (!saved.ok) return saved;
      const { isNew, ...body } = saved.value;
      return success({ status: isNew ? 201 : 200, body, headers: { etag: etagOf(body.version) } });
    },
  }),
];

interface Parameters {
  readonly added_from: LaneStart;
}

interface Saved {
  readonly isNew: boolean;
  readonly id: string;
  readonly version: number;
  readonly published: boolean;
  readonly warnings: readonly string[];
  readonly config: TenantConfig;
}

async function putTenant(call: Call<Parameters>): Promise<Result<Saved, RequestFailure>> {
  const { c, deployment, actor, query } = call;
  const { added_from: addedFrom } = query;
  const config = await readConfig(c, deployment);
  if (!config.ok) return config;
  const found = await findTenant(c.env.TENANT_RELAY, deployment.settings, config.value.id);
  if (!found.ok) return failure(UNAVAILABLE);
  const existing = found.value;
  const version = existing?.stored.version ?? null;
  if (!isPreconditionMet(c.req.raw.headers, version))
    return failure({ kind: 'precondition_failed', version });
  if (existing && existing.residency !== config.value.residency) {
    return failure({ kind: 'residency_change', stored: existing.residency });
  }
  const stored = existing?.stored.config ?? null;
  const sealed = await sealConfig(config.value, { sealer: deployment.sealer, stored });
  if (!sealed.ok) return failure({ kind: 'config_invalid', faults: sealed.error });
  const saved = await configure(c, deployment, {
    v: 1,
    actor,
    config: sealed.value,
    expectedVersion: version,
    ...(addedFrom === undefined ? {} : { addedFrom }),
  });
  if (!saved.ok) return saved;
  return success({
    isNew: existing === null,
    id: config.value.id,
    version: saved.value.version,
    published: saved.value.isPublished,
    warnings: [
      ...(saved.value.isPublished ? [] : [NOT_PUBLISHED]),
      ...warningsOf(config.value, await isIngestChanged(stored, sealed.value, deployment.sealer)),
    ],
    config: await redactConfig(sealed.value),
  });
}

/** The request's config, normalised, or all its faults. */
async function readConfig(
  c: Context<AppEnv>,
  deployment: Deployment,
): Promise<Result<TenantConfig, RequestFailure>> {
  const body = await readBody(c.req.raw, DOCUMENT_BYTES_MAX);
  return body.ok ? configIn(body.value, c, deployment) : body;
}

/** A body as the config of the route's tenant, normalised, or all its faults. */
export function configIn(
  body: Uint8Array,
  c: Context<AppEnv>,
  { settings }: Deployment,
): Result<TenantConfig, RequestFailure> {
  const id = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(id)) return failure({ kind: 'tenant_not_found' });
  const document = parseDocument(body, c.req.header('content-type'));
  if (!document.ok) return document;
  const config = validateTenantConfig(document.value, settings);
  const faults = [...(config.ok ? [] : config.error), ...otherId(document.value, id)];
  if (!config.ok || faults.length > 0) return failure({ kind: 'config_invalid', faults });
  return config;
}

function otherId(document: unknown, id: string) {
  const named =
    typeof document === 'object' && document !== null && 'id' in document ? document.id : undefined;
  if (typeof named !== 'string' || !TENANT_ID_PATTERN.test(named) || named === id) return [];
  return [{ path: 'id', message: `must be ${id}, as in the URL: a tenant can't be renamed` }];
}

/** Writes the config to the tenant's object. */
async function configure(
  c: Context<AppEnv>,
  { settings }: Deployment,
  request: ConfigureRequest,
): Promise<Result<Extract<ConfigureAnswer, { kind: 'saved' }>, RequestFailure>> {
  const { id: tenant, residency } = request.config;
  const stub = relayStub(c.env.TENANT_RELAY, settings, { tenant, residency });
  if (!stub.ok) return failure(UNAVAILABLE);
  try {
    const answer = await stub.value.configure(request);
    switch (answer.kind) {
      case 'saved':
        logEvent('info', 'tenant.configured', { ...requestFields(c), version: answer.version });
        return success(answer);
      case 'version_conflict':
        return failure({ kind: 'version_conflict' });
      case 'unavailable':
        return unavailable(c, { cause: answer.reason });
      default:
        return unreachable(answer);
    }
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}
