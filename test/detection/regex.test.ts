import { array, assert, boolean, constantFrom, letrec, oneof, property, record, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkRegex } from '../../src/detection/check-regex.ts';
import { wordsOf } from '../../src/detection/fault-words.ts';
import { Fault } from '../../src/detection/fault.ts';
import { compileRegex } from '../../src/detection/regex.ts';
import type { RegexFlags } from '../../src/detection/regex-parse.ts';

function compiled(pattern: string, flags: RegexFlags = {}): (text: string) => boolean {
  checkRegex(pattern, flags);
  return compileRegex(pattern, flags);
}

function refusal(pattern: string, flags: RegexFlags = {}): string {
  try {
    checkRegex(pattern, flags);
  } catch (error) {
    if (error instanceof Fault) return wordsOf(error).words;
    throw error;
  }
  return `${pattern} is not refused`;
}

/** Of several runs, as the machine has other work, too. */
function bestMs(run: () => void): number {
  const runs = Array.from({ length: 20 }, () => {
    const startMs = performance.now();
    run();
    return performance.now() - startMs;
  });
  return Math.min(...runs);
}

/** The same each time, and of no pattern. */
function noise(letters: string, length: number): string {
  let seed = 12_345;
  return Array.from({ length }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return letters[Math.floor((seed / 2 ** 31) * letters.length)];
  }).join('');
}

const LEAVES = [
  'a',
  'b',
  'A',
  'k',
  'é',
  'É',
  'ſ',
  'K',
  'Σ',
  'ς',
  'σ',
  '_',
  '-',
  '0',
  '\\n',
  '.',
  '\\.',
  '\\/',
  '}',
  ']',
  '{',
  '{a',
  '\\d',
  '\\D',
  '\\w',
  '\\W',
  '\\s',
  '\\S',
  '\\x41',
  '\\u00e9',
  '\\t',
  '[a-c]',
  '[^a-c]',
  '[\\w-.]',
  '[^\\d\\n]',
  '[a\\-c]',
  '[-a]',
  '[a-]',
  '[\\b]',
  '[\\D]',
  '[À-þ]',
  '[^é]',
  '[\\]]',
  '[^-\\W]',
  '[α-ω]',
];
const ASSERTIONS = ['^', '$', '\\b', '\\B'];
const QUANTIFIERS = ['', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?', '{1,2}?'];
const patterns = letrec<{ part: string; pattern: string }>((tie) => ({
  part: oneof(
    { maxDepth: 3, depthIdentifier: 'p' },
    {
      weight: 6,
      arbitrary: tuple(constantFrom(...LEAVES), constantFrom(...QUANTIFIERS)).map(joined),
    },
    { weight: 1, arbitrary: constantFrom(...ASSERTIONS) },
    {
      weight: 2,
      arbitrary: tuple(constantFrom('(', '(?:'), tie('pattern'), constantFrom(...QUANTIFIERS)).map(
        ([open, inner, quantifier]) => `${open}${inner})${quantifier}`,
      ),
    },
  ),
  pattern: array(array(tie('part'), { maxLength: 3 }).map(joined), { minLength: 1, maxLength: 3 }).map(
    (options) => options.join('|'),
  ),
})).pattern;

function joined(parts: readonly string[]): string {
  return parts.join('');
}

const texts = array(constantFrom(...'aabbAckKéÉſKΣςσ_-0. \n\r\u2028/]{}\t\b😀'.split('')), {
  maxLength: 8,
}).map(joined);
const flagSets = record({ i: boolean(), m: boolean(), s: boolean() });

function oracle(pattern: string, { i, m, s }: RegexFlags): RegExp {
  return new RegExp(pattern, `${i ? 'i' : ''}${m ? 'm' : ''}${s ? 's' : ''}`);
}

describe('compileRegex', () => {
  it('finds what JavaScript finds, in any pattern, text and flags', () => {
    assert(
      property(patterns, flagSets, array(texts, { minLength: 1, maxLength: 6 }), (pattern, flags, some) => {
        const found = some.map(compiled(pattern, flags));
        expect(found).toEqual(some.map((text) => oracle(pattern, flags).test(text)));
      }),
      // A fixed seed: of some patterns JavaScript itself takes minutes.
      { numRuns: 2000, seed: 20_261_122 },
    );
  });

  it('knows the case of each code unit as JavaScript does', () => {
    const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    for (const pattern of ['[k-sµ-þ]', 'σ', '[^é-ü]', '[Ā-ſ]', 'ß', 'İ', 'K', '\\w', '[\\u0000-\\uffff]']) {
      const finds = compiled(pattern, { i: true });
      const known = oracle(pattern, { i: true });
      expect(units.filter((unit) => finds(unit) !== known.test(unit))).toEqual([]);
    }
  });

  it.each([
    ['(?i)mimikatz', 'run MimiKatz.exe', true],
    ['(?is)a.B', 'A\nb', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^b$', 'a\nb\nc', false],
    ['secret$', 'secret\n', false],
    ['', '', true],
    ['a{3}', 'aa', false],
    ['a{2,}b', 'aaab', true],
    ['x{0}y', 'y', true],
    ['(){1000}a', 'a', true],
    ['((((){1000}){1000}){1000}){1000}', '', true],
    ['\\\\\\[\\(\\)\\]', 'a\\[()]', true],
    ['[A-Za-z0-9+/]{200,}={0,2}', 'QUJD'.repeat(60), true],
    ['^.$', '😀', false],
  ])('%s in %j: %j', (pattern, text, isFound) => {
    expect(compiled(pattern)(text)).toBe(isFound);
  });

  it.each([
    ['(a)\\1', /\\1 is not supported, nor are back-references/],
    ['(?<a>b)\\k<a>', /\\k is not supported/],
    ['\\p{L}', /\\p is not supported/],
    ['\\Aa\\z', /\\A is not supported/],
    ['\\\\\\A', /\\A is not supported/],
    ['\\0', /\\0 is not supported/],
    ['\\X41', /\\X is not supported/],
    ['\\xZZ', /\\x is not supported/],
    ['\\u12', /\\u is not supported/],
    ['\\u{41}', /\\u is not supported/],
    ['[\\Z]', /\\Z is not supported/],
    ['a(?=b)', /look-around is not supported/],
    ['a(?!b)', /look-around is not supported/],
    ['(?<=a)b', /look-around is not supported/],
    ['(?<!a)b', /look-around is not supported/],
    ['(?<name>a)', /only \(\?:…\)/],
    ['(?i:a)', /only \(\?:…\)/],
    ['(?P<name>a)', /Invalid group/],
    ['(?>a)', /Invalid group/],
    ['a(?i)b', /Invalid group/],
    ['(?x)a', /Invalid group/],
    ['a++', /Nothing to repeat/],
    ['a{2}+', /Nothing to repeat/],
    ['a**', /Nothing to repeat/],
    ['*a', /Nothing to repeat/],
    ['(+a)', /Nothing to repeat/],
    ['a|{2}', /Nothing to repeat/],
    ['^*', /Nothing to repeat/],
    ['\\b+', /Nothing to repeat/],
    ['a{3,2}', /numbers out of order/],
    ['a{,2}', /written \{0,n\}/],
    ['[b-a]', /Range out of order/],
    ['[abc', /Unterminated character class/],
    ['[]', /no \[\], \[: or/],
    ['[^]a]', /no \[\], \[: or/],
    ['[[:alpha:]]', /no \[\], \[: or/],
    ['[a\\B]', /no \[\], \[: or/],
    ['(a', /Unterminated group/],
    ['a)', /Unmatched/],
    ['a\\', /\\ at end/],
    ['a{513}', /at most 512 steps/],
    ['((a{100}){100}){100}', /at most 512 steps/],
    ['(a|){99999999999}', /at most 512 steps/],
    ['a'.repeat(513), /at most 512 characters/],
    [Array.from({ length: 10_000 }, (_, n) => `w${n}`).join('|'), /at most 512 characters/],
    [
      Array.from({ length: 33 }, (_, n) => `[a-${String.fromCharCode(98 + n)}]`).join(''),
      /at most 32 different/,
    ],
  ])('refuses %.20s with a sentence', (pattern, sentence) => {
    expect(refusal(pattern)).toMatch(sentence);
  });

  it('reads the first 4,096 characters of a text, and takes the cut for no end', () => {
    expect(compiled('x')(`${'a'.repeat(4095)}x`)).toBe(true);
    expect(compiled('x$')(`${'a'.repeat(4095)}x`)).toBe(true);
    expect(compiled('x')(`${'a'.repeat(4096)}x`)).toBe(false);
    expect(compiled('a$')('a'.repeat(5000))).toBe(false);
  });

  it('answers the same when its memory is full, and text after text', () => {
    const pattern = '(?:a|b)*a(?:a|bc?){30}c';
    const finds = compiled(pattern);
    const known = oracle(pattern, {});
    const parts = Array.from({ length: 40 }, (_, n) =>
      noise('aabc', 2000 + n).slice(n * 40, n * 40 + 60 + n * 3),
    );
    const both = [...parts, noise('ab', 3000), `${noise('ab', 60)}c`, ...parts];
    expect(both.map(finds)).toEqual(both.map((text) => known.test(text)));
    expect(new Set(both.map(finds)).size).toBe(2);
  });

  it.each(['(a+)+$', '(a|aa)*b', '(?:a|b|ab|ba)*a(?:a|b){12}c', '(?:.*.*)*x'])(
    'takes about twice the time for twice the text: %s',
    (pattern) => {
      const finds = compiled(pattern);
      const [half, whole] = [2048, 4096].map((length) => bestMs(() => finds(noise('ab', length))));
      // Square time would be four times as much; the clock is coarse for what is quick.
      expect(whole).toBeLessThan(3 * (half ?? 0) + 0.5);
    },
  );

  it('takes a bounded time for what makes RegExp take for ever', () => {
    const hostile: [string, string][] = [
      ['(a+)+$', `${'a'.repeat(4095)}!`],
      ['(a|aa)*b', 'a'.repeat(4096)],
      ['(?:.*.*)*.*.*x', 'a'.repeat(4096)],
      ['(a{1,15}){1,15}$', `${'a'.repeat(4095)}!`],
      ['a.{490}c', noise('ab', 4096)],
      ['(?:a|b|ab|ba)*a(?:a|b){100}c', noise('ab', 4096)],
      ['(?:ab?.|ba?.){30}c', noise('ab', 4096)],
      ['(?:a?){120}(?:a){120}$', noise('aaaaaaaaaaab', 4096)],
      [
        Array.from({ length: 120 }, (_, n) => `w${n}`)
          .join('|')
          .slice(0, 500),
        noise('w123456', 4096),
      ],
    ];
    const runsMs = hostile.map(([pattern, text]) => {
      const finds = compiled(pattern);
      return bestMs(() => finds(text));
    });
    expect(Math.max(...runsMs)).toBeLessThan(5);
  });
});
