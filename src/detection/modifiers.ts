/** The modifiers of Sigma 2.1, and which of them go together in which order. Pure: words only, no values. */

import { Fault, notOneOf, quote } from './fault.ts';

const POSITIONS = ['contains', 'startswith', 'endswith'];
const REGEX_FLAGS = ['i', 'ignorecase', 'm', 'multiline', 's', 'dotall'];
const COMPARISONS = ['lt', 'lte', 'gt', 'gte'];
/** What makes something else than text of a value. */
const FIRST = ['re', 'cidr', 'exists', 'fieldref', ...COMPARISONS];
const ENCODINGS = ['wide', 'utf16le', 'utf16be', 'utf16'];
const MODIFIERS = [
  ...POSITIONS,
  'all',
  'neq',
  'cased',
  ...FIRST,
  ...REGEX_FLAGS,
  'base64',
  'base64offset',
  ...ENCODINGS,
  'windash',
];
/** In the specification, but not here. */
const REFUSED = ['expand', 'minute', 'hour', 'day', 'week', 'month', 'year'];

/** Without `all` and `neq`, which go with everything, and `cased`, which goes with text. */
const ORDER = new RegExp(
  [
    `(\\|windash)?(\\|(${ENCODINGS.join('|')})(?=\\|base64))?(\\|base64(offset)?)?(\\|(${POSITIONS.join('|')}))?`,
    `\\|(${POSITIONS.join('|')})\\|windash`,
    `\\|re(\\|(${REGEX_FLAGS.join('|')}))*(\\|(${POSITIONS.join('|')}))?`,
    `\\|fieldref(\\|(${POSITIONS.join('|')}))?`,
    `\\|(cidr|exists|${COMPARISONS.join('|')})`,
  ]
    .map((line) => `^${line}$`)
    .join('|'),
);

export interface Modifiers {
  /** In their order. */
  readonly all: readonly string[];
  readonly has: (name: string) => boolean;
  /** `re`, `cidr`, `exists`, `fieldref`, or a comparison; undefined: a value as it is, or text. */
  readonly kind: string | undefined;
  readonly encoding: string | undefined;
  readonly position: string | undefined;
  /** Whether there is one that makes sense for text only. */
  readonly isOfText: boolean;
}

export function modifiersOf(names: readonly string[]): Modifiers {
  for (const name of names) {
    if (REFUSED.includes(name)) {
      throw new Fault(`The modifier ${name} is not supported, and a rule that needs it is rejected.`, true);
    }
    if (!MODIFIERS.includes(name)) throw notOneOf(name, MODIFIERS, true);
    if (FIRST.includes(name) && name !== names[0])
      throw new Fault(`${name} must be the first modifier.`, true);
  }
  const has = (name: string): boolean => names.includes(name);
  const kind = FIRST.find(has);
  const free = kind === undefined ? ['all', 'neq', 'cased'] : ['all', 'neq'];
  const ordered = names.filter((name) => !free.includes(name)).map((name) => `|${name}`);
  if (!ORDER.test(ordered.join('')) || new Set(names).size < names.length) {
    throw new Fault(
      `The modifiers ${quote(names.join('|'))} do not go together like this: re, cidr, exists, fieldref and comparisons come first, wide and utf16 before base64, base64 before contains.`,
      true,
    );
  }
  return {
    all: names,
    has,
    kind,
    encoding: ENCODINGS.find(has),
    position: POSITIONS.find(has),
    isOfText: names.some((name) => name !== 'all' && name !== 'neq'),
  };
}
