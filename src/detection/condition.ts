/**
 * Conditions: `(a or b) and not 1 of filter_*`. Weakest first: or, and, not, `N of`, brackets. Words without case, names with it.
 * Pure: what the names mean is the caller's.
 */

import { Fault } from './fault.ts';
import type { FaultDetails } from './fault.ts';
import type { Test } from './item.ts';
import { joined } from './joined.ts';
import { compilePattern, patternOf } from './pattern.ts';

interface Token {
  readonly text: string;
  readonly word: string;
  readonly at: number;
}

/** Of brackets. */
export const BRACKETS_MAX = 32;
const PATTERN = /^[\w*-]+$/;

/** `nameTest` is asked once for each time that a name is looked at. */
export function compileCondition(
  condition: string,
  names: readonly string[],
  nameTest: (name: string) => Test,
): Test {
  const tokens = tokensOf(condition);
  let next = 0;

  function fault(reason: string, details?: FaultDetails): Fault {
    return faultAt(condition, tokens[next], reason, details);
  }
  /** Several with a word between. */
  function several(word: 'or' | 'and', read: () => Test): Test {
    const tests = [read()];
    while (tokens[next]?.word === word) {
      next += 1;
      tests.push(read());
    }
    return joined(tests, word === 'and');
  }
  function either(depth: number): Test {
    if (depth > BRACKETS_MAX) throw fault('too_deep');
    return several('or', () => several('and', () => negated(depth)));
  }
  function negated(depth: number): Test {
    let isNegated = false;
    for (; tokens[next]?.word === 'not'; next += 1) isNegated = !isNegated;
    const test = operand(depth);
    return isNegated ? (event) => !test(event) : test;
  }
  function operand(depth: number): Test {
    const token = tokens[next];
    if (token?.word === '(') {
      next += 1;
      const inner = either(depth + 1);
      if (tokens[next]?.word !== ')') throw fault('open_bracket');
      next += 1;
      return inner;
    }
    if (token === undefined || [')', 'and', 'or'].includes(token.word)) {
      throw fault('no_name');
    }
    const { found, isAll, length } = namesAt(condition, tokens, next, names);
    next += length;
    return joined(found.map(nameTest), isAll);
  }

  next = tokens.findIndex(({ text }) => text.includes('|'));
  if (next >= 0) throw fault('aggregation');
  next = 0;
  const test = either(0);
  if (next < tokens.length) throw fault('no_word', { value: tokens[next]?.text });
  return test;
}

/** The condition without patterns, and with other names. */
export function renamed(
  condition: string,
  names: readonly string[],
  rename: (name: string) => string,
): string {
  const tokens = tokensOf(condition);
  const words: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const { word = '' } = tokens[at] ?? {};
    if (['(', ')', 'and', 'or', 'not'].includes(word)) words.push(word);
    else {
      const { found, isAll, length } = namesAt(condition, tokens, at, names);
      words.push(`(${found.map(rename).join(isAll ? ' and ' : ' or ')})`);
      at += length - 1;
    }
  }
  return words.join(' ');
}

function tokensOf(condition: string): Token[] {
  return Array.from(condition.matchAll(/[()]|[^\s()]+/g), ({ 0: text, index }) => ({
    text,
    word: text.toLowerCase(),
    at: index,
  }));
}

function faultAt(condition: string, token: Token | undefined, reason: string, details?: FaultDetails): Fault {
  return new Fault(reason, { ...details, before: condition.slice(0, token?.at ?? condition.length) });
}

/** What a name, or `1 of` a pattern, stands for; and of how many tokens it is. */
function namesAt(
  condition: string,
  tokens: readonly Token[],
  at: number,
  names: readonly string[],
): { found: readonly string[]; isAll: boolean; length: number } {
  const [first, of, target] = tokens.slice(at, at + 3);
  const { text = '', word = '' } = first ?? {};
  if (of?.word !== 'of') {
    if (!names.includes(text)) throw faultAt(condition, first, 'no_selection', { value: text, words: names });
    return { found: [text], isAll: false, length: 1 };
  }
  if (!['1', 'any', 'all'].includes(word)) throw faultAt(condition, first, 'no_quantity', { value: word });
  const pattern = target?.word === 'them' ? '*' : (target?.text ?? '');
  const isLike = compilePattern(patternOf(pattern));
  const found = names.filter((name) => isLike(name) && (pattern.startsWith('_') || !name.startsWith('_')));
  if (!PATTERN.test(pattern) || found.length === 0) {
    throw faultAt(condition, first, 'no_match', { value: target?.text ?? '' });
  }
  return { found, isAll: word === 'all', length: 3 };
}
