/**
 * The words of a CQL query: as much of LogScale's grammar as docs/falcon uses. What it does not know it refuses.
 * Pure. Source: library.humio.com, "Query Language Syntax", read 2026-11.
 */

export interface Token {
  /** `word`: a name, a number or `*`. `text`: quoted, without its quotes. `mark`: an operator or a bracket. */
  readonly kind: 'word' | 'text' | 'regex' | 'mark';
  readonly text: string;
}

// In this order: a comment is no regular expression, `:=` and `!=` are one mark each, and `[0]` or `[]` right after a name belongs to it.
const PATTERNS = [
  ['blank', /\s+|\/\/[^\n]*|\/\*[^]*?\*\//y],
  ['text', /"(?:[^"\\]|\\.)*"/y],
  ['regex', /\/(?:[^/\\\n]|\\.)+\/[a-zA-Z]*/y],
  ['mark', /:=|!=|<=|>=|[=<>|!;,(){}]/y],
  ['word', /[@#A-Za-z_][\w.@-]*(?::[A-Za-z]+)?(?:\[\d*\][\w.]*)*|\d[\w.]*|\*/y],
  ['mark', /[[\]]/y],
] as const;

/** The tokens of a query, in their order; throws at what is not of the grammar. */
export function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const found = match(query, at);
    if (!found) throw new Error(`Cannot read the query at ${JSON.stringify(query.slice(at, at + 20))}`);
    const [kind, text] = found;
    at += text.length;
    if (kind !== 'blank') tokens.push({ kind, text: kind === 'text' ? text.slice(1, -1) : text });
  }
  return tokens;
}

function match(query: string, at: number): [(typeof PATTERNS)[number][0], string] | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(query)?.[0];
    if (text !== undefined) return [kind, text];
  }
  return undefined;
}
