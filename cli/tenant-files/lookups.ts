/**
 * What the references of a tenant file stand for on this machine. A file that somebody sent must not make a command read
 * what it likes and print it: a secret's place takes variables, and files of the named folder; every other place `.env` alone.
 */

import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

import type { Result } from '../../src/lib/result.ts';
import { failure, success } from '../../src/lib/result.ts';
import type { Lookups } from './references.ts';
import { readRegularFile } from './regular-file.ts';

const SECRET_BYTES_MAX = 64 * 1024;

export interface Variables {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of `.env` in the named folder. */
  readonly own: Readonly<Record<string, string>>;
}

export interface Places {
  /** What relative paths start from: the folder of the tenant file. */
  readonly base: string;
  /** What they may not leave: the folder that was named. */
  readonly within: string;
}

export function lookupsOf({ environment, own }: Variables, { base, within }: Places): Lookups {
  return {
    variable: (name, isSecret) => (isSecret ? ownOf(environment, name) : undefined) ?? ownOf(own, name),
    file: (path) => readReferenced(path, { base, within }),
  };
}

/** `constructor` and `__proto__` are members of every object, and no variables. */
function ownOf(values: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The text of a file, without the line break at its end. */
export function readReferenced(
  path: string,
  places: Places,
  bytesMax = SECRET_BYTES_MAX,
): Result<string, string> {
  const place = placeBelow(path, places);
  if (!place.ok) return place;
  const bytes = readRegularFile(place.value, bytesMax);
  if (!bytes.ok) return failure(`refers to the file ${path}, which ${bytes.error.message}`);
  const text = bytes.value.toString('utf8').replace(/\r?\n$/, '');
  return text === '' ? failure(`refers to the file ${path}, which is empty`) : success(text);
}

/** Where a path leads, links followed, when that is not outside. */
export function placeBelow(path: string, { base, within }: Places): Result<string, string> {
  if (path === '') return failure('refers to a file without a name');
  const named = resolve(base, path);
  if (!isBelow(within, named)) return failure(OUTSIDE);
  try {
    const real = realpathSync(named);
    return isBelow(realpathSync(within), real) ? success(real) : failure(OUTSIDE);
  } catch {
    // Reading says what is wrong.
    return success(named);
  }
}

const OUTSIDE =
  'refers to a file outside of the folder that the command was given: move it below, or name with -f the folder that holds both';

function isBelow(folder: string, path: string): boolean {
  const inner = relative(folder, path);
  return inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner);
}
