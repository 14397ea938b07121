/**
 * A tenant file → the document that is sent, references resolved, or every fault of it with its place.
 * The text is read by the relay's own parser, so that both understand the same.
 */

import { dirname } from 'node:path';

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
import { literalSecrets, quotedSecrets, secretPlaces } from './literal-secrets.ts';
import { lookupsOf, type Variables } from './lookups.ts';
import { placeFaults } from './place-faults.ts';
import { positionFinder, repeatedKeys } from './positions.ts';
import { type Lookups, resolveReferences } from './references.ts';
import { FILE_BYTES_MAX, readRegularFile } from './regular-file.ts';
import { inlineRuleFiles } from './rule-files.ts';

export interface TenantFile {
  readonly file: FoundFile;
  readonly id: string;
  /** The document as JSON, references resolved and rule files in place: it holds secrets. */
  readonly json: string;
  /** By their index in `rules.custom`: the rule files, as messages name them. */
  readonly ruleFiles: ReadonlyMap<number, string>;
  /** Its secrets in clear, and whatever references stood for: to be concealed. */
  readonly secrets: readonly string[];
  /** Paths at which a secret stands in clear in the file. */
  readonly literalSecrets: readonly string[];
  /** Paths of secrets that have quotes around them once references are resolved. */
  readonly quotedSecrets: readonly string[];
}

/** Reads one file; `variables` are what `${NAME}` can stand for. */
export function readTenantFile(
  file: FoundFile,
  variables: Variables,
): Result<TenantFile, readonly FileFault[]> {
  const bytes = readRegularFile(file.path, FILE_BYTES_MAX);
  if (!bytes.ok) return failure([{ file: file.name, path: '', message: bytes.error.message }]);
  const text = bytes.value.toString('utf8');
  const type = file.path.toLowerCase().endsWith('.json') ? 'application/json' : 'application/yaml';
  const document = parseDocument(bytes.value, type);
  if (!document.ok) {
    const faults = document.error.kind === 'document_unreadable' ? document.error.faults : [];
    return failure(faults.map((fault) => placeOf(file.name, text, fault)));
  }
  const repeated = type === 'application/json' ? repeatedKeys(text) : [];
  if (repeated.length > 0) return failure(repeated.map((fault) => ({ file: file.name, ...fault })));
  const { ruleFiles, ...inlined } = inlineRuleFiles(document.value, file);
  const place = (faults: readonly ConfigFault[]) =>
    failure(placeFaults({ name: file.name, text, ruleFiles }, faults));
  const lookups = lookupsOf(variables, { base: dirname(file.path), within: file.folder });
  const resolved = resolveReferences(inlined.document, lookups);
  if (!resolved.ok || inlined.faults.length > 0) {
    const references = resolved.ok ? [] : resolved.error;
    const own = references.map(({ path, message }) => ({ path: formatPath(path), message }));
    return place(withOthers([...own, ...inlined.faults], withoutGaps(inlined.document, lookups)));
  }
  const { value, used } = resolved.value;
  const id = isRecord(value) && !Array.isArray(value) ? value['id'] : undefined;
  if (typeof id !== 'string' || !TENANT_ID_PATTERN.test(id))
    return place(withOthers([{ path: 'id', message: NO_ID }], value));
  const json = JSON.stringify(value);
  const kib = Math.ceil(Buffer.byteLength(json) / 1024);
  if (kib > FILE_BYTES_MAX / 1024) return place([{ path: 'rules.custom', message: tooMuch(kib) }]);
  return success({
    file,
    id,
    json,
    ruleFiles,
    secrets: secretsOf(value, used),
    literalSecrets: literalSecrets(document.value),
    quotedSecrets: quotedSecrets(value),
  });
}

const NO_ID = 'must name the tenant: 1 to 64 lower-case letters, digits and inner dashes';

function tooMuch(kib: number): string {
  return `makes the document ${kib} KiB large as it is sent, and the relay takes ${FILE_BYTES_MAX / 1024}: shorten the rules, or leave some out`;
}

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
    variable: (name, isSecret) => variable(name, isSecret) || KEPT_SECRET,
    file: (path) => {
      const found = file(path);
      return found.ok ? found : success(KEPT_SECRET);
    },
  });
  return resolved.ok ? resolved.value.value : undefined;
}

/** Of a file that can be read: what is wrong with it as far as that is known without the relay. */
export function placedFaults(tenant: TenantFile): readonly FileFault[] {
  return placedIn(tenant, faultsWithoutRelay(JSON.parse(tenant.json)));
}

/** Faults of a file that was read, whoever found them, with their places. */
export function placedIn(
  { file, ruleFiles }: Pick<TenantFile, 'file' | 'ruleFiles'>,
  faults: readonly ConfigFault[],
): FileFault[] {
  if (faults.length === 0) return [];
  const bytes = readRegularFile(file.path, FILE_BYTES_MAX);
  const text = bytes.ok ? bytes.value.toString('utf8') : '';
  return placeFaults({ name: file.name, text, ruleFiles }, faults);
}

/** What stands at the places of secrets, and what references stood for anywhere. */
function secretsOf(document: unknown, used: readonly string[]): readonly string[] {
  const values = secretPlaces(document).flatMap(({ value }) =>
    typeof value === 'string' && value !== KEPT_SECRET ? [value] : [],
  );
  return [...values, ...used];
}

/** A parser names the place of what it can't read in words. */
function placeOf(name: string, text: string, fault: ConfigFault): FileFault {
  const { path, message } = fault;
  if (path !== '') return { file: name, ...positionFinder(text)(path), path, message };
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
