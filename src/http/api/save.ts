/**
 * Writes a config to the tenant's object, which publishes the copy for ingest itself. A new tenant's id is cleared with the place
 * where it could be as well, so that two first writers with different residencies never make two (domain/claim.ts).
 */

import { CREATION_MS_MAX } from '../../domain/claim.ts';
import type { ConfigureRequest, VersionConflict } from '../../domain/rpc.ts';
import type { SealedTenantConfig } from '../../domain/tenant-config.ts';
import { causeFields, logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success, unreachable } from '../../lib/result.ts';
import { elsewhere, relayStub } from '../../residency.ts';
import { pathsToReseal } from '../../tenants/reseal.ts';
import { sealClear } from '../../tenants/secrets.ts';
import type { Call } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import type { Candidate } from './candidate.ts';
import { requestFields, UNAVAILABLE, unavailable } from './existing.ts';
import { isPreconditionMet } from './version.ts';

/** Said of a save whose copy KV has not taken. */
export const NOT_PUBLISHED = 'The edge has not received this version yet: the relay tries again by itself.';

/** Paths that one entry of the audit names. */
const CHANGED_PATHS_MAX = 100;
/** Of a write to KV that must end before another place may write the same key. */
const BUSY_RETRY_SECONDS = 10;

export interface Saved {
  readonly version: number;
  /** Whether KV has it already. */
  readonly isPublished: boolean;
  readonly config: SealedTenantConfig;
}

type Writer = Pick<Call, 'c' | 'deployment' | 'actor'>;

/**
 * Saves what a candidate changes. Where it changes nothing, no version is written: the lanes' pauses end as they do after any save,
 * and seals that are not under the primary master key are moved there.
 */
export async function saveCandidate(
  call: Writer,
  { readAtMs, existing, clear, changes }: Candidate,
  { action, addedFrom }: Pick<ConfigureRequest, 'action' | 'addedFrom'>,
): Promise<Result<Saved, RequestFailure>> {
  const toReseal = existing && changes.length === 0 ? pathsToReseal(existing.opened) : [];
  if (existing && changes.length === 0 && toReseal.length === 0) return endPauses(call, existing);
  const config = await sealClear(clear, call.deployment.sealer);
  return saveConfig(call, {
    config,
    expectedVersion: existing?.stored.version ?? null,
    ...(existing && { expectedCreatedAtMs: existing.stored.createdAtMs }),
    action: toReseal.length > 0 ? 'secrets.resealed' : (action ?? 'config.saved'),
    changedPaths: toReseal.length > 0 ? toReseal : changes.map(({ path }) => path),
    ...(addedFrom !== undefined && { addedFrom }),
    ...(!existing && { notAfterMs: readAtMs + CREATION_MS_MAX }),
  });
}

/** Saves a sealed config as the next version, unless somebody else was first. */
export async function saveConfig(
  call: Writer,
  request: Omit<ConfigureRequest, 'v' | 'actor'>,
): Promise<Result<Saved, RequestFailure>> {
  const { c, deployment, actor } = call;
  const { config, expectedVersion, changedPaths = [] } = request;
  const room = expectedVersion === null ? await makeRoom(call, config) : success(undefined);
  if (!room.ok) return room;
  const place = { tenant: config.id, residency: config.residency };
  const stub = relayStub(c.env.TENANT_RELAY, deployment.settings, place);
  if (!stub.ok) return failure(UNAVAILABLE);
  try {
    const paths = changedPaths.slice(0, CHANGED_PATHS_MAX);
    const answer = await stub.value.configure({ v: 1, actor, ...request, changedPaths: paths });
    switch (answer.kind) {
      case 'saved': {
        const { version, isPublished } = answer;
        logEvent('info', 'tenant.configured', { ...requestFields(c), action: request.action, version });
        return success({ version, isPublished, config });
      }
      case 'version_conflict':
        return failure(conflict(call, answer));
      case 'unavailable':
        return unavailable(c, { cause: answer.reason });
      default:
        return unreachable(answer);
    }
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}

/** A save that changes nothing. */
async function endPauses(
  call: Writer,
  { stub, stored }: NonNullable<Candidate['existing']>,
): Promise<Result<Saved, RequestFailure>> {
  const { c, actor } = call;
  try {
    const { version: expectedVersion, createdAtMs: expectedCreatedAtMs } = stored;
    const answer = await stub.endPauses({ v: 1, actor, expectedVersion, expectedCreatedAtMs });
    switch (answer.kind) {
      case 'ended':
        return success({
          version: answer.version,
          isPublished: answer.isPublished,
          config: stored.config,
        });
      case 'version_conflict':
        return failure(conflict(call, answer));
      case 'unknown_tenant':
        return failure(conflict(call, { kind: 'version_conflict', version: null }));
      case 'unavailable':
        return unavailable(c, { cause: answer.reason });
      default:
        return unreachable(answer);
    }
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}

/** Before a first config is written: the object in the other place must not have the tenant, nor get it meanwhile. */
async function makeRoom(
  { c, deployment }: Writer,
  { id: tenant, residency }: SealedTenantConfig,
): Promise<Result<undefined, RequestFailure>> {
  const other = elsewhere(c.env.TENANT_RELAY, deployment.settings, { tenant, residency });
  if (!other) return success(undefined);
  try {
    const answer = await other.stub.makeRoom({ v: 1, claims: other.residency === 'eu' });
    switch (answer.kind) {
      case 'made':
        return success(undefined);
      case 'taken':
        return failure({ kind: 'residency_change', stored: other.residency });
      case 'busy':
        return failure({ kind: 'unavailable', retryAfterSeconds: BUSY_RETRY_SECONDS });
      case 'unavailable':
        return unavailable(c, { cause: answer.reason });
      default:
        return unreachable(answer);
    }
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}

/** 412 where the request's precondition does not hold any more, else 409. */
export function conflict(
  { c }: Pick<Call, 'c'>,
  { version, retryAfterSeconds }: VersionConflict,
): RequestFailure {
  if (!isPreconditionMet(c.req.raw.headers, version)) return { kind: 'precondition_failed', version };
  return {
    kind: 'version_conflict',
    version,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}
