/** Parses a tenant's own rules: Sigma texts, each of one document or several. Pure. What no rule can be is a fault with its place. */

import type { SigmaCorrelation, SigmaDocument, SigmaError } from '../detection/document.ts';
import { parseRules } from '../detection/sigma.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { readRelay } from './relay-attribute.ts';
import { canonicalField, checkField } from './rule-fields.ts';

/** The documents of each text, or every fault of all. `path` leads the paths of the faults: `rules.custom[0]`. */
export function parseCustom(
  texts: readonly string[],
  path = 'rules.custom',
): Result<SigmaDocument[][], ConfigFault[]> {
  const faults: ConfigFault[] = [];
  const parsed = texts.map((text, index) => {
    const at = `${path}[${index}]`;
    const documents = parseRules(text, { checkField });
    if (!documents.ok) {
      faults.push(...documents.error.map((error) => ({ path: at, message: placed(error) })));
      return [];
    }
    faults.push(...documents.value.flatMap((document) => documentFaults(document, at)));
    return documents.value;
  });
  return faults.length > 0 ? failure(faults) : success(parsed);
}

function placed({ line, column, path, message }: SigmaError): string {
  return `line ${line}, column ${column}${path === '' ? '' : `, ${path}`}: ${message}`;
}

/** Fields that can be summed. */
const NUMBER_FIELDS: ReadonlySet<string> = new Set(['risk_score', 'classification_count']);

function documentFaults(document: SigmaDocument, path: string): readonly ConfigFault[] {
  const faults = readRelay(document).faults.map((fault) => `${fault.path}: ${fault.message}`);
  if (document.kind === 'correlation' && isOfNumbers(document)) {
    const wrong = document.fields.filter((field) => !NUMBER_FIELDS.has(canonicalField(field)));
    faults.push(
      ...wrong.map(
        (field) => `correlation.condition.field: "${field}" is not a number, as ${document.type} needs`,
      ),
    );
  }
  return faults.map((message) => ({ path, message: `"${document.title}", ${message}` }));
}

function isOfNumbers({ type }: SigmaCorrelation): boolean {
  return type.startsWith('value_') && type !== 'value_count';
}
