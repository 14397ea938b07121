/** What the modifiers of an item say about its values. Pure: that they go together is checked when a rule is read. */

import type { RegexFlags } from './regex-parse.ts';

export const POSITIONS: readonly string[] = ['contains', 'startswith', 'endswith'];
export const COMPARISONS: readonly string[] = ['lt', 'lte', 'gt', 'gte'];
/** What makes something else than text of a value. */
export const FIRST: readonly string[] = ['re', 'cidr', 'exists', 'fieldref', ...COMPARISONS];
export const ENCODINGS: readonly string[] = ['wide', 'utf16le', 'utf16be', 'utf16'];

export interface Modifiers {
  readonly has: (name: string) => boolean;
  /** `re`, `cidr`, `exists`, `fieldref`, or a comparison; undefined: a value as it is, or text. */
  readonly kind: string | undefined;
  readonly encoding: string | undefined;
  readonly position: string | undefined;
  /** Of a regular expression. */
  readonly flags: RegexFlags;
}

export function modifiersOf(names: readonly string[]): Modifiers {
  const has = (name: string): boolean => names.includes(name);
  return {
    has,
    kind: FIRST.find(has),
    encoding: ENCODINGS.find(has),
    position: POSITIONS.find(has),
    flags: {
      i: has('i') || has('ignorecase'),
      m: has('m') || has('multiline'),
      s: has('s') || has('dotall'),
    },
  };
}
