import { describe, expect, it } from 'vitest';

import { auditLane, LANE_FAULTS, type LaneAudit, type LaneInput } from './audit.ts';
import type { Arrival, ArrivalResult } from './ledger.ts';

const TYPE = 'interaction.high_risk';
const key = (n: number): string => `${TYPE}:e${n}`;

/** One request that carries one or more events by number, answered after a millisecond. */
function arrival(
  atMs: number,
  events: number | readonly number[],
  result: ArrivalResult = 'delivered',
): Arrival {
  const keys = [events].flat().map(key);
  const start = String(atMs).padStart(6, '0');
  return { atMs, answeredAtMs: result === 'unseen' ? Infinity : atMs + 1, keys, result, start };
}

/** A lane whose log holds the events 1 to `count`, which all must arrive. */
function audit(count: number, arrivals: readonly Arrival[], more: Partial<LaneInput> = {}): LaneAudit {
  return auditLane({
    tenant: 'acme',
    lane: 'edr/events',
    isBatched: false,
    inFlight: 4,
    log: Array.from({ length: count }, (_, i) => ({ seq: i + 1, key: key(i + 1), type: TYPE })),
    expectationOf: () => 'must',
    arrivals,
    interruptions: [],
    saves: [],
    rereadAtMs: [],
    deadLetters: new Map(),
    parked: 0,
    discarded: 0,
    acceptedAtMs: new Map(),
    ...more,
  });
}

function faultsOf({ faults }: LaneAudit): string[] {
  return LANE_FAULTS.filter((fault) => faults[fault].length > 0);
}

const inOrder = (count: number): Arrival[] => Array.from({ length: count }, (_, i) => arrival(10 * i, i + 1));

describe('the audit of a lane', () => {
  it('finds nothing where every event arrives once and in order', () => {
    const result = audit(20, inOrder(20));
    expect(faultsOf(result)).toEqual([]);
    expect(result).toMatchObject({ wanted: 20, delivered: 20, overtakersMax: 0 });
  });

  it('tells the longest time from a 202 to the arrival', () => {
    const acceptedAtMs = new Map([1, 2, 3].map((n) => [key(n), 5] as const));
    expect(audit(3, inOrder(3), { acceptedAtMs }).longestWaitMs).toBe(15);
  });

  describe('of what is lost', () => {
    it('finds an event that never arrived', () => {
      const result = audit(20, inOrder(20).toSpliced(7, 1));
      expect(faultsOf(result)).toEqual(['lost']);
      expect(result.faults.lost).toEqual([`${key(8)} (seq 8)`]);
    });

    it.each(['failed', 'rejected'] as const)('finds an event whose only arrival was %s', (refused) => {
      const arrivals = inOrder(3).with(1, arrival(10, 2, refused));
      expect(faultsOf(audit(3, arrivals))).toEqual(['lost']);
    });

    it('takes an event whose answer the relay never saw for delivered', () => {
      expect(faultsOf(audit(1, [arrival(0, 1, 'unseen')]))).toEqual([]);
    });

    it('takes a dead letter and a parked event for accounted for', () => {
      const arrivals = [arrival(0, 1, 'rejected'), arrival(10, 2, 'failed'), arrival(20, 3)];
      const more = { deadLetters: new Map([[key(1), 'rejected']]), parked: 1 };
      const result = audit(3, arrivals, more);
      expect(faultsOf(result)).toEqual([]);
      expect(result).toMatchObject({ delivered: 1, deadLettered: 1, parked: 1 });
    });

    it('finds that more is missing than the lane says is parked', () => {
      expect(audit(3, [arrival(0, 1)], { parked: 1 }).faults.lost).toHaveLength(2);
    });

    it('finds that more is missing of a removed destination than the lane says it gave up', () => {
      const lost = (discarded: number): string[] =>
        faultsOf(audit(3, [arrival(0, 1)], { discarded, expectationOf: () => 'unless_discarded' }));
      expect(lost(2)).toEqual([]);
      expect(lost(1)).toEqual(['lost']);
    });

    it('misses no event that may but need not arrive', () => {
      expect(faultsOf(audit(2, [arrival(0, 1)], { expectationOf: () => 'may' }))).toEqual([]);
    });
  });

  describe('of what should not be there', () => {
    it('finds an event that is not the lane’s', () => {
      const result = audit(2, inOrder(2), { expectationOf: ({ seq }) => (seq === 2 ? 'never' : 'must') });
      expect(faultsOf(result)).toEqual(['unwanted']);
    });

    it('finds an event that nobody stored', () => {
      expect(faultsOf(audit(1, [...inOrder(1), arrival(50, 99)]))).toEqual(['unwanted']);
    });

    it.each(['rejected', 'attempts_exhausted'])(
      'finds a dead letter, %s, that no answer justifies',
      (reason) => {
        const deadLetters = new Map([[key(2), reason]]);
        expect(faultsOf(audit(2, inOrder(2), { deadLetters }))).toEqual(['unfounded']);
      },
    );
  });

  describe('of duplicates', () => {
    it('finds a second arrival after an answer that went out', () => {
      const result = audit(2, [...inOrder(2), arrival(100, 1)]);
      expect(faultsOf(result)).toEqual(['unexplained']);
      expect(result.faults.unexplained).toEqual([`${key(1)} arrived at 100, 99 ms after it was delivered`]);
    });

    it('finds that a refused event was sent again', () => {
      const arrivals = [arrival(0, 1, 'rejected'), arrival(10, 1, 'rejected')];
      const deadLetters = new Map([[key(1), 'rejected']]);
      expect(faultsOf(audit(1, arrivals, { deadLetters }))).toEqual(['unexplained']);
    });

    it('explains that a refused event was sent again where the config was saved just then', () => {
      const arrivals = [arrival(100, 1, 'rejected'), arrival(150, 1, 'rejected')];
      const deadLetters = new Map([[key(1), 'rejected']]);
      const savedFrom = (fromMs: number): string[] =>
        faultsOf(audit(1, arrivals, { deadLetters, saves: [{ fromMs, toMs: fromMs + 20 }] }));
      expect(savedFrom(90)).toEqual([]);
      expect(savedFrom(110)).toEqual(['unexplained']);
      expect(
        faultsOf(audit(1, [arrival(100, 1), arrival(150, 1)], { saves: [{ fromMs: 90, toMs: 110 }] })),
      ).toEqual(['unexplained']);
    });

    it('explains one after an answer that the relay did not see', () => {
      const result = audit(1, [arrival(0, 1, 'unseen'), arrival(10, 1, 'failed'), arrival(20, 1)]);
      expect(faultsOf(result)).toEqual([]);
      expect(result.duplicatesAfterUnseen).toBe(1);
    });

    it('counts no attempt after a failure as a duplicate', () => {
      const result = audit(1, [arrival(0, 1, 'failed'), arrival(10, 1, 'failed'), arrival(20, 1)]);
      expect(faultsOf(result)).toEqual([]);
      expect(result).toMatchObject({ duplicatesAfterUnseen: 0, duplicatesAfterInterruption: 0 });
    });

    const kill = { kind: 'kill', fromMs: 200, toMs: 210 } as const;

    it('explains after a kill the last eight of a lane with four in flight, and not the ninth', () => {
      const repeated = (n: number): LaneAudit =>
        audit(20, [...inOrder(20), arrival(300, n)], { interruptions: [kill] });
      expect(faultsOf(repeated(13))).toEqual([]);
      expect(repeated(13).duplicatesAfterInterruption).toBe(1);
      expect(faultsOf(repeated(12))).toEqual(['unexplained']);
    });

    it('explains nothing by a kill that does not lie between', () => {
      const early = [arrival(0, 1), arrival(100, 1)];
      expect(faultsOf(audit(1, early, { interruptions: [kill] }))).toEqual(['unexplained']);
      const late = [arrival(300, 1), arrival(400, 1)];
      expect(faultsOf(audit(1, late, { interruptions: [kill] }))).toEqual(['unexplained']);
    });

    it('explains after a kill the last two batches of a batched lane, and not the third', () => {
      const batches = [arrival(0, [1, 2]), arrival(10, [3, 4]), arrival(20, [5, 6])];
      const repeated = (n: number): string[] =>
        faultsOf(audit(6, [...batches, arrival(300, n)], { isBatched: true, interruptions: [kill] }));
      expect(repeated(3)).toEqual([]);
      expect(repeated(2)).toEqual(['unexplained']);
    });

    it('explains that a refused batch is tried in smaller parts', () => {
      const arrivals = [arrival(0, [1, 2], 'rejected'), arrival(10, 1), arrival(20, 2, 'rejected')];
      const deadLetters = new Map([[key(2), 'rejected']]);
      expect(faultsOf(audit(2, arrivals, { isBatched: true, deadLetters }))).toEqual([]);
    });
  });

  describe('of the order', () => {
    const late = (count: number): Arrival[] => [...inOrder(count).slice(1), arrival(500, 1)];
    const kill = { kind: 'kill', fromMs: 200, toMs: 210 } as const;

    it('allows no event to be first tried after a later one', () => {
      const result = audit(2, late(2));
      expect(faultsOf(result)).toEqual(['disordered']);
      expect(result).toMatchObject({
        overtakersMax: 1,
        faults: { disordered: [`${key(1)} was first tried at 500, after 1 later events`] },
      });
    });

    it('goes by when the relay began its requests, not by how they crossed on the way', () => {
      const [first, second] = [arrival(10, 1), arrival(5, 2)];
      expect(faultsOf(audit(2, [second, { ...first, start: '000001' }]))).toEqual([]);
      expect(faultsOf(audit(2, [first, { ...second, start: '000020' }]))).toEqual([]);
      expect(faultsOf(audit(2, [first, { ...second, start: '000009' }]))).toEqual(['disordered']);
    });

    it('excuses an event that a kill cut off beside those in flight, and not beside more', () => {
      expect(faultsOf(audit(5, late(5), { interruptions: [kill] }))).toEqual([]);
      expect(faultsOf(audit(6, late(6), { interruptions: [kill] }))).toEqual(['disordered']);
      const afterwards = { ...kill, fromMs: 600, toMs: 610 };
      expect(faultsOf(audit(5, late(5), { interruptions: [afterwards] }))).toEqual(['disordered']);
    });

    it('allows no disorder in a batched lane', () => {
      const batched = (...batches: number[][]): string[] =>
        faultsOf(
          audit(
            4,
            batches.map((batch, i) => arrival(i, batch)),
            { isBatched: true },
          ),
        );
      expect(batched([1, 2], [3, 4])).toEqual([]);
      expect(batched([1, 3], [2, 4])).toEqual(['disordered']);
      expect(batched([2, 1], [3, 4])).toEqual(['disordered']);
    });

    it('looks at first attempts only, whatever came of them', () => {
      const arrivals = [arrival(0, 1, 'failed'), ...inOrder(20).slice(1), arrival(500, 1)];
      expect(faultsOf(audit(20, arrivals))).toEqual([]);
    });

    it('begins anew where a changed filter makes the lane read on from its cursor', () => {
      const arrivals = [
        ...[6, 7, 8, 9, 10].map((n) => arrival(n, n)),
        ...[1, 2].map((n) => arrival(50 + n, n)),
      ];
      const log: Partial<LaneInput> = { expectationOf: () => 'may' };
      expect(faultsOf(audit(10, arrivals, log))).toEqual(['disordered']);
      expect(faultsOf(audit(10, arrivals, { ...log, rereadAtMs: [40] }))).toEqual([]);
    });
  });
});
