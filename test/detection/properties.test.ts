import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileCondition } from '../../src/detection/condition.ts';
import { compilePattern, patternOf } from '../../src/detection/pattern.ts';
import { parseRules } from '../../src/detection/sigma.ts';
import { testOf, yamlOf } from './rule-of.ts';

const letters = fc.constantFrom('a', 'b', '*', '?', '\\', '😀', '\n');
const words = fc.array(letters, { maxLength: 12 }).map((list) => list.join(''));

/** What a pattern means, by trying everything. */
function isLike(text: readonly string[], pattern: ReturnType<typeof patternOf>): boolean {
  const [piece, ...rest] = pattern;
  if (piece === undefined) return text.length === 0;
  if (piece === 0) return isLike(text, rest) || (text.length > 0 && isLike(text.slice(1), pattern));
  if (text.length === 0) return piece === '' && isLike(text, rest);
  if (piece === 1) return isLike(text.slice(1), rest);
  const [first = '', ...more] = Array.from(piece);
  return text[0] === first && isLike(text.slice(1), more.length === 0 ? rest : [more.join(''), ...rest]);
}

type Tree = { name: string } | { not: Tree } | { word: 'and' | 'or'; parts: Tree[] };

const NAMES = ['a', 'b', 'c', 'd'];
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.record({ name: fc.constantFrom(...NAMES) }),
    fc.record({ not: tie('tree') }),
    fc.record({
      word: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('tree'), { minLength: 2, maxLength: 4 }),
    }),
  ),
}));

/** With as few brackets as the strength of the words allows. */
function written(node: Tree, strength = 0): string {
  if ('name' in node) return node.name;
  if ('not' in node) return `not ${written(node.not, 2)}`;
  const own = node.word === 'or' ? 0 : 1;
  const text = node.parts.map((part) => written(part, own + 1)).join(` ${node.word} `);
  return own < strength ? `(${text})` : text;
}

function holds(node: Tree, names: ReadonlySet<string>): boolean {
  if ('name' in node) return names.has(node.name);
  if ('not' in node) return !holds(node.not, names);
  return node.word === 'and'
    ? node.parts.every((part) => holds(part, names))
    : node.parts.some((part) => holds(part, names));
}

describe('whatever is written', () => {
  it('patterns match as they do when everything is tried', () => {
    fc.assert(
      fc.property(words, words, (pattern, text) => {
        const pieces = patternOf(pattern);
        expect(compilePattern(pieces)(text)).toBe(isLike(Array.from(text), pieces));
      }),
      { numRuns: 2_000 },
    );
  });

  it('text with every special character escaped equals itself, and nothing else', () => {
    fc.assert(
      fc.property(words, words, (text, other) => {
        const test = compilePattern(patternOf(text.replaceAll(/[*?\\]/g, String.raw`\$&`)));
        expect([test(text), test(other)]).toEqual([true, text === other]);
      }),
    );
  });

  it('conditions hold as their brackets say', () => {
    fc.assert(
      fc.property(tree, fc.uniqueArray(fc.constantFrom(...NAMES)), (node, found) => {
        const names = new Set(found);
        const test = compileCondition(written(node), NAMES, (name) => () => names.has(name));
        expect(test({})).toBe(holds(node, names));
      }),
      { numRuns: 1_000 },
    );
  });

  it('text is read or refused with a place in it, and never throws', () => {
    const pieces = fc.constantFrom(
      'title: t\n',
      'logsource: {product: a}\n',
      'detection:\n',
      '  s:\n',
      '    f|contains: a\n',
      '    - b\n',
      '  condition: ',
      's\n',
      '1 of s*\n',
      'not ',
      '(',
      ')',
      '---\n',
      '*',
      '&a ',
      '!!x ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '|',
      '>',
      '"',
      "'",
      '\t',
      '#',
      'correlation:\n',
      '  type: event_count\n',
      '  rules: [a]\n',
      'filter:\n',
      '__proto__: ',
      '\0',
      '\uD800',
      '?',
      '- ',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 30 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseRules(text);
        const errors = parsed.ok ? [] : parsed.error;
        const lines = text.split(/\r\n|[\r\n]/);
        expect(parsed.ok ? parsed.value : errors).not.toEqual([]);
        expect(errors.filter(({ line, column }) => line > lines.length || line < 1 || column < 1)).toEqual(
          [],
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('conditions and selections are taken or refused, and never throw', () => {
    const token = fc.constantFrom(
      's',
      'S',
      '(',
      ')',
      'and',
      'or',
      'not',
      '1',
      'of',
      'all',
      'them',
      's*',
      '_x',
      'x',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), fc.jsonValue(), (tokens, selection) => {
        const yaml = yamlOf(JSON.stringify(selection), JSON.stringify(tokens.join(' ')));
        expect(typeof parseRules(yaml).ok).toBe('boolean');
      }),
      { numRuns: 1_000 },
    );
  });

  it('events are looked at without a throw', () => {
    const tests = [
      'word',
      '{a.b.c: x}',
      "{a: 'x*?y'}",
      '{a|fieldref: b}',
      '{a|gt: 5}',
      '{a|cidr: 10.0.0.0/8}',
      '{__proto__: null}',
    ];
    const compiled = tests.map((selection) => testOf(selection));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'a.b', '__proto__'), fc.jsonValue()), (event) => {
        for (const test of compiled) expect(typeof test(event)).toBe('boolean');
      }),
    );
  });
});
