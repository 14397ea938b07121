/** Of which types an event must be for a rule to match it, where its condition says so plainly. Pure. */

import type { SigmaRule, SigmaSelection } from '../detection/document.ts';
import { resolveField } from '../domain/field-map.ts';
import { isRecord } from '../lib/record.ts';

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
  const entries: readonly unknown[] = Array.isArray(selection) ? selection : [selection];
  const each = entries.map((entry) => typesOfMap(entry));
  return each.some((types) => types === undefined) ? undefined : each.flatMap((types) => types ?? []);
}

/** Undefined: it names none, or a pattern, or is no map. */
function typesOfMap(entry: unknown): readonly string[] | undefined {
  const fields = isRecord(entry) ? Object.entries(entry) : [];
  const value: unknown = fields.find(([key]) => resolveField(key) === 'type')?.[1];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const types = list.filter((one) => typeof one === 'string').filter((one) => !/[*?]/.test(one));
  return types.length > 0 && types.length === list.length ? types : undefined;
}
