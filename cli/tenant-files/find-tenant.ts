/** The file of one tenant: `tenants/<id>.yaml`, or whichever file has its id. */

import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';

import { parseDocument } from '../../src/http/api/document.ts';
import { isRecord } from '../../src/lib/record.ts';
import { findFiles, type FoundFile } from './find-files.ts';
import { FILE_BYTES_MAX, readRegularFile } from './regular-file.ts';

export interface FoundTenant extends FoundFile {
  /** As written: references are not resolved. */
  readonly document: unknown;
}

/** The tenant's file below a path, undefined when there is none; files that can't be read are passed over. */
export function findTenantFile(cwd: string, path: string, tenant: string): FoundTenant | undefined {
  if (!existsSync(resolve(cwd, path))) return undefined;
  for (const file of likelyFirst(foundIn(cwd, path), tenant)) {
    const type = file.path.toLowerCase().endsWith('.json') ? 'application/json' : 'application/yaml';
    const bytes = readRegularFile(file.path, FILE_BYTES_MAX);
    if (!bytes.ok) continue;
    const document = parseDocument(bytes.value, type);
    if (document.ok && isRecord(document.value) && document.value['id'] === tenant) {
      return { ...file, document: document.value };
    }
  }
  return undefined;
}

function foundIn(cwd: string, path: string): readonly FoundFile[] {
  try {
    return findFiles(cwd, [path]).files;
  } catch {
    return [];
  }
}

function likelyFirst(files: readonly FoundFile[], tenant: string): readonly FoundFile[] {
  const isNamed = ({ path }: FoundFile) => basename(path).replace(/\.[^.]*$/, '') === tenant;
  return [...files.filter(isNamed), ...files.filter((file) => !isNamed(file))];
}
