/**
 * Which regular expressions are taken: what `RegExp` takes, less what other engines read in another way, and what makes a search
 * track back. `RegExp` is asked about the syntax, and never run over a text. Pure.
 */

import { Fault } from './fault.ts';
import { CLASSES_MAX, LEAD, LITERAL, SIZE_MAX, TOKEN, parseRegex } from './regex-parse.ts';
import type { RegexFlags } from './regex-parse.ts';

const STRANGE_ESCAPE = /\\(?!x[\da-fA-F]{2}|u[\da-fA-F]{4}|[bBdDsSwWfnrtv]|[^\da-zA-Z])./;

/** In texts that are looked at: of the memory that each pattern takes, and of the time that each of its steps does. */
const REGEX_COST = 1_000;
const STEP_COST = 10;

function refuse(what: string): never {
  throw new Fault(`Regular expressions: ${what}.`);
}

/** What a search costs, as other values cost 1. Throws a fault. */
export function checkRegex(given: string, flags: RegexFlags): number {
  if (given.length > SIZE_MAX) refuse(`at most ${SIZE_MAX} characters`);
  const pattern = given.replace(LEAD, '');
  const [escape] = STRANGE_ESCAPE.exec(pattern.replaceAll('\\\\', '')) ?? [];
  if (escape) refuse(`${escape} is not supported, nor are back-references`);
  try {
    void new RegExp(pattern);
  } catch (error) {
    throw new Fault((error as Error).message);
  }
  for (const { 0: token, index } of pattern.matchAll(new RegExp(TOKEN, 'g'))) {
    const after = pattern.slice(index + token.length);
    if (token === '(' && /^\?<?[=!]/.test(after))
      refuse("look-around is not supported: a rule's condition can say not");
    if (token === '(' && after.startsWith('?'))
      refuse('of (?… only (?:…) is supported, and (?i), (?m), (?s) at the start');
    if (/^\[(\^?\]$|.*(\[:|\\B))/s.test(token)) refuse(`no [], [: or \\B as in ${token}`);
    if (token === '{' && /^,\d+\}/.test(after)) refuse('{,n} is written {0,n}');
  }
  const { ops, sets } = parseRegex(given, flags);
  if (sets.filter((set) => !LITERAL.test(set)).length > CLASSES_MAX) throw new Fault('classes');
  return REGEX_COST + STEP_COST * ops.length;
}
