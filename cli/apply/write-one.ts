/** One tenant written or deleted under its precondition, and what is known of it afterwards. */

import type { ApiClient } from '../api-client.ts';
import { type ApiFailure, cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { Plan, TenantSaved } from '../api-types.ts';
import type { PlannedTenant } from './plan-all.ts';
import type { DoomedTenant } from './prune.ts';

export interface Done {
  readonly outcome: 'done' | 'failed' | 'not_started';
  readonly version?: number;
  readonly warnings: readonly string[];
  /** Why it failed. */
  readonly error?: { readonly kind: string; readonly message: string };
}

export async function putTenant(
  api: ApiClient,
  { tenant, plan }: PlannedTenant,
  addedFrom: string | undefined,
): Promise<Done> {
  const precondition: Record<string, string> =
    plan.change === 'create' ? { 'if-none-match': '*' } : { 'if-match': `"${plan.version}"` };
  const answer = await api.send<TenantSaved>({
    method: 'PUT',
    shape: SHAPES.saved,
    path: tenantPath(tenant.id),
    query: { added_from: addedFrom },
    json: tenant.json,
    headers: precondition,
    isRepeatable: true,
    mustFinish: true,
  });
  if (answer.ok) {
    const { version, warnings } = answer.value.body;
    return { outcome: 'done', version, warnings };
  }
  if (mayBeDone(answer.error)) {
    // It may be written, and only the answer was lost: then nothing is left to change.
    const again = await api.send<Plan>({
      method: 'POST',
      shape: SHAPES.plan,
      path: tenantPath(tenant.id, 'plan'),
      json: tenant.json,
      isRepeatable: true,
      mustFinish: true,
    });
    if (again.ok && again.value.body.change === 'none') {
      const { version, warnings } = again.value.body;
      return { outcome: 'done', ...(version === null ? {} : { version }), warnings };
    }
  }
  return failed(answer.error, `write ${tenant.id}`, api.origin);
}

export async function deleteTenant(
  api: ApiClient,
  { id, version }: DoomedTenant,
  isDiscarding: boolean,
): Promise<Done> {
  const answer = await api.send({
    method: 'DELETE',
    shape: SHAPES.deleted,
    path: tenantPath(id),
    query: isDiscarding ? { undelivered: 'discard' } : {},
    headers: { 'if-match': `"${version}"` },
    isRepeatable: true,
    mustFinish: true,
  });
  // The list of tenants may be a minute behind.
  const isGone = !answer.ok && answer.error.kind === 'problem' && answer.error.status === 404;
  return answer.ok || isGone
    ? { outcome: 'done', warnings: [] }
    : failed(answer.error, `delete ${id}`, api.origin);
}

/** A conflict may be with an own earlier attempt. */
function mayBeDone(error: ApiFailure): boolean {
  if (error.kind === 'not_reachable') return true;
  return error.kind === 'problem' && (error.status === 412 || error.status === 409);
}

function failed(error: ApiFailure, what: string, origin: string): Done {
  const { kind, message, hint } = cliFailureOf(error, what, origin);
  return {
    outcome: 'failed',
    warnings: [],
    error: { kind, message: hint === undefined ? message : `${message} ${hint}` },
  };
}
