import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FailedOutcome, Outcome } from '../../src/domain/outcome.ts';
import {
  BLOCKED_PROBE_MS,
  type LaneState,
  discard,
  expire,
  isDue,
  left,
  madeDue,
  newLane,
  rejoined,
  rested,
  settle,
  undelivered,
} from '../../src/relay/lane-state.ts';
import { REJECTED_IN_A_ROW_MAX, afterOutcome } from '../../src/relay/lanes.ts';

const NOW_MS = 1_795_305_600_000;
const around = { nowMs: NOW_MS, random: 0.5, widthMax: 1 };
const batched = { ...around, widthMax: 500 };

const DELIVERED: Outcome = { kind: 'delivered' };
const BUSY: FailedOutcome = { kind: 'retry', reason: 'server_error', detail: 'HTTP 503' };
const DENIED: FailedOutcome = { kind: 'blocked', reason: 'unauthorized', detail: 'HTTP 401' };
const REFUSED: FailedOutcome = { kind: 'rejected', status: 400, excerpt: 'no' };

const first = { seqs: [1], isProbe: false };
const probe = { seqs: [1], isProbe: true };

function after(state: LaneState, ...outcomes: Outcome[]): LaneState {
  return outcomes.reduce(
    (s, outcome) => afterOutcome(s, s.dueAtMs === null ? first : probe, outcome, around).state,
    state,
  );
}

describe('a lane after an outcome', () => {
  it('pauses after a failure and keeps its events', () => {
    const { state, verdict } = afterOutcome(newLane(0), first, BUSY, around);
    expect(verdict).toBe('send_again');
    expect(state).toMatchObject({ tries: 1, dueAtMs: NOW_MS + 500, failingSinceMs: NOW_MS });
  });

  it('counts one failure for requests that were under way together', () => {
    const failed = afterOutcome(newLane(0), first, BUSY, around).state;
    const sibling = afterOutcome(failed, { seqs: [2], isProbe: false }, BUSY, around).state;
    expect(sibling).toMatchObject({ tries: 1, dueAtMs: failed.dueAtMs });
  });

  describe('that delivered the first events, and failed over the others', () => {
    const failing = (others: FailedOutcome, settled = 2): Outcome => ({ kind: 'delivered', settled, others });
    const four = { seqs: [1, 2, 3, 4], isProbe: false };

    it('counts the first as delivered, and pauses for the others as the destination asked', () => {
      const busy: FailedOutcome = { kind: 'retry', reason: 'busy', detail: 'HTTP 429', retryAfterMs: 60_000 };
      const { state, verdict } = afterOutcome(newLane(0), four, failing(busy), batched);
      expect(verdict).toBe('send_again');
      expect(state).toMatchObject({ delivered: 2, tries: 1, width: 1, lastDeliveredAtMs: NOW_MS });
      expect(state.dueAtMs).toBeGreaterThanOrEqual(NOW_MS + 60_000);
      expect(state.head).toEqual({ seq: 3, failures: 1 });
    });

    it('begins a pause of its own after a probe', () => {
      const paused = after(newLane(0), BUSY, BUSY, BUSY);
      const outcome = failing(BUSY);
      const { state, verdict } = afterOutcome(paused, { ...four, isProbe: true }, outcome, batched);
      expect(verdict).toBe('send_again');
      expect(state).toMatchObject({ delivered: 2, tries: 1, failingSinceMs: NOW_MS, dueAtMs: NOW_MS + 500 });
    });

    it('blocks, and unblocks what it was blocked for', () => {
      const { state } = afterOutcome(newLane(0), four, failing(DENIED), batched);
      expect(state).toMatchObject({ delivered: 2, blocked: { reason: 'unauthorized' } });
      const again = afterOutcome(state, { ...four, isProbe: true }, failing(BUSY), batched).state;
      expect(again).toMatchObject({ delivered: 4, blocked: null, tries: 1 });
    });

    it('halves the others when they are refused, and gives up one that is alone', () => {
      const halved = afterOutcome(newLane(0), four, failing(REFUSED), batched);
      expect(halved).toMatchObject({ verdict: 'send_again', state: { delivered: 2, width: 1 } });
      const alone = afterOutcome(newLane(0), four, failing(REFUSED, 3), batched);
      expect(alone).toMatchObject({
        verdict: 'dead_letter',
        state: { delivered: 3, deadLettered: 1, rejectedInARow: 1 },
      });
    });

    it('has no others when all are delivered', () => {
      const { state, verdict } = afterOutcome(newLane(0), four, failing(DENIED, 4), batched);
      expect(verdict).toBe('settled');
      expect(state).toMatchObject({ delivered: 4, blocked: null, dueAtMs: null });
    });
  });

  it('does not end a pause because an older request came through', () => {
    const failed = afterOutcome(newLane(0), first, BUSY, around).state;
    const sibling = afterOutcome(failed, { seqs: [2], isProbe: false }, DELIVERED, around).state;
    expect(sibling).toMatchObject({ dueAtMs: failed.dueAtMs, delivered: 1 });
  });

  it('ends the pause when a probe comes through', () => {
    const state = after(newLane(0), BUSY, BUSY, DELIVERED);
    expect(state).toMatchObject({
      tries: 0,
      dueAtMs: null,
      failingSinceMs: null,
      blocked: null,
      delivered: 1,
    });
  });

  it('waits longer with each probe that fails', () => {
    const waits = [1, 2, 3, 4, 5].map((n) => {
      const state = after(newLane(0), ...Array.from({ length: n }, () => BUSY));
      return (state.dueAtMs ?? 0) - NOW_MS;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 5000]);
  });

  it('blocks on 401, probes every quarter of an hour, and opens again when a probe comes through', () => {
    const state = after(newLane(0), DENIED);
    expect(state).toMatchObject({ blocked: { reason: 'unauthorized' }, dueAtMs: NOW_MS + BLOCKED_PROBE_MS });
    expect(after(state, BUSY).dueAtMs).toBe(NOW_MS + BLOCKED_PROBE_MS);
    expect(after(state, DENIED).blocked).toMatchObject({ sinceMs: NOW_MS });
    expect(after(state, DELIVERED)).toMatchObject({ blocked: null, dueAtMs: null });
  });

  it('is due at once after a config change, but still probes', () => {
    const state = madeDue(after(newLane(0), DENIED), NOW_MS + 5);
    expect(state).toMatchObject({ dueAtMs: NOW_MS + 5, blocked: { reason: 'unauthorized' } });
  });

  it('dead-letters an event that is refused and goes on', () => {
    const { state, verdict } = afterOutcome(newLane(0), first, REFUSED, around);
    expect(verdict).toBe('dead_letter');
    expect(state).toMatchObject({ dueAtMs: null, deadLettered: 1, rejectedInARow: 1 });
  });

  it('blocks after twenty refusals without a delivery', () => {
    const almost = after(newLane(0), ...Array.from({ length: REJECTED_IN_A_ROW_MAX - 1 }, () => REFUSED));
    expect(almost.blocked).toBeNull();
    expect(after(almost, DELIVERED, REFUSED).blocked).toBeNull();
    expect(after(almost, REFUSED).blocked).toMatchObject({ reason: 'rejected_in_a_row' });
  });

  it('blocked by refusals gives up one event per probe', () => {
    const blocked = after(newLane(0), ...Array.from({ length: REJECTED_IN_A_ROW_MAX }, () => REFUSED));
    const { state, verdict } = afterOutcome(blocked, probe, REFUSED, around);
    expect(verdict).toBe('dead_letter');
    expect(state).toMatchObject({
      deadLettered: REJECTED_IN_A_ROW_MAX + 1,
      dueAtMs: NOW_MS + BLOCKED_PROBE_MS,
    });
    expect(state.blocked).toEqual(blocked.blocked);
    expect(after(state, DELIVERED).blocked).toBeNull();
  });

  it('blocked for another reason opens when an event is refused: the destination answers again', () => {
    expect(after(newLane(0), DENIED, REFUSED)).toMatchObject({
      blocked: null,
      dueAtMs: null,
      deadLettered: 1,
    });
  });

  it('that has nothing left to send waits for nothing, but stays blocked', () => {
    expect(rested(after(newLane(0), BUSY))).toMatchObject({ dueAtMs: null, tries: 0, failingSinceMs: null });
    const blocked = after(newLane(0), DENIED);
    expect(rested(blocked)).toBe(blocked);
  });

  it('is due again when its pause is longer than any pause: the clock has gone back', () => {
    const state = after(newLane(0), BUSY);
    expect(isDue(state, NOW_MS)).toBe(false);
    expect(isDue(state, NOW_MS + 500)).toBe(true);
    expect(isDue(state, NOW_MS - 86_400_000)).toBe(true);
  });

  it('is never due later than a quarter of an hour from now, wherever the clock goes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 15 * 60_000 }),
        fc.integer({ min: -1e11, max: 1e11 }),
        (waitMs, byMs) => {
          const state = { ...newLane(0), dueAtMs: NOW_MS + waitMs };
          const nowMs = NOW_MS + byMs;
          expect(isDue(state, nowMs)).toBe(byMs >= waitMs || waitMs - byMs > 15 * 60_000);
          expect(isDue(state, nowMs) || isDue(state, nowMs + 15 * 60_000)).toBe(true);
        },
      ),
    );
  });

  it('halves a refused batch until the culprit stands alone', () => {
    const wide = { ...newLane(0), width: 8 };
    const halved = afterOutcome(wide, { seqs: [1, 2, 3, 4, 5, 6, 7, 8], isProbe: false }, REFUSED, batched);
    expect(halved).toMatchObject({
      verdict: 'send_again',
      state: { width: 4, deadLettered: 0, dueAtMs: null },
    });
    const alone = afterOutcome(halved.state, { seqs: [1], isProbe: false }, REFUSED, batched);
    expect(alone.verdict).toBe('dead_letter');
  });

  it('doubles a batch with each delivery, up to its limit, and starts at one after a pause', () => {
    let state = newLane(0);
    for (const width of [2, 4, 8, 16, 32, 64, 128, 256, 500, 500]) {
      state = afterOutcome(state, first, DELIVERED, batched).state;
      expect(state.width).toBe(width);
    }
    expect(afterOutcome(state, first, BUSY, batched).state.width).toBe(1);
  });
});

describe('a lane that an operator acts on', () => {
  const troubled: LaneState = {
    ...after({ ...newLane(4), ahead: [7], width: 8 }, BUSY, BUSY, DENIED),
    parked: 3,
    delivered: 10,
    deadLettered: 2,
    expired: 1,
    discarded: 5,
    pastHead: 6,
  };

  it('that gives up everything counts it, and has nothing to wait for', () => {
    expect(discard(troubled, 20, 18)).toMatchObject({
      cursor: 20,
      ahead: [],
      parked: 0,
      discarded: 23,
      delivered: 10,
      deadLettered: 2,
      dueAtMs: null,
      blocked: null,
      head: null,
      pastHead: 0,
    });
  });

  it('that was removed forgets its pause, but nothing that it had not delivered', () => {
    const leaving = { to: 20, events: ['alert.severity_high'] };
    expect(left(troubled, leaving)).toMatchObject({
      cursor: 4,
      ahead: [7],
      parked: 3,
      delivered: 10,
      dueAtMs: null,
      blocked: null,
      lastFailure: null,
      leaving: [leaving],
    });
  });

  it('that comes back starts where it is told, with its totals and without its faults', () => {
    const { delivered, deadLettered, expired, discarded, parked } = troubled;
    const totals = { delivered, deadLettered, expired, discarded, parked };
    expect(rejoined(troubled, 30)).toEqual({ ...newLane(30), ...totals });
  });

  it('that comes back before it has left goes on later, from where it was told', () => {
    const leaving = left(troubled, { to: 20 });
    expect(rejoined(leaving, 30)).toEqual({ ...leaving, leaving: [{ to: 20, thenFrom: 30 }] });
  });

  it('that is resumed keeps what it knows of its head, and is never made due later', () => {
    const resumed = madeDue(troubled, NOW_MS + 5);
    expect(resumed).toEqual({ ...troubled, dueAtMs: NOW_MS + 5 });
    expect(madeDue(resumed, NOW_MS + 9)).toEqual(resumed);
    expect(madeDue(newLane(0), NOW_MS).dueAtMs).toBeNull();
  });
});

describe('settle', () => {
  it('moves the cursor to just before the first open event and remembers what is settled above it', () => {
    const state = settle(newLane(0), [2, 4], { firstOpen: 1, readTo: 5 });
    expect(state).toMatchObject({ cursor: 0, ahead: [2, 4] });
    expect(settle(state, [1], { firstOpen: 3, readTo: 5 })).toMatchObject({ cursor: 2, ahead: [4] });
    expect(settle(state, [1, 3, 5], { firstOpen: null, readTo: 5 })).toMatchObject({ cursor: 5, ahead: [] });
  });

  it('never moves the cursor back and never loses or repeats an event, in whatever order events settle', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          [...Array(40).keys()].map((n) => n + 1),
          { minLength: 0 },
        ),
        (order) => {
          let state = newLane(0);
          const open = new Set([...Array(40).keys()].map((n) => n + 1));
          for (const seq of order) {
            open.delete(seq);
            const before = state.cursor;
            state = settle(state, [seq], { firstOpen: open.size > 0 ? Math.min(...open) : null, readTo: 40 });
            expect(state.cursor).toBeGreaterThanOrEqual(before);
            const settled = new Set([...Array(state.cursor).keys()].map((n) => n + 1).concat(state.ahead));
            for (let n = 1; n <= 40; n++) expect(settled.has(n)).toBe(!open.has(n));
            expect(undelivered(state, 40)).toBe(open.size);
          }
        },
      ),
    );
  });

  it('counts what expired and forgets what was settled in the same stretch', () => {
    const state = expire({ ...newLane(3), ahead: [5, 9] }, 7, 2);
    expect(state).toMatchObject({ cursor: 7, ahead: [9], expired: 2 });
  });
});
