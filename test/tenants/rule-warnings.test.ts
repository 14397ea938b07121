/** What is said of rules that are accepted and do not do what they seem to. */

import { describe, expect, it } from 'vitest';

import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { warningsOf } from '../../src/tenants/warnings.ts';
import { customCount, customRule } from './rule-texts.ts';
import { PRODUCTION, sampleDocument, sampleFalcon, sampleFalconApi, sampleHarfangLab } from './sample.ts';

function warnings(changes: object): string[] {
  const result = validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return warningsOf(result.value, { isIngestChanged: false, isLocal: false, stored: null, nowMs: 0 });
}

const onTypes = (value: string, name = 'mine') => ({
  custom: [customRule({ name, field: 'event.type', value })],
});
const EVENTS_ALONE = { destinations: [sampleFalcon()] };
const NO_RULE = /^No rule is on, so that nothing is detected: .* write rules: \{catalog: all\}\.$/;

describe('the warnings about rules', () => {
  it('have nothing to say of the bundled ones where destinations do what they ask for', () => {
    expect(warnings({ rules: { catalog: 'all' } })).toEqual([]);
  });

  it('tell of an address in a title or name of a rule, and quote none', () => {
    const address = /has an e-mail address in its title or name, which is told as it is written/;
    const titled = (title: string) =>
      warnings({
        rules: { catalog: 'all', custom: [customRule({ title })] },
      });
    const told = titled('Watch Anna.Keller@acme.fr closely');
    expect(told).toContainEqual(expect.stringMatching(address));
    expect(JSON.stringify(told)).not.toMatch(/anna/i);
    for (const title of ['Watch @ noon', 'Anna', 'user@'])
      expect(titled(title)).not.toContainEqual(expect.stringMatching(address));
  });

  it.each<[string, object]>([
    ['none is named', {}],
    ['all are off', { rules: { custom: [customRule()], overrides: { my_grok: { enabled: false } } } }],
    ['the list is empty', { rules: { catalog: [] } }],
  ])('tell what to write when no rule is on: %s', (_what, changes) => {
    expect(warnings(changes)).toEqual([expect.stringMatching(NO_RULE)]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a level that asks for what no destination grants',
      {
        rules: { catalog: 'all' },
        responses: { by_level: { critical: ['incident', 'contain', 'workflow'] } },
      },
      /^responses\.by_level\.critical asks for contain, workflow, which no destination grants/,
    ],
    [
      'a level that asks for what only a disabled destination grants',
      {
        rules: { catalog: 'all' },
        responses: { by_level: { high: ['case'] } },
        destinations: [sampleHarfangLab(), { ...sampleFalconApi(), enabled: false }],
      },
      /^responses\.by_level\.high asks for case, which/,
    ],
    [
      'a rule that asks in vain',
      { ...EVENTS_ALONE, rules: { custom: [customRule({ relay: '{ respond: [contain, workflow] }' })] } },
      /^The rule my_grok asks for contain, workflow, and no destination grants any of it: detections are recorded, and nobody is told\.$/,
    ],
    [
      'many that ask in vain, in one sentence',
      {
        ...EVENTS_ALONE,
        rules: { custom: ['a', 'b', 'c', 'd', 'e'].map((name) => customRule({ name })) },
      },
      /^The rules a, b, c and 2 more ask for case, incident, alert, notify, and no destination/,
    ],
    [
      'a rule on what is not received',
      { rules: onTypes('interaction.created') },
      /^The rule mine needs interaction\.created, which forward\.events does not name: it never fires\.$/,
    ],
    [
      'a bundled rule on what is not received',
      {
        rules: { catalog: ['noxys_hl2_pii_exposure'] },
        forward: { events: ['interaction.policy_violated'] },
      },
      /^The rule noxys_hl2_pii_exposure needs interaction\.high_risk, which forward\.events does not name/,
    ],
    [
      'a rule on several types, none of which is received',
      { rules: onTypes('[interaction.created, interaction.gone]') },
      /needs one of interaction\.created, interaction\.gone, which/,
    ],
  ])('are given of %s', (_what, changes, words) => {
    expect(warnings(changes)).toEqual([expect.stringMatching(words)]);
  });

  it('are given of a bundled rule that a correlation keeps from alerting, also one that is off', () => {
    const counting = (generate: boolean) =>
      `title: C\nname: c\ngenerate: ${generate}\ncorrelation: {type: event_count, rules: [noxys_hl2_pii_exposure], timespan: 1h, condition: {gt: 3}}\n`;
    const of = (generate: boolean, enabled: boolean) =>
      warnings({ rules: { catalog: 'all', overrides: { c: { enabled } }, custom: [counting(generate)] } });
    const silent = expect.stringMatching(/^The rule noxys_hl2_pii_exposure does not alert alone, as/);
    expect(of(false, true)).toContainEqual(silent);
    expect(of(false, false)).toContainEqual(silent);
    expect(of(true, true)).not.toContainEqual(silent);
  });

  it('are given of what a bundled rule is asked for, and nobody grants', () => {
    const overrides = { noxys_hl2_pii_exposure: { respond: ['contain'] } };
    expect(warnings({ rules: { catalog: 'all', overrides } })).toEqual([
      'The rule noxys_hl2_pii_exposure asks for contain, and no destination grants any of it: detections are recorded, and nobody is told.',
    ]);
  });

  it.each([
    ['action', 'blocked', 'policy_decision is never blocked: did you mean block?'],
    ['severity', '[high, criticl]', 'severity is never criticl: did you mean critical?'],
    [
      'event.data.policy_decision',
      'Quarantine',
      'policy_decision is never Quarantine: it is one of block, coach, log',
    ],
    ['severity|cased', 'hihg', 'severity is never hihg: did you mean high?'],
  ])('are given of a value that no event has: %s: %s', (field, value, words) => {
    const custom = [customRule({ field, value, relay: '{ respond: [] }' })];
    expect(warnings({ rules: { custom } })).toEqual([`The rule my_grok: ${words}`]);
  });

  it('are given of a type that is misspelt, once for all rules', () => {
    const custom = ['a', 'b'].map((name) =>
      customRule({ name, field: 'type', value: '[interaction.high_risk, interaction.high_risks]' }),
    );
    expect(warnings({ rules: { custom } })).toEqual([
      'The rules a, b: type is never interaction.high_risks: did you mean interaction.high_risk?',
    ]);
  });

  it.each([
    ['severity', "'crit*'"],
    ['policy_decision', 'BLOCK'],
    ['policy_decision|contains', 'bloc'],
    ['type', '[interaction.high_risk, interaction.somewhat_new]'],
    ['policy_name', 'blocked'],
  ])('are not given of a value that an event may have: %s: %s', (field, value) => {
    expect(warnings({ rules: { custom: [customRule({ field, value })] } })).toEqual([]);
  });

  it('are one for all rules on what is not received', () => {
    const forward = { events: ['interaction.high_risk'] };
    expect(warnings({ rules: { catalog: 'all' }, forward })).toContainEqual(
      expect.stringMatching(
        /^The rules .* and \d more need interaction\.policy_violated, which .*: they never fire\.$/,
      ),
    );
  });

  it('are given of bundled rules that were named one by one, or of which none does anything', () => {
    const [edr] = [sampleHarfangLab()];
    const named = { rules: { catalog: ['noxys_cs2_high_volume'] }, destinations: [edr] };
    expect(warnings(named)).toEqual([expect.stringMatching(/^The rule noxys_cs2_high_volume asks for case/)]);
    expect(warnings({ ...named, rules: { catalog: 'all' } })).toEqual([]);
    expect(warnings({ ...EVENTS_ALONE, rules: { catalog: 'all' } })).toEqual([
      expect.stringMatching(/^The rules .* more ask for .*, and no destination grants any of it/),
    ]);
  });

  const LEVEL = { events_at_or_above: 'critical' };
  const CASES = { ...sampleFalconApi(), cases: LEVEL };
  const INCIDENTS = { ...sampleHarfangLab(), incidents: LEVEL };
  const MESSAGES = {
    name: 'soc',
    type: 'slack',
    url: 'https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx',
    messages: LEVEL,
  };

  it('tell of events that open a second case or incident beside their detections, and never of messages', () => {
    const rules = { custom: [customRule()] };
    expect(warnings({ residency: 'global', rules, destinations: [INCIDENTS, CASES, MESSAGES] })).toEqual([
      expect.stringMatching(
        /^destinations\[0\]\.incidents\.events_at_or_above is critical, and rules are on: .* opens two incidents, its own and/,
      ),
      expect.stringMatching(
        /^destinations\[1\]\.cases\.events_at_or_above is critical, and rules are on: .* opens two cases, its own and/,
      ),
    ]);
  });

  it.each<[string, object]>([
    ['rules that run dry', { rules: { custom: [customRule({ relay: '{ dry_run: true }' })] } }],
    [
      'rules that ask for something else',
      { rules: { custom: [customRule({ relay: '{ respond: [alert] }' })] } },
    ],
    [
      'a destination that is off',
      { rules: { custom: [customRule()] }, destinations: [sampleHarfangLab(), { ...CASES, enabled: false }] },
    ],
  ])('speak of no second case where there is none: %s', (_what, changes) => {
    const all = warnings({ destinations: [INCIDENTS, CASES], ...changes });
    const second = all.filter((text) => /opens two cases/.test(text));
    expect(second).toEqual([]);
  });

  it.each<[string, object]>([
    [
      'a rule in dry run',
      { ...EVENTS_ALONE, rules: { custom: [customRule({ relay: '{ dry_run: true }' })] } },
    ],
    [
      'a rule in dry run on what is not received',
      { rules: { ...onTypes('interaction.created'), overrides: { mine: { dry_run: true } } } },
    ],
    [
      'a rule that is off, beside one that is on',
      {
        rules: {
          custom: [customRule(), customRule({ name: 'off', field: 'type', value: 'interaction.created' })],
          overrides: { off: { enabled: false } },
        },
      },
    ],
    [
      'a rule that asks for nothing',
      { ...EVENTS_ALONE, rules: { custom: [customRule({ relay: '{ respond: [] }' })] } },
    ],
    [
      'a rule of which one response can be done',
      { rules: { custom: [customRule({ relay: '{ respond: [contain, alert] }' })] } },
    ],
    [
      'a rule on several types of which one is received',
      { rules: onTypes('[interaction.created, interaction.high_risk]') },
    ],
    ['a rule on a pattern of types', { rules: onTypes("'interaction.cre*'") }],
    [
      'a rule whose condition needs an evaluation',
      {
        rules: {
          custom: [
            customRule({ field: 'type', value: 'interaction.created' }).replace(
              'condition: selection',
              'other: { platform_id: grok }\n  condition: selection or other',
            ),
          ],
        },
      },
    ],
    [
      'a rule that only a correlation refers to',
      { rules: { custom: [customRule(), customCount('count', 'my_grok')] } },
    ],
  ])('are not given of %s', (_what, changes) => {
    expect(warnings(changes)).toEqual([]);
  });

  it('say of no destination what they say of destinations', () => {
    expect(warnings({ rules: { catalog: 'all' }, destinations: [] })).toEqual([
      expect.stringMatching(/^There is no destination/),
    ]);
  });
});
