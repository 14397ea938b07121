import { describe, expect, it } from 'vitest';

import {
  compileRule,
  explainRule,
  mapFields,
  replaceValues,
  withFilters,
} from '../../src/detection/sigma.ts';
import type { SigmaRule } from '../../src/detection/document.ts';
import { documentsOf, errorsOf, ruleOf, yamlOf } from './rule-of.ts';

const correlationOf = (lines: string): string => `title: c\ncorrelation:\n${lines.replaceAll(/^/gm, '  ')}\n`;
const COUNT = 'type: event_count\nrules: [a]\ntimespan: 1h\ncondition: {gt: 5}';

describe('a rule', () => {
  it('keeps what is said about it, and what the specification does not know as it was written', () => {
    const yaml = `${yamlOf('{f: a}')}id: 84ECA79A-8c28-4898-8448-3ea763c138cf
name: n
status: test
level: low
date: 2026-01-02
tags: [attack.t1567]
references: []
fields: [x]
relay: {respond: [case], watch: 24h}
__proto__: {polluted: true}
`;
    const rule = ruleOf(yaml);
    expect(rule).toEqual({
      kind: 'rule',
      title: 't',
      id: '84eca79a-8c28-4898-8448-3ea763c138cf',
      name: 'n',
      status: 'test',
      level: 'low',
      date: '2026-01-02',
      tags: ['attack.t1567'],
      references: [],
      logsource: { product: 'test' },
      selections: { s: { f: 'a' } },
      condition: ['s'],
      custom: Object.fromEntries([
        ['relay', { respond: ['case'], watch: '24h' }],
        ['__proto__', { polluted: true }],
      ]),
    });
    expect('polluted' in {}).toBe(false);
  });

  it('is the same after it was stored as JSON', () => {
    const rule = ruleOf(yamlOf("[{f|base64offset|contains: foo, __proto__: [1, null]}, {g|re|i: '^x'}]"));
    const stored = JSON.parse(JSON.stringify(rule)) as SigmaRule;
    expect(stored).toEqual(rule);
    expect(compileRule(stored)({ g: 'X' })).toBe(true);
  });

  it('explains which of its parts match', () => {
    const rule = ruleOf(
      yamlOf('[{f: a, g|gt: 1}, {h: [x, null]}]', 's and not t').replace(
        '  condition',
        '  t: word\n  condition',
      ),
    );
    expect(explainRule(rule)({ f: 'A', g: 0, h: 'y' })).toEqual({
      matches: false,
      selections: [
        {
          name: 's',
          matches: false,
          items: [
            { item: 'f: a', matches: true },
            { item: 'g|gt: 1', matches: false },
            { item: 'h: x, null', matches: false },
          ],
        },
        { name: 't', matches: false, items: [{ item: 'keywords: word', matches: false }] },
      ],
    });
  });

  it('alone can be compiled', () => {
    const [correlation] = documentsOf(correlationOf(COUNT));
    expect(() => correlation && compileRule(correlation)).toThrow('A correlation is no rule');
  });
});

describe('a correlation', () => {
  it('is read with everything that the specification gives it', () => {
    const yaml = correlationOf(`type: value_count
rules: [a, b]
group-by: [user, platform]
timespan: 30m
aliases: {user: {a: u.id, b: user_id}}
condition: {gte: 3, lt: 9, field: [x, y]}
generate: true`);
    expect(documentsOf(`${yaml}level: high\nrelay: {after_alert: reset}\n`)).toEqual([
      {
        kind: 'correlation',
        title: 'c',
        level: 'high',
        type: 'value_count',
        rules: ['a', 'b'],
        groupBy: ['user', 'platform'],
        timespanMs: 1_800_000,
        aliases: { user: { a: 'u.id', b: 'user_id' } },
        bounds: { gte: 3, lt: 9 },
        fields: ['x', 'y'],
        generate: true,
        custom: { relay: { after_alert: 'reset' } },
      },
    ]);
  });

  it.each([
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('lasts %s: %i ms', (timespan, timespanMs) => {
    expect(documentsOf(correlationOf(COUNT.replace('1h', timespan)))).toMatchObject([{ timespanMs }]);
  });

  it.each([
    'type: temporal\nrules: [a, b]\ntimespan: 5m',
    'type: temporal_ordered\nrules: [a, b]\ntimespan: 5m\ngroup-by: u',
    'type: value_sum\nrules: a\ntimespan: 5m\ncondition: {gt: 5, field: x}',
    'type: value_avg\nrules: a\ntimespan: 5m\ncondition: {gt: 5, field: x}',
    'type: value_percentile\nrules: a\ntimespan: 5m\ncondition: {gt: 5, field: x, percentile: 95}',
    'type: event_count\nrules: a\ntimespan: 5m\ncondition: {eq: 0}',
  ])('may be %j', (lines) => {
    expect(documentsOf(correlationOf(lines))).toMatchObject([{ kind: 'correlation', generate: false }]);
  });

  it('takes generate beside it, as the specification has it', () => {
    expect(documentsOf(`${correlationOf(COUNT)}generate: true\n`)).toMatchObject([{ generate: true }]);
  });

  it.each([
    [
      COUNT.replace('event_count', 'value_median'),
      '3:9 correlation.type: "value_median" must be one of event_count',
    ],
    [COUNT.replace('event_count', 'event_cuont'), 'Did you mean event_count?'],
    [COUNT.replace('1h', '1M'), '5:13 correlation.timespan: "1M" has no fixed length: write days'],
    [COUNT.replace('1h', '1y'), 'has no fixed length'],
    [COUNT.replace('1h', '0m'), 'must be a number and s, m, h, d or w'],
    [COUNT.replace('1h', '1.5h'), 'must be a number and s, m, h, d or w'],
    [COUNT.replace('1h', '60'), 'correlation.timespan: 60 must be text'],
    [COUNT.replace('timespan: 1h', 'window: 1h'), 'correlation.window: "window" must be one of'],
    [COUNT.replace('timespan: 1h', ''), 'timespan is missing'],
    [COUNT.replace('rules: [a]', 'rules: []'), 'It is empty'],
    [COUNT.replace('rules: [a]', ''), 'rules is missing'],
    [COUNT.replace('condition: {gt: 5}', ''), 'correlation.condition: A condition has one of gt'],
    [COUNT.replace('gt: 5', 'gt: five'), 'correlation.condition.gt: "five" must be a number'],
    [COUNT.replace('gt: 5', 'above: 5'), 'correlation.condition.above: "above" must be one of'],
    [COUNT.replace('gt: 5', 'gt: 5, lt: 3'), 'A condition has one of'],
    [COUNT.replace('gt: 5', 'gt: 5, eq: 3'), 'A condition has one of'],
    [COUNT.replace('gt: 5', 'gt: 5, gte: 3'), 'A condition has one of'],
    [COUNT.replace('gt: 5', 'gt: 5, field: x'), 'event_count counts events'],
    [COUNT.replace('gt: 5', 'gt: 5, percentile: 5'), 'percentile, from 0 to 100, goes with'],
    [COUNT.replace('event_count', 'value_sum'), 'value_sum needs field'],
    [
      COUNT.replace('event_count', 'value_sum').replace('gt: 5', 'gt: 5, field: [x, y]'),
      'value_sum takes one field',
    ],
    [
      COUNT.replace('event_count', 'value_percentile').replace('gt: 5', 'gt: 5, field: x'),
      'percentile, from 0',
    ],
    [
      COUNT.replace('event_count', 'value_percentile').replace('gt: 5', 'gt: 5, field: x, percentile: 101'),
      'between 0 and 100',
    ],
    [COUNT.replace('event_count', 'temporal'), 'temporal takes no condition'],
    ['type: temporal\nrules: [a, a]\ntimespan: 5m', 'temporal needs at least two rules'],
    [`${COUNT}\naliases: {u: {b: x}}`, '"b" is not among the rules'],
    [`${COUNT}\naliases: {u: x}`, 'correlation.aliases.u: It must be a map'],
    [`${COUNT}\ngenerate: 'yes'`, '"yes" must be true or false'],
  ])('is refused: %j', (lines, place) => {
    const found = errorsOf(correlationOf(lines)).map(
      ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
    );
    expect(found.join('\n')).toContain(place);
  });
});

describe('a filter', () => {
  const filterOf = (rules: string, detection: string, product = 'test'): string =>
    `---\ntitle: f\nlogsource: {product: ${product}}\nfilter:\n  rules: ${rules}\n${detection}`;
  const ADMIN = '  admin: {u: root}\n  condition: not admin\n';
  const RULE = `name: r\n${yamlOf('{f: a}', '1 of s*')}`;

  function filtered(yaml: string): (event: Record<string, unknown>) => boolean {
    const [rule, ...others] = withFilters(documentsOf(yaml));
    expect(others).toEqual([]);
    return rule ? compileRule(rule) : () => false;
  }

  it('keeps the rules that it names from matching', () => {
    const test = filtered(RULE + filterOf('[other, r]', ADMIN));
    expect([test({ f: 'a' }), test({ f: 'a', u: 'Root' }), test({ u: 'x' })]).toEqual([true, false, false]);
  });

  it('leaves rules alone that it does not name, or of another source', () => {
    expect(filtered(RULE + filterOf('[other]', ADMIN))({ f: 'a', u: 'root' })).toBe(true);
    expect(filtered(RULE + filterOf('r', ADMIN, 'windows'))({ f: 'a', u: 'root' })).toBe(true);
  });

  it('keeps its names apart from those of the rule and of other filters, also of patterns', () => {
    const rule = `name: r\n${yamlOf('{f: a}', ['[1 of them', 'all of _*]'].join(', ')).replace('  condition', '  _s: {f: b}\n  condition')}`;
    const filter = filterOf('r', '  s: {u: root}\n  _s: {v: x}\n  condition: [not 1 of them, not _s]\n');
    const test = filtered(rule + filter + filterOf('r', '  s: {w: y}\n  condition: not s\n'));
    expect(test({ f: 'a' })).toBe(true);
    expect(test({ f: 'b' })).toBe(true);
    expect(test({ u: 'root', v: 'z' })).toBe(false);
    expect(test({ f: 'a', u: 'root', v: 'z' })).toBe(true);
    expect(test({ f: 'a', u: 'root', v: 'x' })).toBe(false);
    expect(test({ f: 'b', w: 'y' })).toBe(false);
  });

  it.each([
    [filterOf('[]', ADMIN), 'filter.rules: It is empty'],
    [`title: f\nlogsource: {product: a}\nfilter:\n${ADMIN}`, 'filter.rules: rules is missing'],
    [filterOf('r', '  admin: {u: root}\n'), 'filter.condition: condition is missing'],
    [filterOf('r', '  condition: admin\n'), 'filter: It has no selection'],
    [
      filterOf('r', '  admin: {u|foo: root}\n  condition: admin\n'),
      'filter.admin.u|foo: "foo" must be one of',
    ],
  ])('is refused: %j', (yaml, place) => {
    expect(
      errorsOf(yaml)
        .map(({ path, message }) => `${path}: ${message}`)
        .join('\n'),
    ).toContain(place);
  });
});

describe('fields with other names', () => {
  const rename = (field: string): string => `x.${field}`;

  it('are renamed in a rule wherever they are', () => {
    const rule = ruleOf(yamlOf("[{f|contains: a, g|fieldref: [h, i]}, word, {'|all': [b], k: c}]"));
    expect(mapFields(rule, rename)).toMatchObject({
      selections: {
        s: [{ 'x.f|contains': 'a', 'x.g|fieldref': ['x.h', 'x.i'] }, 'word', { '|all': ['b'], 'x.k': 'c' }],
      },
    });
    expect(rule.selections['s']).toMatchObject([{ 'f|contains': 'a' }, 'word', {}]);
  });

  it('are renamed in a correlation, but its aliases are not', () => {
    const [correlation] = documentsOf(
      correlationOf(
        'type: value_count\nrules: [a]\ntimespan: 1h\ngroup-by: [u, v]\naliases: {u: {a: w}}\ncondition: {gt: 5, field: [y]}',
      ),
    );
    expect(correlation && mapFields(correlation, rename)).toMatchObject({
      groupBy: ['u', 'x.v'],
      aliases: { u: { a: 'x.w' } },
      fields: ['x.y'],
      rules: ['a'],
    });
  });
});

describe('values that are replaced', () => {
  const rule = ruleOf(yamlOf('[{f|startswith: a, g: b}, {f: c}]'));

  it('are replaced in every item of the field', () => {
    const replaced = replaceValues(rule, 's', 'f', ['x', 'y']);
    expect(replaced?.selections['s']).toEqual([{ 'f|startswith': ['x', 'y'], g: 'b' }, { f: ['x', 'y'] }]);
    expect(replaced && compileRule(replaced)({ f: 'Y' })).toBe(true);
    expect(rule.selections['s']).toEqual([{ 'f|startswith': 'a', g: 'b' }, { f: 'c' }]);
  });

  it.each([
    ['t', 'f'],
    ['s', 'h'],
    ['constructor', 'f'],
  ])('have to be there: %s.%s', (selection, field) => {
    expect(replaceValues(rule, selection, field, ['x'])).toBeUndefined();
  });
});
