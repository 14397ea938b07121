import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { correlationRule, eventAt, faultsOf, Lab, plainRule, ruleNamed, rulesOf } from './lab.ts';

const HL1 = 'noxys_hl1_blocked_unauthorized_platform';
const HL3 = 'noxys_hl3_repeated_violations';
const COUNT = '{type: event_count, rules: [base], timespan: 1h, group-by: [user_id], condition: {gte: 2}}';
const KEEP = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' } as const;

function messages(...args: Parameters<typeof faultsOf>): readonly string[] {
  return faultsOf(...args).map(({ path, message }) => `${path}: ${message}`);
}

describe('resolveRules', () => {
  it('has no rule on where the config names none', () => {
    expect(rulesOf({})).toEqual([]);
  });

  it('brings what a rule refers to, also bundled rules that only a custom one counts', () => {
    const custom = [correlationRule('mine', COUNT.replace('base', 'noxys_policy_violated_60m'))];
    const rules = rulesOf({ catalog: [HL1], custom });
    expect(rules.map(({ name, source, alerts }) => [name, source, alerts])).toEqual([
      [HL1, 'bundled', true],
      ['noxys_policy_violated_60m', 'bundled', false],
      ['mine', 'custom', true],
    ]);
  });

  it('names a rule by its id, else its name, else its title', () => {
    const nameless = plainRule('x').replace('name: x\n', '').replace('Rule x', "'Données: très sensibles'");
    const id = '3f6f2f5e-6c0b-4f0c-9f59-0d8a3a7b6c41';
    const withId = plainRule('y').replace('name: y\n', `id: ${id}\n`);
    expect(
      rulesOf({ custom: [nameless, withId, plainRule('z')] }).map((rule) => [rule.id, rule.name]),
    ).toEqual([
      ['données_très_sensibles', 'données_très_sensibles'],
      [id, id],
      ['z', 'z'],
    ]);
  });

  it('resolves the spellings of both guides to one field', () => {
    const spelt = (name: string, line: string) =>
      plainRule(name).replace('event.type: interaction.policy_violated', line);
    const lab = new Lab(
      rulesOf({
        custom: [
          spelt('a', 'event.data.policy_decision: block'),
          spelt('b', 'action: block'),
          spelt('c', 'event_type: interaction.policy_violated'),
          spelt('d', 'classification_type: [CREDIT_CARD]'),
          spelt('e', 'event.data.classifications: [CREDIT_CARD]'),
        ],
      }),
    );
    expect(lab.names(eventAt(0))).toEqual(['a', 'b', 'c']);
    expect(lab.names(eventAt(0, { classifications: ['CREDIT_CARD'] }))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('puts a filter into the rules that it names, bundled ones too', () => {
    const filter = `title: Not for the red team
logsource: {product: noxys}
filter:
  rules: [${HL1}]
  team: {event.data.user_id: red-team}
  condition: not team`;
    const lab = new Lab(rulesOf({ catalog: [HL1], custom: [filter] }));
    const platform = { id: 'grok', name: 'Grok' };
    expect(lab.names(eventAt(0, { platform }))).toEqual([HL1]);
    expect(lab.names(eventAt(0, { platform, user: { id: 'Red-Team' } }))).toEqual([]);
  });
});

describe('a filter', () => {
  const filter = (rules: string, logsource = '{product: noxys}') =>
    `title: Not for tests\nlogsource: ${logsource}\nfilter:\n  rules: ${rules}\n  team: {user_id: red-team}\n  condition: not team\n`;

  it('that fits none of the rules that it names is refused, as it would do nothing', () => {
    const other = filter(`[${HL1}]`, '{product: windows, service: sysmon}');
    expect(messages({ catalog: [HL1], custom: [other] })).toEqual([
      `rules.custom[0]: line 1, column 1: the filter "Not for tests" fits none of the rules that it names: product and service of logsource differ, as in "${ruleNamed(rulesOf({ catalog: [HL1] }), HL1).title}": {product: noxys, service: ai_firewall}`,
    ]);
    const nameless = plainRule('x').replace('name: x\n', '').replace('Rule x', 'A rule');
    expect(messages({ custom: [nameless, filter('[a_rule]')] })).toEqual([
      expect.stringMatching(/give the rule an id or a name, and write that$/),
    ]);
  });

  it('that fits one of them is taken', () => {
    const mine = plainRule('mine').replace('service: ai_firewall', 'service: other');
    const custom = [mine, filter(`[${HL1}, mine]`, '{product: noxys, service: other}')];
    expect(faultsOf({ catalog: [HL1], custom })).toEqual([]);
  });

  it('of any rule is refused in words of its own', () => {
    expect(messages({ catalog: 'all', custom: [filter('any')] })).toEqual([
      'rules.custom[0]: line 4, column 3, filter.rules: any is of a draft of Sigma 2.2, and is not supported: name the rules that the filter is for',
    ]);
  });

  it('is blamed for what privacy leaves nothing to see of, and not its rule', () => {
    const privacy = { ...KEEP, user_id: 'pseudonymise' } as const;
    expect(messages({ catalog: [HL1], custom: [filter(`[${HL1}]`)] }, { privacy })).toEqual([
      'rules.custom[0]: line 1, column 1: the filter "Not for tests" compares user_id, and privacy.user_id is pseudonymise: set privacy.user_id to keep, or leave the filter out',
    ]);
  });
});

describe('what is told of a text', () => {
  it.each([
    [
      'rules/bad.yml',
      /^rules\.custom\[0\]: is the name of a file, .* did you mean - file: rules\/bad\.yml\?$/,
    ],
    [plainRule('a', { relay: '{respond: [isolate]}' }), /relay\.respond\[0\]: did you mean contain\?$/],
    [plainRule('a', { relay: '{respond: [ticket]}' }), /did you mean case\?$/],
    [
      correlationRule('c', COUNT.replace('user_id', 'user')),
      /"user" is no field of an event: did you mean "user_id"\?$/,
    ],
    [
      plainRule('a').replace('event.type: interaction.policy_violated', "model|re: 'a(?=b)'"),
      /look-around is not supported: a rule's condition can say not\.$/,
    ],
  ])('%#', (text, words) => {
    expect(messages({ custom: [text] })).toEqual([expect.stringMatching(words)]);
  });

  it('is what is wrong with the detection and with the relay attribute, in one round', () => {
    const text = plainRule('a', { relay: '{respond: [isolate]}' }).replace('event.type', 'event.typ');
    expect(messages({ custom: [text] })).toEqual([
      expect.stringMatching(/is no field of an event/),
      expect.stringMatching(/did you mean contain\?$/),
    ]);
  });
});

describe('a bundled rule', () => {
  it('is found by its file with a folder before it, too', () => {
    expect(rulesOf({ catalog: ['rules/noxys_alert_high.yml'] }).map(({ name }) => name)).toContain(
      'noxys_alert_high',
    );
  });
});

describe('what is asked for', () => {
  const asked = (relay: string | undefined, by_level: object = {}, respond?: string[]) => {
    const overrides = respond ? { one: { respond: respond as never } } : {};
    const custom = [plainRule('one', relay === undefined ? {} : { relay })];
    return rulesOf({ custom, overrides }, { responses: { by_level } })[0]?.respond;
  };

  it.each([
    [
      'the usual, where neither rule nor level says anything',
      undefined,
      {},
      ['case', 'incident', 'alert', 'notify'],
    ],
    ['what the rule says', '{respond: [notify, case]}', {}, ['case', 'notify']],
    ['nothing, where the rule says so', '{respond: []}', {}, []],
    ['what the level says, where the rule says nothing', undefined, { medium: ['workflow'] }, ['workflow']],
    ['what both say, each once', '{respond: [notify]}', { medium: ['case', 'notify'] }, ['case', 'notify']],
    ['nothing of another level', '{respond: [notify]}', { high: ['contain'] }, ['notify']],
  ])('is %s', (_what, relay, byLevel, expected) => {
    expect(asked(relay, byLevel)).toEqual(expected);
  });

  it('is exactly what an override says', () => {
    expect(asked('{respond: [case]}', { medium: ['contain'] }, ['notify'])).toEqual(['notify']);
    expect(asked('{respond: [case]}', { medium: ['contain'] }, [])).toEqual([]);
  });
});

describe('an override', () => {
  it('is found by name, id and file', () => {
    for (const key of [
      HL3,
      '17959439-cff0-46d2-9135-de30a0d097dc',
      'noxys_hl3_repeated_violations_user.yml',
    ]) {
      const rule = ruleNamed(rulesOf({ catalog: [HL3], overrides: { [key]: { threshold: 9 } } }), HL3);
      expect(rule.document).toMatchObject({ bounds: { gt: 9 } });
    }
  });

  it('replaces the values of a list, and of no other', () => {
    const overrides = { [HL1]: { lists: { approved_platforms: ['grok'] } } };
    const lab = new Lab(rulesOf({ catalog: [HL1], overrides }));
    expect(lab.names(eventAt(0, { platform: { id: 'grok', name: 'Grok' } }))).toEqual([]);
    expect(lab.names(eventAt(0))).toEqual([HL1]);
  });

  it('may switch off what is off', () => {
    expect(faultsOf({ overrides: { [HL3]: { enabled: false } } })).toEqual([]);
  });

  it.each([
    [
      { catalog: [HL3], overrides: { noxys_hl3_repeated_violation: {} } },
      `rules.overrides.noxys_hl3_repeated_violation: is no rule of the tenant: did you mean ${HL3}?`,
    ],
    [
      { overrides: { [HL3]: { threshold: 2 } } },
      `rules.overrides.${HL3}: is about a bundled rule that is off: name it in rules.catalog, too`,
    ],
    [
      { catalog: [HL1], overrides: { [HL1]: { threshold: 2 } } },
      `rules.overrides.${HL1}.threshold: is for correlations: this rule counts nothing`,
    ],
    [
      { catalog: [HL1], overrides: { [HL1]: { timespan: '5m' } } },
      `rules.overrides.${HL1}.timespan: is for correlations: this rule counts nothing`,
    ],
    [
      { catalog: [HL3], overrides: { [HL3]: { timespan: '5x' } } },
      `rules.overrides.${HL3}.timespan: must be a time such as 30m, 24h or 7d, at most 31d`,
    ],
    [
      { catalog: [HL3], overrides: { [HL3]: { lists: {} } } },
      `rules.overrides.${HL3}.lists: is for rules with lists: name the rule that this one counts`,
    ],
    [
      { catalog: [HL1], overrides: { [HL1]: { lists: { aproved_platforms: ['x'] } } } },
      `rules.overrides.${HL1}.lists: is no list of the rule: did you mean approved_platforms?`,
    ],
    [
      { catalog: [HL3], overrides: { noxys_policy_violated_60m: { enabled: false } } },
      'rules.overrides.noxys_policy_violated_60m.enabled: is needed by a correlation that is on: switch that one off, too',
    ],
    [
      { catalog: [HL3], overrides: { [HL3]: {}, 'noxys_hl3_repeated_violations_user.yml': {} } },
      `rules.overrides.noxys_hl3_repeated_violations_user.yml: is about the same rule as rules.overrides.${HL3}`,
    ],
    [
      { catalog: [HL3], overrides: { [HL3]: { threshold: 10_001 } } },
      `rules.overrides.${HL3}.threshold: a window counts 10000 at most, so this would never fire`,
    ],
  ])('that does not fit is refused: %j', (config, expected) => {
    expect(messages(config as never)).toEqual([expected]);
  });

  it('of a range or of no condition has no threshold', () => {
    const range = correlationRule('range', COUNT.replace('{gte: 2}', '{gte: 2, lte: 5}'));
    const pair = correlationRule('pair', '{type: temporal, rules: [base, two], timespan: 1h}');
    const custom = [plainRule('base'), plainRule('two'), range, pair];
    expect(messages({ custom, overrides: { range: { threshold: 3 }, pair: { threshold: 3 } } })).toEqual([
      'rules.overrides.range.threshold: needs a condition with one bound: this one has 2',
      'rules.overrides.pair.threshold: needs a condition with one bound: this one has 0',
    ]);
  });
});

describe('a config is refused whole', () => {
  it.each([
    [
      { catalog: ['noxys_hl1'] },
      /^rules\.catalog\[0\]: noxys_hl1 is no bundled rule: did you mean noxys_hl1_blocked_unauthorized_platform/,
    ],
    [
      { catalog: ['all'] },
      /^rules\.catalog\[0\]: all is no bundled rule: for all of them write catalog: all$/,
    ],
    [
      { custom: [`${plainRule('a')}---\n# many\n---\n${correlationRule('many', COUNT)}`] },
      /^rules\.custom\[0\]: line 12, column 1: "Correlation many" refers to base/,
    ],
    [
      { custom: [correlationRule('many', COUNT.replace('base', 'noxys_hl2_pii_exposur'))] },
      /did you mean noxys_hl2_pii_exposure\?$/,
    ],
    [{ catalog: ['noxys_hl3_repeated_violatons'] }, /did you mean noxys_hl3_repeated_violations\?$/],
    [
      { custom: [plainRule('a'), plainRule('a')] },
      /^rules\.custom\[1\]: line 1, column 1: "Rule a" has the id or name a, as "Rule a" of rules\.custom\[0\] has/,
    ],
    [
      { catalog: 'all', custom: [plainRule(HL1)] },
      /^rules\.custom\[0\]: line 1, column 1: .* of rules\.catalog has: give it another$/,
    ],
    [
      { custom: [correlationRule('many', COUNT)] },
      /^rules\.custom\[0\]: line 1, column 1: "Correlation many" refers to base, which is no rule or correlation/,
    ],
    [{ custom: [`${plainRule('bass')}---\n${correlationRule('many', COUNT)}`] }, /did you mean bass\?$/],
    [
      { custom: [correlationRule('many', COUNT.replace('base', 'many'))] },
      /"Correlation many" counts itself/,
    ],
    [
      {
        custom: [
          `title: F\nname: f\nlogsource: {product: noxys}\nfilter: {rules: [${HL1}], s: {type: x}, condition: s}\n`,
        ],
      },
      /switch it on in rules\.catalog$/,
    ],
  ])('%#: %j', (config, expected) => {
    expect(messages(config as never)).toEqual([expect.stringMatching(expected)]);
  });

  it('names both of two correlations that count each other', () => {
    const a = correlationRule('a', COUNT.replace('base', 'b'));
    const b = correlationRule('b', COUNT.replace('base', 'a'));
    expect(messages({ custom: [a, b] })).toEqual([
      expect.stringMatching(/^rules\.custom\[0\]: line 1, column 1: "Correlation a" counts itself/),
      expect.stringMatching(/^rules\.custom\[1\]: line 1, column 1: "Correlation b" counts itself/),
    ]);
  });

  it('with more rules than a tenant may have', () => {
    const custom = Array.from({ length: 101 }, (_, index) => plainRule(`r${index}`));
    expect(messages({ custom })).toEqual([
      'rules: has 101 rules and filters with those that they refer to: at most 100',
    ]);
    expect(faultsOf({ custom: custom.slice(1) })).toEqual([]);
  });
});

describe('privacy', () => {
  const literal = plainRule('one').replace(
    'event.type: interaction.policy_violated',
    'event.data.user_id: ada',
  );

  it('refuses a rule on a field that is dropped, and lets it be while it is off', () => {
    const privacy = { ...KEEP, user_id: 'drop' } as const;
    expect(messages({ catalog: 'all' }, { privacy })).toEqual([
      expect.stringMatching(
        /^rules\.catalog: "High Volume Of AI .*" uses user_id, and privacy\.user_id is drop: set privacy\.user_id to pseudonymise or keep, or switch the rule off$/,
      ),
      expect.stringMatching(/^rules\.catalog: "Repeated AI .*"/),
    ]);
    const overrides = { [HL3]: { enabled: false }, noxys_cs2_high_volume: { enabled: false } };
    expect(faultsOf({ catalog: 'all', overrides }, { privacy })).toEqual([]);
  });

  it('refuses to compare a pseudonym with a text, and counts by it', () => {
    const privacy = { ...KEEP, user_id: 'pseudonymise' } as const;
    expect(messages({ catalog: [HL3], custom: [literal] }, { privacy })).toEqual([
      'rules.custom[0]: line 1, column 1: "Rule one" compares user_id, and privacy.user_id is pseudonymise: set privacy.user_id to keep, or switch the rule off',
    ]);
    expect(faultsOf({ catalog: [HL3] }, { privacy })).toEqual([]);
  });

  it('refuses to compare a pseudonym with another field', () => {
    const custom = [
      plainRule('one').replace(
        'event.type: interaction.policy_violated',
        'model|fieldref: event.data.user_id',
      ),
    ];
    const privacy = { ...KEEP, user_id: 'pseudonymise' } as const;
    expect(messages({ custom }, { privacy })).toEqual([expect.stringMatching(/"Rule one" compares user_id/)]);
  });

  it('lets a rule ask whether there is a pseudonym', () => {
    const privacy = { ...KEEP, user_id: 'pseudonymise' } as const;
    for (const line of ['user_id|exists: true', 'user_id: null', "user_id: '*'"]) {
      const custom = [plainRule('one').replace('event.type: interaction.policy_violated', line)];
      expect(faultsOf({ custom }, { privacy })).toEqual([]);
    }
  });

  it('refuses a field that privacy.url drops', () => {
    const custom = [
      plainRule('one').replace('event.type: interaction.policy_violated', 'url_host|endswith: .ai'),
    ];
    expect(messages({ custom }, { privacy: { ...KEEP, url: 'drop' } })).toEqual([
      'rules.custom[0]: line 1, column 1: "Rule one" compares url_host, and privacy.url is drop: set privacy.url to keep, or switch the rule off',
    ]);
  });
});

describe('whatever is written', () => {
  const reference = fc.constantFrom('a', 'b', 'c', HL1, HL3, 'noxys_policy_violated_60m', '__proto__', '');
  const text = fc.oneof(
    reference.map((name) => plainRule(JSON.stringify(name))),
    fc
      .tuple(reference, reference)
      .map(([name, other]) =>
        correlationRule(JSON.stringify(name), COUNT.replace('base', JSON.stringify(other))),
      ),
    fc.string(),
  );
  const override = fc.record(
    {
      enabled: fc.boolean(),
      dry_run: fc.boolean(),
      threshold: fc.double(),
      timespan: fc.constantFrom('1h', '0s', 'x', '99999d'),
      lists: fc.dictionary(fc.constantFrom('approved_platforms', 'x', '__proto__'), fc.array(fc.string())),
      respond: fc.subarray(['case', 'notify'] as const).map((some) => [...some]),
    },
    { requiredKeys: [] },
  );

  it('is resolved or refused, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant('all' as const), fc.array(reference)),
        fc.array(text, { maxLength: 4 }),
        fc.dictionary(reference, override),
        (catalog, custom, overrides) => {
          const faults = faultsOf({ catalog, custom, overrides });
          expect(faults.every(({ path, message }) => path.startsWith('rules') && message !== '')).toBe(true);
          if (faults.length > 0) return;
          const lab = new Lab(rulesOf({ catalog, custom, overrides }));
          lab.take(eventAt(0));
        },
      ),
    );
  });
});
