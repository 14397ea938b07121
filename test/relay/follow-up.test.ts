import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Outcome } from '../../src/domain/outcome.ts';
import {
  FOLLOW_UP_TRIES_MAX,
  type FollowUp,
  afterFollowUp,
  followUpRole,
  followUpWaitMs,
  parkedAt,
} from '../../src/relay/follow-up.ts';
import { BLOCKED_PROBE_MS, type LaneState, isDue, newLane } from '../../src/relay/lane-state.ts';
import { PARKED_MAX, afterBlocked, afterOutcome } from '../../src/relay/lanes.ts';
import {
  BUSY,
  DELIVERED,
  DENIED,
  FAILED,
  REFUSED,
  START_MS,
  TIMED_OUT,
  anyOutcome,
  anyRandom,
} from './pure-lane.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const around = { nowMs: START_MS, random: 0.5, widthMax: 1 };

const followUp: FollowUp = parkedAt({ lane: 'edr/events', seq: 1, attempts: 3 }, around);
const flowing: LaneState = { ...newLane(9), parked: 5 };
const tooMany = { reason: 'too_many_parked', detail: '', sinceMs: START_MS - DAY_MS } as const;
/** Blocked as nothing more may be parked, a minute ago. */
const full: LaneState = {
  ...flowing,
  parked: PARKED_MAX,
  blocked: tooMany,
  lastFailure: { ...tooMany, atMs: START_MS - MINUTE_MS },
  dueAtMs: START_MS + 14 * MINUTE_MS,
};
const denied: LaneState = {
  ...afterBlocked(flowing, deniedOf('unauthorized'), START_MS - DAY_MS),
  dueAtMs: START_MS,
};

function deniedOf(reason: 'unauthorized' | 'rejected_in_a_row') {
  return { kind: 'blocked', reason, detail: '' } as const;
}

function busyFor(retryAfterMs: number): Outcome {
  return { kind: 'retry', reason: 'busy', detail: 'HTTP 429', retryAfterMs };
}

/** Tries a parked event, each time when it is due, until it is settled. Returns the tries and how long it took. */
function tryToTheEnd(outcome: Outcome, random: () => number, most = 1_000) {
  let state: LaneState = { ...newLane(9), parked: 1 };
  let current = parkedAt({ lane: 'edr/events', seq: 1, attempts: 3 }, { nowMs: START_MS, random: random() });
  for (let attempts = 1; attempts <= most; attempts++) {
    const nowMs = current.dueAtMs;
    const next = afterFollowUp(state, { followUp: current, isProbe: false }, outcome, {
      nowMs,
      random: random(),
      widthMax: 1,
    });
    state = next.state;
    if (next.verdict.kind !== 'again')
      return { state, verdict: next.verdict, attempts, tookMs: nowMs - START_MS };
    current = next.verdict.followUp;
  }
  return { state, verdict: { kind: 'again' } as const, attempts: most, tookMs: current.dueAtMs - START_MS };
}

describe('an event that is retried alone', () => {
  it('is tried ten times in about an hour, then becomes a dead letter', () => {
    fc.assert(
      fc.property(
        fc.array(anyRandom, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(FAILED, TIMED_OUT),
        (randoms, outcome) => {
          let drawn = 0;
          const end = tryToTheEnd(outcome, () => randoms[drawn++ % randoms.length] ?? 0);
          expect(end).toMatchObject({
            attempts: FOLLOW_UP_TRIES_MAX,
            verdict: { kind: 'dead_letter', reason: 'attempts_exhausted' },
            state: { parked: 0, deadLettered: 1, dueAtMs: null },
          });
          expect(end.tookMs).toBeGreaterThanOrEqual(40 * MINUTE_MS);
          expect(end.tookMs).toBeLessThanOrEqual(75 * MINUTE_MS);
        },
      ),
    );
  });

  it('waits longer after each failure, up to ten minutes, and not as long as the one beside it', () => {
    const waits = Array.from(
      { length: FOLLOW_UP_TRIES_MAX },
      (_, tries) => followUpWaitMs(tries, 0.5) / 1000,
    );
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 600, 600, 600, 600]);
    expect([followUpWaitMs(6, 0), followUpWaitMs(6, 1)]).toEqual([9 * MINUTE_MS, 11 * MINUTE_MS]);
  });

  it.each([
    ['no wait', undefined, 30_000],
    ['less than its own wait', 1_000, 30_000],
    ['more', 5 * MINUTE_MS, 5 * MINUTE_MS],
    ['an hour: a quarter of an hour is the most', 60 * MINUTE_MS, 15 * MINUTE_MS],
  ])(
    'waits as asked for when a failure asks for %s, and the lane flows on',
    (_name, retryAfterMs, waitMs) => {
      const outcome = { ...FAILED, ...(retryAfterMs && { retryAfterMs }) };
      const { state, verdict } = afterFollowUp(flowing, { followUp, isProbe: false }, outcome, around);
      expect(verdict).toEqual({
        kind: 'again',
        followUp: { ...followUp, tries: 1, attempts: 4, dueAtMs: START_MS + waitMs },
      });
      expect(state).toMatchObject({
        dueAtMs: null,
        parked: 5,
        tries: 0,
        lastFailure: { reason: 'server_error' },
      });
    },
  );

  it('is settled by its delivery', () => {
    const { state, verdict } = afterFollowUp(flowing, { followUp, isProbe: false }, DELIVERED, around);
    expect(verdict).toEqual({ kind: 'settled' });
    expect(state).toMatchObject({ parked: 4, delivered: 1, lastDeliveredAtMs: START_MS });
  });

  it('becomes a dead letter when it is refused', () => {
    const { state, verdict } = afterFollowUp(flowing, { followUp, isProbe: false }, REFUSED, around);
    expect(verdict).toEqual({ kind: 'dead_letter', reason: 'rejected' });
    expect(state).toEqual({ ...flowing, parked: 4, deadLettered: 1 });
  });

  it('is neither counted as tried nor lost when the destination refuses the relay: the lane blocks', () => {
    const late = { ...followUp, tries: FOLLOW_UP_TRIES_MAX - 1 };
    const { state, verdict } = afterFollowUp(flowing, { followUp: late, isProbe: false }, DENIED, around);
    expect(verdict).toMatchObject({ kind: 'again', followUp: { tries: late.tries, attempts: 4 } });
    expect(state).toMatchObject({
      blocked: { reason: 'unauthorized' },
      dueAtMs: START_MS + BLOCKED_PROBE_MS,
      parked: 5,
    });
  });

  it('is never given up because of 429s, however many', () => {
    const end = tryToTheEnd(BUSY, () => 0.9, 500);
    expect(end).toMatchObject({ verdict: { kind: 'again' }, state: { parked: 1, deadLettered: 0 } });
  });

  it('keeps its number when it is a dead letter that is redriven', () => {
    const redriven = { ...followUp, letterId: 7 };
    for (const outcome of [FAILED, BUSY, DENIED]) {
      const { verdict } = afterFollowUp(flowing, { followUp: redriven, isProbe: false }, outcome, around);
      expect(verdict).toMatchObject({ kind: 'again', followUp: { letterId: 7 } });
    }
  });
});

describe('a follow-up that is answered 429', () => {
  it.each([
    ['asks for no wait', BUSY, 500],
    ['asks for a minute', busyFor(MINUTE_MS), MINUTE_MS],
    ['asks for a day: a quarter of an hour is the most', busyFor(DAY_MS), 15 * MINUTE_MS],
  ])('pauses the whole lane when it %s', (_name, outcome, waitMs) => {
    const wide = { ...flowing, width: 64 };
    const { state, verdict } = afterFollowUp(wide, { followUp, isProbe: false }, outcome, around);
    expect(verdict).toMatchObject({ kind: 'again', followUp: { tries: 0, dueAtMs: START_MS + waitMs } });
    expect(state).toMatchObject({
      dueAtMs: START_MS + waitMs,
      tries: 1,
      failingSinceMs: START_MS,
      blocked: null,
    });
    // After a pause one event probes.
    expect(state.width).toBe(1);
  });

  it('does not shorten a pause that lasts longer', () => {
    const paused = { ...flowing, dueAtMs: START_MS + 9 * MINUTE_MS };
    const { state } = afterFollowUp(paused, { followUp, isProbe: false }, BUSY, around);
    expect(state.dueAtMs).toBe(paused.dueAtMs);
  });

  it('pauses the lane also when the clock went back since the last pause', () => {
    const future = { ...full, dueAtMs: START_MS + DAY_MS };
    const { state } = afterFollowUp(future, { followUp, isProbe: false }, busyFor(MINUTE_MS), around);
    expect(isDue(state, START_MS)).toBe(false);
    expect(isDue(state, START_MS + MINUTE_MS)).toBe(true);
  });

  it('holds the other follow-ups too, also those of a lane that is blocked by too many of them', () => {
    const { state } = afterFollowUp(full, { followUp, isProbe: false }, busyFor(10 * MINUTE_MS), around);
    for (const isLogEmpty of [true, false])
      for (const minutes of [0, 1, 9])
        expect(followUpRole(state, START_MS + minutes * MINUTE_MS, isLogEmpty)).toBe('not_now');
  });

  it('holds them no longer than until the next probe fails for another reason', () => {
    const held = afterFollowUp(full, { followUp, isProbe: false }, busyFor(10 * MINUTE_MS), around).state;
    const nowMs = held.dueAtMs ?? 0;
    const failed = afterOutcome(held, { seqs: [10], isProbe: true }, FAILED, { ...around, nowMs }).state;
    expect(failed.blocked?.reason).toBe('too_many_parked');
    expect(followUpRole(failed, nowMs, false)).toBe('beside');
  });
});

describe('how a follow-up goes out', () => {
  const dueAtMs = START_MS + 1_000;
  const paused = { ...flowing, dueAtMs };
  const blocked = { ...paused, blocked: { reason: 'unauthorized', detail: '', sinceMs: START_MS } } as const;

  it.each([
    ['beside a log that flows', flowing, 0, false, 'beside'],
    ['beside an empty log', flowing, 0, true, 'beside'],
    ['not while the lane is paused', paused, 0, false, 'not_now'],
    ['not while the lane is paused, its log empty or not', paused, 0, true, 'not_now'],
    ['not instead of the log as the probe', paused, 1_000, false, 'not_now'],
    ['as the probe, when the log has none', paused, 1_000, true, 'probe'],
    ['not while the lane is blocked', blocked, 0, true, 'not_now'],
    ['as the probe of a blocked lane whose log has none', blocked, 1_000, true, 'probe'],
    ['as the probe when the clock went back', paused, -DAY_MS, true, 'probe'],
    ['beside a lane that is blocked by too many of them', full, 0, false, 'beside'],
    ['beside it also with an empty log', full, 0, true, 'beside'],
  ] as const)('%s', (_name, state, afterMs, isLogEmpty, role) => {
    expect(followUpRole(state, START_MS + afterMs, isLogEmpty)).toBe(role);
  });
});

describe('a follow-up that is the probe of a blocked lane', () => {
  const refused: LaneState = {
    ...afterBlocked(flowing, deniedOf('rejected_in_a_row'), START_MS - DAY_MS),
    dueAtMs: START_MS,
  };

  it('opens it by its delivery', () => {
    const { state } = afterFollowUp(denied, { followUp, isProbe: true }, DELIVERED, around);
    expect(state).toMatchObject({ blocked: null, dueAtMs: null, tries: 0, failingSinceMs: null, parked: 4 });
  });

  it('opens it also by its refusal: the destination answers again', () => {
    const { state, verdict } = afterFollowUp(denied, { followUp, isProbe: true }, REFUSED, around);
    expect(verdict).toMatchObject({ kind: 'dead_letter', reason: 'rejected' });
    expect(state).toMatchObject({ blocked: null, dueAtMs: null, parked: 4, deadLettered: 1 });
  });

  it('leaves it blocked by its refusal when refusals are what it is blocked for: one is given up per probe', () => {
    const { state, verdict } = afterFollowUp(refused, { followUp, isProbe: true }, REFUSED, around);
    expect(verdict).toMatchObject({ kind: 'dead_letter', reason: 'rejected' });
    expect(state).toMatchObject({
      blocked: refused.blocked,
      dueAtMs: START_MS + BLOCKED_PROBE_MS,
      parked: 4,
      deadLettered: 1,
    });
    expect(followUpRole(state, START_MS, true)).toBe('not_now');
  });

  it.each([
    ['a failure', FAILED],
    ['a 429', BUSY],
    ['a 401', DENIED],
    ['its last failure', FAILED, FOLLOW_UP_TRIES_MAX - 1],
  ] as const)('leaves it blocked by %s, for another quarter of an hour', (_name, outcome, tries = 0) => {
    const { state } = afterFollowUp(
      denied,
      { followUp: { ...followUp, tries }, isProbe: true },
      outcome,
      around,
    );
    expect(state).toMatchObject({
      blocked: { reason: 'unauthorized' },
      dueAtMs: START_MS + BLOCKED_PROBE_MS,
    });
  });
});

describe('a lane that is blocked by too many parked events', () => {
  it.each([
    ['is delivered', DELIVERED, 0],
    ['is refused', REFUSED, 0],
    ['is given up', FAILED, FOLLOW_UP_TRIES_MAX - 1],
  ] as const)('looks at its head again as soon as one of them %s', (_name, outcome, tries) => {
    const { state } = afterFollowUp(
      full,
      { followUp: { ...followUp, tries }, isProbe: false },
      outcome,
      around,
    );
    expect(state).toMatchObject({ parked: PARKED_MAX - 1, dueAtMs: START_MS, blocked: tooMany });
    expect(isDue(state, START_MS)).toBe(true);
  });

  it('does not look again while there is no room', () => {
    const crowded = { ...full, parked: PARKED_MAX + 1 };
    for (const outcome of [DELIVERED, REFUSED])
      expect(afterFollowUp(crowded, { followUp, isProbe: false }, outcome, around).state.dueAtMs).toBe(
        full.dueAtMs,
      );
    expect(afterFollowUp(full, { followUp, isProbe: false }, FAILED, around).state.dueAtMs).toBe(
      full.dueAtMs,
    );
  });

  it('does not look again when it is blocked for another reason', () => {
    const state = { ...full, blocked: { ...tooMany, reason: 'forbidden' } } as const;
    expect(afterFollowUp(state, { followUp, isProbe: false }, DELIVERED, around).state.dueAtMs).toBe(
      full.dueAtMs,
    );
  });
});

describe('the number of events that are retried alone', () => {
  it.each([DELIVERED, REFUSED])(
    'stays zero when it is zero, as after everything was given up: $kind',
    (outcome) => {
      const none = { ...flowing, parked: 0 };
      expect(afterFollowUp(none, { followUp, isProbe: false }, outcome, around).state.parked).toBe(0);
    },
  );

  it('is never negative, and moves with what becomes of one: exactly one of kept, delivered, dead', () => {
    const anyState = fc
      .record({
        parked: fc.nat(PARKED_MAX + 1),
        base: fc.constantFrom(flowing, full, denied),
      })
      .map(({ base, parked }) => ({ ...base, parked }));
    fc.assert(
      fc.property(
        anyState,
        anyOutcome,
        fc.nat(9),
        fc.boolean(),
        anyRandom,
        (before, outcome, tries, isProbe, random) => {
          const attempt = { followUp: { ...followUp, tries }, isProbe };
          const { state, verdict } = afterFollowUp(before, attempt, outcome, { ...around, random });
          const gone = verdict.kind === 'again' ? 0 : 1;
          expect(state.parked).toBe(Math.max(0, before.parked - gone));
          expect(state.delivered - before.delivered).toBe(verdict.kind === 'settled' ? 1 : 0);
          expect(state.deadLettered - before.deadLettered).toBe(verdict.kind === 'dead_letter' ? 1 : 0);
          expect([state.cursor, state.ahead, state.expired, state.discarded]).toEqual([9, [], 0, 0]);
          if (verdict.kind !== 'again') return;
          expect(verdict.followUp.dueAtMs - START_MS).toBeLessThanOrEqual(15 * MINUTE_MS);
          expect(verdict.followUp.dueAtMs).toBeGreaterThanOrEqual(START_MS);
        },
      ),
    );
  });
});
