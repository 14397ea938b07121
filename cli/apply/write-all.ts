/**
 * Writes what was planned, each tenant only if it is still at the version that was compared.
 * Ctrl-C starts no further write and waits for those under way, so that it is known what was written.
 */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { type ApiFailure, cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { Plan, TenantSaved } from '../api-types.ts';
import type { Io } from '../io.ts';
import { startProgress } from '../output/progress.ts';
import { formatDuration } from '../output/time.ts';
import { inPool } from '../pool.ts';
import type { PlannedTenant } from './plan-all.ts';
import type { DoomedTenant } from './prune.ts';

export interface Written {
  readonly id: string;
  readonly file?: string;
  readonly change: 'create' | 'update' | 'delete';
  readonly outcome: 'done' | 'failed' | 'not_started';
  readonly version?: number;
  readonly warnings: readonly string[];
  /** Why it failed. */
  readonly error?: { readonly kind: string; readonly message: string };
}

export interface Work {
  readonly changed: readonly PlannedTenant[];
  readonly deleted: readonly DoomedTenant[];
  readonly concurrency: number;
  /** Where the lanes of added destinations begin. */
  readonly addedFrom?: string | undefined;
  /** Deletes tenants although events wait. */
  readonly isDiscarding: boolean;
}

/** What every other write would run into, too. */
const HOPELESS_KINDS: readonly string[] = [
  'not_reachable',
  'redirected',
  'not_a_relay',
  'operator_refused',
  'role_missing',
];

/** What became of each, in the order of the plan. */
export async function writeAll(io: Io, api: ApiClient, work: Work): Promise<readonly Written[]> {
  const { changed, deleted, concurrency } = work;
  const progress = startProgress(io, 'Writing', changed.length + deleted.length);
  api.onWait = (ms) => progress.tell(ms === 0 ? '' : `the relay asks to wait ${formatDuration(ms)}`);
  const jobs = [
    ...changed.map((planned) => ({
      idle: { id: planned.tenant.id, file: planned.tenant.file.name, change: changeOf(planned.plan) },
      run: async () => putTenant(api, planned, work.addedFrom),
    })),
    ...deleted.map((tenant) => ({
      idle: { id: tenant.id, change: 'delete' as const },
      run: async () => deleteTenant(api, tenant, work.isDiscarding),
    })),
  ];
  let isHopeless = false;
  try {
    const written = await inPool(
      jobs,
      concurrency,
      async ({ idle, run }) => {
        const done = await run();
        progress.advance();
        isHopeless ||= HOPELESS_KINDS.includes(done.error?.kind ?? '');
        return { ...idle, ...done };
      },
      () => io.signal.aborted || isHopeless,
    );
    return jobs.map(({ idle }, index) => written[index] ?? { ...idle, outcome: 'not_started', warnings: [] });
  } finally {
    progress.stop();
  }
}

function changeOf({ change }: Plan): 'create' | 'update' {
  return change === 'create' ? 'create' : 'update';
}

type Done = Pick<Written, 'outcome' | 'version' | 'warnings' | 'error'>;

async function putTenant(
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
  if (isConflict(answer.error)) {
    // The first attempt may have written it, and only its answer was lost: then nothing is left to change.
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

async function deleteTenant(
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

function isConflict(error: ApiFailure): boolean {
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
