/** Which tenants `--prune` is about: those that the relay has and no file. */

import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { TenantShown } from '../api-types.ts';
import { invalidInput } from '../failure.ts';
import { listTenants } from '../list-tenants.ts';
import type { Session } from '../session.ts';
import { isFolder } from '../tenant-files/find-files.ts';
import type { TenantFile } from '../tenant-files/read-tenant.ts';

/** A tenant to be deleted, at the version at which that was decided. */
export interface DoomedTenant {
  readonly id: string;
  readonly version: number;
}

/** Throws a CliFailure when no folder was named: a single file is never meant to be all that there is. */
export async function tenantsInNoFile(
  { io }: Session,
  api: ApiClient,
  files: readonly TenantFile[],
  paths: readonly string[],
): Promise<readonly DoomedTenant[]> {
  if (!paths.some((path) => isFolder(io.cwd, path))) {
    throw invalidInput(
      '--prune needs a folder: -f names single files only.',
      'It deletes every tenant that is in none of the files, so name the folder of all of them.',
    );
  }
  const ids = new Set(files.map(({ id }) => id));
  const listed = await listTenants(api);
  const doomed: DoomedTenant[] = [];
  for (const { id, version } of listed) {
    if (!ids.has(id)) doomed.push({ id, version: version ?? (await versionOf(api, id)) });
  }
  return doomed;
}

/** The list does not tell the version of every tenant. */
async function versionOf(api: ApiClient, id: string): Promise<number> {
  const { version } = await api.ask<TenantShown>('read a tenant', {
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(id),
  });
  return version;
}
