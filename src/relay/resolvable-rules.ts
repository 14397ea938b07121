/**
 * The rules of a config of which some may not resolve: the config was checked when it was saved, but by another version of the product.
 * Pure. What does not fit is left out; the rest is what it would be without it.
 */

import type { ConfigFault } from '../domain/fault.ts';
import type { RulesConfig } from '../domain/rules-config.ts';
import type { Rule } from '../rules/rule.ts';
import type { CustomDocuments, RuleSources, RulesLayer } from './rules-layer.ts';

export interface Resolvable {
  readonly rules: readonly Rule[];
  /** What was left out is among what these name. */
  readonly faults: readonly ConfigFault[];
}

type Layer = Pick<RulesLayer, 'resolveRules' | 'catalogNames'>;

export function resolvable(layer: Layer, sources: RuleSources, documents: CustomDocuments): Resolvable {
  const whole = layer.resolveRules(sources, documents);
  if (whole.ok) return { rules: whole.value, faults: [] };
  return { rules: partOf(layer, sources, documents), faults: whole.error };
}

/** Adds part after part, and keeps what fits to those before it. A rule whose override does not fit is off. */
function partOf(layer: Layer, sources: RuleSources, documents: CustomDocuments): readonly Rule[] {
  const { catalog, overrides, custom } = sources.rules;
  let bundled: readonly string[] = [];
  let kept: RulesConfig = { catalog: [], overrides: {}, custom: [] };
  let keptDocuments: CustomDocuments = [];
  let rules: readonly Rule[] = [];
  const keeps = (change: Partial<RulesConfig>, changed: CustomDocuments = keptDocuments): boolean => {
    const next = { ...kept, ...change };
    const resolved = layer.resolveRules({ ...sources, rules: next }, changed);
    if (!resolved.ok) return false;
    [kept, keptDocuments, rules] = [next, changed, resolved.value];
    return true;
  };
  for (const name of catalog === 'all' ? layer.catalogNames : catalog)
    if (keeps({ catalog: [...bundled, name] })) bundled = [...bundled, name];
  // A text may refer to a later one: as long as one more fits, those that did not are tried again.
  let left = documents.map((parsed, index) => ({ parsed, text: custom[index] ?? '' }));
  for (let count = -1; left.length > 0 && left.length !== count;) {
    count = left.length;
    left = left.filter(
      ({ parsed, text }) =>
        parsed.length > 0 && !keeps({ custom: [...kept.custom, text] }, [...keptDocuments, parsed]),
    );
  }
  for (const [name, override] of Object.entries(overrides)) {
    const others = kept.overrides;
    if (!keeps({ overrides: { ...others, [name]: override } }))
      keeps({ overrides: { ...others, [name]: { enabled: false } } });
  }
  return rules;
}
