/** Documents with other field names, or with other values in one place. Pure: the document that is given stays as it is. */

import type { Scalar, SigmaDocument, SigmaMap, SigmaRule, SigmaSelection } from './document.ts';
import { isMap } from './selection.ts';

type Entry = [key: string, values: SigmaMap[string]];

/** The document with every field renamed, so that an evaluation needs no other spelling. */
export function mapFields(document: SigmaDocument, rename: (field: string) => string): SigmaDocument {
  if (document.kind === 'correlation') {
    const { groupBy, aliases, fields } = document;
    return {
      ...document,
      groupBy: groupBy.map((field) => (Object.hasOwn(aliases, field) ? field : rename(field))),
      aliases: mapValues(aliases, (byRule) => mapValues(byRule, rename)),
      fields: fields.map(rename),
    };
  }
  const renamed = ([key, values]: Entry): Entry => {
    const [field = '', ...modifiers] = key.split('|');
    if (field === '') return [key, values];
    const other = (value: Scalar): Scalar => (typeof value === 'string' ? rename(value) : value);
    return [
      [rename(field), ...modifiers].join('|'),
      modifiers.includes('fieldref') ? mapEach(values, other) : values,
    ];
  };
  return {
    ...document,
    selections: mapValues(document.selections, (selection) => mapEntries(selection, renamed)),
  };
}

/** The rule with other values for a field of a selection; undefined: there is no such place. */
export function replaceValues(
  rule: SigmaRule,
  selection: string,
  field: string,
  values: readonly Scalar[],
): SigmaRule | undefined {
  const before = Object.hasOwn(rule.selections, selection) ? rule.selections[selection] : undefined;
  if (before === undefined) return undefined;
  let isFound = false;
  const after = mapEntries(before, ([key, old]) => {
    if (key.split('|')[0] !== field) return [key, old];
    isFound = true;
    return [key, values];
  });
  return isFound ? { ...rule, selections: { ...rule.selections, [selection]: after } } : undefined;
}

function mapEntries(selection: SigmaSelection, change: (entry: Entry) => Entry): SigmaSelection {
  if (Array.isArray(selection))
    return selection.map((member: SigmaMap | Scalar) => mapEntries(member, change)) as SigmaSelection;
  return isMap(selection) ? Object.fromEntries(Object.entries(selection).map(change)) : selection;
}

function mapValues<T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function mapEach(values: SigmaMap[string], change: (value: Scalar) => Scalar): SigmaMap[string] {
  return Array.isArray(values) ? values.map(change) : change(values as Scalar);
}
