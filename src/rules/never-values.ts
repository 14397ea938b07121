/** Values that no event has in a field of few words, such as `policy_decision: blocked`: the rule never fires, or always, without a word. Pure. */

import { showKey } from '../domain/config-faults.ts';
import { KNOWN_EVENT_TYPES, POLICY_DECISIONS } from '../domain/event.ts';
import { LEVELS } from '../domain/severity.ts';
import { nearestWord } from '../lib/nearest.ts';
import { isRecord } from '../lib/record.ts';
import { canonicalField } from './rule-fields.ts';
import type { Rule } from './rule.ts';

const VALUES: Readonly<Record<string, readonly string[]>> = {
  policy_decision: POLICY_DECISIONS,
  severity: LEVELS,
  type: KNOWN_EVENT_TYPES,
};
const NAMES_SHOWN_MAX = 3;

/** A sentence for each value, with the rules that have it. What is off is not looked at. */
export function neverWords(rules: readonly Rule[]): string[] {
  const byWords = new Map<string, string[]>();
  for (const { name, document, isEnabled } of rules) {
    if (!isEnabled || document.kind !== 'rule') continue;
    const found = Object.values(document.selections).flatMap((selection) => neverIn(selection));
    for (const words of new Set(found)) byWords.set(words, [...(byWords.get(words) ?? []), name]);
  }
  return [...byWords].map(([words, names]) => {
    const more = names.length - NAMES_SHOWN_MAX;
    const shown = `${names.slice(0, NAMES_SHOWN_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return `The ${names.length === 1 ? 'rule' : 'rules'} ${shown}: ${words}`;
  });
}

function neverIn(selection: unknown): readonly string[] {
  if (Array.isArray(selection)) return selection.flatMap((one: unknown) => neverIn(one));
  if (!isRecord(selection)) return [];
  return Object.entries(selection).flatMap(([key, value]) => {
    const [name = '', ...modifiers] = key.split('|');
    const field = canonicalField(name);
    const known = Object.hasOwn(VALUES, field) ? VALUES[field] : undefined;
    // Only what is compared as a whole can be told to be none of them.
    if (known === undefined || modifiers.some((modifier) => modifier !== 'cased')) return [];
    return [value].flat().flatMap((one: unknown) => {
      if (typeof one !== 'string' || /[*?\\]/.test(one) || known.includes(one.toLowerCase())) return [];
      const nearest = nearestTo(one.toLowerCase(), known);
      // Noxys may send types that nobody knows yet.
      if (nearest === undefined && field === 'type') return [];
      const hint = nearest === undefined ? `it is one of ${known.join(', ')}` : `did you mean ${nearest}?`;
      return [`${field} is never ${showKey(one)}: ${hint}`];
    });
  });
}

/** `blocked` is nearer to `block` than to `log`, however many letters it takes. */
function nearestTo(word: string, known: readonly string[]): string | undefined {
  return known.find((one) => word.startsWith(one) || one.startsWith(word)) ?? nearestWord(word, known);
}
