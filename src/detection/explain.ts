/** Which parts of a rule an event matches. Pure. */

import { compileDetection } from './detection.ts';
import type { SigmaRule } from './document.ts';
import { TRUSTED } from './fault.ts';
import type { SigmaEvent } from './field.ts';

export interface RuleExplained {
  readonly matches: boolean;
  readonly selections: readonly {
    readonly name: string;
    readonly matches: boolean;
    /** As it is written: `field|modifier: value, value`. */
    readonly items: readonly { readonly item: string; readonly matches: boolean }[];
  }[];
}

export function explainRule(rule: SigmaRule): (event: SigmaEvent) => RuleExplained {
  const { test, selections } = compileDetection(rule.selections, rule.condition, TRUSTED, []);
  return (event) => ({
    matches: test(event),
    selections: Array.from(selections, ([name, selection]) => ({
      name,
      matches: selection.test(event),
      items: selection.items.map(({ key, values, test: holds }) => ({
        item: `${key.replace(/^\|/, 'keywords|')}: ${[values].flat().map(String).join(', ')}`,
        matches: holds(event),
      })),
    })),
  });
}
