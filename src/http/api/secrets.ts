/** `/api/v1/tenants/{id}/secrets` and `…/reseal`: what is sealed, a new secret for an old one, new seals for a new master key. */

import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { KEPT_SECRET } from '../../tenants/kept-secret.ts';
import { pathsToReseal, reseal } from '../../tenants/reseal.ts';
import type { Rotation } from '../../tenants/rotate-secret.ts';
import { isSecretList, rotatablePaths, withNewSecret } from '../../tenants/rotate-secret.ts';
import { shownSecrets } from '../../tenants/shown-secrets.ts';
import { openConfig } from '../../tenants/stored-secrets.ts';
import { validateTenantConfig } from '../../tenants/validate.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { compare } from './candidate.ts';
import { askExisting, findExisting } from './existing.ts';
import { bodyInvalid } from './fields.ts';
import { refused } from './refused.ts';
import { NOT_PUBLISHED, saveCandidate, saveConfig } from './save.ts';
import { oneOf, textOf } from './values.ts';
import { etagOf, isPreconditionMet } from './version.ts';

const ROOT = '/api/v1/tenants/:id';
/** As the config's own schema. */
const SECRET_LENGTH_MAX = 4096;
/** A secret of that length, each of its units escaped as JSON may, with the keys around it. */
const BODY_BYTES_MAX = 32 * 1024;
/** `destinations.{32 characters}.headers.{64 characters}` has 118. */
const PATH_LENGTH_MAX = 128;
/** Steps of a request over the sealed map, two calls each: 10,000 names. The caller repeats it while there are more. */
const NAME_STEPS_MAX = 20;

export const secretRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: `${ROOT}/secrets`,
    role: 'viewer',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const found = await findExisting(c, deployment);
      if (!found.ok) return found;
      const { config } = found.value.stored;
      return success({ body: { secrets: await shownSecrets(await openConfig(config, deployment.sealer)) } });
    },
  }),
  adminRoute<object, Rotation>({
    method: 'POST',
    path: `${ROOT}/secrets`,
    role: 'admin',
    scope: 'tenant',
    body: {
      path: textOf({ min: 1, max: PATH_LENGTH_MAX }),
      value: textOf({ min: 1, max: SECRET_LENGTH_MAX }),
      previous: oneOf(['keep', 'drop']),
    },
    bodyBytesMax: BODY_BYTES_MAX,
    handle: async (call) => rotate(call),
  }),
  adminRoute({
    method: 'POST',
    path: `${ROOT}/reseal`,
    role: 'admin',
    scope: 'tenant',
    handle: async (call) => resealTenant(call),
  }),
];

/** As a `PUT` of the stored config with this one secret changed. */
async function rotate(call: Call<object, Rotation>): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, body } = call;
  const { path, value } = body;
  if (path === undefined) return failure(bodyInvalid('path', 'is missing: name the secret to change'));
  if (value === undefined) return failure(bodyInvalid('value', 'is missing: write the new secret'));
  if (value.trim() === KEPT_SECRET)
    return failure(bodyInvalid('value', 'stands for a secret that is kept: write the new secret'));
  if (body.previous !== undefined && !isSecretList(path))
    return failure(
      bodyInvalid(
        'previous',
        "belongs to lists of secrets only, webhook.secrets or a destination's secrets: of the others there is one",
      ),
    );
  const found = await findExisting(c, deployment);
  if (!found.ok) return found;
  const opened = await openConfig(found.value.stored.config, deployment.sealer);
  const known = rotatablePaths(opened);
  if (!known.includes(path))
    return failure(bodyInvalid('path', `names no secret that is set: there are ${known.join(', ')}`));
  const changed = await withNewSecret(opened, { path, value, previous: body.previous ?? 'keep' });
  const config = changed.ok ? validateTenantConfig(changed.value, deployment.settings) : changed;
  if (!config.ok) return failure({ kind: 'config_invalid', faults: config.error });
  const candidate = await compare(call, config.value);
  if (!candidate.ok) return candidate;
  // Somebody else's change must not be undone by a config that was read before it.
  const now = candidate.value.existing?.stored;
  const { version: readVersion, createdAtMs } = found.value.stored;
  if (now?.version !== readVersion || now.createdAtMs !== createdAtMs)
    return failure({ kind: 'version_conflict' });
  const saved = await saveCandidate(call, candidate.value, { action: 'secret.rotated' });
  if (!saved.ok) return saved;
  const { version, isPublished } = saved.value;
  const secrets = await shownSecrets(await openConfig(saved.value.config, deployment.sealer));
  const warnings = [...(isPublished ? [] : [NOT_PUBLISHED]), ...candidate.value.warnings];
  return success({
    body: { version, published: isPublished, warnings, secrets },
    headers: { etag: etagOf(version) },
  });
}

/** Moves every seal to the primary master key, the config's first, then those of names; 0 = all are under it already, and nothing is saved. */
async function resealTenant(call: Call): Promise<Result<Answer, RequestFailure>> {
  const config = await resealConfig(call);
  if (!config.ok) return config;
  const { version, paths } = config.value;
  const names = await resealNames(call);
  if (!names.ok) return names;
  const { resealed, unopened, isComplete } = names.value;
  return success({
    body: { version, resealed: paths.length + resealed, unopened, isComplete },
    headers: { etag: etagOf(version) },
  });
}

interface ResealedConfig {
  readonly version: number;
  readonly paths: readonly string[];
}

async function resealConfig(call: Call): Promise<Result<ResealedConfig, RequestFailure>> {
  const { c, deployment } = call;
  const found = await findExisting(c, deployment);
  if (!found.ok) return found;
  const { version, createdAtMs, config } = found.value.stored;
  if (!isPreconditionMet(c.req.raw.headers, version))
    return failure({ kind: 'precondition_failed', version });
  const opened = await openConfig(config, deployment.sealer);
  const paths = pathsToReseal(opened);
  if (paths.length === 0) return success({ version, paths });
  const resealed = await reseal(opened, deployment.sealer);
  if (!resealed.ok) return failure({ kind: 'config_invalid', faults: resealed.error });
  const saved = await saveConfig(call, {
    config: resealed.value,
    expectedVersion: version,
    expectedCreatedAtMs: createdAtMs,
    action: 'secrets.resealed',
    changedPaths: paths,
  });
  if (!saved.ok) return saved;
  return success({ version: saved.value.version, paths });
}

/** The names of the sealed map and of erasures under way, as many as one request may do. */
async function resealNames({
  c,
  deployment,
  actor,
}: Call): Promise<Result<{ resealed: number; unopened: number; isComplete: boolean }, RequestFailure>> {
  let [resealed, unopened] = [0, 0];
  let after: string | undefined;
  for (let step = 0; step < NAME_STEPS_MAX; step++) {
    const request = { v: 1, actor, ...(after !== undefined && { after }) } as const;
    const answer = await askExisting(c, deployment, async (relay) => relay.resealNames(request));
    if (!answer.ok) return answer;
    if (answer.value.kind !== 'resealed') return refused(c, answer.value);
    resealed += answer.value.resealed;
    unopened += answer.value.unopened;
    after = answer.value.next;
    if (after === undefined) return success({ resealed, unopened, isComplete: true });
  }
  return success({ resealed, unopened, isComplete: false });
}
