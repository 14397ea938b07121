/**
 * A tenant's own rules as a comparison of two configs sees them: one by one and by their parts, not as texts. Pure.
 * The order of texts, and which text a rule stands in, mean nothing.
 */

import type { SigmaDocument } from '../detection/document.ts';
import { isRecord } from '../lib/record.ts';
import { parseCustom } from '../rules/parse-custom.ts';

/** Path of all of them: it changes, too, where only comments or the layout of a text do. */
export const CUSTOM_RULES = 'rules.custom';

/** UTF-16 units. Paths are kept in the audit, and Sigma sets names no limit. */
const KEY_LENGTH_MAX = 128;

export interface CustomRule {
  /** Its Sigma name, its id or its title, whichever it has first. */
  readonly name: string;
  /** What it says, key by key. */
  readonly parts: Readonly<Record<string, unknown>>;
  /** Enough to know it by when it comes or goes. */
  readonly summary: Readonly<Record<string, unknown>>;
}

/** The rules of some texts. Of a text that this release can't read, what tells it from another. */
export function customRulesOf(texts: readonly string[]): readonly CustomRule[] {
  return texts.flatMap((text, index) => {
    const parsed = parseCustom([text]);
    if (parsed.ok) return parsed.value.flat().map((document) => customRule(document));
    const summary = { text: `${text.length} characters` };
    return [{ name: `[${index}]`, parts: { text }, summary }];
  });
}

function customRule(document: SigmaDocument): CustomRule {
  const { custom = {}, ...parts } = document;
  const { kind, title, level } = document;
  return {
    name: (document.name ?? document.id ?? title).slice(0, KEY_LENGTH_MAX),
    parts: withShortKeys({ ...parts, ...custom }),
    summary: { kind, title, ...(level && { level }) },
  };
}

/** Keys that are cut to the same one are one: that the texts differ is seen all the same. */
function withShortKeys(parts: Readonly<Record<PropertyKey, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(parts).map(([key, value]: [string, unknown]) => [
      key.slice(0, KEY_LENGTH_MAX),
      isRecord(value) && !Array.isArray(value) ? withShortKeys(value) : value,
    ]),
  );
}
