/** Filters put into the rules that they are for. Pure. */

import { renamed } from './condition.ts';
import type { SigmaDocument, SigmaFilter, SigmaRule } from './document.ts';

/** The rules and correlations; a rule that a filter names matches only where the filter's condition holds, too. */
export function withFilters(documents: readonly SigmaDocument[]): SigmaDocument[] {
  const filters = documents.filter((document) => document.kind === 'filter');
  return documents
    .filter((document) => document.kind !== 'filter')
    .map((document) => (document.kind === 'rule' ? filters.reduce(filtered, document) : document));
}

function filtered(rule: SigmaRule, filter: SigmaFilter, at: number): SigmaRule {
  const isNamed = filter.rules.some((name) => name === rule.id || name === rule.name);
  const isOfSource = ['category', 'product', 'service'].every(
    (part) => filter.logsource[part] === undefined || filter.logsource[part] === rule.logsource[part],
  );
  if (!isNamed || !isOfSource) return rule;
  const own = Object.keys(rule.selections);
  let prefix = `filter${at + 1}_`;
  while (own.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return {
    ...rule,
    selections: {
      ...rule.selections,
      ...Object.fromEntries(Object.entries(filter.selections).map(([name, value]) => [prefix + name, value])),
    },
    condition: [`(${anyOf(rule, (name) => name)}) and (${anyOf(filter, (name) => prefix + name)})`],
  };
}

/** The conditions without patterns, so that none of the rule's matches a selection of the filter. */
function anyOf({ condition, selections }: SigmaRule | SigmaFilter, rename: (name: string) => string): string {
  return condition.map((text) => `(${renamed(text, Object.keys(selections), rename)})`).join(' or ');
}
