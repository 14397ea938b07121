/**
 * Entries that a destination was asked for and is at, such as an isolation that takes minutes: they leave the lane's log at once, and are
 * looked at again beside it. Over an object's real storage, with a channel made for the test.
 */

import { describe, expect, it } from 'vitest';

import type { Channel } from '../../src/destinations/destination.ts';
import type { FailedOutcome, Outcome } from '../../src/domain/outcome.ts';
import { explain } from '../../src/relay/explain.ts';
import {
  ASIDE_AGE_MS,
  ASIDE_MS_MAX,
  FOLLOW_UP_TRIES_MAX,
  afterFollowUp,
  asideAt,
} from '../../src/relay/follow-up.ts';
import { newLane } from '../../src/relay/lane-state.ts';
import { PARKED_MAX, afterOutcome, afterTryPast } from '../../src/relay/lanes.ts';
import { BENCH_LANE, type Bench, append, onBench } from './bench.ts';
import { ASIDE, DELIVERED, FAILED } from './pure-lane.ts';
import { START_MS, type Tenant } from './tenant.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const around = { nowMs: START_MS, random: 0.5, widthMax: 1 };

/** Is at the named entries for so many looks, and takes the others. */
function busyWith(ids: readonly string[], looks: number, then: Outcome = DELIVERED) {
  const asked: string[] = [];
  const channel: Partial<Channel> = {
    deliver: async ([event]) => {
      const id = event?.id ?? '';
      asked.push(id);
      const isAt = ids.includes(id) && asked.filter((other) => other === id).length <= looks;
      return isAt ? ASIDE : ids.includes(id) ? then : DELIVERED;
    },
  };
  return { asked, channel };
}

/** Lets time pass; what is due then is done when this ends. */
async function after(bench: Bench, waitMs: number): Promise<void> {
  bench.nowMs += waitMs;
  bench.lane.start();
  for (let i = 0; i < 2_000 && bench.lane.isRunning(bench.nowMs); i++) await scheduler.wait(1);
}

/** A log of so many events, sent as far as that goes. */
async function sent(bench: Bench, tenant: Tenant, count: number): Promise<void> {
  append(bench, tenant.events(count));
  await bench.untilIdle();
  await after(bench, 0);
}

const rows = ({ db }: Bench) =>
  db.all<{ seq: number; due: number; aside: number }>('SELECT * FROM follow_ups');

describe('an entry that its destination is at', () => {
  it('leaves the log at once: the lane goes on, has failed at nothing, and looks at it when it is told to', async () => {
    const { asked, channel } = busyWith(['evt-2'], 3);
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 4);
      expect(bench.nowMs).toBe(START_MS);
      expect(asked).toEqual(['evt-1', 'evt-2', 'evt-3', 'evt-4']);
      expect(bench.lane.state).toMatchObject({
        cursor: 4,
        ahead: [],
        delivered: 3,
        parked: 1,
        deadLettered: 0,
      });
      expect(bench.lane.state).toMatchObject({ tries: 0, dueAtMs: null, lastFailure: null, head: null });
      expect(rows(bench)).toMatchObject([{ seq: 2, due: START_MS + 30_000, aside: START_MS }]);
      await after(bench, 29_999);
      expect(asked).toHaveLength(4);
      await after(bench, 1);
      await after(bench, 30_000);
      expect(bench.lane.state).toMatchObject({ delivered: 3, parked: 1 });
      await after(bench, 30_000);
      expect(asked.slice(4)).toEqual(['evt-2', 'evt-2', 'evt-2']);
      expect(bench.lane.state).toMatchObject({ delivered: 4, parked: 0, deadLettered: 0, lastFailure: null });
      expect(rows(bench)).toEqual([]);
      expect(bench.told).toEqual([]);
    });
  });

  it('is looked at as often as its channel wants, and uses up no tries', async () => {
    const { asked, channel } = busyWith(['evt-1'], 5 * FOLLOW_UP_TRIES_MAX);
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 1);
      for (let i = 0; i < 5 * FOLLOW_UP_TRIES_MAX; i++) await after(bench, 30_000);
      expect(asked).toHaveLength(5 * FOLLOW_UP_TRIES_MAX + 1);
      expect(bench.lane.state).toMatchObject({ delivered: 1, deadLettered: 0, parked: 0 });
    });
  });

  it('outlives its object, and no other one waits for it', async () => {
    const { asked, channel } = busyWith(['evt-1', 'evt-2'], 2);
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 3);
      bench.reload();
      expect(bench.lane.followUpSendableAtMs).toBe(START_MS + 30_000);
      await after(bench, 30_000);
      expect(asked).toEqual(['evt-1', 'evt-2', 'evt-3', 'evt-1', 'evt-2']);
      bench.reload();
      await after(bench, 30_000);
      expect(bench.lane.state).toMatchObject({ delivered: 3, parked: 0 });
    });
  });

  it('becomes a dead letter with what its channel says when it does not come to an end', async () => {
    const tooLong: FailedOutcome = {
      kind: 'rejected',
      status: null,
      excerpt: 'not isolated after 10 minutes',
    };
    const { channel } = busyWith(['evt-1'], 2, tooLong);
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 2);
      await after(bench, 30_000);
      await after(bench, 30_000);
      expect(bench.lane.state).toMatchObject({ delivered: 1, deadLettered: 1, parked: 0, dueAtMs: null });
      expect(bench.store.letters.page({ limit: 5 })).toMatchObject([
        { reason: 'rejected', excerpt: tooLong.excerpt, attempts: 3 },
      ]);
    });
  });

  it('fails like any other that is retried alone when a look fails, and goes on as before after the next', async () => {
    const outcomes: Outcome[] = [ASIDE, ...Array.from({ length: 6 }, () => FAILED), ASIDE, FAILED, DELIVERED];
    const channel = { deliver: async () => outcomes.shift() ?? FAILED };
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 1);
      for (let i = 0; i < 6; i++) await after(bench, 11 * MINUTE_MS);
      expect(bench.store.followUps.next(BENCH_LANE)).toMatchObject({ tries: 6, asideSinceMs: START_MS });
      await after(bench, 11 * MINUTE_MS);
      expect(bench.store.followUps.next(BENCH_LANE)).toMatchObject({
        tries: 0,
        asideSinceMs: START_MS,
        attempts: 8,
      });
      for (let i = 0; i < 2; i++) await after(bench, 11 * MINUTE_MS);
      expect(bench.lane.state).toMatchObject({ delivered: 1, parked: 0, deadLettered: 0 });
    });
  });

  it('is followed beyond the maximum age that it was asked for within, but not for ever', async () => {
    const { asked, channel } = busyWith(['evt-1'], 1_000);
    await onBench({ ...channel, maximumAgeMs: HOUR_MS }, async (bench, tenant) => {
      append(bench, tenant.events(1));
      await after(bench, HOUR_MS);
      await after(bench, 30_000);
      expect(asked).toHaveLength(2);
      await after(bench, ASIDE_AGE_MS);
      expect(asked).toHaveLength(2);
      expect(bench.lane.state).toMatchObject({ parked: 0, expired: 1 });
    });
  });

  it('that its destination is at for too long fails from then on at each look, and is a dead letter at last', async () => {
    const { asked, channel } = busyWith(['evt-1'], 1_000);
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 2);
      const looks = ASIDE_MS_MAX / (15 * MINUTE_MS);
      for (let i = 1; i < looks; i++) await after(bench, 15 * MINUTE_MS);
      await after(bench, 15 * MINUTE_MS - 1);
      bench.reload();
      expect(bench.store.followUps.next(BENCH_LANE)).toMatchObject({ tries: 0, asideSinceMs: START_MS });
      await after(bench, 30_000);
      expect(bench.store.followUps.next(BENCH_LANE)).toMatchObject({ tries: 1, asideSinceMs: START_MS });
      expect(bench.lane.state).toMatchObject({
        parked: 1,
        dueAtMs: null,
        lastFailure: { reason: 'pending' },
      });
      for (let i = 2; i < FOLLOW_UP_TRIES_MAX; i++) await after(bench, 11 * MINUTE_MS);
      expect(bench.lane.state).toMatchObject({ parked: 1, deadLettered: 0 });
      await after(bench, 11 * MINUTE_MS);
      expect(bench.lane.state).toMatchObject({ parked: 0, delivered: 1, deadLettered: 1 });
      expect(bench.store.letters.page({ limit: 5 })).toMatchObject([{ reason: 'attempts_exhausted' }]);
      const count = asked.length;
      await after(bench, HOUR_MS);
      expect(asked).toHaveLength(count);
    });
  });

  it('of a batch whose first events are settled is looked at alone, each of the others', async () => {
    const batches: string[][] = [];
    const channel: Partial<Channel> = {
      batch: { eventsMax: 100, lengthMax: 1024 * 1024 },
      deliver: async (events) => {
        batches.push(events.map(({ id }) => id));
        return events.length > 1 ? { kind: 'delivered', settled: 1, others: ASIDE } : DELIVERED;
      },
    };
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 3);
      expect(batches).toEqual([['evt-1'], ['evt-2', 'evt-3']]);
      expect(bench.lane.state).toMatchObject({ delivered: 2, parked: 1, dueAtMs: null, lastFailure: null });
      await after(bench, 30_000);
      expect(batches.at(-1)).toEqual(['evt-3']);
      expect(bench.lane.state).toMatchObject({ cursor: 3, delivered: 3, parked: 0 });
    });
  });

  it('is explained as asked for, with the time of the next look', async () => {
    const { channel } = busyWith(['evt-1'], 1);
    await onBench(channel, async (bench, tenant) => {
      await sent(bench, tenant, 1);
      const facts = {
        lane: BENCH_LANE,
        seq: 1,
        event: tenant.event('evt-1'),
        state: bench.lane.state,
        destination: undefined,
        letter: undefined,
        followUp: bench.store.followUps.next(BENCH_LANE),
        end: undefined,
        span: { after: 0, rule: { kind: 'sent' } } as const,
      };
      expect(explain(facts)).toEqual({
        lane: BENCH_LANE,
        outcome: 'parked',
        why: 'It is asked for, and the destination is at it: it is looked at again.',
        tries: 0,
        due: new Date(START_MS + 30_000).toISOString(),
      });
    });
  });
});

describe('a lane whose destination is at an entry', () => {
  const waiting = { ...newLane(0), tries: 4, dueAtMs: START_MS, failingSinceMs: START_MS - MINUTE_MS };

  it('is paused no longer when that was its probe', () => {
    const { state, verdict } = afterOutcome(waiting, { seqs: [1], isProbe: true }, ASIDE, around);
    expect(verdict).toBe('aside');
    expect(state).toMatchObject({ dueAtMs: null, tries: 0, failingSinceMs: null, parked: 1, delivered: 0 });
  });

  it('stays paused when a sibling of its failure was', () => {
    const { state } = afterOutcome(waiting, { seqs: [1], isProbe: false }, ASIDE, around);
    expect(state).toMatchObject({ dueAtMs: START_MS, tries: 4, parked: 1 });
  });

  it('parks a head that fails alone, as if the one past it had been delivered', () => {
    const failing = { ...waiting, head: { seq: 1, failures: 3 } };
    const { state, verdict } = afterTryPast(failing, 2, ASIDE, around);
    expect(verdict).toBe('park_head');
    expect(state).toMatchObject({ parked: 2, dueAtMs: null, delivered: 0 });
  });

  it('has no more of them than it may park, then blocks, and begins none beyond', () => {
    const full = { ...newLane(0), parked: PARKED_MAX };
    const next = afterOutcome(full, { seqs: [1], isProbe: false }, ASIDE, around);
    expect(next).toMatchObject({ verdict: 'send_again', state: { parked: PARKED_MAX } });
    expect(next.state.blocked?.reason).toBe('too_many_parked');
    const past = afterTryPast({ ...waiting, parked: PARKED_MAX - 1 }, 2, ASIDE, around);
    expect(past).toMatchObject({ verdict: 'aside', state: { parked: PARKED_MAX } });
    expect(past.state.blocked?.reason).toBe('too_many_parked');
  });

  it.each([
    ['nothing', undefined, 15_000],
    ['no time at all', 0, 1_000],
    ['hours', 5 * HOUR_MS, 15 * MINUTE_MS],
  ])('looks again within bounds where its channel asks for %s', (_name, retryAfterMs, waitMs) => {
    const { retryAfterMs: _, ...bare } = ASIDE;
    const outcome: Outcome = { ...bare, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    const followUp = asideAt({ lane: BENCH_LANE, seq: 1, attempts: 1 }, outcome, START_MS);
    expect(followUp.dueAtMs).toBe(START_MS + waitMs);
    const next = afterFollowUp({ ...newLane(1), parked: 1 }, { followUp, isProbe: false }, outcome, around);
    expect(next.verdict).toEqual({ kind: 'again', followUp: { ...followUp, attempts: 2 } });
  });
});
