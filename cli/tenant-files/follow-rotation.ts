/**
 * After a secret was rotated on the relay: the tenant file must not put the old one back at the next `apply`.
 * Where the file takes it from `.env` alone, the value there is replaced; otherwise the person is told.
 */

import { relative } from 'node:path';

import { isRecord } from '../../src/lib/record.ts';
import { KEPT_SECRET } from '../../src/tenants/kept-secret.ts';
import type { Session } from '../session.ts';
import { envFileIn, readEnvFile, writeEnvFile } from './env-file.ts';
import { findTenantFile } from './find-tenant.ts';
import { soleReference } from './references.ts';

export interface Rotation {
  readonly tenant: string;
  /** As the relay names it: `destinations.edr.token`. */
  readonly path: string;
  readonly value: string;
  /** Where tenant files are looked for. */
  readonly file: string;
}

/** What was done, or is left to do, in lines. */
export function followInEnvFile({ io }: Session, { tenant, path, value, file }: Rotation): readonly string[] {
  const found = findTenantFile(io.cwd, file, tenant);
  if (!found)
    return [
      `There is no tenant file of ${tenant} in ${file}: change yours before the next apply, or name it with -f.`,
    ];
  const written = valueAt(found.document, path);
  const name = typeof written === 'string' ? soleReference(written) : undefined;
  const { folder } = found;
  if (written === KEPT_SECRET) return [`${found.name} keeps what the relay has: it stays as it is.`];
  if (name === undefined || !(name in readEnvFile(folder))) {
    return [`${found.name} still has the old value, or refers to it: change it before the next apply.`];
  }
  try {
    writeEnvFile(folder, { [name]: value });
  } catch {
    return [
      `${name} in .env still has the old value, as the file can't be written: change it before the next apply.`,
    ];
  }
  return [`${name} in ${relative(io.cwd, envFileIn(folder)) || envFileIn(folder)} has the new value.`];
}

/** The value at a path in which destinations go by their names; of a list its first. */
function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const key of path.split('.')) {
    if (Array.isArray(value)) value = value.find((item) => isRecord(item) && item['name'] === key);
    else value = isRecord(value) ? value[key] : undefined;
  }
  return Array.isArray(value) ? value[0] : value;
}
