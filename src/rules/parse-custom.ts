/** Parses a tenant's own rules: Sigma texts, each of one document or several. Pure. What no rule can be is a fault with its place. */

import type { SigmaDocument, SigmaError } from '../detection/document.ts';
import { parseRules } from '../detection/sigma.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { documentFaults } from './document-faults.ts';
import { checkField } from './rule-fields.ts';

/** Of which the command line sends the text, where it is written as one. */
const FILE_NAME = /^\s*[\w./-]{1,200}\.ya?ml\s*$/;

/** The documents of each text, or every fault of all. `path` leads the paths of the faults: `rules.custom[0]`. */
export function parseCustom(
  texts: readonly string[],
  path = 'rules.custom',
): Result<SigmaDocument[][], ConfigFault[]> {
  const faults: ConfigFault[] = [];
  const parsed = texts.map((text, index) => {
    if (FILE_NAME.test(text)) {
      const message = `is the name of a file, and must be the text of a rule: did you mean - file: ${text.trim()}?`;
      faults.push({ path: `${path}[${index}]`, message });
      return [];
    }
    const documents = parseRules(text, { checkField, checkDocument: documentFaults });
    if (documents.ok) return documents.value;
    faults.push(...documents.error.map((error) => ({ path: `${path}[${index}]`, message: placed(error) })));
    return [];
  });
  return faults.length > 0 ? failure(faults) : success(parsed);
}

function placed({ line, column, path, message }: SigmaError): string {
  return `line ${line}, column ${column}${path === '' ? '' : `, ${path}`}: ${message}`;
}
