/** The modifiers of Sigma 2.1, and which of them go together in which order. Pure: words only, no values. */

import { OF_NAME, notOneOf, quote } from './fault-words.ts';
import { Fault } from './fault.ts';
import { COMPARISONS, ENCODINGS, FIRST, POSITIONS } from './modifiers.ts';

const REGEX_FLAGS = ['i', 'ignorecase', 'm', 'multiline', 's', 'dotall'];
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

/** Throws a fault. */
export function checkModifiers(names: readonly string[]): void {
  for (const name of names) {
    if (REFUSED.includes(name)) {
      throw new Fault(`${name} is not supported, and a rule that needs it must be rejected.`, OF_NAME);
    }
    if (!MODIFIERS.includes(name)) throw notOneOf(name, MODIFIERS, true);
    if (FIRST.includes(name) && name !== names[0])
      throw new Fault(`${name} must be the first modifier.`, OF_NAME);
  }
  const free = FIRST.includes(names[0] ?? '') ? ['all', 'neq'] : ['all', 'neq', 'cased'];
  const ordered = names.filter((name) => !free.includes(name)).map((name) => `|${name}`);
  if (!ORDER.test(ordered.join('')) || new Set(names).size < names.length) {
    throw new Fault(
      `${quote(names.join('|'))} do not go together like this: first windash, then utf16 or wide with base64, then one of contains, startswith and endswith. re goes with its flags, and what else must be first stands alone.`,
      OF_NAME,
    );
  }
}
