/**
 * Text with wildcards: read from a rule, and compared with text of an event by its segments, in steps that grow with the text alone.
 * Pure: no regular expression is made of what a rule says.
 */

/** `*`: any characters, or none. */
export const MANY = 0;
/** `?`: exactly one character. */
export const ONE = 1;

/** Literal text, and wildcards between. */
export type Pattern = readonly (string | typeof MANY | typeof ONE)[];
/** Of a segment: text, or characters and ONE where the text is by characters, too. */
type Characters = ArrayLike<string | typeof ONE>;

/** A backslash makes `*`, `?` and a backslash literal; before anything else it is one itself. */
export function patternOf(text: string): Pattern {
  const pieces: Pattern[number][] = [];
  for (const [whole, escaped, wildcard] of text.matchAll(/\\([*?\\])|([*?])|[^\\*?]+|\\/g)) {
    if (wildcard === undefined) pieces.push(escaped ?? whole);
    else pieces.push(wildcard === '*' ? MANY : ONE);
  }
  return pieces;
}

/** undefined: it has wildcards. */
export function literalOf(pattern: Pattern): string | undefined {
  return pattern.every((piece) => typeof piece === 'string') ? pattern.join('') : undefined;
}

/** Segments to look for; with `?` its characters, each of which is tried at every place, at some sixteen times the price. */
export function costOf(pattern: Pattern): number {
  return pattern.includes(ONE) ? 16 * pattern.join('').length : pattern.length;
}

/** Whether a text is like the pattern from its beginning to its end. */
export function compilePattern(pattern: Pattern): (text: string) => boolean {
  const hasOne = pattern.includes(ONE);
  const segments: Characters[] = [];
  let segment: (string | typeof ONE)[] = [];
  for (const piece of [...pattern, MANY as typeof MANY]) {
    if (piece !== MANY) segment.push(...((piece === ONE ? [ONE] : piece) as (string | typeof ONE)[]));
    else {
      segments.push(hasOne ? segment : segment.join(''));
      segment = [];
    }
  }
  const first = segments[0] ?? '';
  const [, inner] = segments;
  if (pattern.length === 3 && pattern[0] === MANY && pattern[2] === MANY && typeof inner === 'string') {
    return (text) => text.includes(inner);
  }
  const last = segments.length > 1 ? segments.at(-1) : undefined;
  const between = segments.slice(1, -1);
  return (whole) => {
    // With `?` by characters: one may be two units of UTF-16.
    const text = hasOne ? Array.from(whole) : whole;
    if (last === undefined) return text.length === first.length && isAt(text, first, 0);
    const end = text.length - last.length;
    let at = first.length;
    if (end < at || !isAt(text, first, 0) || !isAt(text, last, end)) return false;
    for (const part of between) {
      at = find(text, part, at, end);
      if (at < 0) return false;
      at += part.length;
    }
    return true;
  };
}

function isAt(text: ArrayLike<string>, part: Characters, at: number): boolean {
  if (typeof part === 'string') return (text as string).startsWith(part, at);
  for (let offset = 0; offset < part.length; offset += 1) {
    if (part[offset] !== ONE && part[offset] !== text[at + offset]) return false;
  }
  return true;
}

/** The first place from `from` on; -1: none that ends before `end`. */
function find(text: ArrayLike<string>, part: Characters, from: number, end: number): number {
  const last = end - part.length;
  let at = from;
  if (typeof part === 'string') at = (text as string).indexOf(part, from);
  else while (at <= last && !isAt(text, part, at)) at += 1;
  return at > last ? -1 : at;
}
