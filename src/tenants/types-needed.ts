/** Of which types an event must be for a rule to match it, where its condition says so plainly. Pure. */

import type { SigmaMap, SigmaRule, SigmaSelection } from '../detection/document.ts';
import { resolveField } from '../domain/field-map.ts';

/** What a condition may hold beside names and `and`: then it is not plain. */
const NOT_PLAIN = /\bor\b|[()]/i;
const ONE_NAME = /^[\w-]+$/;

/** Undefined: any, or it can't be told without evaluating the rule. */
export function typesNeeded({ condition, selections }: SigmaRule): readonly string[] | undefined {
  const all = condition.map((one) => (NOT_PLAIN.test(one) ? undefined : typesOf(one, selections)));
  return all.some((types) => types === undefined)
    ? undefined
    : [...new Set(all.flatMap((types) => types ?? []))];
}

/** The types of the first selection of several that must hold, and names any. */
function typesOf(condition: string, selections: SigmaRule['selections']): readonly string[] | undefined {
  return condition
    .split(/\sand\s/i)
    .map((part) => part.trim())
    .filter((part) => ONE_NAME.test(part))
    .map((name) => selections[name])
    .map((selection) => (selection === undefined ? undefined : typesIn(selection)))
    .find((types) => types !== undefined);
}

/** Of a list, each entry must name its own. */
function typesIn(selection: SigmaSelection): readonly string[] | undefined {
  if (!Array.isArray(selection)) return typesOfMap(selection as SigmaMap);
  const each = (selection as readonly SigmaMap[]).map((entry) => typesOfMap(entry));
  return each.some((types) => types === undefined) ? undefined : each.flatMap((types) => types ?? []);
}

function typesOfMap(map: SigmaMap | unknown): readonly string[] | undefined {
  if (typeof map !== 'object' || map === null) return undefined;
  const values: unknown = Object.entries(map).find(([key]) => resolveField(key) === 'type')?.[1];
  const list: readonly unknown[] = values === undefined ? [] : Array.isArray(values) ? values : [values];
  // A pattern may be of any type.
  const types = list.filter((value) => typeof value === 'string' && !/[*?]/.test(value)).map(String);
  return list.length > 0 && types.length === list.length ? types : undefined;
}
