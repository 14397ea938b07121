/** Correlations and occurrences for the tests of windows, and what brute force makes of them. */

import { compileCorrelation } from '../../src/detection/correlation.ts';
import type { AlertPolicy, Observed, StoredWindow } from '../../src/detection/correlation.ts';
import type { SigmaCorrelation } from '../../src/detection/document.ts';

export const HOUR_MS = 3_600_000;
export const NOW_MS = 1_795_305_600_000;

export function correlationOf(changes: Partial<SigmaCorrelation> = {}): SigmaCorrelation {
  return {
    kind: 'correlation',
    title: 'test',
    type: 'event_count',
    rules: ['base'],
    timespanMs: HOUR_MS,
    groupBy: ['user'],
    aliases: {},
    bounds: { gt: 2 },
    fields: [],
    generate: false,
    ...changes,
  };
}

export interface Given {
  readonly id: string;
  readonly atMs: number;
  readonly rule?: string;
  readonly event?: Record<string, unknown>;
}

export interface Watched {
  readonly seen: readonly Observed[];
  readonly state: StoredWindow | undefined;
}

/** One group; the state goes through JSON each time, as it does in a table. */
export function watch(
  document: SigmaCorrelation,
  given: readonly Given[],
  policy: Partial<AlertPolicy> = {},
  nowMs = Number.MAX_SAFE_INTEGER,
): Watched {
  const { observe } = compileCorrelation(document);
  let state: StoredWindow | undefined;
  const seen = given.map(({ id, atMs, rule = document.rules[0] ?? '', event = {} }) => {
    const whole: AlertPolicy = { suppressMs: document.timespanMs, afterAlert: 'suppress', ...policy };
    const observed = observe(state, { id, atMs, rule, event }, whole, nowMs);
    state = JSON.parse(JSON.stringify(observed.state)) as StoredWindow;
    return observed;
  });
  return { seen, state };
}

export function idsWhere(
  given: readonly Given[],
  seen: readonly Observed[],
  test: (observed: Observed) => boolean,
) {
  return given.filter((_, n) => seen.slice(n, n + 1).some(test)).map(({ id }) => id);
}
