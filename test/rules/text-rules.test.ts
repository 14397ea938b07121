import { describe, expect, it } from 'vitest';

import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import { RESPONSES_DEFAULT, RULES_DEFAULT, type RulesConfig } from '../../src/domain/rules-config.ts';
import { rulesOfText } from '../../src/rules/text-rules.ts';
import { correlationRule, eventAt, Lab, plainRule, ruleNamed } from './lab.ts';

const HL1 = 'noxys_hl1_blocked_unauthorized_platform';
const privacy = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' } as const;

function rulesOf(text: string, rules: Partial<RulesConfig> = {}) {
  const config = {
    rules: { ...RULES_DEFAULT, ...rules },
    responses: RESPONSES_DEFAULT,
    platforms: PLATFORMS_DEFAULT,
    privacy,
  };
  const found = rulesOfText(text, config);
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  return found.value;
}

const names = (...args: Parameters<typeof rulesOf>) => rulesOf(...args).map(({ name }) => name);
const filter = (rule: string, user = 'red-team') =>
  `title: Not ${user}\nlogsource: {product: noxys}\nfilter:\n  rules: [${rule}]\n  team: {user_id: ${user}}\n  condition: not team\n`;
const count = (rule: string) =>
  correlationRule('many', `{type: event_count, rules: [${rule}], timespan: 1h, condition: {gte: 2}}`);

describe('the rules of a text', () => {
  it('are those of the text alone where it refers to no other', () => {
    expect(names(plainRule('a'), { catalog: 'all', custom: [plainRule('b')] })).toEqual(['a']);
  });

  it('bring the bundled rule that a filter is for, filtered, whether it is on or off', () => {
    for (const catalog of ['all', []] as const) {
      const lab = new Lab(rulesOf(filter(HL1), { catalog: catalog === 'all' ? catalog : [...catalog] }));
      const platform = { id: 'grok', name: 'Grok' };
      expect(lab.names(eventAt(0, { platform }))).toEqual([HL1]);
      expect(lab.names(eventAt(0, { platform, user: { id: 'red-team' } }))).toEqual([]);
    }
  });

  it("bring the tenant's own rule that a correlation counts, with its override and filters", () => {
    const listed = plainRule('base', { relay: '{lists: {types: "selection.event.type"}}' });
    const rules = rulesOf(count('base'), {
      custom: [`${listed}---\n${plainRule('other')}`, filter('base'), filter('other', 'nobody')],
      overrides: {
        base: { enabled: false, lists: { types: ['alert.severity_high'] } },
        other: { enabled: false },
      },
    });
    expect(rules.map(({ name, alerts }) => [name, alerts])).toEqual([
      ['many', true],
      ['base', false],
    ]);
    const base = ruleNamed(rules, 'base');
    expect(base.isEnabled).toBe(true);
    expect(JSON.stringify(base.document)).toMatch(/alert\.severity_high.*red-team/);
  });

  it('are the ones of the text where the tenant has rules of the same names', () => {
    const text = `${plainRule('base', { type: 'alert.severity_high' })}---\n${count('base')}`;
    const rules = rulesOf(text, { custom: [plainRule('base'), filter('base')] });
    expect(JSON.stringify(ruleNamed(rules, 'base').document)).toContain('alert.severity_high');
    expect(rules).toHaveLength(2);
  });
});
