/** The tenant files that `-f` names: files as they are, of folders every `*.yaml`, `*.yml` and `*.json` below, hidden ones left out. */

import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { invalidInput } from '../failure.ts';
import type { FileFault } from './file-fault.ts';
import { codeOf, unreadMessage } from './regular-file.ts';

const EXTENSION_PATTERN = /\.(?:ya?ml|json)$/i;

export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** As messages name it: relative to where the command runs. */
  readonly name: string;
  /** Folder whose `.env` holds its secrets: the one that was named, or the one that the named file is in. */
  readonly folder: string;
}

export interface FoundFiles {
  /** In order of their names, each once. */
  readonly files: readonly FoundFile[];
  /** What is there and can't be used. Passed over, its tenant would seem to be in no file. */
  readonly faults: readonly FileFault[];
}

/** Throws a CliFailure for a named path that is not there, and for nothing found. */
export function findFiles(cwd: string, paths: readonly string[]): FoundFiles {
  const found = new Map<string, FoundFile>();
  const faults: FileFault[] = [];
  for (const written of paths) {
    const path = resolve(cwd, written);
    const isWhole = kindOf(path, written) === 'folder';
    const folder = isWhole ? path : dirname(path);
    const refuse = (at: string, message: string) =>
      void faults.push({ file: nameOf(cwd, at), path: '', message });
    for (const file of isWhole ? filesBelow(path, [], refuse) : [path]) {
      if (!found.has(file)) found.set(file, { path: file, name: nameOf(cwd, file), folder });
    }
  }
  if (found.size === 0 && faults.length === 0) {
    throw invalidInput(
      `There is no tenant file in ${paths.join(', ')}.`,
      'Tenant files end in .yaml, .yml or .json; `npx noxys-relay init` writes one.',
    );
  }
  return { files: [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)), faults };
}

function kindOf(path: string, written: string): 'folder' | 'file' {
  const stats = statsOf(path);
  if (typeof stats !== 'string' && stats.isDirectory()) return 'folder';
  if (typeof stats !== 'string' && stats.isFile()) return 'file';
  const code = typeof stats === 'string' && stats !== 'ENOENT' ? ` (${stats})` : '';
  throw invalidInput(
    `${written} is no file and no folder${code}.`,
    '`npx noxys-relay init` writes a tenant file.',
  );
}

/** Whether a path of the command line is a folder. */
export function isFolder(cwd: string, path: string): boolean {
  const stats = statsOf(resolve(cwd, path));
  return typeof stats !== 'string' && stats.isDirectory();
}

/** Links are followed; `above` are the real paths of the folders around, so that a link to one of them is seen. */
function filesBelow(
  folder: string,
  above: readonly string[],
  refuse: (path: string, message: string) => void,
): readonly string[] {
  let names: readonly string[];
  let real: string;
  try {
    real = realpathSync(folder);
    names = readdirSync(folder).filter((name) => !isHidden(name));
  } catch (error) {
    refuse(folder, unreadMessage(codeOf(error)));
    return [];
  }
  if (above.includes(real)) {
    refuse(folder, 'is a link to a folder around it: remove it');
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    const stats = statsOf(path);
    const isNamed = EXTENSION_PATTERN.test(name);
    if (typeof stats === 'string') refuse(path, unreadMessage(stats));
    else if (isNamed && stats.isFile()) return [path];
    else if (isNamed) refuse(path, 'is named like a tenant file, and is not a regular file');
    else if (stats.isDirectory()) return filesBelow(path, [...above, real], refuse);
    return [];
  });
}

/** What the path leads to, or the system's code. */
function statsOf(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return codeOf(error);
  }
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

/** Shorter than the absolute path where it lies below. */
function nameOf(cwd: string, path: string): string {
  const inner = relative(cwd, path);
  return inner.startsWith('..') || inner === '' ? path : inner || basename(path);
}
