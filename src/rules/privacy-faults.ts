/** Rules that a tenant's privacy leaves nothing to see of: they would never fire, without a word. Pure. */

import type { SigmaDocument, SigmaSelection } from '../detection/document.ts';
import type { PrivacyConfig } from '../domain/tenant-config.ts';
import { canonicalField, reductionOf } from './rule-fields.ts';

/** How a rule uses a field: it compares it with something, or only asks whether it is there, or is the same. */
interface Use {
  readonly field: string;
  readonly compares: boolean;
}

/** Of every field that is dropped before rules see it, and every one that is compared and only a pseudonym of it is left: what to say. */
export function privacyFaults(document: SigmaDocument, privacy: PrivacyConfig): readonly string[] {
  const told = new Set<string>();
  return usesOf(document).flatMap(({ field, compares }) => {
    const reduction = reductionOf(field, privacy);
    if (!reduction || (reduction.level === 'pseudonymise' && !compares) || told.has(field)) return [];
    told.add(field);
    const { setting, level } = reduction;
    const what = compares ? `compares ${field}` : `uses ${field}`;
    const mend = level === 'pseudonymise' || compares ? 'keep' : 'pseudonymise or keep';
    return [`${what}, and ${setting} is ${level}: set ${setting} to ${mend}`];
  });
}

function usesOf(document: SigmaDocument): readonly Use[] {
  if (document.kind !== 'correlation') return Object.values(document.selections).flatMap(selectionUses);
  const { groupBy, aliases, fields } = document;
  const grouped = groupBy.flatMap((name) => Object.values(aliases[name] ?? { name }));
  return [...grouped, ...fields].map((field) => ({ field, compares: false }));
}

function selectionUses(selection: SigmaSelection): readonly Use[] {
  if (Array.isArray(selection)) return selection.flatMap((one: SigmaSelection) => selectionUses(one));
  if (typeof selection !== 'object' || selection === null) return [];
  return Object.entries(selection).flatMap(([key, value]: [string, unknown]) => {
    const [name = '', ...modifiers] = key.split('|');
    const field = canonicalField(name);
    const isPresence = modifiers.includes('exists') || value === null || value === '*';
    // Two pseudonyms of different kinds are never the same.
    const others = modifiers.includes('fieldref') ? [value].flat() : [];
    return [
      { field, compares: !isPresence },
      ...others.map((other) => ({ field: canonicalField(String(other)), compares: true })),
    ];
  });
}
