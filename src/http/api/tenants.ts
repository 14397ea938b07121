/**
 * `GET` and `PUT /api/v1/tenants/{id}`, `POST …/plan`: a tenant's config, validated as a whole, its secrets write-only.
 * The tenant's object is the authority: it is asked first, and publishes the copy for ingest itself.
 */

import { hidePersons } from '../../domain/personal-fields.ts';
import type { LaneStart } from '../../domain/rpc.ts';
import type { TenantConfig } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import { success } from '../../lib/result.ts';
import { redactConfig } from '../../tenants/secrets.ts';
import { shownSecrets } from '../../tenants/shown-secrets.ts';
import { openConfig, PSEUDONYM_KEY_PATH } from '../../tenants/stored-secrets.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { compare, readConfig } from './candidate.ts';
import { findExisting } from './existing.ts';
import { seesTexts } from './for-viewers.ts';
import { noteTenant, revokeTokens } from './registry.ts';
import { NOT_PUBLISHED, saveCandidate } from './save.ts';
import { laneStart } from './values.ts';
import { etagOf } from './version.ts';

const ROOT = '/api/v1/tenants/:id';

export const tenantRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: ROOT,
    role: 'viewer',
    scope: 'tenant',
    handle: async (call) => showTenant(call),
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
  adminRoute({
    method: 'POST',
    path: `${ROOT}/plan`,
    role: 'admin',
    scope: 'tenant',
    handle: async (call) => plan(call),
  }),
];

interface Parameters {
  readonly added_from: LaneStart;
}

async function showTenant(call: Call): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment } = call;
  const found = await findExisting(c, deployment);
  if (!found.ok) return found;
  const { version, savedAt, config } = found.value.stored;
  const secrets = await shownSecrets(await openConfig(config, deployment.sealer));
  const shown = await redactConfig(config);
  const body = {
    id: config.id,
    version,
    savedAt,
    config: seesTexts(call) ? shown : hidePersons(shown),
    secrets: secrets
      .filter(({ path }) => path !== PSEUDONYM_KEY_PATH)
      .map(({ path, fingerprint, setAt }) => ({ path, fingerprint, setAt })),
  };
  return success({ body, headers: { etag: etagOf(version) } });
}

interface Put {
  readonly isNew: boolean;
  readonly id: string;
  readonly version: number;
  /** Whether the config differs from what was stored. */
  readonly changed: boolean;
  readonly published: boolean;
  readonly warnings: readonly string[];
  readonly config: TenantConfig;
}

async function putTenant(call: Call<Parameters>): Promise<Result<Put, RequestFailure>> {
  const config = readConfig(call.c, call.deployment);
  if (!config.ok) return config;
  const candidate = await compare(call, config.value);
  if (!candidate.ok) return candidate;
  const { existing, changes, warnings } = candidate.value;
  const { added_from: addedFrom } = call.query;
  // Whatever became of an earlier tenant of this id, its tokens must not hold for this one.
  const revoked = existing ? success(0) : await revokeTokens(call, config.value.id);
  if (!revoked.ok) return revoked;
  const saved = await saveCandidate(call, candidate.value, addedFrom === undefined ? {} : { addedFrom });
  if (!saved.ok) return saved;
  const { version, isPublished } = saved.value;
  // It exists already, and its own audit has its first entry: without this one the answer is the same.
  if (!existing) await noteTenant(call, 'tenant.created', { tenant: config.value.id });
  return success({
    isNew: existing === null,
    id: config.value.id,
    version,
    changed: changes.length > 0,
    published: isPublished,
    warnings: [...(isPublished ? [] : [NOT_PUBLISHED]), ...warnings],
    config: await redactConfig(saved.value.config),
  });
}

/** What a `PUT` of the same document would change now. */
async function plan(call: Call): Promise<Result<Answer, RequestFailure>> {
  const config = readConfig(call.c, call.deployment);
  if (!config.ok) return config;
  const candidate = await compare(call, config.value);
  if (!candidate.ok) return candidate;
  const { existing, changes, warnings } = candidate.value;
  const kind = changes.length > 0 ? 'update' : 'none';
  const version = existing?.stored.version ?? null;
  return success({ body: { change: existing ? kind : 'create', version, changes, warnings } });
}
