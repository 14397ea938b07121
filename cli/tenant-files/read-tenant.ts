/**
 * A tenant file → the document that is sent, references resolved, or every fault of it with its place.
 * The text is read by the relay's own parser, so that both understand the same.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { formatPath } from '../../src/domain/config-faults.ts';
import type { ConfigFault } from '../../src/domain/fault.ts';
import { TENANT_ID_PATTERN } from '../../src/domain/tenant-config.ts';
import { parseDocument } from '../../src/http/api/document.ts';
import { isRecord } from '../../src/lib/record.ts';
import type { Result } from '../../src/lib/result.ts';
import { failure, success } from '../../src/lib/result.ts';
import { KEPT_SECRET } from '../../src/tenants/kept-secret.ts';
import { faultsWithoutRelay } from './faults-without-relay.ts';
import type { FileFault } from './file-fault.ts';
import type { FoundFile } from './find-files.ts';
import { literalSecrets, secretPlaces } from './literal-secrets.ts';
import { positionFinder } from './positions.ts';
import { type Lookups, resolveReferences } from './references.ts';

/** As the relay takes it. */
const FILE_BYTES_MAX = 256 * 1024;

export interface TenantFile {
  readonly file: FoundFile;
  readonly id: string;
  /** The document as JSON, references resolved: it holds secrets. */
  readonly json: string;
  /** Its secrets in clear: to be concealed. */
  readonly secrets: readonly string[];
  /** Paths at which a secret stands in clear in the file. */
  readonly literalSecrets: readonly string[];
}

/** Reads one file; `variable` looks up what `${NAME}` stands for. */
export function readTenantFile(
  file: FoundFile,
  variable: (name: string) => string | undefined,
): Result<TenantFile, readonly FileFault[]> {
  const bytes = readBytes(file.path);
  if (!bytes.ok) return failure([{ file: file.name, path: '', message: bytes.error }]);
  const type = file.path.toLowerCase().endsWith('.json') ? 'application/json' : 'application/yaml';
  const document = parseDocument(bytes.value, type);
  if (!document.ok) {
    const faults = document.error.kind === 'document_unreadable' ? document.error.faults : [];
    const text = bytes.value.toString('utf8');
    return failure(faults.map((fault) => placedByMessage(file.name, fault, text)));
  }
  const place = (faults: readonly ConfigFault[]) =>
    failure(placeFaults(file.name, bytes.value.toString('utf8'), faults));
  const lookups = { variable, file: (path: string) => readReferenced(dirname(file.path), path) };
  const resolved = resolveReferences(document.value, lookups);
  if (!resolved.ok) {
    const own = resolved.error.map(({ path, message }) => ({ path: formatPath(path), message }));
    return place(withOthers(own, withoutGaps(document.value, lookups)));
  }
  const { value, used } = resolved.value;
  const id = isRecord(value) && !Array.isArray(value) ? value['id'] : undefined;
  if (typeof id !== 'string' || !TENANT_ID_PATTERN.test(id))
    return place(withOthers([{ path: 'id', message: NO_ID }], value));
  return success({
    file,
    id,
    json: JSON.stringify(value),
    secrets: secretsOf(value, used),
    literalSecrets: literalSecrets(document.value),
  });
}

const NO_ID = 'must name the tenant: 1 to 64 lower-case letters, digits and inner dashes';

/** With what else is wrong with the document, so that one round shows all; not twice of one place. */
function withOthers(own: readonly ConfigFault[], document: unknown): readonly ConfigFault[] {
  if (document === undefined) return own;
  const others = faultsWithoutRelay(document).filter(
    ({ path }) =>
      path !== '' && !own.some((fault) => path === fault.path || path.startsWith(`${fault.path}.`)),
  );
  return [...own, ...others];
}

/** The document in which a stored secret stands for every reference that leads nowhere; undefined where even that can't be. */
function withoutGaps(document: unknown, { variable, file }: Lookups): unknown {
  const resolved = resolveReferences(document, {
    variable: (name) => variable(name) || KEPT_SECRET,
    file: (path) => {
      const found = file(path);
      return found.ok ? found : success(KEPT_SECRET);
    },
  });
  return resolved.ok ? resolved.value.value : undefined;
}

/** Of a file that can be read: what is wrong with it as far as that is known without the relay. */
export function placedFaults({ file, json }: TenantFile): readonly FileFault[] {
  const faults = faultsWithoutRelay(JSON.parse(json));
  return faults.length === 0 ? [] : placeFaults(file.name, readFileSync(file.path, 'utf8'), faults);
}

/** What stands at the places of secrets, and the parts of it that references stood for. */
function secretsOf(document: unknown, used: readonly string[]): readonly string[] {
  const values = secretPlaces(document).flatMap(({ value }) =>
    typeof value === 'string' && value !== KEPT_SECRET ? [value] : [],
  );
  return [
    ...values,
    ...used.filter((part) => values.some((value) => value !== part && value.includes(part))),
  ];
}

/** The faults of a document with their places in its text. */
export function placeFaults(name: string, text: string, faults: readonly ConfigFault[]): FileFault[] {
  const find = positionFinder(text);
  return faults.map(({ path, message }) => ({ file: name, ...find(path), path, message }));
}

/** A parser names the place in words. */
function placedByMessage(name: string, { path, message }: ConfigFault, text: string): FileFault {
  const place = / at line (\d+), column (\d+)/.exec(message);
  // Of these two the parser names no place: the file's begin, or where the second document begins.
  if (!place)
    return { file: name, line: message.includes(SECOND) ? lineOfSecond(text) : 1, column: 1, path, message };
  const position = { line: Number(place[1]), column: Number(place[2]) };
  return { file: name, ...position, path, message: message.replace(place[0], '') };
}

const SECOND = 'single document';

/** The line of the mark between two documents. */
function lineOfSecond(text: string): number {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => !/^\s*(?:#.*|%.*|---.*)?$/.test(line));
  const second = lines.findIndex((line, index) => index > first && /^(?:---|\.\.\.)(?:\s|$)/.test(line));
  return Math.max(second, 0) + 1;
}

function readReferenced(folder: string, path: string): Result<string, string> {
  if (path === '') return failure('refers to a file without a name');
  const bytes = readBytes(resolve(folder, path));
  if (!bytes.ok) return failure(`refers to the file ${path}, which ${bytes.error}`);
  const text = bytes.value.toString('utf8').replace(/\r?\n$/, '');
  return text === '' ? failure(`refers to the file ${path}, which is empty`) : success(text);
}

function readBytes(path: string): Result<Buffer, string> {
  try {
    const bytes = readFileSync(path);
    return bytes.byteLength > FILE_BYTES_MAX ? failure('is larger than 256 KiB') : success(bytes);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return failure(code === 'ENOENT' ? 'is not there' : `can not be read (${code})`);
  }
}
