/** What a channel may ask of its lane: a maximum age and a rate. Over an object's real storage, with a channel made for the test. */

import { describe, expect, it } from 'vitest';

import type { Channel } from '../../src/destinations/destination.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { success } from '../../src/lib/result.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { Database } from '../../src/lib/database.ts';
import { platformIo } from '../../src/relay/io.ts';
import { TIMEOUTS } from '../../src/relay/lane-parts.ts';
import { newLane } from '../../src/relay/lane-state.ts';
import { laneStoreOver } from '../../src/relay/lane-store.ts';
import { Lane } from '../../src/relay/lane.ts';
import { EventLog, LOG_SIZES } from '../../src/relay/log.ts';
import type { Occurrence } from '../../src/relay/notices.ts';
import { START_MS, Tenant } from './tenant.ts';

const LANE = 'edr/contain';
const HOUR_MS = 3_600_000;

/** A lane of a channel made for the test over a tenant's storage; its clock moves with its sleeps. */
class Bench {
  nowMs = START_MS;
  readonly sent: { readonly id: string; readonly atMs: number }[] = [];
  readonly told: Occurrence[] = [];
  readonly store;
  readonly log;
  lane: Lane;
  readonly #channel: Channel;

  constructor(db: Database, channel: Partial<Channel>, outcome: Outcome = { kind: 'delivered' }) {
    this.store = laneStoreOver(db);
    this.log = new EventLog(db, LOG_SIZES);
    this.log.load(0);
    this.#channel = {
      kind: 'events',
      inFlight: 1,
      deliver: async (events) => {
        for (const { id } of events) this.sent.push({ id, atMs: this.nowMs });
        return outcome;
      },
      ...channel,
    };
    this.lane = this.#newLane();
  }

  /** As after an eviction: what the row holds is all that is left. */
  reload(): void {
    this.lane = this.#newLane();
  }

  #newLane(): Lane {
    const io = {
      ...platformIo(),
      nowMs: () => this.nowMs,
      random: () => 0.5,
      sleep: async (ms: number) => {
        await scheduler.wait(0);
        this.nowMs += ms;
      },
    };
    return new Lane(
      {
        name: LANE,
        log: this.log,
        store: this.store,
        io,
        tenant: () => 'acme',
        isEnabled: () => true,
        filter: () => ({}),
        open: async () =>
          success({
            channel: this.#channel,
            send: async () => ({ ok: false, error: { kind: 'network', detail: 'not used' } }),
            wants: () => true,
            reduce: (event) => event,
          }),
        share: () => 4,
        probeSlots: new Semaphore(3),
        requestsPerSlice: () => 500,
        timeouts: () => TIMEOUTS,
        logOneIn: 0,
        leaveWakeup: () => undefined,
        notify: (occurrence) => void this.told.push(occurrence),
        askForSlice: () => undefined,
      },
      this.store.load(LANE) ?? newLane(0),
    );
  }

  async untilIdle(): Promise<void> {
    for (let i = 0; i < 2_000 && (this.lane.isRunning(this.nowMs) || this.lane.undelivered > 0); i++) {
      this.lane.start();
      await scheduler.wait(1);
    }
    if (this.lane.undelivered > 0) throw new Error('The lane has not come to its end');
  }
}

async function onBench(
  channel: Partial<Channel>,
  work: (bench: Bench, tenant: Tenant) => Promise<void>,
  outcome?: Outcome,
): Promise<void> {
  const tenant = await Tenant.create((document) => {
    document['destinations'] = [];
  });
  await tenant.inside(async (_relay, state) => {
    const db = new Database(state.storage);
    const bench = new Bench(db, channel, outcome);
    bench.log.rotate(bench.nowMs);
    await work(bench, tenant);
  });
}

function append(bench: Bench, events: ReturnType<Tenant['event']>[]): void {
  bench.log.advance(bench.log.append(events));
}

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
        { kind: 'events_expired', lane: LANE, count: 1 },
        { kind: 'events_expired', lane: LANE, count: 1 },
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
        lane: LANE,
        seq: 1,
        eventId: 'evt-1',
        eventType: 'x',
        reason: 'rejected' as const,
        status: refused.status,
        excerpt: refused.excerpt,
        attempts: 1,
        atMs: START_MS,
      };
      const followUp = { lane: LANE, seq: 1, dueAtMs: START_MS, tries: 0, attempts: 1, letterId: 1 };
      bench.store.save(
        LANE,
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

describe('a channel with a rate', () => {
  it('sends no more than its burst and its rate, and remembers across an eviction what it has used', async () => {
    await onBench({ requestsPerMinute: 60 }, async (bench, tenant) => {
      append(bench, tenant.events(30));
      await bench.untilIdle();
      // A sixth of the minute's requests at once, then one a second.
      expect(bench.sent.filter(({ atMs }) => atMs < START_MS + 1_000)).toHaveLength(10);
      expect(bench.sent.at(-1)?.atMs).toBeGreaterThanOrEqual(START_MS + 20_000);
      expect(bench.sent.at(-1)?.atMs).toBeLessThan(START_MS + 30_000);
      bench.reload();
      const fromMs = bench.nowMs;
      append(bench, tenant.events(5, 31));
      await bench.untilIdle();
      expect(bench.sent.at(-1)?.atMs).toBeGreaterThanOrEqual(fromMs + 4_000);
    });
  });

  it('slows down when the vendor says that little of its quota is left', async () => {
    const low: Outcome = { kind: 'delivered', quota: { limit: 60, remaining: 2 } };
    await onBench(
      { requestsPerMinute: 6_000 },
      async (bench, tenant) => {
        append(bench, tenant.events(5));
        await bench.untilIdle();
        const gaps = bench.sent.slice(1).map(({ atMs }, i) => atMs - (bench.sent[i]?.atMs ?? 0));
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000);
      },
      low,
    );
  });

  it('does not slow down for the numbers of a gateway where requests are not counted', async () => {
    const low: Outcome = { kind: 'delivered', quota: { limit: 60, remaining: 0 } };
    await onBench(
      {},
      async (bench, tenant) => {
        append(bench, tenant.events(20));
        await bench.untilIdle();
        expect(bench.sent.at(-1)?.atMs).toBe(START_MS);
      },
      low,
    );
  });
});
