/** Which parts of a rule an event matches. Pure. */

import { compileRule } from './compile.ts';
import type { SigmaMap, SigmaRule, SigmaSelection } from './document.ts';
import type { SigmaEvent } from './field.ts';
import { compileItem } from './item.ts';
import type { Test } from './item.ts';
import { compileSelection, isMap } from './selection.ts';

export interface RuleExplained {
  readonly matches: boolean;
  readonly selections: readonly {
    readonly name: string;
    readonly matches: boolean;
    /** As it is written: `field|modifier: value, value`. */
    readonly items: readonly { readonly item: string; readonly matches: boolean }[];
  }[];
}

interface Item {
  readonly item: string;
  readonly test: Test;
}

export function explainRule(rule: SigmaRule): (event: SigmaEvent) => RuleExplained {
  const test = compileRule(rule);
  const selections = Object.entries(rule.selections).map(([name, selection]) => ({
    name,
    test: compileSelection(selection),
    items: itemsOf(selection),
  }));
  return (event) => ({
    matches: test(event),
    selections: selections.map(({ name, test: holds, items }) => ({
      name,
      matches: holds(event),
      items: items.map(({ item, test: isMet }) => ({ item, matches: isMet(event) })),
    })),
  });
}

/** In their order. */
function itemsOf(selection: SigmaSelection): Item[] {
  if (isMap(selection)) {
    return Object.entries(selection).map(([key, values]) => itemOf(key, values, compileItem(key, values)));
  }
  return Array.isArray(selection) && selection.some(isMap)
    ? selection.flatMap((member: SigmaSelection) => itemsOf(member))
    : [itemOf('keywords', selection as SigmaMap[string], compileSelection(selection))];
}

function itemOf(key: string, values: SigmaMap[string], test: Test): Item {
  return { item: `${key.replace(/^\|/, 'keywords|')}: ${[values].flat().map(String).join(', ')}`, test };
}
