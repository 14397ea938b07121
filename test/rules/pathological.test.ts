import { describe, expect, it } from 'vitest';

import { compileRules } from '../../src/rules/evaluate.ts';
import { parseCustom } from '../../src/rules/parse-custom.ts';
import { Lab, correlationRule, eventAt, faultsOf, plainRule, rulesOf } from './lab.ts';

/** Far above what is needed on any machine, and far below what a bad algorithm takes. */
const GENEROUS_MS = 2_000;
const COUNT = 'type: event_count, timespan: 1h, group-by: [user_id]';

function timeOf(run: () => unknown): number {
  const startedAtMs = performance.now();
  run();
  return performance.now() - startedAtMs;
}

function ruleOn(name: string, field: string, values: readonly string[]): string {
  const list = values.map((value) => `      - '${value}'`).join('\n');
  return plainRule(name).replace('event.type: interaction.policy_violated', `${field}:\n${list}`);
}

/** Patterns whose automaton has a state for each text. */
function wide(steps: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `(a|b)*a(a|b){${steps}}c${n}`);
}

function refusals(text: string): readonly string[] {
  const parsed = parseCustom([text]);
  return parsed.ok ? [] : parsed.error.map(({ message }) => message);
}

function messages(...args: Parameters<typeof faultsOf>): readonly string[] {
  return faultsOf(...args).map(({ path, message }) => `${path}: ${message}`);
}

describe('rules that would take too long', () => {
  it('of many regular expressions, of ? in many places, of many wildcards are refused', () => {
    const tooMany = expect.stringContaining('too many values and wildcards');
    expect(refusals(ruleOn('one', 'policy_name|re', wide(200, 1)))).toEqual([]);
    expect(refusals(ruleOn('many', 'policy_name|re', wide(200, 30)))).toContainEqual(tooMany);
    expect(refusals(ruleOn('small', 'policy_name|re', wide(5, 500)))).toContainEqual(tooMany);
    const places = Array.from({ length: 48 }, (_, n) => `${'a?'.repeat(100)}c${n}`);
    expect(refusals(ruleOn('places', 'policy_name|contains', places))).toContainEqual(tooMany);
    const stars = Array.from({ length: 900 }, (_, n) => `${'a*'.repeat(20)}b${n}`);
    expect(refusals(ruleOn('stars', 'policy_name', stars))).toContainEqual(tooMany);
  });

  it('are refused where an override makes them so, in words', () => {
    const list = `${ruleOn('mine', 'policy_name|re', ['x'])}relay: {lists: {words: selection.policy_name}}\n`;
    const of = (words: string[]) => ({ custom: [list], overrides: { mine: { lists: { words } } } });
    expect(messages(of(wide(100, 2)))).toEqual([]);
    expect(messages(of(wide(200, 100)))).toEqual([
      'rules.overrides.mine: "Rule mine": The rule has too many values and wildcards: split it.',
    ]);
    const bound = list.replace('policy_name|re', 'risk_score|gt').replace("'x'", '0.5');
    expect(
      messages({
        custom: [bound.replace('.policy_name', '.risk_score')],
        overrides: { mine: { lists: { words: ['a lot'] } } },
      }),
    ).toEqual(['rules.overrides.mine: "Rule mine": "a lot" must be a number, without quotes.']);
  });

  it('are refused where each is right, and all of them are too much', () => {
    const custom = Array.from({ length: 20 }, (_, n) => ruleOn(`r${n}`, 'policy_name|re', wide(100, 4)));
    expect(messages({ custom: custom.slice(0, 5) })).toEqual([]);
    expect(messages({ custom })).toEqual([
      expect.stringMatching(/^rules: has rules that look at \d+ values/),
    ]);
  });

  it('of a hundred filters are refused at once', () => {
    const filters = Array.from(
      { length: 90 },
      (_, n) =>
        `title: F${n}\nlogsource: {product: noxys}\nfilter: {rules: [base], f: {user_id: u${n}}, condition: not f}\n`,
    );
    const custom = [plainRule('base'), filters.join('---\n')];
    expect(messages({ custom })).toEqual([
      'rules.custom[0]: line 1, column 1: "Rule base" has 90 filters: at most 10',
    ]);
    const fits = [plainRule('base'), filters.slice(0, 10).join('---\n')];
    const lab = new Lab(rulesOf({ custom: fits }));
    expect(lab.names(eventAt(0, { user: { id: 'u9' } }))).toEqual([]);
    expect(lab.names(eventAt(0, { user: { id: 'u10' } }))).toEqual(['base']);
  });

  it('are put to work at once where correlations refer to correlations that refer to correlations', () => {
    const chain = Array.from({ length: 60 }, (_, n) => {
      const before = Array.from({ length: n }, (_each, at) => `c${at}`).join(', ');
      return correlationRule(`c${n}`, `{${COUNT}, rules: [${before || 'base'}], condition: {gte: 1}}`);
    });
    const custom = [plainRule('base'), chain.join('---\n')];
    expect(timeOf(() => compileRules(rulesOf({ custom })))).toBeLessThan(GENEROUS_MS);
  });

  it('are told of at once, however long their names are', () => {
    const long = 'a'.repeat(60_000);
    const names = Array.from({ length: 50 }, (_, n) => `  ${'s'.repeat(1_000)}${n}: {type: x}`).join('\n');
    const unknown = Array.from({ length: 100 }, () => `    - ${'s'.repeat(100)}`).join('\n');
    const conditions = `title: T\nlogsource: {product: noxys}\ndetection:\n${names}\n  condition:\n${unknown}\n`;
    for (const text of [ruleOn('one', long, ['x']), conditions]) {
      expect(timeOf(() => expect(refusals(text)).not.toEqual([]))).toBeLessThan(GENEROUS_MS);
    }
  });

  it('expand no text before it is counted', () => {
    const dashes = Array.from({ length: 900 }, (_, n) => `-a -b -c -d x${n}`);
    const text = ruleOn('dashes', 'policy_name|windash', dashes);
    expect(timeOf(() => expect(refusals(text)).toHaveLength(100))).toBeLessThan(GENEROUS_MS);
  });
});

describe('correlations of many rules', () => {
  it('are refused where one event after the other is looked for, however the rules are called', () => {
    const of = (rules: readonly string[], type = 'temporal_ordered') =>
      refusals(correlationRule('c', `{type: ${type}, rules: [${rules.join(', ')}], timespan: 1h}`));
    const names = Array.from({ length: 11 }, (_, n) => `r${n}`);
    const tooMany = [expect.stringContaining('temporal_ordered takes at most 10 rules: this has 11')];
    expect(of(names)).toEqual(tooMany);
    expect(of(['a', ...Array<string>(10).fill('b')])).toEqual(tooMany);
    expect(of(names.slice(1))).toEqual([]);
    expect(of(names, 'temporal')).toEqual([]);
  });

  it('count an event once for a window, in the time that one takes', () => {
    const names = Array.from({ length: 20 }, (_, n) => `r${n}`);
    const many = [...names, ...Array<string>(900).fill('r1')].join(', ');
    const count = `{${COUNT}, rules: [${many}], condition: {gte: 400}}`;
    const lab = new Lab(
      rulesOf({ custom: [...names.map((name) => plainRule(name)), correlationRule('c', count)] }),
    );
    let fired = 0;
    const tookMs = timeOf(() => {
      for (let n = 0; n < 400; n++) fired += lab.names(eventAt(n / 10)).length;
    });
    expect(fired).toBe(1);
    expect(tookMs).toBeLessThan(GENEROUS_MS);
  });
});

describe('correlations that would never fire, or always', () => {
  it('are refused where they count to more than a window holds', () => {
    const of = (condition: string) =>
      correlationRule('c', `{${COUNT}, rules: [base], condition: ${condition}}`);
    expect(refusals(of('{gt: 9999}'))).toEqual([]);
    expect(refusals(of('{gt: 5, lte: 20000}'))).toEqual([]);
    expect(refusals(of('{gt: 10000}'))).toEqual([expect.stringContaining('a window counts 10000 at most')]);
    const custom = [plainRule('base'), of('{gt: 5}')];
    expect(messages({ custom, overrides: { c: { threshold: 20_000 } } })).toEqual([
      'rules.overrides.c.threshold: a window counts 10000 at most, so this would never fire',
    ]);
  });

  it('are refused where they add risk scores up to more than a window keeps of them', () => {
    const of = (condition: string, field = 'risk_score') =>
      correlationRule(
        'c',
        `{type: value_sum, timespan: 1h, group-by: [user_id], rules: [base], condition: {field: ${field}, ${condition}}}`,
      );
    expect(refusals(of('gte: 500'))).toEqual([]);
    expect(refusals(of('gt: 600', 'classification_count'))).toEqual([]);
    for (const condition of ['gt: 500', 'gte: 500.5', 'gt: 600'])
      expect(refusals(of(condition))).toEqual([expect.stringContaining('a window keeps 500 events')]);
    const custom = [plainRule('base'), of('gt: 5')];
    expect(messages({ custom, overrides: { c: { threshold: 600 } } })).toEqual([
      expect.stringMatching(/^rules.overrides.c.threshold: a window keeps 500 events/),
    ]);
  });

  it('are refused where an alias leaves one of the rules out', () => {
    const of = (alias: string) =>
      correlationRule(
        'c',
        `{type: temporal, rules: [a, b], timespan: 1h, group-by: [who], aliases: {who: ${alias}}}`,
      );
    expect(refusals(of('{a: user_id, b: user_id}'))).toEqual([]);
    expect(refusals(of('{a: user_id}'))).toEqual([expect.stringContaining('which field it is of b, too')]);
  });

  it('are refused where one rule is named twice, as two', () => {
    const id = '6a1f0f4e-3c5b-4f0d-9a51-0c1b8b0b7a52';
    const base = plainRule('base').replace('name: base\n', `name: base\nid: ${id}\n`);
    const custom = [base, correlationRule('c', `{type: temporal, rules: [base, ${id}], timespan: 1h}`)];
    expect(messages({ custom })).toEqual([
      `rules.custom[1]: line 1, column 1: "Correlation c" refers to one rule as base and as ${id}: use one of them`,
    ]);
  });

  it('are found by a UUID in whatever case it is written', () => {
    const id = '6a1f0f4e-3c5b-4f0d-9a51-0c1b8b0b7a52';
    const upper = id.toUpperCase();
    const base = (written: string) =>
      plainRule('base').replace('name: base\n', `name: base\nid: ${written}\n`);
    const count = `{${COUNT}, rules: [${upper}], condition: {gte: 1}}`;
    const custom = [base(id), correlationRule('c', count)];
    expect(messages({ custom })).toEqual([]);
    expect(messages({ custom: [base(upper), correlationRule('c', count.replace(upper, id))] })).toEqual([]);
    expect(messages({ custom, overrides: { [upper]: { dry_run: true } } })).toEqual([]);
    expect(new Lab(rulesOf({ custom })).names(eventAt(0))).toEqual(['c']);
    const other = base(upper).replace('name: base\n', 'name: other\n');
    expect(messages({ custom: [base(id), other] })).toEqual([
      expect.stringContaining(`has the id or name ${id}, as "Rule base"`),
    ]);
    const alias = `{type: temporal, rules: [${upper}, two], timespan: 1h, group-by: [who], aliases: {who: {${upper}: user_id, two: user_id}}}`;
    expect(messages({ custom: [base(id), plainRule('two'), correlationRule('c', alias)] })).toEqual([]);
  });

  it('are refused with the name of a bundled file, by which an override would mean another rule', () => {
    const name = 'noxys_hl3_repeated_violations_user';
    expect(messages({ catalog: 'all', custom: [plainRule(name)] })).toEqual([
      expect.stringContaining(`has the id or name ${name}, as`),
    ]);
  });
});

describe('windows of many values', () => {
  it('fit a row, however many values an event has, and still fire', () => {
    const fields = '{field: [classifications, policy_name], gt: 900}';
    const count = `{type: value_count, rules: [base], timespan: 30d, group-by: [user_id], condition: ${fields}}`;
    const lab = new Lab(rulesOf({ custom: [plainRule('base'), correlationRule('c', count)] }));
    let longest = 0;
    const fired = Array.from({ length: 400 }, (_, n) => {
      const classifications = Array.from({ length: 64 }, (_each, at) => `c${n}_${at}_`.padEnd(64, 'z'));
      const names = lab.names(eventAt(n, { classifications, policy: { decision: 'block', name: 'p' } }));
      for (const row of lab.windows.rows.values()) longest = Math.max(longest, row.length);
      return names.length;
    });
    expect(fired.indexOf(1)).toBe(14);
    expect(longest).toBeLessThan(1_000_000);
  }, 60_000);
});

describe('an attribute that Sigma does not know', () => {
  it.each([
    ['levle', 'Sigma', 'level'],
    ['Level', 'Sigma', 'level'],
    ['Relay', 'the relay', 'relay'],
    ['condtion', 'Sigma', 'condition'],
    ['false_positives', 'Sigma', 'falsepositives'],
    ['tag', 'Sigma', 'tags'],
    ['generat', 'Sigma', 'generate'],
  ])('is taken for misspelt where it is near to one: %s', (name, whose, meant) => {
    expect(refusals(`${plainRule('one')}${name}: x\n`)).toEqual([
      expect.stringContaining(`${name}: is not an attribute of ${whose}: did you mean ${meant}?`),
    ]);
  });

  it("is a rule's own where it is not", () => {
    const own = [
      'state',
      'data',
      'uid',
      'score',
      'labels',
      'type',
      'owner',
      'version',
      'severity',
      'rsigma.suppress',
    ];
    expect(refusals(`${plainRule('one')}${own.map((name) => `${name}: x\n`).join('')}`)).toEqual([]);
  });
});
