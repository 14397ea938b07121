import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { compileCorrelation } from '../../src/detection/correlation.ts';
import type { AlertPolicy, Observed, WindowState } from '../../src/detection/correlation.ts';
import type { SigmaCorrelation } from '../../src/detection/document.ts';
import { correlationOf } from './correlation-builder.ts';

interface Vector {
  readonly name: string;
  readonly type: SigmaCorrelation['type'];
  readonly window_ms: number;
  readonly condition: SigmaCorrelation['bounds'];
  readonly group_by: string;
  readonly events: readonly { id: number; ts: number; user: string | null; val: unknown }[];
  readonly in_order: boolean;
  readonly expect: readonly ({ value: number; crossed: boolean } | null)[];
  readonly alerts_every_crossing: readonly number[];
  readonly alerts_suppressed_by_window: readonly number[];
  readonly alerts_reset_after_fire?: readonly number[];
  readonly alerts_any_window?: readonly number[];
  readonly max_in_any_window: Readonly<Record<string, number>>;
}

const vectors = JSON.parse(
  readFileSync(fileURLToPath(import.meta.resolve('../vectors/correlation-vectors.json')), 'utf8'),
) as readonly Vector[];

/** Each event's outcome, undefined where it belongs to no group; all users of the sequence at once. */
function outcomes(vector: Vector, afterAlert: AlertPolicy['afterAlert'] = 'suppress') {
  const document = correlationOf({
    type: vector.type,
    timespanMs: vector.window_ms,
    groupBy: [vector.group_by],
    bounds: vector.condition,
    fields: vector.type === 'event_count' ? [] : ['val'],
  });
  const { groupOf, observe } = compileCorrelation(document);
  const states = new Map<string, WindowState>();
  const policy = { suppressMs: vector.window_ms, afterAlert };
  return vector.events.map((event): Observed | undefined => {
    const [group] = groupOf({ ...event }, 'base') ?? [];
    if (group === undefined) return undefined;
    const occurrence = { id: String(event.id), atMs: event.ts, rule: 'base', event: { ...event } };
    const observed = observe(states.get(group), occurrence, policy, Number.MAX_SAFE_INTEGER);
    states.set(group, JSON.parse(JSON.stringify(observed.state)) as WindowState);
    return observed;
  });
}

function idsWhere(
  { events }: Vector,
  seen: readonly (Observed | undefined)[],
  test: (seen: Observed) => boolean,
) {
  return events
    .filter((_, n) => {
      const observed = seen[n];
      return observed !== undefined && test(observed);
    })
    .map(({ id }) => id);
}

function named(isOf: (vector: Vector) => unknown) {
  return vectors.filter(isOf).map((vector) => [vector.name, vector] as const);
}

describe.each(named(() => true))('%s', (_, vector) => {
  const seen = outcomes(vector);

  it('has the value and the crossing of each event at its own time', () => {
    expect(seen.map((observed) => observed?.own ?? null)).toEqual(vector.expect);
    expect(idsWhere(vector, seen, ({ own }) => own.crossed)).toEqual(vector.alerts_every_crossing);
  });

  it('crosses where the sequence alerts, silenced in the order of arrival', () => {
    // The sequences judge late events at their own time, and silence all that is older than the last alert.
    const last = new Map<string | null, number>();
    const alerting = vector.events.filter(({ user, ts }, n) => {
      const isAlert = seen[n]?.own.crossed === true && ts - (last.get(user) ?? -Infinity) >= vector.window_ms;
      if (isAlert) last.set(user, ts);
      return isAlert;
    });
    expect(alerting.map(({ id }) => id)).toEqual(vector.alerts_suppressed_by_window);
  });
});

it.each(named(({ in_order }) => in_order))(
  '%s alerts once, and then not until the window has passed',
  (_, vector) => {
    const seen = outcomes(vector);
    expect(idsWhere(vector, seen, ({ alerts }) => alerts)).toEqual(vector.alerts_suppressed_by_window);
  },
);

it.each(named(({ alerts_reset_after_fire }) => alerts_reset_after_fire))(
  '%s counts anew after an alert that resets',
  (_, vector) => {
    expect(idsWhere(vector, outcomes(vector, 'reset'), ({ alerts }) => alerts)).toEqual(
      vector.alerts_reset_after_fire,
    );
  },
);

it.each(named(({ alerts_any_window }) => alerts_any_window))(
  '%s crosses with any window that the event completes',
  (_, vector) => {
    const seen = outcomes(vector);
    expect(idsWhere(vector, seen, ({ crossed }) => crossed)).toEqual(vector.alerts_any_window);
  },
);

it.each(named(({ type }) => type === 'event_count'))(
  '%s sees the largest count of any window',
  (_, vector) => {
    // Each bound in turn: the largest that is met.
    for (const [user, most] of Object.entries(vector.max_in_any_window)) {
      const events = vector.events.filter((event) => event.user === user);
      const crosses = (bound: number) =>
        outcomes({ ...vector, events, condition: { gte: bound } }).some((one) => one?.crossed);
      expect([crosses(most), crosses(most + 1)]).toEqual([true, false]);
    }
  },
);

it('holds all sequences', () => {
  expect(vectors.length).toBe(77);
});
