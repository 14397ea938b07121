/**
 * Where an export is written to, part by part: stdout, or a new file for its owner alone, which has its name only once it is whole.
 */

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { invalidInput } from '../failure.ts';
import type { Session } from '../session.ts';
import { codeOf } from '../tenant-files/regular-file.ts';

const OWNER_ONLY = 0o600;

export interface ExportTarget {
  write(text: string): void;
  /** All is written. */
  finish(): void;
  /** What was written is worth nothing: a file is taken away. After `finish` nothing happens. */
  abandon(): void;
}

export function stdoutTarget({ out }: Session): ExportTarget {
  return { write: (text) => out.part(text), finish: () => undefined, abandon: () => undefined };
}

/** Refuses a file that is there, unless it is to be replaced. Throws a CliFailure where nothing can be written. */
export function fileTarget({ io, out }: Session, file: string, isReplacing: boolean): ExportTarget {
  const path = resolve(io.cwd, file);
  const kind = kindOf(path);
  if (kind === 'folder') throw invalidInput(`Can't write ${file}: it is a folder.`);
  if (kind === 'there' && !isReplacing) throw alreadyThere(file);
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const descriptor = openNew(beside, file);
  let isOpen = true;
  let isThere = true;
  let isReserved = false;
  const close = () => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  const abandon = () => {
    if (!isThere) return;
    isThere = false;
    close();
    rmSync(beside, { force: true });
    if (isReserved) rmSync(path, { force: true });
  };
  return {
    abandon,
    write: (text) => {
      const bytes = Buffer.from(String(out.scrubbed(text)));
      for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
    },
    finish: () => {
      fsyncSync(descriptor);
      if (!isReplacing) {
        reserve(path, file);
        isReserved = true;
      }
      close();
      giveName(beside, path, file);
      isThere = false;
    },
  };
}

function kindOf(path: string): 'none' | 'folder' | 'there' {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return 'none';
  return stats.isDirectory() ? 'folder' : 'there';
}

function openNew(path: string, file: string): number {
  try {
    return openSync(path, 'wx', OWNER_ONLY);
  } catch (error) {
    throw invalidInput(`Can't write ${file}: ${codeOf(error)}.`, 'Name another file with --out.');
  }
}

function giveName(beside: string, path: string, file: string): void {
  try {
    renameSync(beside, path);
  } catch (error) {
    throw invalidInput(
      `Can't write ${file}: ${codeOf(error)}. Nothing of it was left.`,
      'Name another file with --out.',
    );
  }
}

/** Takes the name where nobody else took it meanwhile. */
function reserve(path: string, file: string): void {
  try {
    closeSync(openSync(path, 'wx', OWNER_ONLY));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw alreadyThere(file);
    throw error;
  }
}

function alreadyThere(file: string) {
  return invalidInput(
    `Can't write ${file}: it is there already.`,
    'Name another file with --out, or replace it with --force.',
  );
}
