/** All tenant files of a command: read, resolved, and checked against each other. Nothing is sent. */

import { count } from '../output/time.ts';
import { CliFailure } from '../failure.ts';
import { EXIT } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { readEnvFile } from './env-file.ts';
import { byPlace, type FileFault, formatFileFault } from './file-fault.ts';
import { findFiles } from './find-files.ts';
import { placedFaults, placedIn, readTenantFile, type TenantFile } from './read-tenant.ts';
import { withoutRuleFiles } from './rule-files.ts';

/** Faults shown to a person; a missing `.env` makes one for each file. */
const FAULTS_SHOWN_MAX = 50;

/** Every file, or a CliFailure that lists every fault of every file. */
export function readTenantFiles(session: Session, paths: readonly string[]): readonly TenantFile[] {
  const { io, out } = session;
  const env = new Map<string, Readonly<Record<string, string>>>();
  const files: TenantFile[] = [];
  const { files: all, faults: missed } = findFiles(io.cwd, paths);
  const faults: FileFault[] = [...missed];
  const { tenants, strays } = withoutRuleFiles(all);
  if (tenants.length === 0 && missed.length === 0)
    faults.push(...strays.map(({ name: file }) => ({ file, ...STRAY })));
  else for (const { name } of strays) out.warn(`${name} ${STRAY.message}.`);
  for (const found of tenants) {
    const own = env.get(found.folder) ?? readEnvFile(found.folder);
    env.set(found.folder, own);
    const read = readTenantFile(found, { environment: io.env, own });
    if (!read.ok) faults.push(...read.error);
    else files.push(read.value);
  }
  faults.push(...sameIds(files));
  if (faults.length > 0) {
    // The relay would find more in the files that can be read: what is known of them here is said in the same round.
    for (const file of files) faults.push(...placedFaults(file));
    throw brokenFiles(faults.toSorted(byPlace));
  }
  for (const { secrets } of files) for (const secret of secrets) out.conceal(secret);
  return files;
}

const STRAY = {
  path: '',
  message: 'is a Sigma rule that no tenant names: add it to rules.custom of one (- file: …), or move it',
};

/** One tenant can't be what two files say. */
function sameIds(files: readonly TenantFile[]): FileFault[] {
  const first = new Map<string, string>();
  return files.flatMap((tenant): FileFault[] => {
    const { id, file } = tenant;
    const other = first.get(id);
    if (other === undefined) {
      first.set(id, file.name);
      return [];
    }
    const message = `is ${id}, which is the tenant of ${other}, too`;
    return placedIn(tenant, [{ path: 'id', message }]);
  });
}

/** The end of a command because of its files. */
export function brokenFiles(all: readonly FileFault[]): CliFailure {
  // What two tenant files share, such as a file of rules, is wrong once.
  const faults = [...new Map(all.map((fault) => [formatFileFault(fault), fault])).values()];
  const shown = faults.slice(0, FAULTS_SHOWN_MAX).map(formatFileFault);
  const more = faults.length - shown.length;
  const files = new Set(faults.map(({ file }) => file)).size;
  const message = [
    ...shown,
    ...(more > 0 ? [`… and ${count(more, 'more fault')}`] : []),
    `\n${count(faults.length, 'fault')} in ${count(files, 'file')}: nothing was changed.`,
  ].join('\n');
  return new CliFailure(EXIT.invalid, 'files_broken', message, { details: { faults } });
}
