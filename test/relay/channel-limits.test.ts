/** What a channel may ask of its lane: a maximum age. Over an object's real storage, with a channel made for the test. */

import { describe, expect, it } from 'vitest';

import type { Channel } from '../../src/destinations/destination.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { newLane } from '../../src/relay/lane-state.ts';
import { BENCH_LANE, append, onBench } from './bench.ts';
import { START_MS } from './tenant.ts';

const HOUR_MS = 3_600_000;
const at = (ms: number) => ({ occurredAt: new Date(ms).toISOString() });

describe('a channel with a maximum age', () => {
  it('never sends what is older, and records it as expired', async () => {
    await onBench({ maximumAgeMs: HOUR_MS }, async (bench, tenant) => {
      append(bench, [
        tenant.event('old-1', at(START_MS - HOUR_MS - 1)),
        tenant.event('old-2', at(START_MS - 30 * 24 * HOUR_MS)),
        tenant.event('new', at(START_MS - HOUR_MS + 1)),
      ]);
      await bench.untilIdle();
      expect(bench.sent.map(({ id }) => id)).toEqual(['new']);
      expect(bench.lane.state).toMatchObject({ delivered: 1, expired: 2, deadLettered: 0 });
      expect(bench.told).toMatchObject([
        { kind: 'events_expired', lane: BENCH_LANE, count: 1 },
        { kind: 'events_expired', lane: BENCH_LANE, count: 1 },
      ]);
      bench.reload();
      expect(bench.lane.state).toMatchObject({ delivered: 1, expired: 2, cursor: 3 });
    });
  });

  it('takes only the fresh ones of a batch', async () => {
    const batch = { eventsMax: 100, lengthMax: 1e6 };
    await onBench({ maximumAgeMs: HOUR_MS, batch }, async (bench, tenant) => {
      append(
        bench,
        Array.from({ length: 40 }, (_, i) =>
          tenant.event(`evt-${i}`, at(i % 2 === 0 ? START_MS : START_MS - 2 * HOUR_MS)),
        ),
      );
      await bench.untilIdle();
      expect(bench.sent).toHaveLength(20);
      expect(bench.sent.every(({ id }) => Number(id.slice(4)) % 2 === 0)).toBe(true);
      expect(bench.lane.state).toMatchObject({ delivered: 20, expired: 20 });
    });
  });

  it('tries none that is older past an event that fails', async () => {
    const sent: string[] = [];
    const deliver: Channel['deliver'] = async ([event]) => {
      sent.push(event?.id ?? '');
      if (event?.id !== 'failing') return { kind: 'delivered' };
      return { kind: 'retry', reason: 'server_error', detail: 'HTTP 500' };
    };
    await onBench({ maximumAgeMs: HOUR_MS, deliver }, async (bench, tenant) => {
      append(bench, [
        tenant.event('failing', at(START_MS)),
        tenant.event('old', at(START_MS - 2 * HOUR_MS)),
        tenant.event('new', at(START_MS)),
      ]);
      await bench.untilIdle();
      expect(new Set(sent)).toEqual(new Set(['failing', 'new']));
      expect(bench.lane.state).toMatchObject({ delivered: 1, expired: 1, parked: 1 });
    });
  });

  it('does not act on a redriven event that has become too old', async () => {
    await onBench({ maximumAgeMs: HOUR_MS }, async (bench, tenant) => {
      append(bench, [tenant.event('evt-1', at(START_MS))]);
      const refused: Outcome = { kind: 'rejected', status: 422, excerpt: 'no' };
      const letter = {
        lane: BENCH_LANE,
        seq: 1,
        eventId: 'evt-1',
        eventType: 'x',
        reason: 'rejected' as const,
        status: refused.status,
        excerpt: refused.excerpt,
        attempts: 1,
        atMs: START_MS,
      };
      const followUp = {
        lane: BENCH_LANE,
        seq: 1,
        dueAtMs: START_MS,
        tries: 0,
        attempts: 1,
        letterId: 1,
        asideSinceMs: null,
      };
      bench.store.save(
        BENCH_LANE,
        { ...newLane(1), parked: 1 },
        { letters: [letter], followUps: [followUp], ended: [] },
      );
      bench.reload();
      bench.nowMs += 2 * HOUR_MS;
      bench.lane.start();
      for (let i = 0; i < 200 && bench.lane.state.parked > 0; i++) await scheduler.wait(1);
      expect(bench.sent).toEqual([]);
      expect(bench.lane.state).toMatchObject({ parked: 0, expired: 1, delivered: 0 });
      expect(bench.store.letters.page({ limit: 5 })).toEqual([]);
    });
  });
});
