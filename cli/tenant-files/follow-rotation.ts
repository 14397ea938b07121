/**
 * After a secret was rotated on the relay: the tenant file must not put the old one back at the next `apply`.
 * Where the file takes it from `.env` alone, the value there is replaced; otherwise the person is told.
 */

import { relative } from 'node:path';

import { isRecord } from '../../src/lib/record.ts';
import { KEPT_SECRET } from '../../src/tenants/kept-secret.ts';
import type { Session } from '../session.ts';
import { printable } from '../output/printable.ts';
import { envFileIn, readEnvFile, refuseUnwritable, writeEnvFile } from './env-file.ts';
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

export interface Followed {
  /** What was done, or is left to do. */
  readonly lines: readonly string[];
  /** What went wrong, or does not do what it seems to. */
  readonly warnings: readonly string[];
  /** The relay has the new value, `.env` has not. */
  readonly isFailed: boolean;
}

/**
 * Finds what has to follow, and throws a CliFailure when it could not: to be asked before the relay changes anything.
 * The result does it, and throws nothing.
 */
export function prepareFollowing({ io }: Session, { tenant, path, value, file }: Rotation): () => Followed {
  const found = findTenantFile(io.cwd, file, tenant);
  if (!found) {
    const none = `There is no tenant file of ${tenant} in ${file}: change yours before the next apply, or name it with -f.`;
    return () => ({ ...NOTHING, lines: [none] });
  }
  const { folder } = found;
  const written = valueAt(found.document, path);
  if (written === KEPT_SECRET) {
    const kept = `${printable(found.name)} keeps what the relay has: it stays as it is.`;
    return () => ({ ...NOTHING, lines: [kept] });
  }
  const name = typeof written === 'string' ? soleReference(written) : undefined;
  if (name === undefined || !Object.hasOwn(readEnvFile(folder), name)) {
    const left = `${printable(found.name)} still has the old value, or refers to it: change it before the next apply.`;
    return () => ({ ...NOTHING, lines: [left] });
  }
  refuseUnwritable(folder, { [name]: value });
  const inEnvironment = Object.hasOwn(io.env, name) ? io.env[name] : undefined;
  return () => {
    if (!isSet(folder, name, value)) {
      const failed = `${name} in .env still has the old value, as the file can't be written: change it before the next apply.`;
      return { lines: [], warnings: [failed], isFailed: true };
    }
    const shadowed = `${name} in the environment has another value, and wins over .env: change it before the next apply.`;
    return {
      lines: [`${name} in ${relative(io.cwd, envFileIn(folder)) || envFileIn(folder)} has the new value.`],
      warnings: inEnvironment === undefined || inEnvironment === value ? [] : [shadowed],
      isFailed: false,
    };
  };
}

const NOTHING: Followed = { lines: [], warnings: [], isFailed: false };

/** Writes, and reads back. */
function isSet(folder: string, name: string, value: string): boolean {
  try {
    writeEnvFile(folder, { [name]: value });
    return readEnvFile(folder)[name] === value;
  } catch {
    return false;
  }
}

/** The value at a path in which destinations go by their names; of a list its first. */
function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const key of path.split('.')) {
    if (Array.isArray(value)) value = value.find((item) => isRecord(item) && item['name'] === key);
    else value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return Array.isArray(value) ? value[0] : value;
}
