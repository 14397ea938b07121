import { describe, expect, it } from 'vitest';

import { compilePattern, patternOf } from '../../src/detection/pattern.ts';
import { compileRule, parseRules } from '../../src/detection/sigma.ts';
import { errorsOf, ruleOf, testOf, yamlOf } from './rule-of.ts';

/** Text that counts the steps that are made in it. */
class CountedText extends String {
  steps = 0;
  override startsWith(part: string, at?: number): boolean {
    this.steps += part.length;
    return super.startsWith(part, at);
  }
  override indexOf(part: string, from = 0): number {
    const at = super.indexOf(part, from);
    this.steps += (at < 0 ? this.length : at + part.length) - from;
    return at;
  }
}

/** A bound far above what is needed on any machine, and far below what a bad algorithm takes. */
const GENEROUS_MS = 2_000;

function timeOf(run: () => unknown): number {
  const startedAtMs = performance.now();
  run();
  return performance.now() - startedAtMs;
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'needle';
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

describe('hostile events', () => {
  it('nested deeper than calls may be are searched to the bottom', () => {
    const deep = { m: nested(100_000, (inner) => ({ inner })), f: nested(100_000, (inner) => [inner]) };
    expect(testOf('needle')(deep)).toBe(true);
    expect(testOf('{f: needle}')(deep)).toBe(true);
    expect(testOf('{f.g: needle}')(deep)).toBe(false);
  });

  it('cannot reach what every object has', () => {
    const event = JSON.parse('{"__proto__": {"admin": "yes"}, "constructor": "mine"}') as Record<
      string,
      unknown
    >;
    expect(testOf('{__proto__.admin: yes}')(event)).toBe(true);
    expect(testOf('{admin: yes}')(event)).toBe(false);
    expect(testOf('{constructor: mine}')(event)).toBe(true);
    expect(testOf('{constructor.name|exists: true}')({})).toBe(false);
  });
});

describe('hostile rules', () => {
  it('with many wildcards look at every character a few times at most', () => {
    const text = new CountedText('a'.repeat(10_000));
    const test = compilePattern(patternOf(`${'*a'.repeat(2_000)}*b`));
    expect(test(text as unknown as string)).toBe(false);
    expect(text.steps).toBeLessThan(30_000);
  });

  it('with long segments of ? are refused', () => {
    const [error] = errorsOf(yamlOf(`{f: ['${'a?'.repeat(4_000)}', '${'b?'.repeat(4_000)}']}`));
    expect(error?.message).toContain('too many values and wildcards');
  });

  it('of ten thousand alternatives are looked up at once', () => {
    const lists = Array.from({ length: 10 }, (_, list) =>
      Array.from({ length: 900 }, (_each, at) => `v${list}${at}`).join(','),
    );
    const rule = ruleOf(yamlOf(`[${lists.map((list) => `{f: [${list}]}`).join(', ')}]`));
    const test = compileRule(rule);
    expect(test({ f: 'V9899' })).toBe(true);
    expect(test({ f: 'v9900' })).toBe(false);
    expect(
      timeOf(() => {
        for (let n = 0; n < 1_000; n += 1) test({ f: 'nothing' });
      }),
    ).toBeLessThan(GENEROUS_MS);
  });

  it('of more alternatives than that are refused', () => {
    const list = `{f|contains: [${'a,'.repeat(999)}]}`;
    expect(errorsOf(yamlOf(`[${Array.from({ length: 12 }, () => list).join(', ')}]`))[0]?.message).toContain(
      'split it',
    );
  });

  it('that name a selection many times look at it once', () => {
    let reads = 0;
    const event = {
      get f() {
        reads += 1;
        return 'b';
      },
    };
    const test = testOf('{f: a}', Array.from({ length: 3_000 }, () => 's').join(' or '));
    expect([test(event), reads]).toEqual([false, 1]);
  });

  it.each([
    ['not', 'not '.repeat(15_000)],
    ['open brackets', '('.repeat(60_000)],
    ['patterns', '1 of s* or '.repeat(5_000)],
    ['unknown names', 'x or '.repeat(12_000)],
    ['quoted brackets', `"${'('.repeat(30_000)}"`],
  ])('with a condition of %s are read or refused in no time', (_what, condition) => {
    expect(timeOf(() => parseRules(yamlOf('{f: a}', `${condition} s`)))).toBeLessThan(GENEROUS_MS);
  });

  it.each([
    [
      'selections',
      `detection:\n${Array.from({ length: 4_000 }, (_, n) => `  s${n}: {f: a}\n`).join('')}  condition: 1 of s*\n`,
    ],
    [
      'unknown modifiers',
      `detection:\n  s:\n${Array.from({ length: 3_000 }, (_, n) => `    f|m${n}: a\n`).join('')}  condition: s\n`,
    ],
    ['dots', `detection:\n  s: {${'.'.repeat(60_000)}: a}\n  condition: s\n`],
    ['modifiers', `detection:\n  s: {f${'|all'.repeat(15_000)}: a}\n  condition: s\n`],
    ['dashes', `detection:\n  s: {f|windash: '${' -a'.repeat(20_000)}'}\n  condition: s\n`],
    ['backslashes', `detection:\n  s: {f: '${'\\'.repeat(60_000)}'}\n  condition: s\n`],
    ['documents', '---\na: b\n'.repeat(7_000)],
    ['nothing', '---\n'.repeat(16_000)],
    ['brackets', `a: ${'['.repeat(60_000)}`],
  ])('of many %s are read or refused in no time', (_what, lines) => {
    expect(timeOf(() => parseRules(`title: t\nlogsource: {product: a}\n${lines}`))).toBeLessThan(GENEROUS_MS);
  });
});
