import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Outcome } from '../../src/domain/outcome.ts';
import { BLOCKED_PROBE_MS, type LaneState, newLane } from '../../src/relay/lane-state.ts';
import {
  HEAD_FAILURES_MIN,
  PARKED_MAX,
  REJECTED_IN_A_ROW_MAX,
  afterOutcome,
  afterTryPast,
} from '../../src/relay/lanes.ts';
import {
  BUSY,
  DELIVERED,
  DENIED,
  FAILED,
  PureLane,
  REFUSED,
  START_MS,
  TIMED_OUT,
  anyFailure,
  anyRandom,
  anySteps,
} from './pure-lane.ts';

const MINUTE_MS = 60_000;
const around = { nowMs: START_MS, random: 0.5, widthMax: 1 };

/** The verdicts of attempts in turn, each of one event; those of a paused lane are probes. */
function verdicts(attempts: readonly (readonly [seq: number, outcome: Outcome])[]): string[] {
  let state = newLane(0);
  return attempts.map(([seq, outcome]) => {
    const next = afterOutcome(state, { seqs: [seq], isProbe: state.dueAtMs !== null }, outcome, around);
    state = next.state;
    return next.verdict;
  });
}

/** A lane whose head, event 1, has just failed for the third time. */
function stuck(changes: Partial<LaneState> = {}): LaneState {
  return {
    ...newLane(0),
    tries: 3,
    failingSinceMs: START_MS - 5_000,
    dueAtMs: START_MS + 2_000,
    head: { seq: 1, failures: HEAD_FAILURES_MIN },
    ...changes,
  };
}

describe('a head that fails again and again', () => {
  const again = 'send_again';

  it.each([
    [
      'from its third failure in a row',
      [
        [1, FAILED],
        [1, FAILED],
        [1, FAILED],
        [1, FAILED],
      ],
      [again, again, 'try_past', 'try_past'],
    ],
    [
      'whatever kind of failure it is',
      [
        [1, TIMED_OUT],
        [1, FAILED],
        [1, TIMED_OUT],
      ],
      [again, again, 'try_past'],
    ],
  ] as const)('is passed %s', (_name, attempts, expected) => {
    expect(verdicts(attempts)).toEqual(expected);
  });

  it.each([
    [
      'another event failed in between',
      [
        [1, FAILED],
        [1, FAILED],
        [2, FAILED],
        [1, FAILED],
        [1, FAILED],
      ],
    ],
    [
      'another event was delivered in between',
      [
        [1, FAILED],
        [1, FAILED],
        [2, DELIVERED],
        [1, FAILED],
        [1, FAILED],
      ],
    ],
    [
      'the third answer is a 429: the destination wants patience',
      [
        [1, FAILED],
        [1, FAILED],
        [1, BUSY],
      ],
    ],
    ['the destination only ever answers 429', Array.from({ length: 20 }, () => [1, BUSY] as const)],
    [
      'the lane was blocked in between: that counts for nothing',
      [
        [1, FAILED],
        [1, DENIED],
        [1, DENIED],
        [1, FAILED],
      ],
    ],
    ['the lane blocks', Array.from({ length: 20 }, () => [1, DENIED] as const)],
  ] as const)('is not passed when %s', (_name, attempts) => {
    expect(verdicts(attempts)).not.toContain('try_past');
  });

  it('is not passed by answers to requests that were under way when the lane paused', () => {
    const state = { ...stuck(), head: { seq: 1, failures: 99 } };
    fc.assert(
      fc.property(anyFailure, fc.integer({ min: 1, max: 9 }), (outcome, seq) => {
        const next = afterOutcome(state, { seqs: [seq], isProbe: false }, outcome, around);
        expect(next.verdict).toBe('send_again');
        expect(next.state.head).toEqual(state.head);
      }),
    );
  });

  it('is not passed by an attempt that was no probe, whatever is remembered of it', () => {
    const state = stuck({ dueAtMs: null });
    const next = afterOutcome(state, { seqs: [1], isProbe: false }, FAILED, around);
    expect(next).toMatchObject({
      verdict: 'send_again',
      state: { head: { seq: 1, failures: HEAD_FAILURES_MIN + 1 } },
    });
  });

  it('keeps its count while the lane is blocked', () => {
    const head = { seq: 1, failures: 2 };
    const { state } = afterOutcome(stuck({ head }), { seqs: [1], isProbe: true }, DENIED, around);
    expect(state).toMatchObject({ head, blocked: { reason: 'unauthorized' } });
  });

  it('is tried alone, however wide the batches were: the next request is one event', () => {
    const wide = { ...newLane(0), width: 400 };
    const failed = afterOutcome(wide, { seqs: [1, 2, 3], isProbe: false }, FAILED, {
      ...around,
      widthMax: 500,
    });
    expect(failed.state).toMatchObject({ width: 1, head: { seq: 1, failures: 1 } });
  });
});

/** Its seq. */
const PAST = 5;

describe('the event past a failing head', () => {
  it('proves by its delivery that the head alone is at fault: the head is parked and the pause ends', () => {
    const { state, verdict } = afterTryPast(stuck({ pastHead: 4 }), PAST, DELIVERED, around);
    expect(verdict).toBe('park_head');
    expect(state).toMatchObject({
      parked: 1,
      delivered: 1,
      dueAtMs: null,
      tries: 0,
      failingSinceMs: null,
      head: null,
    });
  });

  it('alone parks: no other outcome of it does', () => {
    fc.assert(
      fc.property(fc.oneof(anyFailure, fc.constant(REFUSED)), anyRandom, (outcome, random) => {
        const { state, verdict } = afterTryPast(stuck(), PAST, outcome, { ...around, random });
        expect(verdict).not.toBe('park_head');
        expect(state).toMatchObject({ parked: 0, delivered: 0, head: stuck().head });
        expect(state.dueAtMs).not.toBeNull();
      }),
    );
  });

  it.each([
    ['no wait', undefined, 2_000],
    ['a wait that ends before the pause', 1_000, 2_000],
    ['a longer wait', 30_000, 30_000],
    ['an hour: a quarter of an hour is the most', 60 * MINUTE_MS, 15 * MINUTE_MS],
  ])(
    'that fails keeps the pause when it asks for %s, and the next one is tried next',
    (_name, retryAfterMs, waitMs) => {
      for (const reason of ['server_error', 'busy'] as const) {
        const outcome = { kind: 'retry', reason, detail: '', ...(retryAfterMs && { retryAfterMs }) } as const;
        const { state, verdict } = afterTryPast(stuck({ pastHead: 2 }), PAST, outcome, around);
        expect(verdict).toBe('send_again');
        expect(state).toMatchObject({
          dueAtMs: START_MS + waitMs,
          pastHead: PAST,
          tries: 3,
          lastFailure: { reason },
        });
      }
    },
  );

  it('that is refused becomes a dead letter, and the pause goes on', () => {
    const { state, verdict } = afterTryPast(stuck(), PAST, REFUSED, around);
    expect(verdict).toBe('dead_letter');
    expect(state).toEqual({ ...stuck(), deadLettered: 1, rejectedInARow: 1, pastHead: PAST });
  });

  it('blocks the lane when it is the twentieth that is refused in a row', () => {
    const { state, verdict } = afterTryPast(
      stuck({ rejectedInARow: REJECTED_IN_A_ROW_MAX - 1 }),
      PAST,
      REFUSED,
      around,
    );
    expect(verdict).toBe('dead_letter');
    expect(state).toMatchObject({
      blocked: { reason: 'rejected_in_a_row' },
      dueAtMs: START_MS + BLOCKED_PROBE_MS,
      deadLettered: 1,
    });
  });

  it('blocks the lane when the destination refuses the relay', () => {
    const { state, verdict } = afterTryPast(stuck(), PAST, DENIED, around);
    expect(verdict).toBe('send_again');
    expect(state).toMatchObject({
      blocked: { reason: 'unauthorized' },
      dueAtMs: START_MS + BLOCKED_PROBE_MS,
    });
  });

  it('that is delivered is settled also when no more events may be parked: then the lane blocks', () => {
    const { state, verdict } = afterTryPast(stuck({ parked: PARKED_MAX }), PAST, DELIVERED, around);
    expect(verdict).toBe('settled');
    expect(state).toMatchObject({
      blocked: { reason: 'too_many_parked' },
      dueAtMs: START_MS + BLOCKED_PROBE_MS,
      parked: PARKED_MAX,
      delivered: 1,
    });
  });

  it('parks the last that may be parked', () => {
    const { state, verdict } = afterTryPast(stuck({ parked: PARKED_MAX - 1 }), PAST, DELIVERED, around);
    expect(verdict).toBe('park_head');
    expect(state).toMatchObject({ parked: PARKED_MAX, blocked: null });
  });
});

/** Milliseconds until the poison is parked. `answer` says how long an answer takes of the patience there is, and whether it is none. */
function untilParked(
  lane: PureLane,
  poison: number,
  answers: readonly { readonly share: number; readonly isTimeout: boolean; readonly random: number }[],
  patienceMs: { readonly first: number; readonly afterTimeout: number },
): number {
  const answerMsMax = () =>
    lane.state.lastFailure?.reason === 'timeout' && lane.state.dueAtMs !== null
      ? patienceMs.afterTimeout
      : patienceMs.first;
  for (let n = 0; lane.followUps.length === 0 && n < 2_000; n++) {
    if (lane.underWay.length === 0) lane.send();
    const [request] = lane.underWay;
    const { share, isTimeout, random } = answers[n % answers.length] ?? {
      share: 1,
      isTimeout: true,
      random: 0.9,
    };
    const isPoisonous = request?.kind === 'log' && request.attempt.seqs.includes(poison);
    const failure = isTimeout ? TIMED_OUT : FAILED;
    const afterMs = Math.floor((isPoisonous && isTimeout ? 1 : share) * answerMsMax());
    lane.answer(0, isPoisonous ? failure : DELIVERED, afterMs, random);
  }
  expect(lane.followUps.map(({ seq }) => seq)).toEqual([poison]);
  return lane.nowMs - START_MS;
}

const anyAnswers = fc.array(
  fc.record({
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    isTimeout: fc.boolean(),
    random: anyRandom,
  }),
  { minLength: 1, maxLength: 30 },
);
const PATIENCE = { first: 15_000, afterTimeout: 5_000 };

describe('a poisonous event', () => {
  it('is parked within two minutes of its first attempt, however slow the answers are', () => {
    fc.assert(
      fc.property(anyAnswers, (answers) => {
        expect(untilParked(new PureLane(5, 1), 1, answers, PATIENCE)).toBeLessThanOrEqual(2 * MINUTE_MS);
      }),
    );
  });

  it('is parked within a minute when it times out and the others answer at once', () => {
    const slowest = [{ share: 0, isTimeout: true, random: 0.999_999 }];
    expect(untilParked(new PureLane(5, 1), 1, slowest, PATIENCE)).toBeLessThanOrEqual(MINUTE_MS);
  });

  it('is found within two minutes wherever it stands in a wide batch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 499 }), anyAnswers, (poison, answers) => {
        const failing = answers.map((answer) => ({ ...answer, isTimeout: false }));
        const lane = new PureLane(500, 500, { ...newLane(0), width: 500 });
        const quick = { first: 500, afterTimeout: 500 };
        expect(untilParked(lane, poison, failing, quick)).toBeLessThanOrEqual(2 * MINUTE_MS);
        expect(lane.deadSeqs).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an outage', () => {
  it('parks nothing and dead-letters nothing, however long it lasts and however it fails', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 500), anySteps(anyFailure), (widthMax, steps) => {
        const lane = new PureLane(40, widthMax);
        for (const step of steps) lane.play(step);
        expect(lane.open).toHaveLength(40);
        expect(lane.state).toMatchObject({ parked: 0, deadLettered: 0, delivered: 0 });
      }),
    );
  });

  it('of a week loses nothing, and ends with the first probe that comes through', () => {
    const lane = new PureLane(40, 1);
    for (let n = 0; lane.nowMs < START_MS + 7 * 24 * 60 * MINUTE_MS; n++) {
      if (lane.underWay.length === 0) lane.send();
      lane.answer(0, n % 3 === 0 ? TIMED_OUT : FAILED, 100, (n % 10) / 10);
    }
    while (lane.underWay.length > 0) lane.answer(0, FAILED, 100, 0.5);
    expect(lane.state).toMatchObject({ parked: 0, deadLettered: 0 });
    lane.send();
    lane.answer(0, DELIVERED, 100, 0.5);
    expect(lane.state).toMatchObject({ dueAtMs: null, tries: 0, delivered: 1 });
    expect(lane.deliveredSeqs).toEqual([1]);
  });
});
