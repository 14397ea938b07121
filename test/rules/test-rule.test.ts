import { describe, expect, it } from 'vitest';

import { testRules } from '../../src/rules/test-rule.ts';
import {
  Lab,
  MINUTE_MS,
  MemoryWindows,
  START_MS,
  correlationRule,
  eventAt,
  plainRule,
  rulesOf,
} from './lab.ts';

const HL1 = 'noxys_hl1_blocked_unauthorized_platform';
const HL3 = 'noxys_hl3_repeated_violations';

describe('testRules', () => {
  it('shows which selections and items match', () => {
    const { tests } = testRules(rulesOf({ catalog: [HL1] }), eventAt(0), new MemoryWindows(), START_MS);
    expect(tests).toEqual([
      {
        rule: '84ec979a-8c28-4898-8448-3ea763c138cf',
        name: HL1,
        title: 'Blocked Attempt To Use Unauthorized AI Platform',
        level: 'high',
        tested: expect.objectContaining({ name: HL1 }),
        matches: false,
        condition: 'selection and not 1 of filter_main_*',
        selections: [
          {
            name: 'selection',
            matches: true,
            items: [
              { item: 'type: interaction.policy_violated', matches: true },
              { item: 'policy_decision: block', matches: true },
            ],
          },
          {
            name: 'filter_main_approved_platforms',
            matches: true,
            items: [{ item: 'platform_id: chatgpt, claude, gemini', matches: true }],
          },
        ],
      },
    ]);
  });

  it('shows a rule that is about events of another type', () => {
    const event = eventAt(0, { type: 'alert.severity_high' });
    const { tests } = testRules(rulesOf({ catalog: [HL1] }), event, new MemoryWindows(), START_MS);
    expect(tests).toMatchObject([{ matches: false, selections: [{ matches: false }, { matches: true }] }]);
  });

  it('shows the window with the event, and counts nothing', () => {
    const rules = rulesOf({ catalog: [HL3] });
    const lab = new Lab(rules);
    for (const minute of [0, 1, 2, 3, 4]) lab.take(eventAt(minute));
    const before = new Map(lab.windows.rows);
    const sixth = eventAt(5);
    for (let round = 0; round < 3; round++) {
      const { tests, found } = testRules(rules, sixth, lab.windows, START_MS);
      const condition = 'event_count > 5 in 1h';
      expect(tests).toMatchObject([
        { matches: true, condition, window: { value: 6, condition, crossed: true, isQuiet: false } },
      ]);
      expect(found).toHaveLength(1);
    }
    expect(lab.windows.rows).toEqual(before);
  });

  it('tells silence from a count that is too low', () => {
    const rules = rulesOf({ catalog: [HL3] });
    const lab = new Lab(rules);
    const windowOf = (minute: number) =>
      testRules(rules, eventAt(minute), lab.windows, START_MS + minute * MINUTE_MS).tests[0]?.window;
    for (const minute of [0, 1, 2, 3]) lab.take(eventAt(minute));
    expect(windowOf(5)).toMatchObject({ value: 5, crossed: false, isQuiet: false });
    for (const minute of [6, 7]) lab.take(eventAt(minute));
    expect(windowOf(8)).toMatchObject({ value: 7, crossed: true, isQuiet: true });
  });

  it('shows an event that was counted already as it stands in its window', () => {
    const rules = rulesOf({ catalog: [HL3] });
    const lab = new Lab(rules);
    const events = [0, 1, 2, 3, 4, 5].map((minute) => eventAt(minute));
    for (const event of events) lab.take(event);
    const [test] = testRules(rules, events[5] ?? eventAt(5), lab.windows, START_MS).tests;
    expect(test).toMatchObject({ matches: true, window: { value: 6, crossed: true, isQuiet: true } });
  });

  it('shows no window for an event that is not counted', () => {
    const event = eventAt(0, { type: 'alert.severity_high' });
    const { tests } = testRules(rulesOf({ catalog: [HL3] }), event, new MemoryWindows(), START_MS);
    expect(tests).toMatchObject([{ matches: false, condition: 'event_count > 5 in 1h' }]);
    expect(tests[0]).not.toHaveProperty('window');
  });

  it('tests a rule that is off, or alerts only within a correlation, when it is asked for', () => {
    const overrides = { [HL3]: { enabled: false }, [HL1]: { enabled: false } };
    const rules = rulesOf({ catalog: [HL1, HL3], overrides });
    const asked = (...names: string[]) =>
      testRules(rules, eventAt(0), new MemoryWindows(), START_MS, ({ name }) =>
        names.includes(name),
      ).tests.map(({ tested, matches }) => [tested.name, matches]);
    expect(testRules(rules, eventAt(0), new MemoryWindows(), START_MS).tests).toEqual([]);
    expect(asked(HL1)).toEqual([[HL1, false]]);
    expect(asked(HL3)).toEqual([[HL3, false]]);
    expect(asked('noxys_policy_violated_60m')).toEqual([['noxys_policy_violated_60m', true]]);
  });

  it('says in words what a correlation waits for', () => {
    const condition = (body: string) => {
      const custom = [plainRule('a'), plainRule('b'), correlationRule('c', body)];
      return testRules(rulesOf({ custom }), eventAt(0), new MemoryWindows(), START_MS).tests[0]?.condition;
    };
    expect(condition('{type: temporal, rules: [a, b], timespan: 90m}')).toBe('temporal of a, b in 90m');
    expect(
      condition(
        '{type: value_count, rules: [a, b], timespan: 1d, group-by: [user_id], condition: {field: platform, gte: 3, lt: 9}}',
      ),
    ).toBe('value_count of platform_id >= 3 and < 9 in 1d');
  });

  it('names a rule that throws', () => {
    const windows = new MemoryWindows();
    windows.get = () => {
      throw new Error('broken');
    };
    const { tests, failures } = testRules(rulesOf({ catalog: [HL3] }), eventAt(0), windows, START_MS);
    expect(tests).toEqual([]);
    expect(failures).toHaveLength(1);
  });
});
