/**
 * Reads a regular expression into a program of small steps (Thompson's NFA). Syntax and meaning are JavaScript's without flag `u`,
 * by UTF-16 code units; what check-regex.ts refuses is not told apart here. Pure: no I/O, no clock.
 */

import { Fault } from './fault.ts';

/** Longest pattern, in characters; steps of its program once its counted repetitions are written out. */
export const SIZE_MAX = 512;

/** Different classes, each of which is asked about each new code unit. */
export const CLASSES_MAX = 32;

export const MATCH = -1;
export const FORK = -2;
export const LINE_START = -3;
export const LINE_END = -4;
export const WORD_EDGE = -5;
const NO_WORD_EDGE = -6;

export interface RegexFlags {
  /** Without case, as JavaScript compares without flag `u`. */
  readonly i?: boolean;
  /** `^` and `$` also at line breaks. */
  readonly m?: boolean;
  /** `.` takes line breaks, too. */
  readonly s?: boolean;
}

/** Step n does `ops[n]` (an index of `sets`: take one code unit of it; or one of the numbers above), and goes on at `to[n]`; a fork also at `or[n]`. */
export interface RegexProgram {
  readonly ops: readonly number[];
  readonly to: readonly number[];
  readonly or: readonly number[];
  readonly start: number;
  /** Patterns of one code unit each: `a`, `\d`, `[^a-f]`, `a|b`. */
  readonly sets: readonly string[];
  readonly flags: RegexFlags;
}

/** Writes the steps of a part that goes on at `next`, and answers the first of them. */
interface Write {
  (next: number): number;
  /** Of a part that takes one code unit and no more: its pattern. */
  readonly set?: string;
}

const ASSERTIONS = ['$', '^', '\\b', '\\B'];
const OPS = [LINE_END, LINE_START, WORD_EDGE, NO_WORD_EDGE];
/** Of a pattern whose syntax is right. */
export const TOKEN = /\\(?:x..|u....|[^])|\[(?:\\[^]|[^\]\\])*\]|\((?:\?:)?|[^]/y;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y;
/** Flags that a pattern brings. */
export const LEAD = /^\(\?([ims]+)\)/;
/** A set that is one code unit as it is written. */
export const LITERAL = /^([^.]|\\\W)$/;

/** Throws a fault where there are too many steps. */
export function parseRegex(given: string, givenFlags: RegexFlags): RegexProgram {
  const [lead = '', letters = ''] = LEAD.exec(given) ?? [];
  const has = (letter: keyof RegexFlags) => givenFlags[letter] === true || letters.includes(letter);
  const flags = { i: has('i'), m: has('m'), s: has('s') };
  const pattern = given.slice(lead.length);
  const ops: number[] = [];
  const to: number[] = [];
  const or: number[] = [];
  const sets: string[] = [];
  let at = 0;

  function step(op: number, next: number, other = 0): number {
    if (ops.length >= SIZE_MAX) throw new Fault('steps');
    to.push(next);
    or.push(other);
    return ops.push(op) - 1;
  }

  function eat(token: RegExp): RegExpExecArray | null {
    token.lastIndex = at;
    const found = token.exec(pattern);
    at += found?.[0].length ?? 0;
    return found;
  }

  function oneOf(set: string): Write {
    if (!sets.includes(set)) sets.push(set);
    return Object.assign((next: number) => step(sets.indexOf(set), next), { set });
  }

  function atom(): Write {
    const [token = ''] = eat(TOKEN) ?? [];
    const op = OPS[ASSERTIONS.indexOf(token)];
    if (op) return (next) => step(op, next);
    if (/^\((\?:)?$/.test(token)) {
      const inner = alternatives();
      at++;
      return inner;
    }
    return oneOf(token);
  }

  function repeated(part: Write, min: number, max: number): Write {
    return (next) => {
      let first = next;
      let copies = min;
      if (max === Infinity) {
        const loop = step(FORK, 0, next);
        first = to[loop] = part(loop);
        if (copies-- === 0) first = loop;
      } else {
        for (let n = min; n < max; n++) first = step(FORK, part(first), next);
      }
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
    const part = atom();
    const quantifier = eat(QUANTIFIER);
    if (!quantifier) return part;
    const [, sign, low, comma, high] = quantifier;
    const min = sign ? Number(sign === '+') : Number(low);
    return repeated(part, min, sign === '?' ? 1 : sign || (comma && !high) ? Infinity : Number(high ?? low));
  }

  function sequence(): Write {
    const parts: Write[] = [];
    while (at < pattern.length && !'|)'.includes(pattern.charAt(at))) parts.push(term());
    const [only] = parts;
    if (only && parts.length === 1) return only;
    return (next) => parts.reduceRight((rest, part) => part(rest), next);
  }

  function alternatives(): Write {
    const first = sequence();
    if (pattern[at] !== '|') return first;
    at++;
    const others = alternatives();
    // `(a|b)` takes one unit, as `[ab]` does: less to walk.
    if (first.set && others.set) return oneOf(`${first.set}|${others.set}`);
    return (next) => step(FORK, first(next), others(next));
  }

  return { start: alternatives()(step(MATCH, 0)), ops, to, or, sets, flags };
}
