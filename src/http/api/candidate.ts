/** A config that an operator brings: read, validated, and compared with what the tenant has. Writes nothing. */

import type { Context } from 'hono';

import type { Principal } from '../../domain/principal.ts';
import { grantRefusal } from '../../domain/principal.ts';
import type { TenantRelayRpc } from '../../domain/rpc.ts';
import type { TenantConfig } from '../../domain/tenant-config.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { FoundTenant } from '../../residency.ts';
import { findTenant } from '../../residency.ts';
import type { ConfigChange } from '../../tenants/config-changes.ts';
import { changesOf, touchesIngest } from '../../tenants/config-changes.ts';
import { fingerprintsUnder } from '../../tenants/fingerprint.ts';
import type { ClearConfig } from '../../tenants/secrets.ts';
import { clearConfig } from '../../tenants/secrets.ts';
import type { OpenedConfig } from '../../tenants/stored-secrets.ts';
import { openConfig } from '../../tenants/stored-secrets.ts';
import { validateTenantConfig } from '../../tenants/validate.ts';
import { warningsOf } from '../../tenants/warnings.ts';
import type { Call } from '../admin-route.ts';
import type { AppEnv, Deployment } from '../deployment.ts';
import type { RequestFailure } from '../request-failure.ts';
import { parseDocument } from './document.ts';
import { UNAVAILABLE } from './existing.ts';
import { isPreconditionMet } from './version.ts';

export interface Candidate {
  /** When the tenant was looked for. */
  readonly readAtMs: number;
  readonly existing: (FoundTenant<TenantRelayRpc> & { readonly opened: OpenedConfig }) | null;
  /** What would be saved. */
  readonly clear: ClearConfig;
  readonly changes: readonly ConfigChange[];
  readonly warnings: readonly string[];
}

/** The request's config, of the route's tenant, normalised, or all its faults. */
export function readConfig(
  c: Context<AppEnv>,
  { settings }: Deployment,
): Result<TenantConfig, RequestFailure> {
  const id = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(id)) return failure({ kind: 'tenant_not_found' });
  const document = parseDocument(c.get('body'), c.req.header('content-type'));
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

/** Who is admin of one tenant alone is nobody once it is gone: what it still holds must not bring it back. */
export function mayCreate(principal: Principal): boolean {
  return grantRefusal(principal, 'admin', null) === undefined;
}

/** What a valid config would change. Fails for a tenant that the caller may not create, a stale precondition, another residency, and a `<set>` with nothing to keep. */
export async function compare(
  { c, deployment, options, principal }: Pick<Call, 'c' | 'deployment' | 'options' | 'principal'>,
  config: TenantConfig,
): Promise<Result<Candidate, RequestFailure>> {
  const { settings, sealer } = deployment;
  const readAtMs = options.nowMs();
  const found = await findTenant(c.env.TENANT_RELAY, settings, config.id);
  if (!found.ok) return failure(UNAVAILABLE);
  if (!found.value && !mayCreate(principal)) return failure({ kind: 'tenant_not_found' });
  const version = found.value?.stored.version ?? null;
  if (!isPreconditionMet(c.req.raw.headers, version))
    return failure({ kind: 'precondition_failed', version });
  if (found.value && found.value.residency !== config.residency)
    return failure({ kind: 'residency_change', stored: found.value.residency });
  const opened = found.value && (await openConfig(found.value.stored.config, sealer));
  const clear = await clearConfig(config, opened, readAtMs);
  if (!clear.ok) return failure({ kind: 'config_invalid', faults: clear.error });
  const fingerprint = await fingerprintsUnder(clear.value.pseudonymKey);
  if (!fingerprint) throw new Error('Cannot compare configs as the pseudonym key must be base64: it is not');
  const changes = await changesOf(opened?.config ?? null, clear.value.config, fingerprint);
  return success({
    readAtMs,
    existing: found.value && opened && { ...found.value, opened },
    clear: clear.value,
    changes,
    // Of a new tenant the edge knows nothing: there is no old secret to keep.
    warnings: warningsOf(config, {
      isIngestChanged: version !== null && touchesIngest(changes),
      stored: opened?.config ?? null,
      nowMs: readAtMs,
      isLocal: settings.env === 'local',
    }),
  });
}
