import { describe, expect, it } from 'vitest';

import { type Rule, type Span, noted, spanOf } from '../../src/relay/lane-history.ts';

const AWAY: Rule = { kind: 'away' };
const UNKNOWN: Span = { after: 0, rule: { kind: 'unknown' } };

function sent(type?: string): Rule {
  return { kind: 'sent', ...(type !== undefined && { events: [type] }) };
}

describe('a span', () => {
  it('is noted where the rule changes, and not where it stays', () => {
    const spans = noted([{ after: 0, rule: sent() }], { after: 5, rule: sent('a') });
    expect(spans).toEqual([
      { after: 0, rule: sent() },
      { after: 5, rule: sent('a') },
    ]);
    expect(noted(spans, { after: 9, rule: sent('a'), settled: [11] })).toBe(spans);
  });

  it('takes the place of those that passed nothing', () => {
    const spans = [
      { after: 0, rule: sent() },
      { after: 5, rule: AWAY },
    ];
    expect(noted(spans, { after: 5, rule: sent('b') })).toEqual([spans[0], { after: 5, rule: sent('b') }]);
  });

  it('of a lane that is older than its history follows what is not known', () => {
    expect(noted([], { after: 7, rule: sent() })).toEqual([UNKNOWN, { after: 7, rule: sent() }]);
    expect(noted([], { after: 0, rule: sent() })).toEqual([{ after: 0, rule: sent() }]);
  });

  it('is found by the events that lie in it', () => {
    const spans = [
      { after: 2, rule: sent() },
      { after: 5, rule: AWAY },
    ];
    expect([1, 2, 3, 5, 6, 99].map((seq) => spanOf(spans, seq).after)).toEqual([0, 0, 2, 2, 5, 5]);
    expect(spanOf([], 1)).toEqual(UNKNOWN);
  });
});

describe('the history of a lane', () => {
  it('forgets the oldest spans, and says so', () => {
    let spans: readonly Span[] = [{ after: 0, rule: sent() }];
    for (let after = 1; after <= 500; after++) spans = noted(spans, { after, rule: sent(`type-${after}`) });
    expect(spans).toHaveLength(101);
    expect(spans[0]).toEqual(UNKNOWN);
    expect(spans.at(-1)?.after).toBe(500);
  });

  it('stays below what a row may hold, however large its filters are', () => {
    let spans: readonly Span[] = [{ after: 0, rule: sent() }];
    for (let after = 1; after <= 5; after++)
      spans = noted(spans, {
        after,
        rule: { kind: 'sent', where: { policy_name: `${after}${'x'.repeat(250_000)}` } },
      });
    expect(JSON.stringify(spans).length).toBeLessThan(600_000);
    expect(spans.map(({ after }) => after)).toEqual([0, 4, 5]);
  });
});
