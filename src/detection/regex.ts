/**
 * Searches a text for a regular expression in linear time, whatever the expression: no back-tracking, no `RegExp`.
 * Sets of steps are states of an automaton that is built while texts are read, and kept within a bound; beyond it the sets are walked.
 * Pure but for that memory, which changes the time of an answer, never the answer.
 */

import type { Result } from './document.ts';
import {
  FORK,
  foldedUnit,
  LINE_BREAKS,
  LINE_END,
  LINE_START,
  MATCH,
  parseRegex,
  WORD,
  WORD_EDGE,
} from './regex-parse.ts';
import type { Ranges, RegexFlags, RegexProgram } from './regex-parse.ts';

/** Every pattern reads this much of a text; a narrower one as much more as it takes less time for each. */
const TEXT_CHARACTERS_MAX = 4096;
/** Numbers kept for the states of one pattern: 128 KiB. */
const MEMORY_NUMBERS_MAX = 16_384;

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

function has(ranges: Ranges, unit: number): boolean {
  return ranges.some((low, n) => n % 2 === 0 && low <= unit && unit <= (ranges[n + 1] ?? low));
}

/** Code units that no part of the program tells apart are of one kind. */
function kindsOf({ sets, flags, ops }: RegexProgram) {
  const looksAround = ops.some((op) => op <= LINE_START);
  const cuts = [...new Set([0, ...[...sets, ...(looksAround ? [WORD, LINE_BREAKS] : [])].flatMap(cutsOf)])];
  cuts.sort((a, b) => a - b);
  function search(unit: number): number {
    const folded = flags.i ? foldedUnit(unit) : unit;
    let low = 0;
    for (let high = cuts.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((cuts[middle] ?? 0) <= folded) low = middle;
      else high = middle;
    }
    return low;
  }
  const ascii = Uint16Array.from({ length: 128 }, (_, unit) => search(unit));
  return {
    count: cuts.length,
    kindOf: (unit: number) => ascii[unit] ?? search(unit),
    /** By kind: the steps that take it. */
    takes: cuts.map((unit) => {
      const isTaken = sets.map((ranges) => has(ranges, unit));
      return setOf(wordsOf(ops.length), (step) => isTaken[ops[step] ?? MATCH] === true);
    }),
    besides: cuts.map((unit) =>
      !looksAround ? EDGE : has(WORD, unit) ? WORD_UNIT : has(LINE_BREAKS, unit) ? LINE_BREAK : OTHER,
    ),
  };
}

type Kinds = ReturnType<typeof kindsOf>;

function cutsOf(ranges: Ranges): number[] {
  return ranges.map((unit, n) => unit + (n % 2));
}

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
  const { kindOf, besides, count: kindsCount } = kinds;
  const walk = walkerOf(program, kinds);
  const words = wordsOf(program.ops.length);
  const first: State = { steps: walk.first, before: EDGE, next: [] };
  const states = new Map<string, State>();
  let memory = 0;

  /** The state behind `state` and a code unit; one that is not kept once there are too many. */
  function advance(state: State, kind: number): State | null {
    const steps = walk.next(state, kind);
    const before = besides[kind] ?? EDGE;
    if (!steps) return null;
    const fresh: State = { steps, before, next: [] };
    if (memory >= MEMORY_NUMBERS_MAX) return fresh;
    const key = String.fromCharCode(before, ...new Uint16Array(steps.buffer));
    const found = states.get(key);
    if (found) return found;
    states.set(key, fresh);
    memory += words + kindsCount;
    return fresh;
  }

  return (text) => {
    const end = Math.min(text.length, TEXT_CHARACTERS_MAX);
    let state = first;
    for (let n = 0; n < end; n++) {
      const kind = kindOf(text.charCodeAt(n));
      let next = state.next[kind];
      if (next === undefined) state.next[kind] = next = advance(state, kind);
      if (next === null) return true;
      state = next;
    }
    const isFound = end === text.length && walk.next(state, -1) === null;
    // Full: the next text starts anew, as the states of this one may be of no use to it.
    if (memory >= MEMORY_NUMBERS_MAX) {
      states.clear();
      first.next.length = memory = 0;
    }
    return isFound;
  };
}

/**
 * Whether the pattern occurs anywhere in a text. `^` and `$` without `m` are the very start and end; a text is read as far as 4,096
 * characters at least. The error is a sentence for the writer of the rule.
 */
export function compileRegex(pattern: string, flags: RegexFlags): Result<(text: string) => boolean, string> {
  try {
    return { ok: true, value: searchOf(parseRegex(pattern, flags)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, error: error.message };
    throw error;
  }
}
