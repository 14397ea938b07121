/**
 * A Sigma rule as HarfangLab reads and stores it: what its engine refuses, and its own serialisation of the YAML. Pure.
 * Sources: HL-MANUAL "Writing Sigma rules" (products, fields); DROID and its documentation (refused fields, keys in another order).
 */

import { parseAllDocuments, stringify } from 'yaml';

import { isJsonObject } from './request.ts';

/** Source: the pySigma HarfangLab backend, in DROID's documentation. */
export const REFUSED_FIELDS = [
  'Hash',
  'Hashes',
  'Provider_Name',
  'SourceCommandLine',
  'TargetParentProcessId',
];
const PRODUCTS = new Set(['windows', 'linux', 'macos']);

export interface SigmaContent {
  /** The Sigma `id`, by which rules are told apart. */
  readonly sigmaId: string;
  readonly title: string;
  readonly level: string | null;
  /** Fields that its selections name, without modifiers. */
  readonly fields: readonly string[];
  /** As it is stored: keys sorted, four spaces, quotes where YAML needs them. */
  readonly stored: string;
}

export type SigmaReading = SigmaContent | { readonly fault: string };

/** Reads a rule, or tells why the engine takes it not. */
export function readSigma(content: string): SigmaReading {
  const documents = parseAllDocuments(content);
  const [first, ...others] = documents;
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error !== undefined) return { fault: `invalid YAML: ${error.code}` };
  if (others.length > 0) return { fault: 'a SigmaRule is one document' };
  const rule: unknown = first?.toJS();
  if (!isJsonObject(rule)) return { fault: 'the rule is no mapping' };
  const fault = shapeFault(rule);
  if (fault !== undefined) return { fault };
  return {
    sigmaId: String(rule['id']),
    title: String(rule['title']),
    level: typeof rule['level'] === 'string' ? rule['level'] : null,
    fields: [...new Set(fieldsOf(rule['detection']))],
    stored: stringify(rule, { sortMapEntries: true, indent: 4, singleQuote: true, lineWidth: 0 }),
  };
}

function shapeFault(rule: Readonly<Record<string, unknown>>): string | undefined {
  if (rule['correlation'] !== undefined) return 'a correlation belongs to CorrelationRule';
  for (const name of ['id', 'title']) {
    if (typeof rule[name] !== 'string' || rule[name] === '') return `missing ${name}`;
  }
  const { logsource, detection } = rule;
  if (!isJsonObject(logsource) || !PRODUCTS.has(String(logsource['product']))) {
    return 'unknown logsource product';
  }
  if (!isJsonObject(detection) || detection['condition'] === undefined) return 'missing detection condition';
  if (Object.keys(detection).length < 2) return 'missing detection selection';
  return undefined;
}

function fieldsOf(detection: unknown): string[] {
  if (!isJsonObject(detection)) return [];
  const selections = Object.entries(detection).filter(([name]) => name !== 'condition');
  return selections.flatMap(([, selection]) =>
    (Array.isArray(selection) ? selection : [selection])
      .filter(isJsonObject)
      .flatMap((fields) => Object.keys(fields).map((field) => field.split('|', 1)[0] ?? '')),
  );
}
