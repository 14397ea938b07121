/** The tenant files that `-f` names: files as they are, of folders every `*.yaml`, `*.yml` and `*.json` below, hidden ones left out. */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

import { invalidInput } from '../failure.ts';

const EXTENSION_PATTERN = /\.(?:ya?ml|json)$/i;

export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** As messages name it: relative to where the command runs. */
  readonly name: string;
  /** Folder whose `.env` holds its secrets: the one that was named, or the one that the named file is in. */
  readonly folder: string;
}

/** In order of their names, each once. Throws a CliFailure for a path that is not there, and for nothing found. */
export function findFiles(cwd: string, paths: readonly string[]): readonly FoundFile[] {
  const found = new Map<string, FoundFile>();
  for (const written of paths) {
    const path = resolve(cwd, written);
    const isWhole = kindOf(path, written) === 'folder';
    const folder = isWhole ? path : dirname(path);
    for (const file of isWhole ? filesBelow(path) : [path]) {
      if (!found.has(file)) found.set(file, { path: file, name: nameOf(cwd, file), folder });
    }
  }
  if (found.size === 0) {
    throw invalidInput(
      `There is no tenant file in ${paths.join(', ')}.`,
      'Tenant files end in .yaml, .yml or .json; `npx noxys-relay init` writes one.',
    );
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function kindOf(path: string, written: string): 'folder' | 'file' {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return 'folder';
  if (stats?.isFile()) return 'file';
  throw invalidInput(`${written} is no file and no folder.`, '`npx noxys-relay init` writes a tenant file.');
}

/** Whether a path of the command line is a folder. */
export function isFolder(cwd: string, path: string): boolean {
  return statSync(resolve(cwd, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => EXTENSION_PATTERN.test(path) && !isHidden(path))
    .map((path) => join(folder, path))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.') || part === 'node_modules');
}

/** Shorter than the absolute path where it lies below. */
function nameOf(cwd: string, path: string): string {
  const inner = relative(cwd, path);
  return inner.startsWith('..') || inner === '' ? path : inner || basename(path);
}
