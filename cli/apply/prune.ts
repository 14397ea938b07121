/** Which tenants `--prune` is about: those that the relay has and no file. */

import type { ApiClient } from '../api-client.ts';
import type { TenantListed } from '../api-types.ts';
import { invalidInput } from '../failure.ts';
import { listTenants } from '../list-tenants.ts';
import type { Session } from '../session.ts';
import { isFolder } from '../tenant-files/find-files.ts';
import type { TenantFile } from '../tenant-files/read-tenant.ts';

/** Throws a CliFailure when no folder was named: a single file is never meant to be all that there is. */
export async function tenantsInNoFile(
  { io }: Session,
  api: ApiClient,
  files: readonly TenantFile[],
  paths: readonly string[],
): Promise<readonly TenantListed[]> {
  if (!paths.some((path) => isFolder(io.cwd, path))) {
    throw invalidInput(
      '--prune needs a folder: -f names single files only.',
      'It deletes every tenant that is in none of the files, so name the folder of all of them.',
    );
  }
  const ids = new Set(files.map(({ id }) => id));
  const listed = await listTenants(api);
  return listed.filter(({ id }) => !ids.has(id));
}
