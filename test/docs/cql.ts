/**
 * Which fields a CQL query reads and makes, step by step, and which of them do not exist where it reads them.
 * It runs no query: what a function does to values is not its business. Pure.
 */

import { FUNCTIONS, type FunctionShape, type Role } from './cql-functions.ts';
import { type Token, tokensOf } from './cql-tokens.ts';

/** One step of a pipeline, from one `|` to the next. */
export interface Step {
  readonly reads: readonly string[];
  readonly makes: readonly string[];
  /** Only what it reads and makes is left after it. */
  readonly isAggregate: boolean;
}

type Value =
  | { readonly kind: 'word' | 'text' | 'plain'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'call'; readonly step: Step };

const NOTHING: Step = { reads: [], makes: [], isAggregate: false };
const COMPARISONS = new Set(['=', '!=', '<', '>', '<=', '>=']);
/** Between conditions; they name no field. */
const CONNECTIVES = new Set(['and', 'or', 'not', '*']);

/** The steps of a query; throws for what it can't read, and for functions and parameters that are not known. */
export function stepsOf(query: string): Step[] {
  const reader = new Reader(tokensOf(query));
  const steps = reader.pipeline();
  reader.expectEnd();
  return steps;
}

/** The fields that a query reads where they do not exist, each once. `[0]` and `[]` of an array are the same field. */
export function missingFields(query: string, existing: Iterable<string>): string[] {
  let known = new Set([...existing].map(arrayName));
  const missing = new Set<string>();
  for (const { reads, makes, isAggregate } of stepsOf(query)) {
    for (const field of reads) if (!known.has(arrayName(field))) missing.add(field);
    const made = makes.map(arrayName);
    known = isAggregate ? new Set([...reads.map(arrayName), ...made]) : new Set([...known, ...made]);
  }
  return [...missing];
}

/** A field's name without the numbers of its elements: `a[0].b` is `a[].b`. */
export function arrayName(field: string): string {
  return field.replaceAll(/\[\d+\]/g, '[]');
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  pipeline(): Step[] {
    const steps = [this.#step()];
    while (this.#take('|')) steps.push(this.#step());
    return steps;
  }

  expectEnd(): void {
    const token = this.#tokens[this.#at];
    if (token) throw new Error(`Cannot read the query from ${token.text} on`);
  }

  #step(): Step {
    const clauses: Step[] = [];
    while (!this.#isAtEndOfStep()) clauses.push(this.#clause());
    if (clauses.length === 0) throw new Error('A step of the query is empty');
    return merged(clauses);
  }

  #isAtEndOfStep(): boolean {
    const token = this.#tokens[this.#at];
    return !token || (token.kind === 'mark' && ['|', ';', '}', ')'].includes(token.text));
  }

  #clause(): Step {
    if (this.#take('!')) return this.#clause();
    if (this.#take('(')) {
      const inner = inTurn(this.pipeline());
      this.#expect(')');
      return inner;
    }
    const { kind, text } = this.#next();
    if (kind === 'word' && text === 'case' && this.#take('{')) return this.#cases();
    if (kind === 'word' && this.#take('(')) return this.#call(text);
    if (kind !== 'word' && kind !== 'text') throw new Error(`Cannot read ${text} here`);
    if (this.#take(':=')) {
      return { ...NOTHING, reads: fieldsOf(this.#value(), 'expressions'), makes: [text] };
    }
    const operator = this.#tokens[this.#at];
    if (operator?.kind === 'mark' && COMPARISONS.has(operator.text)) {
      this.#at += 1;
      const value = this.#next();
      if (value.kind === 'mark') throw new Error(`Cannot compare ${text} with ${value.text}`);
      return { ...NOTHING, reads: [text] };
    }
    if (kind === 'word' && CONNECTIVES.has(text)) return NOTHING;
    throw new Error(`${text} is neither compared nor called: free text is not read`);
  }

  /** The branches after `case {`. A field that one of them makes counts as made. */
  #cases(): Step {
    const branches = [inTurn(this.pipeline())];
    while (this.#take(';')) branches.push(inTurn(this.pipeline()));
    this.#expect('}');
    return merged(branches);
  }

  #call(name: string): Step {
    const shape = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!shape) throw new Error(`${name}() is no function that is known here`);
    const read: Step[] = [];
    let makes = shape.makes === undefined ? [] : [shape.makes];
    while (!this.#take(')')) {
      const role = this.#role(name, shape);
      read.push(stepOf(this.#value(), role));
      if (role === 'makes' || role === 'functions') makes = [];
      if (!this.#take(',') && this.#tokens[this.#at]?.text !== ')') throw new Error(`Cannot read ${name}()`);
    }
    const { reads, makes: named } = merged(read);
    return { reads, makes: [...makes, ...named], isAggregate: shape.isAggregate ?? false };
  }

  /** What the next argument holds, by its name, or as the one whose name may be left out. */
  #role(name: string, shape: FunctionShape): Role {
    const [word, equals] = this.#tokens.slice(this.#at, this.#at + 2);
    const isNamed = word?.kind === 'word' && equals?.text === '=';
    if (isNamed) this.#at += 2;
    const parameter = isNamed ? word.text : shape.first;
    const role = parameter === undefined ? undefined : shape.parameters[parameter];
    if (role === undefined) throw new Error(`${name}() has no parameter ${parameter ?? 'without a name'}`);
    return role;
  }

  #value(): Value {
    if (this.#take('[')) {
      const items: Value[] = [];
      while (!this.#take(']')) {
        items.push(this.#value());
        this.#take(',');
      }
      return { kind: 'list', items };
    }
    const { kind, text } = this.#next();
    if (kind === 'word' && this.#take('(')) return { kind: 'call', step: this.#call(text) };
    if (kind === 'mark') throw new Error(`Cannot read ${text} as a value`);
    return { kind: kind === 'regex' || /^\d/.test(text) ? 'plain' : kind, text };
  }

  #next(): Token {
    const token = this.#tokens[this.#at];
    if (!token) throw new Error('The query ends too early');
    this.#at += 1;
    return token;
  }

  #take(mark: string): boolean {
    const token = this.#tokens[this.#at];
    const isThere = token?.kind === 'mark' && token.text === mark;
    if (isThere) this.#at += 1;
    return isThere;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw new Error(`Expected ${mark}`);
  }
}

function stepOf(value: Value, role: Role): Step {
  if (role === 'makes') return { ...NOTHING, makes: fieldsOf(value, 'fields') };
  if (role === 'functions') return merged(callsOf(value));
  return role === 'plain' ? NOTHING : { ...NOTHING, reads: fieldsOf(value, role) };
}

function fieldsOf(value: Value, role: 'fields' | 'expressions'): string[] {
  switch (value.kind) {
    case 'list':
      return value.items.flatMap((item) => fieldsOf(item, role));
    case 'call':
      return [...value.step.reads];
    case 'word':
      return [value.text];
    case 'text':
      return role === 'fields' ? [value.text] : [];
    default:
      return [];
  }
}

function callsOf(value: Value): Step[] {
  if (value.kind === 'call') return [value.step];
  if (value.kind === 'list') return value.items.flatMap(callsOf);
  throw new Error('A function is expected');
}

function merged(steps: readonly Step[]): Step {
  return {
    reads: steps.flatMap(({ reads }) => reads),
    makes: steps.flatMap(({ makes }) => makes),
    isAggregate: steps.some(({ isAggregate }) => isAggregate),
  };
}

/** Steps one after the other as one: it reads what none of those before has made. */
function inTurn(steps: readonly Step[]): Step {
  const reads = steps.flatMap((step, i) => {
    const made = new Set(steps.slice(0, i).flatMap(({ makes }) => makes));
    return step.reads.filter((field) => !made.has(field));
  });
  return { ...merged(steps), reads };
}
