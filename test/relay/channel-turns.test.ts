/**
 * What a channel that makes several requests for its events may do with its lane: settle a part of them, use up its requests,
 * refuse by itself, remember. Over an object's real storage, with a channel made for the test.
 */

import { describe, expect, it, vi } from 'vitest';

import type { Channel, DeliveryIo } from '../../src/destinations/destination.ts';
import { type FailedOutcome, NOT_SENT, type Outcome } from '../../src/domain/outcome.ts';
import { channelMemory, dropExpiredMemory } from '../../src/relay/channel-memory.ts';
import { BENCH_LANE, append, onBench } from './bench.ts';
import { START_MS, type Tenant } from './tenant.ts';

const HOUR_MS = 3_600_000;

/** A channel that settles at most `most` events of each batch, and notes what it was given. */
function settling(most: number) {
  const batches: string[][] = [];
  return {
    batches,
    channel: {
      batch: { eventsMax: 100, lengthMax: 1024 * 1024 },
      deliver: async (events: readonly { readonly id: string }[]): Promise<Outcome> => {
        batches.push(events.map(({ id }) => id));
        return { kind: 'delivered', settled: most };
      },
    },
  };
}

const ids = (tenant: Tenant, count: number) => tenant.events(count).map(({ id }) => id);

describe('a channel that settles a part of its batch', () => {
  it('gets the others again at once and in order, and each event is counted once', async () => {
    const { batches, channel } = settling(2);
    await onBench(channel, async (bench, tenant) => {
      append(bench, tenant.events(9));
      await bench.untilIdle();
      expect(bench.nowMs).toBe(START_MS);
      expect(batches.map((batch) => batch[0])).toEqual(['evt-1', 'evt-2', 'evt-4', 'evt-6', 'evt-8']);
      expect(batches.flatMap((batch) => batch.slice(0, 2))).toEqual(ids(tenant, 9));
      expect(bench.lane.state).toMatchObject({ cursor: 9, ahead: [], delivered: 9, tries: 0, dueAtMs: null });
    });
  });

  it('never settles less than the first, and never more than it was given', async () => {
    for (const most of [-3, 0, 1, 1_000]) {
      const { batches, channel } = settling(most);
      await onBench(channel, async (bench, tenant) => {
        append(bench, tenant.events(3));
        await bench.untilIdle();
        expect(batches.length).toBe(most > 1 ? 2 : 3);
        expect(bench.lane.state).toMatchObject({ cursor: 3, delivered: 3 });
      });
    }
  });

  /** Delivers the first of each batch, and fails over the second with what `failures` says, in turn. */
  const failing = (failures: FailedOutcome[]) => {
    const batches: { at: number; ids: string[] }[] = [];
    let nowMs = () => 0;
    const channel = {
      batch: { eventsMax: 100, lengthMax: 1024 * 1024 },
      deliver: async (events: readonly { readonly id: string }[]): Promise<Outcome> => {
        batches.push({ at: nowMs() - START_MS, ids: events.map(({ id }) => id) });
        const others = events.length > 1 ? failures.shift() : undefined;
        return others ? { kind: 'delivered', settled: 1, others } : { kind: 'delivered' };
      },
    };
    return { batches, channel, watch: (now: () => number) => (nowMs = now) };
  };

  it('waits for the others as long as the destination asks, and repeats none that is settled', async () => {
    const busy: FailedOutcome = { kind: 'retry', reason: 'busy', detail: 'HTTP 429', retryAfterMs: 4_000 };
    const { batches, channel, watch } = failing([busy]);
    await onBench(channel, async (bench, tenant) => {
      watch(() => bench.nowMs);
      append(bench, tenant.events(5));
      await bench.untilIdle();
      expect(batches.map(({ ids: [first] }) => first)).toEqual(['evt-1', 'evt-2', 'evt-3', 'evt-4']);
      expect(batches[2]?.at).toBeGreaterThanOrEqual(4_000);
      expect(bench.lane.state).toMatchObject({ cursor: 5, delivered: 5, dueAtMs: null });
    });
  });

  it('gives up the only other one when it is refused, with its answer', async () => {
    const { batches, channel } = failing([{ kind: 'rejected', status: 400, excerpt: 'no such template' }]);
    await onBench(channel, async (bench, tenant) => {
      append(bench, tenant.events(3));
      await bench.untilIdle();
      expect(batches.map(({ ids: sent }) => sent)).toEqual([['evt-1'], ['evt-2', 'evt-3']]);
      expect(bench.lane.state).toMatchObject({ cursor: 3, delivered: 2, deadLettered: 1 });
    });
  });

  it('has lost nothing when the object goes in between', async () => {
    const taken: string[] = [];
    const channel = {
      batch: { eventsMax: 100, lengthMax: 1024 * 1024 },
      deliver: async (events: readonly { readonly id: string }[]): Promise<Outcome> => {
        taken.push(events[0]?.id ?? '');
        return taken.length === 2
          ? { kind: 'retry', reason: 'server_error', detail: 'HTTP 503' }
          : { kind: 'delivered', settled: 1 };
      },
    };
    await onBench(channel, async (bench, tenant) => {
      append(bench, tenant.events(3));
      bench.lane.start();
      for (let i = 0; i < 500 && taken.length < 2; i++) await scheduler.wait(1);
      bench.reload();
      bench.nowMs += HOUR_MS;
      await bench.untilIdle();
      expect(taken).toEqual(['evt-1', 'evt-2', 'evt-2', 'evt-3']);
      expect(bench.lane.state).toMatchObject({ cursor: 3, delivered: 3 });
    });
  });
});

describe('the requests of a turn', () => {
  it('are all counted against the slice of the lane, and the channel is told how many are left', async () => {
    const left: number[] = [];
    let slices = 0;
    const deliver = async (_events: unknown, { send, requestsMax }: DeliveryIo): Promise<Outcome> => {
      left.push(requestsMax);
      const request = {
        method: 'GET',
        url: 'https://api.eu-1.crowdstrike.com',
        headers: {},
        timeoutMs: 1,
      } as const;
      for (let i = 0; i < 4; i++) await send(request);
      return { kind: 'delivered' };
    };
    await onBench({ deliver }, async (bench, tenant) => {
      bench.requestsPerSlice = 10;
      bench.onSlice = () => void slices++;
      append(bench, tenant.events(4));
      bench.lane.start();
      for (let i = 0; i < 500 && bench.lane.isRunning(bench.nowMs); i++) await scheduler.wait(1);
      // 10, 6 and 2 are left: what is under way may go over, and then the slice is used up.
      expect(left).toEqual([10, 6, 2]);
      expect(slices).toBe(1);
      await bench.untilIdle();
      expect(left).toEqual([10, 6, 2, 10]);
      expect(bench.lane.state).toMatchObject({ delivered: 4 });
    });
  });

  it('count only where they left', async () => {
    const left: number[] = [];
    const deliver = async (_events: unknown, { send, requestsMax }: DeliveryIo): Promise<Outcome> => {
      left.push(requestsMax);
      const onSend = (): void => {
        throw new Error('kept back');
      };
      const request = {
        method: 'GET',
        url: 'https://api.example',
        headers: {},
        timeoutMs: 1,
        onSend,
      } as const;
      for (let i = 0; i < 4; i++) await expect(send(request)).rejects.toThrow('kept back');
      return { kind: 'delivered' };
    };
    await onBench({ deliver }, async (bench, tenant) => {
      bench.requestsPerSlice = 10;
      append(bench, tenant.events(3));
      await bench.untilIdle();
      expect(left).toEqual([10, 9, 8]);
    });
  });

  it('keep the lane its lease, however long they take together', async () => {
    const times: number[] = [];
    await onBench(
      {
        deliver: async (_events: unknown, { send }: DeliveryIo): Promise<Outcome> => {
          for (let i = 0; i < 8; i++) {
            times.push(i);
            await send({ method: 'GET', url: 'https://x.test', headers: {}, timeoutMs: 1 });
          }
          return { kind: 'delivered' };
        },
      },
      async (bench, tenant) => {
        // Each answer takes as long as an answer may.
        bench.answerMs = 15_000;
        append(bench, tenant.events(1));
        bench.lane.start();
        for (let i = 0; i < 2_000 && bench.lane.undelivered > 0; i++) {
          bench.lane.start();
          await scheduler.wait(1);
        }
        expect(times).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(bench.lane.state).toMatchObject({ delivered: 1 });
      },
    );
  });
});

describe('a run', () => {
  const request = { method: 'GET', url: 'https://x.test', headers: {}, timeoutMs: 1 } as const;

  it('whose channel waits for its turn for minutes is not given up', async () => {
    const begun: string[] = [];
    const deliver: Channel['deliver'] = async ([event], { accounts, send }) => {
      begun.push(event?.id ?? '');
      const account = accounts.of({ id: 'client', rateKey: 'account', requestsPerMinute: 1 });
      for (let i = 0; i < 4; i++) {
        await account.turn();
        await send(request);
      }
      return { kind: 'delivered' };
    };
    await onBench({ deliver }, async (bench, tenant) => {
      append(bench, tenant.events(1));
      await bench.untilIdle();
      expect(bench.nowMs - START_MS).toBeGreaterThanOrEqual(180_000);
      expect(begun).toEqual(['evt-1']);
      expect(bench.requests).toBe(4);
    });
  });

  it('that was given up sends nothing more, and remembers no request as sent', async () => {
    const noted: string[] = [];
    const waiting: (() => void)[] = [];
    const ended: unknown[] = [];
    const deliver: Channel['deliver'] = async (_events, { send, memory }) => {
      const run = `run ${waiting.length + 1}`;
      await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        await send({ ...request, onSend: () => memory.put('sent', run, START_MS * 2) });
        noted.push(run);
        return { kind: 'delivered' };
      } finally {
        ended.push(run);
      }
    };
    await onBench({ deliver }, async (bench, tenant) => {
      append(bench, tenant.events(1));
      bench.lane.start();
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      bench.nowMs += 61_000;
      bench.lane.start();
      await vi.waitFor(() => expect(waiting).toHaveLength(2));
      waiting[0]?.();
      await vi.waitFor(() => expect(ended).toEqual(['run 1']));
      expect(bench.requests).toBe(0);
      expect(bench.memoryOf(BENCH_LANE).get('sent')).toBeUndefined();
      waiting[1]?.();
      await bench.untilIdle();
      expect(noted).toEqual(['run 2']);
      expect(bench.requests).toBe(1);
      expect(bench.lane.state).toMatchObject({ delivered: 1 });
    });
  });
});

describe('what the relay itself refuses', () => {
  const REFUSED: Outcome = { kind: 'rejected', status: null, excerpt: 'not isolated: DC-01 is on the list' };

  it('is a dead letter with its reason, and says nothing about the destination however often it happens', async () => {
    await onBench(
      {},
      async (bench, tenant) => {
        append(bench, tenant.events(30));
        await bench.untilIdle();
        expect(bench.lane.state).toMatchObject({ blocked: null, rejectedInARow: 0, deadLettered: 30 });
        expect(bench.store.letters.page({ limit: 1 })[0]).not.toHaveProperty('status');
        expect(bench.store.letters.page({ limit: 1 })).toMatchObject([
          {
            reason: 'rejected',
            excerpt: 'not isolated: DC-01 is on the list',
            lane: BENCH_LANE,
          },
        ]);
      },
      REFUSED,
    );
  });
});

describe("what acts on what is the customer's own", () => {
  it('is in the audit under its lane, as the channel tells it', async () => {
    const deliver = async (_events: unknown, { audit }: DeliveryIo): Promise<Outcome> => {
      audit('host.isolated', { detection: 'det-1', outcome: 'asked' });
      return { kind: 'delivered' };
    };
    await onBench({ deliver }, async (bench, tenant) => {
      append(bench, tenant.events(1));
      await bench.untilIdle();
      expect(bench.audited).toEqual([
        { action: 'host.isolated', lane: BENCH_LANE, detection: 'det-1', outcome: 'asked' },
      ]);
    });
  });

  it('is done with the config that the lane was opened with, or not at all', async () => {
    const seen: boolean[] = [];
    let deliveries = 0;
    let changeConfig: () => void = () => undefined;
    await onBench(
      {
        deliver: async (_events: unknown, { isCurrent }: DeliveryIo): Promise<Outcome> => {
          seen.push(isCurrent());
          if (++deliveries === 1) changeConfig();
          seen.push(isCurrent());
          return isCurrent() ? { kind: 'delivered' } : NOT_SENT;
        },
      },
      async (bench, tenant) => {
        changeConfig = () => bench.lane.reconfigure(bench.lane.state);
        append(bench, tenant.events(1));
        await bench.untilIdle();
        // Sent again at once, and counted as no failure.
        expect(seen).toEqual([true, false, true, true]);
        expect(bench.lane.state).toMatchObject({ delivered: 1, tries: 0, lastFailure: null });
        expect(bench.nowMs).toBe(START_MS);
      },
    );
  });

  it('is not done by a run that was given up', async () => {
    const seen: boolean[] = [];
    let stop: () => void = () => undefined;
    await onBench(
      {
        deliver: async (_events: unknown, { isCurrent }: DeliveryIo): Promise<Outcome> => {
          if (seen.length === 0) stop();
          seen.push(isCurrent());
          return NOT_SENT;
        },
      },
      async (bench, tenant) => {
        stop = () => bench.lane.stop();
        append(bench, tenant.events(1));
        bench.lane.start();
        for (let i = 0; i < 500 && seen.length === 0; i++) await scheduler.wait(1);
        expect(seen).toEqual([false]);
      },
    );
  });
});

describe("a channel's memory", () => {
  it('is no more once the tenant is gone, and leaves nothing behind', async () => {
    await onBench({}, async (bench) => {
      const memory = channelMemory(
        bench.db,
        BENCH_LANE,
        () => bench.nowMs,
        () => true,
      );
      bench.memoryOf(BENCH_LANE).put('isolation:1', '1', bench.nowMs + HOUR_MS);
      memory.put('isolation:2', '2', bench.nowMs + HOUR_MS);
      memory.delete('isolation:1');
      expect([memory.get('isolation:1'), memory.entries('')]).toEqual([undefined, []]);
      expect(bench.memoryOf(BENCH_LANE).entries('')).toEqual([['isolation:1', '1']]);
    });
  });

  it('outlives the object, belongs to its lane alone, and ends with its time', async () => {
    const read: (string | undefined)[] = [];
    const deliver = async (_events: unknown, { memory, nowMs }: DeliveryIo): Promise<Outcome> => {
      read.push(memory.get('case:1'));
      memory.put('case:1', 'opening', nowMs() + HOUR_MS);
      memory.put('case:2', 'open', nowMs() + 2 * HOUR_MS);
      memory.put('storm', '[]', nowMs() + HOUR_MS);
      return { kind: 'delivered' };
    };
    await onBench({ deliver }, async (bench, tenant) => {
      append(bench, tenant.events(1));
      await bench.untilIdle();
      bench.reload();
      append(bench, tenant.events(1, 2));
      await bench.untilIdle();
      expect(read).toEqual([undefined, 'opening']);
      expect(bench.memoryOf('edr/other').get('case:1')).toBeUndefined();
      const memory = bench.memoryOf(BENCH_LANE);
      expect(memory.entries('case:')).toEqual([
        ['case:1', 'opening'],
        ['case:2', 'open'],
      ]);
      expect(memory.entries('%')).toEqual([]);
      bench.nowMs += HOUR_MS;
      expect(memory.get('case:1')).toBeUndefined();
      expect(memory.entries('')).toEqual([['case:2', 'open']]);
      dropExpiredMemory(bench.db, bench.nowMs);
      expect(bench.db.first('SELECT COUNT(*) AS count FROM channel_memory')).toEqual({ count: 1 });
      memory.delete('case:2');
      expect(bench.db.first('SELECT COUNT(*) AS count FROM channel_memory')).toEqual({ count: 0 });
    });
  });
});
