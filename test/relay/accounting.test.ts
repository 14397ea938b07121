import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BLOCKED_PROBE_MS, newLane } from '../../src/relay/lane-state.ts';
import { REJECTED_IN_A_ROW_MAX, afterOutcome } from '../../src/relay/lanes.ts';
import { BUSY, DELIVERED, FAILED, PureLane, REFUSED, START_MS, anyOutcome, anySteps } from './pure-lane.ts';

const EVENTS = 60;
/** No pause is longer. */
const PAUSE_MS_MAX = 15 * 60_000;

describe('the account of a lane', () => {
  it('has every event exactly once, whatever is answered in whatever order', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 16), anySteps(anyOutcome), (widthMax, steps) => {
        const lane = new PureLane(EVENTS, widthMax);
        for (const step of steps) {
          lane.play(step);
          const { delivered, deadLettered, parked } = lane.state;
          expect(delivered + deadLettered + parked + lane.open.length).toBe(EVENTS);
          expect({ delivered, deadLettered, parked }).toEqual({
            delivered: lane.deliveredSeqs.length,
            deadLettered: lane.deadSeqs.length,
            parked: lane.followUps.length,
          });
        }
        const seqs = [
          lane.deliveredSeqs,
          lane.deadSeqs,
          lane.open,
          lane.followUps.map(({ seq }) => seq),
        ].flat();
        expect(seqs.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: EVENTS }, (_, index) => index + 1),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('never has a pause of more than 15 minutes, and while paused a width of one', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 16), anySteps(anyOutcome), (widthMax, steps) => {
        const lane = new PureLane(EVENTS, widthMax);
        for (const step of steps) {
          const heldMs = lane.nowMs;
          lane.play(step);
          const { dueAtMs, width } = lane.state;
          if (dueAtMs === null) continue;
          expect(dueAtMs - Math.max(heldMs, lane.nowMs)).toBeLessThanOrEqual(PAUSE_MS_MAX);
          expect(width).toBe(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('settles every event in the end when each is answered for good', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 16), anySteps(anyOutcome), (widthMax, steps) => {
        const lane = new PureLane(EVENTS, widthMax);
        for (const step of steps) lane.play(step);
        for (let n = 0; n < 10 * EVENTS && lane.open.length + lane.followUps.length > 0; n++) {
          lane.send();
          lane.sendFollowUp();
          lane.answer(0, DELIVERED, 10, 0.5);
        }
        expect([lane.open, lane.followUps]).toEqual([[], []]);
        expect(lane.state.delivered + lane.state.deadLettered).toBe(EVENTS);
      }),
    );
  });
});

describe('a batch that was under way when the lane paused', () => {
  const wide = { ...newLane(0), width: 8 };
  const around = { nowMs: START_MS, random: 0.5, widthMax: 500 };
  const batch = { seqs: [1, 2, 3, 4, 5, 6, 7, 8], isProbe: false };

  it('and is refused does not make the next probe a batch', () => {
    const paused = afterOutcome(wide, { seqs: [9], isProbe: false }, FAILED, around).state;
    const { state, verdict } = afterOutcome(paused, batch, REFUSED, around);
    expect(verdict).toBe('send_again');
    expect(state).toEqual(paused);
  });

  it('leaves the probe of a lane that is blocked by refusals at one event', () => {
    let state = { ...wide, rejectedInARow: REJECTED_IN_A_ROW_MAX - 1 };
    state = afterOutcome(state, { seqs: [9], isProbe: false }, REFUSED, around).state;
    expect(state).toMatchObject({ blocked: { reason: 'rejected_in_a_row' }, width: 1 });
    state = afterOutcome(state, batch, REFUSED, around).state;
    expect(state).toMatchObject({ width: 1, dueAtMs: START_MS + BLOCKED_PROBE_MS });
  });

  it('and comes through counts, and changes nothing else', () => {
    const paused = afterOutcome(wide, { seqs: [9], isProbe: false }, BUSY, around).state;
    const { state } = afterOutcome(paused, batch, DELIVERED, around);
    expect(state).toMatchObject({ delivered: 8, dueAtMs: paused.dueAtMs, width: 1, tries: 1 });
  });
});
