import { array, assert, constantFrom, integer, property, record, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileCorrelation } from '../../src/detection/correlation.ts';
import type { Observed, WindowState } from '../../src/detection/correlation.ts';
import type { SigmaCorrelation } from '../../src/detection/document.ts';
import { correlationOf, HOUR_MS, idsWhere, NOW_MS, watch } from './correlation-builder.ts';
import type { Given } from './correlation-builder.ts';

const MINUTE_MS = 60_000;

/** Of one letter and a number each: when, in minutes after the start. */
function at(minutes: readonly number[]): Given[] {
  return minutes.map((minute, n) => ({ id: `e${n}`, atMs: NOW_MS + minute * MINUTE_MS }));
}

function valued(values: readonly unknown[]): Given[] {
  return values.map((v, n) => ({ id: `e${n}`, atMs: NOW_MS + n * MINUTE_MS, event: { v } }));
}

function ruled(rules: readonly string[]): Given[] {
  return rules.map((rule, n) => ({ id: `e${n}`, atMs: NOW_MS + n * MINUTE_MS, rule }));
}

function valuesOf(document: SigmaCorrelation, given: readonly Given[]) {
  return watch(document, given).seen.map(({ value }) => value);
}

describe('observe', () => {
  it('counts the same in every order of arrival', () => {
    const moments = uniqueArray(integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 14 });
    assert(
      property(
        moments,
        integer({ min: 1, max: 6 }),
        integer({ min: 1, max: 12 }),
        (minutes, bound, spanMinutes) => {
          const timespanMs = spanMinutes * MINUTE_MS;
          const given = at(minutes);
          const { seen } = watch(correlationOf({ timespanMs, bounds: { gte: bound } }), given);
          const crossed = minutes.map((minute, n) => {
            const arrived = minutes.slice(0, n + 1);
            // Every window that ends at an event that has arrived, and holds this one.
            return arrived
              .filter((end) => minute <= end && end - spanMinutes < minute)
              .some(
                (end) => arrived.filter((other) => end - spanMinutes < other && other <= end).length >= bound,
              );
          });
          expect(seen.map((observed) => observed.crossed)).toEqual(crossed);
        },
      ),
    );
  });

  it.each(['value_count', 'value_sum', 'value_avg', 'value_percentile'] as const)(
    '%s agrees with brute force, late events and equal times included',
    (type) => {
      const steps = array(record({ minute: integer({ min: 0, max: 30 }), v: integer({ min: -3, max: 9 }) }), {
        minLength: 1,
        maxLength: 15,
      });
      const document = correlationOf({
        type,
        timespanMs: 10 * MINUTE_MS,
        fields: ['v'],
        bounds: { gte: 3 },
        percentile: 75,
      });
      const worth = (all: readonly number[]) => {
        const sum = all.reduce((total, v) => total + v, 0);
        if (type === 'value_count') return new Set(all).size;
        if (type === 'value_sum') return sum;
        if (type === 'value_avg') return sum / all.length;
        return all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.75) - 1] ?? null;
      };
      assert(
        property(steps, (given) => {
          const { seen } = watch(
            document,
            given.map(({ minute, v }, n) => ({
              id: `e${n}`,
              atMs: NOW_MS + minute * MINUTE_MS,
              event: { v },
            })),
          );
          const inWindow = (n: number, end: number) =>
            given.slice(0, n + 1).filter(({ minute }) => end - 10 < minute && minute <= end);
          const own = given.map(({ minute }, n) => worth(inWindow(n, minute).map(({ v }) => v)));
          expect(seen.map((one) => one.own.value)).toEqual(own);
          const crossed = given.map(({ minute }, n) =>
            inWindow(n, minute + 9.5)
              .concat(given.slice(0, n + 1).filter((one) => one.minute >= minute && one.minute < minute + 10))
              .filter((one) => one.minute >= minute)
              .some((one) => (worth(inWindow(n, one.minute).map(({ v }) => v)) ?? -Infinity) >= 3),
          );
          expect(seen.map((one) => one.crossed)).toEqual(crossed);
        }),
      );
    },
  );

  it('counts an event once, however often and in whatever order it comes again', () => {
    const given = at([0, 1, 1, 2]);
    const again = [...given, ...given.toReversed(), ...given];
    const { seen, state } = watch(correlationOf({ bounds: { gte: 5 } }), again);
    expect(seen.every(({ crossed, count }) => !crossed && count <= 4)).toBe(true);
    expect(state).toEqual(watch(correlationOf({ bounds: { gte: 5 } }), given).state);
  });

  it('does not alert for an event that comes again after it alerted', () => {
    const given = at([0, 1, 2]);
    for (const afterAlert of ['suppress', 'reset'] as const) {
      const { seen } = watch(correlationOf(), [...given, ...given], { afterAlert, suppressMs: 1 });
      expect(idsWhere([...given, ...given], seen, ({ alerts }) => alerts)).toEqual(['e2']);
    }
  });

  it('tells of the window that crossed: its count, its ends, its events', () => {
    const { seen } = watch(correlationOf(), at([0, 30, 61, 62]));
    expect(seen[3]).toMatchObject({
      value: 3,
      crossed: true,
      alerts: true,
      count: 3,
      firstAtMs: NOW_MS + 30 * MINUTE_MS,
      lastAtMs: NOW_MS + 62 * MINUTE_MS,
      eventIds: ['e1', 'e2', 'e3'],
    });
  });

  it('tells of a later window where a late event completes it, and of its own beside', () => {
    const { seen } = watch(correlationOf(), at([0, 30, 10]));
    expect(seen[2]).toMatchObject({ value: 3, crossed: true, own: { value: 2, crossed: false } });
  });

  it('is silent for the time that it is told, and alerts with the count that went on', () => {
    const given = at([0, 1, 2, 3, 11.99, 12, 13]);
    const { seen } = watch(correlationOf(), given, { suppressMs: 10 * MINUTE_MS });
    expect(idsWhere(given, seen, ({ alerts }) => alerts)).toEqual(['e2', 'e5']);
    expect(seen[5]?.value).toBe(6);
  });

  it('takes a late cluster well before an alert for one of its own, and one near it for the same', () => {
    const late = at([600, 601, 602, 0, 1, 2, 3, 590, 591, 592, 500, 501, 502]);
    const { seen } = watch(correlationOf(), late);
    expect(idsWhere(late, seen, ({ alerts }) => alerts)).toEqual(['e2', 'e5', 'e12']);
  });

  it('sets clocks that run more than five minutes ahead to the time of arrival', () => {
    const ahead = (ms: number) => [{ id: 'a', atMs: NOW_MS + ms }];
    const lastOf = (ms: number) => watch(correlationOf(), ahead(ms), {}, NOW_MS).seen[0]?.lastAtMs;
    expect(lastOf(5 * MINUTE_MS)).toBe(NOW_MS + 5 * MINUTE_MS);
    expect(lastOf(5 * MINUTE_MS + 1)).toBe(NOW_MS);
    expect(lastOf(900 * HOUR_MS)).toBe(NOW_MS);
  });

  it('counts what comes six days late', () => {
    const minutes = [0, 1, 2].flatMap((minute) => [minute + 6 * 1440, minute]);
    const { seen } = watch(correlationOf(), at(minutes));
    expect(seen.map(({ alerts }) => alerts)).toEqual([false, false, false, false, true, true]);
  });

  it('forgets what no window can hold any more', () => {
    const { state } = watch(correlationOf(), at([0, 7 * 1440 + 61]));
    expect(state?.gaps).toEqual([0]);
    expect(state?.dropped).toBeUndefined();
  });

  it('keeps 500 entries and the ids of 100, and says how many gave way', () => {
    const { seen, state } = watch(correlationOf(), at(Array.from({ length: 520 }, (_, n) => n / 100)));
    expect(seen[499]?.value).toBe(500);
    expect(state).toMatchObject({ dropped: 20 });
    expect(state?.gaps.length).toBe(500);
    expect(state?.ids.length).toBe(100);
    expect(JSON.stringify(state).length).toBeLessThan(5000);
  });

  it('keeps enough for a bound above 500', () => {
    const given = at(Array.from({ length: 700 }, (_, n) => n / 100));
    const { seen } = watch(correlationOf({ bounds: { gt: 600 } }), given);
    expect(idsWhere(given, seen, ({ crossed }) => crossed)[0]).toBe('e600');
  });

  it('keeps the rare value of value_count where a common one comes again', () => {
    const values = ['rare', ...Array.from({ length: 600 }, () => 'common'), 'new'];
    const document = correlationOf({
      type: 'value_count',
      fields: ['v'],
      timespanMs: 24 * HOUR_MS,
      bounds: { gte: 3 },
    });
    expect(watch(document, valued(values)).seen.at(-1)).toMatchObject({ value: 3, crossed: true });
  });
});

describe('values', () => {
  const counting = correlationOf({ type: 'value_count', fields: ['v'], bounds: { gte: 99 } });

  it('counts each element of a list, numbers as text, and nothing as nothing', () => {
    expect(
      valuesOf(counting, valued([['a', 'b', ['c']], 'a', null, undefined, [], { x: 1 }, 1, '1'])),
    ).toEqual([3, 3, 3, 3, 3, 3, 4, 4]);
  });

  it('counts tuples, with each combination of lists', () => {
    const tuples = { ...counting, fields: ['v.a', 'v.b'] };
    const given = valued([
      { a: 1, b: 2 },
      { a: 1 },
      { a: 1, b: [2, 3] },
      { a: '1,2', b: '' },
      { a: '1', b: '2,' },
    ]);
    expect(valuesOf(tuples, given)).toEqual([1, 1, 2, 3, 4]);
  });

  it('tells long texts apart without keeping them', () => {
    const long = 'x'.repeat(100_000);
    const { seen, state } = watch(counting, valued([`${long}a`, `${long}b`, `${long}a`]));
    expect(seen.map(({ value }) => value)).toEqual([1, 2, 2]);
    expect(JSON.stringify(state).length).toBeLessThan(500);
  });

  it('sums, averages and ranks numbers and numeric text, and nothing else', () => {
    const given = valued([10, '2.5', 'x', true, null, [1, 3]]);
    const of = (type: SigmaCorrelation['type'], percentile?: number) =>
      valuesOf(
        correlationOf({ type, fields: ['v'], ...(percentile !== undefined && { percentile }) }),
        given,
      );
    expect(of('value_sum')).toEqual([10, 12.5, 12.5, 12.5, 12.5, 16.5]);
    expect(of('value_avg')).toEqual([10, 6.25, 6.25, 6.25, 6.25, 4.125]);
    expect(of('value_percentile', 50)).toEqual([10, 2.5, 2.5, 2.5, 2.5, 2.5]);
    expect(of('value_percentile', 100).at(-1)).toBe(10);
    expect(of('value_percentile', 0).at(-1)).toBe(1);
  });

  it('lets no bound hold for an average or rank of nothing', () => {
    for (const type of ['value_avg', 'value_percentile'] as const) {
      const { seen } = watch(correlationOf({ type, fields: ['v'], bounds: { lt: 5 } }), valued(['x']));
      expect(seen[0]).toMatchObject({ value: null, crossed: false });
    }
  });

  it.each([
    [{ gt: 2 }, [false, false, true, true]],
    [{ gte: 2 }, [false, true, true, true]],
    [{ lt: 2 }, [true, false, false, false]],
    [{ lte: 2 }, [true, true, false, false]],
    [{ eq: 2 }, [false, true, false, false]],
    [{ neq: 2 }, [true, false, true, true]],
    [{ gt: 1, lte: 3 }, [false, true, true, false]],
  ])('holds a count to %j', (bounds, crossed) => {
    expect(watch(correlationOf({ bounds }), at([0, 1, 2, 3])).seen.map((one) => one.crossed)).toEqual(
      crossed,
    );
  });
});

describe('a window between two events of one transaction', () => {
  const given = Array.from({ length: 300 }, (_, n) => ({
    id: `e${n % 290}`,
    atMs: NOW_MS + ((n * 7919) % 3_000) * 1_000,
    event: { v: n % 7 },
    rule: 'base',
  }));

  it.each(['event_count', 'value_count', 'value_sum'] as const)(
    'says of %s what it says when it was stored between them',
    (type) => {
      const fields = type === 'event_count' ? [] : ['v'];
      const document = correlationOf({ type, fields, bounds: { gt: 5 } });
      for (const afterAlert of ['suppress', 'reset'] as const) {
        const stored = watch(document, given, { afterAlert });
        const { observe } = compileCorrelation(document);
        const policy = { suppressMs: document.timespanMs, afterAlert };
        let state: WindowState | undefined;
        const seen = given.map((one) => {
          const observed = observe(state, one, policy, Number.MAX_SAFE_INTEGER);
          state = observed.state;
          return observed;
        });
        const toldOf = (all: readonly Observed[]) => all.map(({ state: _state, ...told }) => told);
        expect(toldOf(seen)).toEqual(toldOf(stored.seen));
        expect(JSON.parse(JSON.stringify(state))).toEqual(stored.state);
      }
    },
  );

  it('is left as it was by what comes after it', () => {
    const { observe } = compileCorrelation(correlationOf());
    const policy = { suppressMs: 1, afterAlert: 'reset' } as const;
    const of = (n: number, before?: WindowState) =>
      observe(before, { id: `e${n}`, atMs: NOW_MS + n, rule: 'base', event: {} }, policy, NOW_MS).state;
    const second = of(2, of(1));
    const text = JSON.stringify(second);
    expect(JSON.stringify(of(3, second))).toBe(JSON.stringify(of(3, second)));
    expect(JSON.stringify(second)).toBe(text);
  });
});

describe('a late event', () => {
  it('of a full window is no work for value_percentile', () => {
    const given = (count: number, prefix: string, fromMs: number): Given[] =>
      Array.from({ length: count }, (_, n) => ({
        id: `${prefix}${n}`,
        atMs: fromMs + n,
        event: { v: Math.sin(n) },
      }));
    const changes = { type: 'value_percentile', fields: ['v'], bounds: { gt: 2 }, percentile: 50 } as const;
    const startedMs = performance.now();
    watch(correlationOf(changes), [...given(500, 'e', NOW_MS + 1_000), ...given(100, 'l', NOW_MS)]);
    // Some 400 ms; sorting each window that it is in took ten times that.
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

describe('temporal', () => {
  it.each(['temporal', 'temporal_ordered'] as const)('%s keeps a rare rule beside a noisy one', (type) => {
    const noisy = Array.from({ length: 700 }, (_, n) => ({
      id: `n${n}`,
      atMs: NOW_MS + 1 + n,
      rule: 'noisy',
    }));
    const { seen } = watch(correlationOf({ type, rules: ['rare', 'noisy', 'last'], bounds: {} }), [
      { id: 'first', atMs: NOW_MS, rule: 'rare' },
      ...noisy,
      { id: 'end', atMs: NOW_MS + 1_000, rule: 'last' },
    ]);
    expect(seen.flatMap(({ alerts }, n) => (alerts ? [n] : []))).toEqual([701]);
  });

  it.each([
    ['one rule again and again', 'a'],
    ['two in turns', 'ca'],
  ])('of the ordered kind keeps what may still be followed beside %s', (_, noise) => {
    const between = Array.from({ length: 700 }, (_each, n) => noise[n % noise.length] ?? '');
    const given = ['a', 'b', ...between, 'c', 'd'].map((rule, n) => ({
      id: `e${n}`,
      atMs: NOW_MS + n,
      rule,
    }));
    const order = noise === 'a' ? ['a', 'b', 'c'] : ['a', 'b', 'c', 'd'];
    const document = correlationOf({ type: 'temporal_ordered', rules: order, bounds: {} });
    const { seen, state } = watch(document, given.slice(0, 700 + order.length));
    expect(seen.at(-1)).toMatchObject({ crossed: true, value: order.length });
    expect(state?.gaps).toHaveLength(500);
  });

  const rules = ['a', 'b', 'c'];
  const temporal = correlationOf({ type: 'temporal', rules, bounds: {} });
  const ordered = correlationOf({ type: 'temporal_ordered', rules, bounds: {} });
  const crossings = (document: SigmaCorrelation, given: Given[]) =>
    watch(document, given).seen.map(({ crossed }) => crossed);

  it('crosses when all rules matched within the timespan, in any order', () => {
    expect(crossings(temporal, ruled(['c', 'a', 'a', 'b']))).toEqual([false, false, false, true]);
    const far = ruled(['a', 'b', 'c']).map((one, n) => ({ ...one, atMs: NOW_MS + n * 30 * MINUTE_MS }));
    expect(crossings(temporal, far)).toEqual([false, false, false]);
  });

  it('of the ordered kind only in that order, whatever came between', () => {
    expect(crossings(ordered, ruled(['b', 'a', 'c', 'b', 'a', 'c']))).toEqual(
      [5].flatMap((n) => Array.from({ length: n + 1 }, (_, place) => place === n)),
    );
    expect(valuesOf(ordered, ruled(['b', 'a', 'c', 'b']))).toEqual([0, 1, 1, 2]);
  });

  it('of the ordered kind where the middle one comes last', () => {
    const [first, middle, last] = ruled(['a', 'b', 'c']);
    const given = [first, last, middle].flatMap((one) => one ?? []);
    expect(crossings(ordered, given)).toEqual([false, false, true]);
  });

  it('takes one instant for any order, and one event for several rules', () => {
    const same = rules.toReversed().map((rule) => ({ id: 'one', atMs: NOW_MS, rule }));
    expect(crossings(ordered, [...same, ...same])).toEqual([false, false, true, false, false, false]);
    expect(crossings(temporal, same)).toEqual([false, false, true]);
  });

  it('needs a rule as often as the order names it', () => {
    const twice = { ...ordered, rules: ['a', 'b', 'a'] };
    expect(crossings(twice, ruled(['a', 'b', 'b', 'a']))).toEqual([false, false, false, true]);
  });

  it('agrees with brute force in every order of arrival', () => {
    const step = record({ minute: integer({ min: 0, max: 20 }), rule: constantFrom(...rules) });
    const span = 8;
    assert(
      property(array(step, { minLength: 1, maxLength: 9 }), (steps) => {
        const given = steps.map(({ minute, rule }, n) => ({
          id: `e${n}`,
          rule,
          atMs: NOW_MS + minute * MINUTE_MS,
        }));
        const expected = steps.map(({ minute }, n) => {
          const arrived = steps.slice(0, n + 1);
          const times = (rule: string, from: number, to: number) =>
            arrived.filter((one) => one.rule === rule && from <= one.minute && one.minute <= to);
          return arrived
            .filter((end) => minute <= end.minute && end.minute < minute + span)
            .some(({ minute: end }) =>
              times('a', end - span + 1, end).some((a) =>
                times('b', a.minute, end).some((b) => times('c', b.minute, end).length > 0),
              ),
            );
        });
        expect(crossings({ ...ordered, timespanMs: span * MINUTE_MS }, given)).toEqual(expected);
      }),
    );
  });
});

describe('groupOf', () => {
  it('takes all fields of the group as text, by the alias of the rule', () => {
    const { groupOf } = compileCorrelation(
      correlationOf({ rules: ['a', 'b'], groupBy: ['who', 'x.y'], aliases: { who: { b: 'user.name' } } }),
    );
    expect(groupOf({ who: 'ann', x: { y: 1 } }, 'a')).toEqual(['ann', '1']);
    expect(groupOf({ 'user.name': 'ann', 'x.y': true }, 'b')).toEqual(['ann', 'true']);
    expect(groupOf({ who: 'ann', x: { y: 1 } }, 'b')).toBeUndefined();
  });

  it('is one group of all where nothing is grouped by', () => {
    expect(compileCorrelation(correlationOf({ groupBy: [] })).groupOf({}, 'base')).toEqual([]);
  });

  it.each([undefined, null, {}, ['ann'], []])('leaves out an event whose field is %j', (user) => {
    expect(compileCorrelation(correlationOf()).groupOf({ user }, 'base')).toBeUndefined();
  });

  it("reaches nothing that is not the event's own", () => {
    const { groupOf } = compileCorrelation(correlationOf({ groupBy: ['constructor.name'] }));
    expect(groupOf({}, 'base')).toBeUndefined();
  });
});

describe('view', () => {
  const { view } = compileCorrelation(correlationOf());
  const { state } = watch(correlationOf(), at([0, 10, 20]), { suppressMs: 2 * HOUR_MS });

  it('shows what the window that ends now comes to', () => {
    expect(state && view(state, NOW_MS + 65 * MINUTE_MS)).toEqual({
      value: 2,
      firstAtMs: NOW_MS + 10 * MINUTE_MS,
      lastAtMs: NOW_MS + 20 * MINUTE_MS,
      alertedAtMs: NOW_MS + 20 * MINUTE_MS,
      quietUntilMs: NOW_MS + 140 * MINUTE_MS,
    });
  });

  it('shows an empty window, and no silence that is over', () => {
    expect(state && view(state, NOW_MS + 140 * MINUTE_MS)).toEqual({
      value: 0,
      alertedAtMs: NOW_MS + 20 * MINUTE_MS,
    });
  });
});
