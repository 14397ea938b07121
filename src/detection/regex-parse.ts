/**
 * Reads a regular expression into a program of small steps (Thompson's NFA), without ever giving it to `RegExp`.
 * The syntax and its meaning are JavaScript's without flag `u`, by UTF-16 code units; what could be read in two ways is refused.
 * Pure: no I/O, no clock.
 */

/** Longest pattern, in characters: no rule of SigmaHQ comes near (facts of 2026-11). */
const PATTERN_CHARACTERS_MAX = 512;
/** Steps of a program once its counted repetitions are written out: bounds the time that one character can cost. */
const STEPS_MAX = 512;

export const MATCH = -1;
export const FORK = -2;
export const LINE_START = -3;
export const LINE_END = -4;
export const WORD_EDGE = -5;
export const NO_WORD_EDGE = -6;

export interface RegexFlags {
  /** Without case: a code unit is what `toUpperCase` makes of it, unless that is longer, or is ASCII and it is not. */
  readonly i?: boolean;
  /** `^` and `$` also at line breaks. */
  readonly m?: boolean;
  /** `.` takes line breaks, too. */
  readonly s?: boolean;
}

/** Lowest and highest code unit in turns: `[48, 57]` are the digits. */
export type Ranges = readonly number[];

/** Step n does `ops[n]` (an index of `sets`: take one code unit of it; or one of the negative numbers above), and goes on at `to[n]`; a fork also at `or[n]`. */
export interface RegexProgram {
  readonly ops: readonly number[];
  readonly to: readonly number[];
  readonly or: readonly number[];
  readonly start: number;
  readonly sets: readonly Ranges[];
  readonly flags: RegexFlags;
}

/** Writes the steps of a part that goes on at `next`, and answers the first of them. */
interface Write {
  (next: number): number;
  /** Of a part that takes one code unit and no more. */
  readonly ranges?: Ranges;
}

const DIGITS = [48, 57];
export const WORD = [48, 57, 65, 90, 95, 95, 97, 122];
export const LINE_BREAKS = [10, 10, 13, 13, 0x2028, 0x2029];
const SPACES = [
  ...[9, 13, 32, 32, 160, 160, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029],
  ...[0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff],
];
const ESCAPED_SETS = new Map([
  ['d', DIGITS],
  ['w', WORD],
  ['s', SPACES],
]);
const ESCAPED_UNITS = new Map([
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
]);

const QUANTIFIER = /(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y;
const ASSERTION = /[$^]|\\b/iy;

/** Of canonical units: see `RegexFlags.i`. */
export function foldedUnit(unit: number): number {
  const upper = String.fromCharCode(unit).toUpperCase();
  const folded = upper.charCodeAt(0);
  return upper.length > 1 || (unit > 127 && folded < 128) ? unit : folded;
}

function without(ranges: Ranges): number[] {
  const pairs = ranges.flatMap((low, n) => (n % 2 ? [] : [[low, ranges[n + 1] ?? low] as const]));
  const rest: number[] = [];
  let from = 0;
  for (const [low, high] of pairs.sort((a, b) => a[0] - b[0])) {
    if (low > from) rest.push(from, low - 1);
    from = Math.max(from, high + 1);
  }
  return from > 0xffff ? rest : [...rest, from, 0xffff];
}

/** Throws `SyntaxError` with a sentence for the writer of the rule. */
export function parseRegex(pattern: string, given: RegexFlags): RegexProgram {
  const [lead = '', letters = ''] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
  const flags = { ...given, ...Object.fromEntries([...letters].map((letter) => [letter, true])) };
  const ops: number[] = [];
  const to: number[] = [];
  const or: number[] = [];
  const sets: Ranges[] = [];
  let at = lead.length;

  function refuse(what: string): never {
    throw new SyntaxError(`${what} (character ${at + 1} of the regular expression)`);
  }

  function step(op: number, next: number, other = 0): number {
    if (ops.length >= STEPS_MAX)
      refuse(`needs more than ${STEPS_MAX} steps once its repetitions are written out`);
    to.push(next);
    or.push(other);
    return ops.push(op) - 1;
  }

  function ahead(token: RegExp): RegExpExecArray | null {
    token.lastIndex = at;
    return token.exec(pattern);
  }

  function eat(text: string): boolean {
    const isNext = pattern.startsWith(text, at);
    if (isNext) at += text.length;
    return isNext;
  }

  function oneOf(ranges: Ranges): Write {
    const set = sets.push(ranges) - 1;
    return Object.assign((next: number) => step(set, next), { ranges });
  }

  /** With the folded ones where case does not count. */
  function span(low: number, high: number): number[] {
    const found = [low, high];
    for (let unit = low; flags.i && unit <= high; unit++) {
      const folded = foldedUnit(unit);
      if (folded !== unit) found.push(folded, folded);
    }
    return found;
  }

  function hex(digits: number): number {
    const text = pattern.slice(at, at + digits);
    if (!/^[\da-f]+$/i.test(text) || text.length < digits) refuse(`expected ${digits} hexadecimal digits`);
    at += digits;
    return Number.parseInt(text, 16);
  }

  /** Behind the backslash: a code unit, or a set of them. */
  function escaped(): number | Ranges {
    const letter = pattern[at++];
    if (letter === undefined) return refuse('ends with a backslash');
    if (letter === 'x') return hex(2);
    if (letter === 'u') return hex(4);
    const set = ESCAPED_SETS.get(letter.toLowerCase());
    if (set) return ESCAPED_SETS.has(letter) ? set : without(set);
    if (/[1-9k]/.test(letter)) refuse('back-references are not supported');
    const unit = ESCAPED_UNITS.get(letter);
    if (unit === undefined && /[\da-z]/i.test(letter)) refuse(`the escape \\${letter} is not supported`);
    return unit ?? letter.charCodeAt(0);
  }

  function member(): number | Ranges {
    if (at >= pattern.length) refuse('the class [ is not closed');
    if (pattern.startsWith('[:', at)) refuse('POSIX classes are not supported, and a bracket is written \\[');
    if (eat('\\b')) return 8;
    return eat('\\') ? escaped() : pattern.charCodeAt(at++);
  }

  function oneOfClass(): Write {
    const isNegated = eat('^');
    const ranges: number[] = [];
    if (pattern[at] === ']') refuse('the class [] is empty');
    while (!eat(']')) {
      const low = member();
      const isRange = typeof low === 'number' && pattern[at] === '-' && pattern[at + 1] !== ']';
      if (isRange) at++;
      const high = isRange ? member() : low;
      if (typeof low === 'number' && typeof high === 'number') {
        if (low > high) refuse('the range of the class is out of order');
        ranges.push(...span(low, high));
      } else {
        // As in `[\w-.]`: a set begins or ends no range, so the hyphen stands for itself.
        for (const part of isRange ? [low, 45, high] : [low]) {
          ranges.push(...(typeof part === 'number' ? span(part, part) : part));
        }
      }
    }
    return oneOf(isNegated ? without(ranges) : ranges);
  }

  function group(): Write {
    if (!eat('?:') && pattern[at] === '?') {
      refuse(
        'of the groups that begin with (? only (?:…) is supported, and (?i), (?m), (?s) at the very start',
      );
    }
    const inner = alternatives();
    if (!eat(')')) refuse('a bracket ( is not closed');
    return inner;
  }

  function atom(): Write {
    const assertion = { '^': LINE_START, $: LINE_END, '\\b': WORD_EDGE, '\\B': NO_WORD_EDGE }[
      ahead(ASSERTION)?.[0] ?? ''
    ];
    if (assertion) {
      at += assertion < LINE_END ? 2 : 1;
      return (next) => step(assertion, next);
    }
    if (ahead(QUANTIFIER)) refuse('a quantifier has nothing to repeat');
    if (/^\{,\d+\}/.test(pattern.slice(at))) refuse('{,n} is written {0,n}');
    if (eat('(')) return group();
    if (eat('[')) return oneOfClass();
    if (eat('.')) return oneOf(flags.s ? [0, 0xffff] : without(LINE_BREAKS));
    const unit = eat('\\') ? escaped() : pattern.charCodeAt(at++);
    return oneOf(typeof unit === 'number' ? span(unit, unit) : unit);
  }

  function repeated(part: Write, min: number, max: number): Write {
    return (next) => {
      let first = next;
      let copies = min;
      if (max === Infinity) {
        const loop = step(FORK, 0, next);
        const body = part(loop);
        to[loop] = body;
        first = copies ? body : loop;
        copies = Math.max(0, copies - 1);
      }
      for (let n = min; n < max && max < Infinity; n++) first = step(FORK, part(first), next);
      for (; copies > 0; copies--) {
        const before = first;
        first = part(before);
        // What is empty stays so, however often: `(){1000}` in itself would take for ever.
        if (first === before) break;
      }
      return first;
    };
  }

  function term(): Write {
    const isAssertion = ahead(ASSERTION) !== null;
    const part = atom();
    const quantifier = ahead(QUANTIFIER);
    if (!quantifier) return part;
    if (isAssertion) refuse('a quantifier has nothing to repeat');
    at += quantifier[0].length;
    if (pattern[at] === '+') refuse('possessive quantifiers are not supported');
    const [, sign, low, comma, high] = quantifier;
    const min = sign ? Number(sign === '+') : Number(low);
    const max = sign === '?' ? 1 : sign || (comma && !high) ? Infinity : Number(high ?? low);
    if (min > max) refuse('the numbers of a quantifier are out of order');
    return repeated(part, min, max);
  }

  function sequence(): Write {
    const parts: Write[] = [];
    while (at < pattern.length && !'|)'.includes(pattern.charAt(at))) parts.push(term());
    const [only] = parts;
    if (only && parts.length === 1) return only;
    return (next) => parts.reduceRight((rest, part) => part(rest), next);
  }

  function alternatives(): Write {
    const options = [sequence()];
    while (eat('|')) options.push(sequence());
    // `(a|b)` is `[ab]`, with less to walk.
    const ranges = options.flatMap((option) => option.ranges ?? []);
    if (options.length > 1 && options.every((option) => option.ranges)) return oneOf(ranges);
    const last = options.pop();
    return (next) =>
      options.reduceRight((rest, option) => step(FORK, option(next), rest), last?.(next) ?? next);
  }

  if (pattern.length > PATTERN_CHARACTERS_MAX) {
    refuse(`is longer than ${PATTERN_CHARACTERS_MAX} characters`);
  }
  const whole = alternatives();
  if (at < pattern.length) refuse('a bracket ) was not opened');
  return { start: whole(step(MATCH, 0)), ops, to, or, sets, flags };
}
