/**
 * Searches a text for a regular expression in linear time, whatever the expression: no back-tracking.
 * Sets of steps are states of an automaton that is built while texts are read, and kept within a bound; beyond it the sets are walked.
 * Pure but for that memory, which changes the time of an answer, never the answer.
 */

import type { Result } from './document.ts';
import { FORK, LINE_END, LINE_START, LITERAL, MATCH, parseRegex, WORD_EDGE } from './regex-parse.ts';
import type { RegexFlags, RegexProgram } from './regex-parse.ts';

/** Every pattern reads this much of a text; a narrower one as much more as it takes less time for each. */
const TEXT_CHARACTERS_MAX = 4096;
/** States kept of one pattern, and code units whose kind is: some 300 KiB at most. */
const STATES_MAX = 512;
const UNITS_MAX = 2048;

/** In texts that are looked at: of the memory that each pattern takes, and of the time that each of its steps does. */
const REGEX_COST = 100;
const STEP_COST = 10;

/** A bit for each step. */
type StepSet = Int32Array<ArrayBuffer>;

function wordsOf(stepsCount: number): number {
  return Math.ceil(stepsCount / 32);
}

function put(set: StepSet, step: number): void {
  set[step >> 5] = (set[step >> 5] ?? 0) | (1 << (step & 31));
}

function setOf(words: number, isIn: (step: number) => boolean): StepSet {
  const set = new Int32Array(words);
  for (let step = 0; step < words * 32; step++) if (isIn(step)) put(set, step);
  return set;
}

function add(set: StepSet, more: StepSet): void {
  for (let n = 0; n < set.length; n++) set[n] = (set[n] ?? 0) | (more[n] ?? 0);
}

/** What is in `set` and not in `but`. */
function eachOf(set: StepSet, but: StepSet, visit: (step: number) => void): void {
  for (let n = 0; n < set.length; n++) {
    for (let word = (set[n] ?? 0) & ~(but[n] ?? 0); word !== 0; word &= word - 1) {
      visit(n * 32 + 31 - Math.clz32(word & -word));
    }
  }
}

/** What stands beside a place of the text. */
const EDGE = 0;
const LINE_BREAK = 1;
const WORD_UNIT = 2;
const OTHER = 3;

/** Where the search stands between two code units. */
interface State {
  /** To go on from. */
  readonly steps: StepSet;
  /** What the last code unit was. */
  readonly before: number;
  /** By kind of the next code unit; `null`: found. */
  readonly next: (State | null | undefined)[];
}

/** As JavaScript compares without case, without flag `u`. */
function foldedOf(char: string): string {
  const upper = char.toUpperCase();
  return upper.length > 1 || (char > '\x7f' && upper < '\x80') ? char : upper;
}

/** Whether one code unit is of a set. Only here is a part of the pattern run, over one code unit: there is nothing to track back. */
function testOf(set: string, { i, s }: RegexFlags): (char: string) => boolean {
  const literal = LITERAL.test(set) ? set.slice(-1) : undefined;
  if (literal === undefined) {
    const whole = new RegExp(`^(?:${set})$`, (i ? 'i' : '') + (s ? 's' : ''));
    return (char) => whole.test(char);
  }
  return i ? (char) => foldedOf(char) === foldedOf(literal) : (char) => char === literal;
}

/** Code units that no part of the program tells apart are of one kind; kinds are made as units are met. */
function kindsOf({ sets, flags, ops }: RegexProgram) {
  const tests = sets.map((set) => testOf(set, flags));
  const looksAround = ops.some((op) => op < FORK);
  const kinds = new Map<string, number>();
  const known = new Map<number, number>();
  /** By kind: the steps that take it, and what it is to those beside it. */
  const takes: StepSet[] = [];
  const besides: number[] = [];

  function kindOf(unit: number): number {
    let kind = known.get(unit);
    if (kind !== undefined) return kind;
    const char = String.fromCharCode(unit);
    const isTaken = tests.map((test) => test(char));
    const beside = looksAround ? (/\w/.test(char) ? WORD_UNIT : /./.test(char) ? OTHER : LINE_BREAK) : EDGE;
    const key = isTaken.map(Number).join('') + beside;
    kind = kinds.get(key) ?? kinds.size;
    if (kind === kinds.size) {
      kinds.set(key, kind);
      takes.push(setOf(wordsOf(ops.length), (step) => isTaken[ops[step] ?? MATCH] === true));
      besides.push(beside);
    }
    if (known.size > UNITS_MAX) known.clear();
    known.set(unit, kind);
    return kind;
  }
  return { kindOf, takes, besides };
}

type Kinds = ReturnType<typeof kindsOf>;

function doesHold(op: number, isMultiline: boolean, before: number, after: number): boolean {
  if (op >= LINE_END) {
    const beside = op === LINE_START ? before : after;
    return beside === EDGE || (isMultiline && beside === LINE_BREAK);
  }
  return ((before === WORD_UNIT) !== (after === WORD_UNIT)) === (op === WORD_EDGE);
}

/** Answers the steps that follow one code unit; `null`: found. `kind` -1 is the end of the text. */
function walkerOf({ ops, to, or, start, flags }: RegexProgram, { takes, besides }: Kinds) {
  const words = wordsOf(ops.length);
  const opOf = (step: number) => ops[step] ?? MATCH;
  const settled = setOf(words, (step) => opOf(step) >= MATCH);
  // Steps are written from the end, so most go on at the one before: those are moved on all at once.
  const plain = setOf(words, (step) => to[step] === step - 1 && opOf(step - 1) !== FORK);
  const followers: (StepSet | undefined)[] = [];
  const held: (StepSet | undefined)[] = [];

  /** Where forks, and assertions that hold, lead without taking anything. */
  function reach(from: number, holds: (op: number) => boolean): StepSet {
    const seen = new Set<number>();
    const found = new Int32Array(words);
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const op = opOf(at);
      if (seen.has(at)) continue;
      seen.add(at);
      if (op === FORK) open.push(or[at] ?? 0, to[at] ?? 0);
      else if (op < FORK && holds(op)) open.push(to[at] ?? 0);
      else put(found, at);
    }
    return found;
  }

  function follow(step: number): StepSet {
    return (followers[step] ??= reach(step, () => false));
  }

  function next({ steps, before }: State, kind: number): StepSet | null {
    const after = besides[kind] ?? EDGE;
    const now = steps.slice();
    eachOf(steps, settled, (step) => {
      const key = (step * 4 + before) * 4 + after;
      add(now, (held[key] ??= reach(step, (op) => doesHold(op, flags.m === true, before, after))));
    });
    // The match is step 0.
    if ((now[0] ?? 0) & 1) return null;
    const found = follow(start).slice();
    const taken = takes[kind] ?? found;
    for (let n = 0; n < words; n++) {
      now[n] = (now[n] ?? 0) & (taken[n] ?? 0);
      const here = (now[n] ?? 0) & (plain[n] ?? 0);
      found[n] = (found[n] ?? 0) | (here >>> 1);
      if (here & 1 && n > 0) found[n - 1] = (found[n - 1] ?? 0) | (1 << 31);
    }
    eachOf(now, plain, (step) => add(found, follow(to[step] ?? 0)));
    return found;
  }
  return { next, first: follow(start) };
}

function searchOf(program: RegexProgram): (text: string) => boolean {
  const kinds = kindsOf(program);
  const walk = walkerOf(program, kinds);
  const first: State = { steps: walk.first, before: EDGE, next: [] };
  const states = new Map<string, State>();

  /** The state behind `state` and a code unit; one that is not kept once there are too many. */
  function advance(state: State, kind: number): State | null {
    const steps = walk.next(state, kind);
    const before = kinds.besides[kind] ?? EDGE;
    if (!steps) return null;
    const fresh: State = { steps, before, next: [] };
    if (states.size >= STATES_MAX) return fresh;
    const key = String.fromCharCode(before, ...new Uint16Array(steps.buffer));
    const found = states.get(key) ?? fresh;
    states.set(key, found);
    return found;
  }

  return (text) => {
    const end = Math.min(text.length, TEXT_CHARACTERS_MAX);
    let state = first;
    for (let n = 0; n < end; n++) {
      const kind = kinds.kindOf(text.charCodeAt(n));
      let next = state.next[kind];
      if (next === undefined) state.next[kind] = next = advance(state, kind);
      if (next === null) return true;
      state = next;
    }
    // Full: the next text starts anew, as the states of this one may be of no use to it.
    if (states.size >= STATES_MAX) {
      states.clear();
      first.next.length = 0;
    }
    return end === text.length && walk.next(state, -1) === null;
  };
}

/**
 * Whether the pattern occurs anywhere in a text. `^` and `$` without `m` are the very start and end; a text is read as far as 4,096
 * characters at least. The error is a sentence for the writer of the rule.
 */
export function compileRegex(
  pattern: string,
  flags: RegexFlags,
  spend?: (amount: number) => void,
): Result<(text: string) => boolean, string> {
  try {
    const program = parseRegex(pattern, flags);
    spend?.(REGEX_COST + STEP_COST * program.ops.length);
    return { ok: true, value: searchOf(program) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, error: error.message };
    throw error;
  }
}
