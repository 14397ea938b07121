/** Asks the relay what each file would change. Writes nothing; one file that can't be applied stops them all. */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { type ApiFailure, cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { Plan } from '../api-types.ts';
import type { CliFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { startProgress } from '../output/progress.ts';
import { formatDuration } from '../output/time.ts';
import { inPool } from '../pool.ts';
import { byPlace, type FileFault } from '../tenant-files/file-fault.ts';
import { brokenFiles } from '../tenant-files/read-folder.ts';
import { placedIn, type TenantFile } from '../tenant-files/read-tenant.ts';

export interface PlannedTenant {
  readonly tenant: TenantFile;
  readonly plan: Plan;
}

export interface Planned {
  /** To be created or changed. */
  readonly changed: readonly PlannedTenant[];
  readonly unchanged: number;
}

/** The plans of all files. Throws a CliFailure with every fault of every file, or when the relay can't be asked. */
export async function planAll(
  io: Io,
  api: ApiClient,
  files: readonly TenantFile[],
  concurrency: number,
): Promise<Planned> {
  const changed: PlannedTenant[] = [];
  const faults: FileFault[] = [];
  let failure: CliFailure | undefined;
  const progress = startProgress(io, 'Comparing', files.length);
  api.onWait = (ms) => progress.tell(ms === 0 ? '' : `the relay asks to wait ${formatDuration(ms)}`);
  try {
    await inPool(
      files,
      concurrency,
      async (tenant) => {
        const answer = await api.send<Plan>({
          method: 'POST',
          shape: SHAPES.plan,
          path: tenantPath(tenant.id, 'plan'),
          json: tenant.json,
          isRepeatable: true,
        });
        progress.advance();
        if (!answer.ok) {
          const own = faultsOf(tenant, answer.error);
          if (own.length > 0) faults.push(...own);
          else failure ??= cliFailureOf(answer.error, `compare ${tenant.file.name}`, api.origin);
        } else if (answer.value.body.change !== 'none') {
          changed.push({ tenant, plan: answer.value.body });
        }
      },
      () => failure !== undefined,
    );
  } finally {
    progress.stop();
  }
  if (failure) throw failure;
  if (faults.length > 0) throw brokenFiles(faults.toSorted(byPlace));
  return { changed: changed.toSorted(byId), unchanged: files.length - changed.length };
}

/** What is wrong with the file; nothing when it is not the file that is wrong. */
function faultsOf(tenant: TenantFile, error: ApiFailure): FileFault[] {
  if (error.kind !== 'problem') return [];
  const { status, problem, detail, faults } = error;
  if (problem === 'residency_change')
    return placedIn(tenant, [{ path: 'residency', message: `can't change: ${detail}` }]);
  if (faults.length > 0) return placedIn(tenant, faults);
  const isOfTheFile = status === 400 || status === 409 || status === 413 || status === 422;
  return isOfTheFile ? [{ file: tenant.file.name, path: '', message: `was refused: ${detail}` }] : [];
}

function byId(a: PlannedTenant, b: PlannedTenant): number {
  return a.tenant.id < b.tenant.id ? -1 : 1;
}
