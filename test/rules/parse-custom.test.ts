import { describe, expect, it } from 'vitest';

import { parseCustom } from '../../src/rules/parse-custom.ts';
import { correlationRule, plainRule } from './lab.ts';

const COUNT = '{type: event_count, rules: [base], timespan: 1h, group-by: [user_id], condition: {gte: 2}}';

function messages(...texts: string[]): readonly string[] {
  const parsed = parseCustom(texts);
  return parsed.ok ? [] : parsed.error.map(({ path, message }) => `${path} ${message}`);
}

function withLine(line: string): string {
  return plainRule('one').replace('event.type: interaction.policy_violated', line);
}

describe('parseCustom', () => {
  it('gives the documents of each text', () => {
    const parsed = parseCustom([
      `${plainRule('base')}---\n${correlationRule('many', COUNT)}`,
      plainRule('two'),
    ]);
    expect(parsed.ok && parsed.value.map((documents) => documents.map(({ name }) => name))).toEqual([
      ['base', 'many'],
      ['two'],
    ]);
  });

  it('names the text, line, column and place of a field that no event has, with the nearest name', () => {
    expect(messages(plainRule('zero'), withLine('event.data.platfrom_id: grok'))).toEqual([
      expect.stringMatching(
        /^rules\.custom\[1\] line 6, column \d+, detection\.selection\S*: "event\.data\.platfrom_id" is no field of an event: did you mean "platform_id"\?$/,
      ),
    ]);
  });

  it('names all that is wrong in all texts', () => {
    expect(messages(withLine('nosuch: 1'), withLine('type|nosuch: x'), 'title: [')).toHaveLength(3);
  });

  it('refuses to group by a list', () => {
    expect(messages(correlationRule('many', COUNT.replace('user_id', 'classification_type')))).toEqual([
      expect.stringMatching(/"classification_type" is a list: group by a field that has one value/),
    ]);
  });

  it('refuses to sum what is no number', () => {
    const sum = (field: string) =>
      correlationRule(
        'sum',
        `{type: value_sum, rules: [base], timespan: 1h, group-by: [user_id], condition: {field: ${field}, gt: 3}}`,
      );
    expect(messages(sum('event.data.risk_score'))).toEqual([]);
    expect(messages(sum('platform'))).toEqual([
      'rules.custom[0] line 3, column 94, correlation.condition.field: "platform" is not a number, as value_sum needs: use risk_score or classification_count',
    ]);
  });

  it('refuses a span that outlives what is kept, and a name that nobody could write', () => {
    expect(messages(correlationRule('many', COUNT.replace('1h', '32d')))).toEqual([
      expect.stringMatching(
        /line 3, column \d+, correlation\.timespan: must be a time such as .*, at most 31d$/,
      ),
    ]);
    expect(messages(correlationRule('many', COUNT.replace('1h', '31d')))).toEqual([]);
    expect(messages(plainRule('x'.repeat(129)))).toEqual([
      expect.stringMatching(/line 2, column 1, name: must have at most 128 characters$/),
    ]);
  });

  it('refuses a bound that no window can reach', () => {
    const bound = (count: number) =>
      messages(correlationRule('many', COUNT.replace('gte: 2', `gt: ${count}`)));
    expect(bound(10_000)).toEqual([
      expect.stringMatching(
        /line 3, column \d+, correlation\.condition: a window counts 10000 at most, so this would never fire$/,
      ),
    ]);
    expect(bound(9_999)).toEqual([]);
  });

  it('refuses one field in two spellings, of which one would be lost', () => {
    expect(messages(withLine('platform: grok\n    event.data.platform_id: poe'))).toEqual([
      expect.stringMatching(
        /detection\.selection\.event\.data\.platform_id: is the same field as another key/,
      ),
    ]);
    expect(messages(withLine('risk_score|gt: 0.5\n    riskScore|lt: 0.9'))).toEqual([]);
  });
});

describe('the relay attribute', () => {
  const faults = (relay: string) => messages(plainRule('one', { relay }));

  it.each([
    ['{respnd: [case]}', 'relay.respnd: is not a known key: did you mean respond?'],
    ['{respond: [case, notfy]}', 'relay.respond[1]: did you mean notify?'],
    [
      '{respond: case}',
      'relay.respond: must be a list of case, incident, alert, indicator, contain, workflow, notify',
    ],
    ['{watch: 24}', 'relay.watch: must be a time such as 30m, 24h or 7d, at most 31d'],
    ['{watch: 40d}', 'relay.watch: must be a time such as 30m, 24h or 7d, at most 31d'],
    ['{dry_run: yes}', 'relay.dry_run: must be true or false'],
    ['{playbook: credential_exposre}', 'relay.playbook: did you mean credential_exposure?'],
    [
      '{suppress: 1h}',
      'relay.suppress: is for correlations alone: a rule without a window tells of every event',
    ],
    ['{lists: {a: nosuch.type}}', 'relay.lists.a: the rule has no field type in a selection nosuch'],
    [
      '{lists: {a: selection.platform}}',
      'relay.lists.a: the rule has no field platform in a selection selection',
    ],
    ['{lists: {a: selection}}', 'relay.lists.a: must be <selection>.<field>'],
    ['[case]', 'relay: must be a group of keys'],
  ])('%s is refused', (relay, expected) => {
    const [fault, ...more] = faults(relay);
    expect(fault?.replace(/line 9, column \d+, /, '')).toBe(`rules.custom[0] ${expected}`);
    expect(more).toEqual([]);
  });

  it('names every fault at once', () => {
    expect(faults('{respond: [cse], watch: x, nosuch: 1}')).toHaveLength(3);
  });

  it('may have all that it knows', () => {
    expect(
      faults(
        '{respond: [case], watch: 24h, dry_run: true, playbook: critical_response, lists: {types: selection.event.type}}',
      ),
    ).toEqual([]);
    const more = 'relay: {suppress: 30m, after_alert: reset}\n';
    expect(messages(correlationRule('many', COUNT, more))).toEqual([]);
  });
});
