import { describe, expect, it } from 'vitest';

import type { SigmaCorrelation, SigmaRule } from '../../src/detection/document.ts';
import { RULES_MAX } from '../../src/domain/rules-config.ts';
import { ruleChanges } from '../../src/relay/rule-changes.ts';
import { resolvable } from '../../src/relay/resolvable-rules.ts';
import type { Rule } from '../../src/rules/rule.ts';

const SINGLE: SigmaRule = {
  kind: 'rule',
  title: 'Single',
  logsource: { product: 'noxys' },
  selections: { selection: { platform_id: ['chatgpt', 'claude'] } },
  condition: ['selection'],
};
const COUNTED: SigmaCorrelation = {
  kind: 'correlation',
  title: 'Counted',
  type: 'event_count',
  rules: ['single'],
  timespanMs: 3_600_000,
  groupBy: ['user_id'],
  aliases: {},
  bounds: { gt: 5 },
  fields: [],
  generate: false,
};

function rule(changes: Partial<Rule> = {}): Rule {
  return {
    id: 'id-1',
    name: 'one',
    title: 'One',
    level: 'high',
    source: 'custom',
    document: SINGLE,
    isEnabled: true,
    alerts: true,
    isDryRun: false,
    respond: ['case'],
    afterAlert: 'suppress',
    ...changes,
  };
}

describe('a change of a rule', () => {
  it.each<[string, Rule, Rule, string]>([
    ['enabled', rule(), rule({ isEnabled: false }), 'false'],
    ['dry_run', rule(), rule({ isDryRun: true }), 'true'],
    ['respond', rule(), rule({ respond: [] }), '[]'],
    ['level', rule(), rule({ level: 'low' }), '"low"'],
    [
      'threshold',
      rule({ document: COUNTED }),
      rule({ document: { ...COUNTED, bounds: { gt: 10 } } }),
      '{"gt":10}',
    ],
    [
      'timespan_ms',
      rule({ document: COUNTED }),
      rule({ document: { ...COUNTED, timespanMs: 60_000 } }),
      '60000',
    ],
    [
      'selection selection',
      rule(),
      rule({ document: { ...SINGLE, selections: { selection: { platform_id: ['gemini'] } } } }),
      '{"platform_id":["gemini"]}',
    ],
  ])('of %s is told with what it was and is', (part, before, after, to) => {
    const [change] = ruleChanges([before], [after]);
    expect(change).toMatchObject({ rule: 'one', change: 'changed', parts: [{ part, to }] });
    expect(change?.parts).toHaveLength(1);
  });

  it('is none where the rule is the same, whatever its place', () => {
    const [one, two] = [rule(), rule({ id: 'id-2', name: 'two' })];
    expect(ruleChanges([one, two], [{ ...two }, { ...one }])).toEqual([]);
  });

  it('is of the same rule when it is renamed, and has what only one of the two has', () => {
    const [change] = ruleChanges([rule()], [rule({ name: 'uno', watchMs: 1_000 })]);
    expect(change).toEqual({
      rule: 'uno',
      change: 'changed',
      parts: [
        { part: 'name', from: '"one"', to: '"uno"' },
        { part: 'watch_ms', to: '1000' },
      ],
    });
  });

  it('names no person that a rule looks for, and tells all the same that it looks for another', () => {
    const selecting = (user: string): Rule => {
      const selections = {
        one: { user_email: user, platform_id: 'chatgpt' },
        many: [{ 'user.id|contains': [user] }, { 'event.data.hostname': user }],
        words: [user],
        all: { '|all': [user] },
      };
      return rule({ document: { ...SINGLE, selections } });
    };
    const [change] = ruleChanges([selecting('alice')], [selecting('bob')]);
    expect(change?.parts.map(({ part }) => part)).toEqual([
      'selection one',
      'selection many',
      'selection words',
      'selection all',
    ]);
    expect(JSON.stringify(change)).not.toMatch(/alice|bob/);
    expect(change?.parts[0]?.to).toBe('{"user_email":"<hidden>","platform_id":"chatgpt"}');
  });

  it('is bounded, however long the rules are', () => {
    const long = (value: string) =>
      Array.from({ length: RULES_MAX }, (_, n) => {
        const names = Array.from({ length: 20 }, (_name, i) => [
          `s${i}`,
          { platform_id: value.repeat(10_000) },
        ]);
        const document = { ...SINGLE, selections: Object.fromEntries(names) as SigmaRule['selections'] };
        return rule({ id: `id-${n}`, name: `rule-${n}`, document });
      });
    const changes = ruleChanges(long('a'), long('b'));
    expect(changes).toHaveLength(RULES_MAX);
    expect(JSON.stringify(changes).length).toBeLessThan(256 * 1024);
    expect(changes[0]?.parts[0]?.from).toHaveLength(201);
  });
});

describe('rules of which one can not be made', () => {
  const sources = {
    responses: { by_level: {} },
    platforms: { approved: [], blocked: [], risky: [] },
    privacy: { user_id: 'keep', user_email: 'drop', device: 'keep', url: 'drop' },
  };

  it('are the others, and the one whose override does not fit is off', () => {
    const layer = {
      catalogNames: ['one', 'bad', 'two'],
      resolveRules: ({
        rules,
      }: {
        rules: { catalog: string[] | 'all'; overrides: Record<string, unknown> };
      }) => {
        const names = rules.catalog === 'all' ? layer.catalogNames : rules.catalog;
        const faults = [
          ...names.filter((name) => name === 'bad').map((path) => ({ path, message: 'bad' })),
          ...Object.entries(rules.overrides)
            .filter(([, override]) => Object.hasOwn(override as object, 'threshold'))
            .map(([path]) => ({ path, message: 'no such threshold' })),
        ];
        if (faults.length > 0) return { ok: false as const, error: faults };
        const value = names.map((name) =>
          rule({ id: name, name, isEnabled: !Object.hasOwn(rules.overrides, name) }),
        );
        return { ok: true as const, value };
      },
    };
    const rules = { catalog: 'all' as const, overrides: { two: { threshold: 3 } }, custom: [] };
    const answer = resolvable(layer, { ...sources, rules } as never, []);
    expect(answer.rules.map(({ name, isEnabled }) => [name, isEnabled])).toEqual([
      ['one', true],
      ['two', false],
    ]);
    expect(answer.faults.map(({ message }) => message)).toEqual(['bad', 'no such threshold']);
  });
});
