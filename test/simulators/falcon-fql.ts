/**
 * Reads a filter in Falcon Query Language. Pure; what a filter matches is in `falcon-fql-match.ts`.
 * The escaping of quotes is not published: a value with a quote, a backslash or a control character is refused.
 * Source: falcon-mcp falcon_mcp/common/fql.py.
 */

export type FqlOperator = '=' | '>' | '>=' | '<' | '<=' | '~';

export interface FqlTerm {
  readonly field: string;
  readonly operator: FqlOperator;
  readonly isNegated: boolean;
  /** From `['…']`: the case counts and `*` is no wildcard. */
  readonly isExact: boolean;
  /** Any of them will do. */
  readonly values: readonly string[];
}

/** `+` binds more tightly than `,`. */
export type FqlFilter =
  | { readonly all: readonly FqlFilter[] }
  | { readonly any: readonly FqlFilter[] }
  | { readonly term: FqlTerm };

export type FqlRead = { readonly filter: FqlFilter } | { readonly fault: string };

/** Parentheses within parentheses; a guard of the parser's own recursion. */
const DEPTH_MAX = 20;

const FIELD = /[A-Za-z_][\w.]*/y;
const OPERATOR = />=|<=|>|<|~/y;
const QUOTED = /'([^'\\\p{Cc}]*)'/uy;
const BARE = /-?\d+(?:\.\d+)?\b|true\b|false\b/y;

class FqlError extends Error {}

/** The filter, or why it is refused. Empty text and a lone `*` match everything. */
export function parseFql(text: string): FqlRead {
  if (text.trim() === '' || text.trim() === '*') return { filter: { all: [] } };
  try {
    return { filter: new FqlParser(text.trim()).whole() };
  } catch (error) {
    if (error instanceof FqlError) return { fault: error.message };
    throw error;
  }
}

/** Every term of a filter. */
export function termsOf(filter: FqlFilter): FqlTerm[] {
  if ('term' in filter) return [filter.term];
  return ('all' in filter ? filter.all : filter.any).flatMap(termsOf);
}

class FqlParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): FqlFilter {
    const filter = this.#any();
    if (this.#at < this.#text.length) throw this.#error('expected + or ,');
    return filter;
  }

  #any(): FqlFilter {
    const parts = [this.#all()];
    while (this.#takes(',')) parts.push(this.#all());
    return { any: parts };
  }

  #all(): FqlFilter {
    const parts = [this.#part()];
    while (this.#takes('+')) parts.push(this.#part());
    return { all: parts };
  }

  #part(): FqlFilter {
    if (!this.#takes('(')) return { term: this.#term() };
    if (++this.#depth > DEPTH_MAX) throw this.#error('too many parentheses');
    const filter = this.#any();
    if (!this.#takes(')')) throw this.#error('expected )');
    this.#depth -= 1;
    return filter;
  }

  #term(): FqlTerm {
    const field = this.#match(FIELD)?.[0];
    if (field === undefined || !this.#takes(':')) throw this.#error('expected field:value');
    const isNegated = this.#takes('!');
    const operator = (this.#match(OPERATOR)?.[0] ?? '=') as FqlOperator;
    if (!this.#takes('[')) {
      return { field, operator, isNegated, isExact: false, values: [this.#value()] };
    }
    const values = [this.#value()];
    while (this.#takes(',')) values.push(this.#value());
    if (!this.#takes(']')) throw this.#error('expected ]');
    return { field, operator, isNegated, isExact: true, values };
  }

  #value(): string {
    const value = this.#match(QUOTED)?.[1] ?? this.#match(BARE)?.[0];
    if (value === undefined) throw this.#error('expected a value in single quotes');
    return value;
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    if (match !== undefined) this.#at = pattern.lastIndex;
    return match;
  }

  #error(what: string): FqlError {
    return new FqlError(`invalid filter at character ${this.#at}: ${what}`);
  }
}
