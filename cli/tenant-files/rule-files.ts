/**
 * `rules.custom` of a tenant file may name files of Sigma rules (`- file: rules/mine.yml`): their texts take the places of the names
 * before the document is sent. A tenant file that somebody sent must not make a command read, and show a part of, whatever it names:
 * only YAML files of the named folder are read.
 */

import { dirname, join, resolve } from 'node:path';

import { formatPath } from '../../src/domain/config-faults.ts';
import type { ConfigFault } from '../../src/domain/fault.ts';
import { RULE_TEXT_LENGTH_MAX } from '../../src/domain/rules-config.ts';
import { parseDocument } from '../../src/http/api/document.ts';
import { isRecord } from '../../src/lib/record.ts';
import type { Result } from '../../src/lib/result.ts';
import { failure } from '../../src/lib/result.ts';
import type { FoundFile } from './find-files.ts';
import { placeBelow, readReferenced } from './lookups.ts';
import { FILE_BYTES_MAX, readRegularFile } from './regular-file.ts';

const EXTENSION_PATTERN = /\.ya?ml$/i;

export interface Inlined {
  /** With the texts of its rule files; where one can't be read, as it was written. */
  readonly document: unknown;
  /** By their index in `rules.custom`: the rule files, as messages name them. */
  readonly ruleFiles: ReadonlyMap<number, string>;
  readonly faults: readonly ConfigFault[];
}

export function inlineRuleFiles(document: unknown, { path, name, folder }: FoundFile): Inlined {
  const ruleFiles = new Map<number, string>();
  const faults: ConfigFault[] = [];
  const custom = customOf(document).map((item: unknown, index) => {
    const written = fileOf(item);
    if (written === undefined) return item;
    const text = readRule(written, { base: dirname(path), within: folder });
    if (text.ok) {
      ruleFiles.set(index, join(dirname(name), written));
      return text.value;
    }
    faults.push({ path: formatPath(['rules', 'custom', index]), message: text.error });
    return item;
  });
  if (ruleFiles.size === 0 || !isRecord(document)) return { document, ruleFiles, faults };
  return { document: { ...document, rules: { ...rulesOf(document), custom } }, ruleFiles, faults };
}

function readRule(path: string, places: { base: string; within: string }): Result<string, string> {
  if (!EXTENSION_PATTERN.test(path)) return failure(NO_YAML);
  const real = placeBelow(path, places);
  if (!real.ok) return real;
  // A link may lead to what is no rule.
  if (!EXTENSION_PATTERN.test(real.value)) return failure(NO_YAML);
  const text = readReferenced(path, places, RULE_TEXT_LENGTH_MAX);
  return text.ok && text.value.includes('\uFFFD')
    ? failure(`refers to the file ${path}, which is not UTF-8`)
    : text;
}

const NO_YAML = 'refers to a file whose name does not end in .yml or .yaml, as files of Sigma rules do';

/**
 * The files without those of rules: these are no tenants, though they lie beside them. `strays` are rules that no tenant names: somebody
 * may think that they are on.
 */
export function withoutRuleFiles(files: readonly FoundFile[]): {
  readonly tenants: readonly FoundFile[];
  readonly strays: readonly FoundFile[];
} {
  const ofRules = new Set<string>();
  const named = new Set<string>();
  for (const { path } of files) {
    const text = textOf(path);
    for (const rule of ruleFilesOf(path, text)) named.add(rule);
    if (looksLikeRule(text)) ofRules.add(path);
  }
  const strays = files.filter(({ path }) => ofRules.has(path) && !named.has(path));
  const tenants = files.filter(
    ({ path }) => !ofRules.has(path) && (!named.has(path) || isTenant(documentOf(path, textOf(path)))),
  );
  return { tenants, strays };
}

/** What every Sigma document has, at the start of a line, and no tenant. */
function looksLikeRule(text: string): boolean {
  return /^title:/m.test(text) && /^(?:detection|correlation|filter):/m.test(text) && !looksLikeTenant(text);
}

/** What every tenant has. */
export function looksLikeTenant(text: string): boolean {
  return /^["']?(?:residency|webhook|destinations)["']?:/m.test(text);
}

/** The files that a tenant file names, by their whole paths. */
function ruleFilesOf(path: string, text: string): readonly string[] {
  // Most name none: only what may is parsed.
  if (!/\bcustom\b[\s\S]*\bfile\b/.test(text)) return [];
  return customOf(documentOf(path, text)).flatMap((item) => {
    const written = fileOf(item);
    return written === undefined ? [] : [resolve(dirname(path), written)];
  });
}

/** Empty: reading it as a tenant says what is wrong with it. */
function textOf(path: string): string {
  const bytes = readRegularFile(path, FILE_BYTES_MAX);
  return bytes.ok ? bytes.value.toString('utf8') : '';
}

/** Undefined: as above. */
function documentOf(path: string, text: string): unknown {
  const type = path.toLowerCase().endsWith('.json') ? 'application/json' : 'application/yaml';
  const document = parseDocument(new TextEncoder().encode(text), type);
  return document.ok ? document.value : undefined;
}

/** What every tenant has, and no Sigma rule. */
function isTenant(document: unknown): boolean {
  return isRecord(document) && (Object.hasOwn(document, 'residency') || Object.hasOwn(document, 'webhook'));
}

function rulesOf(document: unknown): Readonly<Record<PropertyKey, unknown>> {
  const rules = isRecord(document) && Object.hasOwn(document, 'rules') ? document['rules'] : undefined;
  return isRecord(rules) && !Array.isArray(rules) ? rules : {};
}

function customOf(document: unknown): readonly unknown[] {
  const custom = rulesOf(document)['custom'];
  return Array.isArray(custom) ? custom : [];
}

/** The path that an entry names, when it is nothing but `file: <path>`. */
function fileOf(item: unknown): string | undefined {
  if (!isRecord(item) || Array.isArray(item) || Object.keys(item).length !== 1) return undefined;
  const path = item['file'];
  return typeof path === 'string' ? path : undefined;
}
