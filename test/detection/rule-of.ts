/** Rules for tests, written as short as they can be. */

import type { SigmaDocument, SigmaError, SigmaRule } from '../../src/detection/document.ts';
import type { SigmaEvent } from '../../src/detection/field.ts';
import { compileRule, parseRules } from '../../src/detection/sigma.ts';

export function documentsOf(yaml: string): SigmaDocument[] {
  const parsed = parseRules(yaml);
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.error.map(({ line, column, message }) => `${line}:${column} ${message}`).join('\n'));
}

export function ruleOf(yaml: string): SigmaRule {
  const [document] = documentsOf(yaml);
  if (document?.kind === 'rule') return document;
  throw new Error(`Not a rule: ${document?.kind}`);
}

/** The selection `s`, in flow style or indented by four, in a whole rule. */
export function yamlOf(selection: string, condition = 's'): string {
  return `title: t\nlogsource: {product: test}\ndetection:\n  s: ${selection}\n  condition: ${condition}\n`;
}

/** The test of a selection. */
export function testOf(selection: string, condition?: string): (event: SigmaEvent) => boolean {
  return compileRule(ruleOf(yamlOf(selection, condition)));
}

export function errorsOf(yaml: string): readonly SigmaError[] {
  const parsed = parseRules(yaml);
  if (parsed.ok) throw new Error('Not refused');
  return parsed.error;
}
