/** Which types of events a rule can match at all: the others need not be held against it. Pure. */

import type { SigmaRule } from '../detection/document.ts';

/** Text without wildcards and escapes, whose letters have one lower case. */
const PLAIN = /^[!-)+->@-[\]-~]+$/;

/** In lower case; undefined: any, as far as the look at the rule can tell. */
export function eventTypesOf({ selections, condition }: SigmaRule): ReadonlySet<string> | undefined {
  const [text = '', ...others] = condition;
  // A selection that has to hold, whatever the rest says.
  const name = /^([\w-]+)(?:$|\s+and\s)/i.exec(text)?.[1] ?? '';
  if (others.length > 0 || /\bor\b/i.test(text) || !Object.hasOwn(selections, name)) return undefined;
  const selection = selections[name];
  if (typeof selection !== 'object' || selection === null || Array.isArray(selection)) return undefined;
  const wanted: unknown = Object.entries(selection).find(([key]) => key === 'type')?.[1];
  const types: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  const texts = types.flatMap((type) => (typeof type === 'string' && PLAIN.test(type) ? [type] : []));
  return texts.length === types.length ? new Set(texts.map((type) => type.toLowerCase())) : undefined;
}
