import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  Lab,
  MINUTE_MS,
  MemoryWindows,
  START_MS,
  correlationRule,
  eventAt,
  plainRule,
  ruleNamed,
  rulesOf,
} from './lab.ts';

const GUIDES = { catalog: ['noxys_hl3_repeated_violations', 'noxys_cs2_high_volume'] };
const HL3 = 'noxys_hl3_repeated_violations';
const CS2 = 'noxys_cs2_high_volume';

function lab(): Lab {
  return new Lab(rulesOf(GUIDES));
}

/** Minutes at which each rule fires, for violations at these. */
function firing(at: readonly number[], relay = lab()): Record<string, number[]> {
  const fired: Record<string, number[]> = {};
  for (const minute of at) for (const name of relay.names(eventAt(minute))) (fired[name] ??= []).push(minute);
  return fired;
}

describe('the guides’ counts', () => {
  it('fire on the 6th violation within 60 minutes and on the 11th within an hour, and on none before', () => {
    expect(firing([0, 5, 10, 15, 20])).toEqual({});
    expect(firing([0, 5, 10, 15, 20, 25])).toEqual({ [HL3]: [25] });
    expect(firing([0, 5, 10, 15, 20, 25, 30, 35, 40, 45])).toEqual({ [HL3]: [25] });
    expect(firing([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50])).toEqual({ [HL3]: [25], [CS2]: [50] });
  });

  it('count anew 61 minutes later', () => {
    expect(firing([0, 1, 2, 3, 4, 65, 66, 67, 68, 69])).toEqual({});
    expect(firing([0, 1, 2, 3, 4, 5, 66, 67, 68, 69, 70])).toEqual({ [HL3]: [5] });
    expect(firing([0, 1, 2, 3, 4, 5, 66, 67, 68, 69, 70, 71])).toEqual({ [HL3]: [5, 71] });
  });

  it('do not see two violations exactly 60 minutes apart together', () => {
    expect(firing([0, 10, 20, 30, 40, 60])).toEqual({});
    expect(firing([0, 10, 20, 30, 40, 59.99])).toEqual({ [HL3]: [59.99] });
  });

  it('count a late violation where it belongs', () => {
    const relay = lab();
    for (const minute of [0, 10, 20, 40, 50]) expect(relay.names(eventAt(minute))).toEqual([]);
    expect(relay.names(eventAt(30), START_MS + 55 * MINUTE_MS)).toEqual([HL3]);
  });

  it('change nothing for a violation that comes again', () => {
    const relay = lab();
    const events = [0, 1, 2, 3, 4].map((minute) => eventAt(minute));
    for (const event of [...events, ...events, ...events]) expect(relay.names(event)).toEqual([]);
    const sixth = eventAt(5);
    expect(relay.names(sixth)).toEqual([HL3]);
    expect(relay.names(sixth)).toEqual([]);
  });

  it('keep a hundred users apart', () => {
    const relay = lab();
    const users = Array.from({ length: 100 }, (_, index) => `user-${index}`);
    for (const minute of [0, 1, 2, 3, 4]) {
      for (const id of users) expect(relay.names(eventAt(minute, { user: { id } }))).toEqual([]);
    }
    const found = users.flatMap((id) => relay.take(eventAt(5, { user: { id } })));
    expect(found.map(({ groupKey }) => groupKey)).toEqual(users);
  });

  it('count no violation without a user', () => {
    const relay = lab();
    for (let minute = 0; minute < 30; minute++) {
      const { user: _user, ...event } = eventAt(minute);
      expect(relay.names(event)).toEqual([]);
    }
    expect(relay.windows.rows.size).toBe(0);
  });

  it('tell the events, the span and the group', () => {
    const relay = lab();
    const events = [0, 5, 10, 15, 20, 25].map((minute) => eventAt(minute));
    const [found] = events.flatMap((event) => relay.take(event));
    expect(found).toMatchObject({
      count: 6,
      windowMs: 60 * MINUTE_MS,
      firstAtMs: START_MS,
      lastAtMs: START_MS + 25 * MINUTE_MS,
      eventIds: events.map(({ id }) => id),
      groupKey: 'user-42',
    });
  });

  it('take a clock that is far ahead for a wrong one', () => {
    const relay = lab();
    for (const minute of [0, 1, 2, 3, 4]) relay.take(eventAt(minute));
    expect(relay.names(eventAt(600), START_MS + 5 * MINUTE_MS)).toEqual([HL3]);
  });

  it('write one row per rule and counted violation', () => {
    const relay = lab();
    let puts = 0;
    const put = relay.windows.put.bind(relay.windows);
    relay.windows.put = (...row) => {
      puts += 1;
      put(...row);
    };
    for (let minute = 0; minute < 50; minute++) relay.take(eventAt(minute));
    expect(puts).toBe(100);
  });

  it('fire in whatever order the violations come', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 5, 10, 15, 20, 25], { minLength: 6 }), (minutes) => {
        const relay = lab();
        const names = minutes.flatMap((minute) => relay.names(eventAt(minute), START_MS + 30 * MINUTE_MS));
        expect(names).toEqual([HL3]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an overridden count', () => {
  const overrides = { [HL3]: { threshold: 2, timespan: '10m' } };

  it('has the threshold and the span of the override', () => {
    const relay = new Lab(rulesOf({ catalog: [HL3], overrides }));
    expect(firing([0, 4, 8], relay)).toEqual({ [HL3]: [8] });
    expect(firing([0, 6, 12], new Lab(rulesOf({ catalog: [HL3], overrides })))).toEqual({});
  });

  it('goes on with its windows where only threshold, responses or dry run change', () => {
    const before = new Lab(rulesOf({ catalog: [HL3] }));
    for (const minute of [0, 1, 2, 3, 4]) before.take(eventAt(minute));
    const change = { threshold: 4, dry_run: true, respond: [] };
    const after = new Lab(rulesOf({ catalog: [HL3], overrides: { [HL3]: change } }));
    for (const [name, row] of before.windows.rows) after.windows.rows.set(name, row);
    expect(after.names(eventAt(5))).toEqual([HL3]);
  });

  it('begins new windows where the span or what is counted changes', () => {
    const id = (overridden: Parameters<typeof rulesOf>[0]['overrides']) => {
      const rules = rulesOf({ catalog: [HL3], ...(overridden && { overrides: overridden }) });
      return new Lab(rules).engine.windowIdOf(ruleNamed(rules, HL3));
    };
    expect(id({ [HL3]: { timespan: '30m' } })).not.toBe(id({}));
    expect(id({ [HL3]: { timespan: '1h' } })).toBe(id({}));
    const filter = `title: Not on weekends
logsource: {product: noxys}
filter:
  rules: [noxys_policy_violated_60m]
  selection: {policy_decision: log}
  condition: not selection`;
    const rules = rulesOf({ catalog: [HL3], custom: [filter] });
    expect(new Lab(rules).engine.windowIdOf(ruleNamed(rules, HL3))).not.toBe(id({}));
  });

  it('is silent for as long as `suppress` says, and counts anew where `after_alert` does', () => {
    const counting = (relay: string) =>
      new Lab(
        rulesOf({
          custom: [
            `${plainRule('base')}---\n${correlationRule('many', '{type: event_count, rules: [base], timespan: 1h, group-by: [user_id], condition: {gte: 2}}', `relay: ${relay}\n`)}`,
          ],
        }),
      );
    const minutes = [0, 1, 2, 3, 11, 12];
    expect(firing(minutes, counting('{}'))).toEqual({ many: [1] });
    expect(firing(minutes, counting('{suppress: 10m}'))).toEqual({ many: [1, 11] });
    expect(firing(minutes, counting('{suppress: 1s, after_alert: reset}'))).toEqual({ many: [1, 3, 12] });
  });
});

describe('the windows of rules', () => {
  it('live as long as the longest span or silence', () => {
    expect(new Lab(rulesOf({ catalog: 'all' })).engine.longestWindowMs).toBe(60 * MINUTE_MS);
    expect(new Lab(rulesOf({ catalog: ['noxys_alert_high'] })).engine.longestWindowMs).toBe(0);
  });

  it('are told with their value and silence', () => {
    const rules = rulesOf({ catalog: [HL3] });
    const relay = new Lab(rules);
    for (const minute of [0, 1, 2, 3, 4, 5]) relay.take(eventAt(minute));
    const rule = ruleNamed(rules, HL3);
    const windowId = relay.engine.windowIdOf(rule) ?? '';
    const state = relay.windows.get(windowId, JSON.stringify(['user-42']));
    expect(state && relay.engine.viewOf(rule, state, START_MS + 6 * MINUTE_MS)).toMatchObject({
      value: 6,
      firstAtMs: START_MS,
      lastAtMs: START_MS + 5 * MINUTE_MS,
      alertedAtMs: START_MS + 5 * MINUTE_MS,
    });
    expect(new MemoryWindows().get(windowId, 'nobody')).toBeUndefined();
  });
});
