import { describe, expect, it } from 'vitest';

import { FIELD_NAMES } from '../../src/domain/field-map.ts';
import { ruleEvent } from '../../src/rules/rule-event.ts';
import { canonicalField, checkField, reductionOf } from '../../src/rules/rule-fields.ts';
import { eventAt } from './lab.ts';

describe('ruleEvent', () => {
  it('has what the event has, flat and by canonical names, and nothing else', () => {
    const { user: _user, ...event } = eventAt(0, {
      id: 'evt',
      raisedFrom: 'medium',
      device: { hostname: 'WKS-7' },
    });
    expect(ruleEvent(event)).toEqual({
      id: 'evt',
      type: 'interaction.policy_violated',
      timestamp: '2026-11-22T08:00:00.000Z',
      hostname: 'WKS-7',
      platform_id: 'chatgpt',
      platform_name: 'ChatGPT',
      policy_decision: 'block',
      severity: 'high',
      classifications: [],
      classification_count: 0,
      source: 'noxys',
    });
    expect(Object.keys(ruleEvent(event))).not.toContain('user_id');
  });
});

describe('the fields of rules', () => {
  it.each([
    ['event.type', 'type'],
    ['event_type', 'type'],
    ['event.data.platform_id', 'platform_id'],
    ['data.platform', 'platform_id'],
    ['event.data.policy_decision', 'policy_decision'],
    ['action', 'policy_decision'],
    ['policy_action', 'policy_decision'],
    ['classification_type', 'classifications'],
    ['event.data.classifications', 'classifications'],
    ['alert_severity', 'severity'],
  ])('%s is %s', (name, field) => {
    expect(checkField(name, 'match')).toBeUndefined();
    expect(canonicalField(name)).toBe(field);
  });

  it('are all that an event has, and may be used for all but grouping by a list', () => {
    for (const field of FIELD_NAMES) {
      expect(checkField(field, 'value')).toBeUndefined();
      expect(checkField(field, 'group') === undefined).toBe(field !== 'classifications');
    }
    expect(checkField('constructor', 'match')).toMatch(/is no field of an event/);
    expect(checkField('event.data.clasifications', 'match')).toMatch(/did you mean "classifications"\?$/);
  });

  it('are reduced as privacy says, in whatever spelling', () => {
    const privacy = { user_id: 'pseudonymise', user_email: 'drop', device: 'keep', url: 'drop' } as const;
    expect(reductionOf('event.data.user_id', privacy)).toEqual({
      setting: 'privacy.user_id',
      level: 'pseudonymise',
    });
    expect(reductionOf('user.email', privacy)?.level).toBe('drop');
    expect(reductionOf('urlHost', privacy)?.level).toBe('drop');
    expect(reductionOf('hostname', privacy)).toBeUndefined();
    expect(reductionOf('platform_id', privacy)).toBeUndefined();
  });
});
