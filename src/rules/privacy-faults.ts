/** Rules that a tenant's privacy leaves nothing to see of: they would never fire, without a word. Pure. */

import type { SigmaSelection } from '../detection/document.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { PrivacyConfig } from '../domain/tenant-config.ts';
import { reductionOf } from './rule-fields.ts';
import type { Rule } from './rule.ts';

/** How a rule uses a field: it compares it with something, or only asks whether it is there, or is the same. */
interface Use {
  readonly field: string;
  readonly compares: boolean;
}

/** Every field that is dropped before rules see it, and every one that is compared and only a pseudonym of it is left. */
export function privacyFaults(rule: Rule, privacy: PrivacyConfig, path: string): readonly ConfigFault[] {
  const told = new Set<string>();
  return usesOf(rule).flatMap(({ field, compares }) => {
    const reduction = reductionOf(field, privacy);
    if (!reduction || (reduction.level === 'pseudonymise' && !compares) || told.has(field)) return [];
    told.add(field);
    const { setting, level } = reduction;
    const what = compares ? `compares ${field}` : `uses ${field}`;
    const mend =
      level === 'pseudonymise' || compares || setting === 'privacy.url' ? 'keep' : 'pseudonymise or keep';
    const message = `"${rule.title}" ${what}, and ${setting} is ${level}: set ${setting} to ${mend}, or switch the rule off`;
    return [{ path, message }];
  });
}

function usesOf({ document }: Rule): readonly Use[] {
  if (document.kind === 'rule') return Object.values(document.selections).flatMap(selectionUses);
  const { groupBy, aliases, fields } = document;
  const grouped = groupBy.flatMap((name) => Object.values(aliases[name] ?? { name }));
  return [...grouped, ...fields].map((field) => ({ field, compares: false }));
}

function selectionUses(selection: SigmaSelection): readonly Use[] {
  if (Array.isArray(selection)) return selection.flatMap((one: SigmaSelection) => selectionUses(one));
  if (typeof selection !== 'object' || selection === null) return [];
  return Object.entries(selection).flatMap(([key, value]: [string, unknown]) => {
    const [field = '', ...modifiers] = key.split('|');
    const isPresence = modifiers.includes('exists') || value === null || value === '*';
    // Two pseudonyms of different kinds are never the same.
    const others = modifiers.includes('fieldref') ? [value].flat() : [];
    return [
      { field, compares: !isPresence },
      ...others.map((other) => ({ field: String(other), compares: true })),
    ];
  });
}
