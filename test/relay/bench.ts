/** One lane with a channel made for the test, over an object's real storage. */

import type { Channel, ChannelMemory } from '../../src/destinations/destination.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { success } from '../../src/lib/result.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { Database } from '../../src/lib/database.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { ApiAccounts } from '../../src/relay/api-accounts.ts';
import { channelMemory } from '../../src/relay/channel-memory.ts';
import { platformIo } from '../../src/relay/io.ts';
import { TIMEOUTS } from '../../src/relay/lane-parts.ts';
import { newLane } from '../../src/relay/lane-state.ts';
import { laneStoreOver } from '../../src/relay/lane-store.ts';
import { Lane } from '../../src/relay/lane.ts';
import { EventLog } from '../../src/relay/log.ts';
import { LOG_SIZES } from '../../src/relay/log-sizes.ts';
import type { Occurrence } from '../../src/relay/notices.ts';
import { UserDays } from '../../src/relay/user-days.ts';
import { START_MS, Tenant } from './tenant.ts';

export const BENCH_LANE = 'edr/contain';

/** A lane of a channel made for the test over a tenant's storage; its clock moves with its sleeps. */
export class Bench {
  nowMs = START_MS;
  requestsPerSlice = 500;
  /** How long each answer takes. */
  answerMs = 0;
  /** Requests that left. */
  requests = 0;
  readonly accounts = new ApiAccounts({
    tenant: 'acme',
    kv: undefined,
    sealer: createSealer({ primary: new Uint8Array(32) }),
    io: { nowMs: () => this.nowMs, sleep: async (ms) => this.#sleep(ms) },
    outside: new Semaphore(1),
  });
  /** Called when a slice is used up. */
  onSlice: () => void = () => undefined;
  readonly sent: { readonly id: string; readonly atMs: number }[] = [];
  readonly told: Occurrence[] = [];
  readonly audited: object[] = [];
  readonly store;
  readonly log;
  lane: Lane;
  readonly db: Database;
  readonly #channel: Channel;

  constructor(db: Database, channel: Partial<Channel>, outcome: Outcome = { kind: 'delivered' }) {
    this.db = db;
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

  memoryOf(lane: string): ChannelMemory {
    return channelMemory(this.db, lane, () => this.nowMs);
  }

  async #sleep(ms: number): Promise<void> {
    await scheduler.wait(0);
    this.nowMs += ms;
  }

  #newLane(): Lane {
    const io = {
      ...platformIo(),
      nowMs: () => this.nowMs,
      random: () => 0.5,
      sleep: async (ms: number) => this.#sleep(ms),
    };
    return new Lane(
      {
        name: BENCH_LANE,
        log: this.log,
        store: this.store,
        io,
        tenant: () => 'acme',
        isEnabled: () => true,
        filter: () => ({}),
        open: async () =>
          success({
            channel: this.#channel,
            send: async (request) => {
              await scheduler.wait(0);
              request.onSend?.();
              this.requests++;
              this.nowMs += this.answerMs;
              return { ok: false, error: { kind: 'network', detail: 'not used' } };
            },
            wants: () => true,
            reduce: (event) => event,
            mappedHost: () => undefined,
            userKey: () => undefined,
          }),
        memory: this.memoryOf(BENCH_LANE),
        accounts: this.accounts,
        userDays: new UserDays({ db: this.db, log: this.log, io, isRemoved: () => false }),
        share: () => 4,
        probeSlots: new Semaphore(3),
        requestsPerSlice: () => this.requestsPerSlice,
        timeouts: () => TIMEOUTS,
        logOneIn: 0,
        leaveWakeup: () => undefined,
        audit: (action, detail) => void this.audited.push({ action, ...detail }),
        notify: (occurrence) => void this.told.push(occurrence),
        askForSlice: () => this.onSlice(),
      },
      this.store.load(BENCH_LANE) ?? newLane(0),
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

/** Runs `work` with a lane over the storage of a new tenant, whose own config has no lanes. */
export async function onBench(
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

/** As the relay does when events come. */
export function append(bench: Bench, events: ReturnType<Tenant['event']>[]): void {
  bench.log.advance(bench.log.append(events));
}
