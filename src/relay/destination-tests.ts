/**
 * Tests of a destination: one event, made for it, through the very code that a lane sends with, to each of its channels.
 * Nothing is written to the storage but when an API was last used, and no lane is touched: what a test finds is the caller's alone.
 */

import { type ChannelPlan, atSharedRate, channelPlans, connectionSummary } from '../destinations/channels.ts';
import { NO_RECORDS } from '../destinations/no-records.ts';
import type { ChannelMemory, Checked, DeliveryIo } from '../destinations/destination.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { LaneTest, TestDestinationAnswer } from '../domain/destination-requests.ts';
import type { DestinationConfig, SealedTenantConfig } from '../domain/tenant-config.ts';
import { testEvent } from '../domain/test-event.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { unreachable } from '../lib/result.ts';
import { createSealer } from '../lib/seal.ts';
import { Semaphore } from '../lib/semaphore.ts';
import type { Settings } from '../settings.ts';
import { ApiAccounts } from './api-accounts.ts';
import type { RelayIo } from './io.ts';
import type { OpenLane, Timeouts } from './lane-parts.ts';
import { TokenBucket } from './limits.ts';
import { openLane } from './open-lane.ts';

/** Of a tenant: each test is a request to somebody else's product. In memory: after a restart there are as many again. */
const TESTS = { perMinute: 10, burst: 10 } as const;
/** The test that is under way is over by then, mostly. */
const UNDER_WAY_RETRY_SECONDS = 5;
/** Of one channel's test. */
const REQUESTS_MAX = 20;

export interface DestinationTestParts {
  readonly settings: Settings;
  readonly io: RelayIo;
  readonly timeouts: () => Timeouts;
}

export interface DestinationTestInput {
  readonly config: SealedTenantConfig;
  /** Its name. Disabled ones are tested, too. */
  readonly destination: string;
  /** Those of the lanes; absent where there are none. */
  readonly connections: Semaphore | undefined;
  /** Those of the lanes, for their rates. Absent where there are no lanes. */
  readonly accounts: ApiAccounts | undefined;
  /** Those of the stored config: a candidate that shares an account with one goes no faster. */
  readonly stored: readonly DestinationConfig[];
  /** What a lane remembers; a test reads it, and writes nothing. Absent where there are no lanes. */
  readonly memoryOf?: (lane: string) => ChannelMemory;
  /** Called once, in the turn of the call, when the test is not refused: before anything is sent. */
  readonly noteBegun: () => void;
}

export class DestinationTests {
  readonly #parts: DestinationTestParts;
  readonly #bucket: TokenBucket;
  /** For where there are no lanes. */
  #accounts: ApiAccounts | undefined;
  readonly #underWay = new Set<string>();
  /** Tests send one after the other, so that they never hold more than one of the lanes' connections. */
  readonly #slot = new Semaphore(1);

  constructor(parts: DestinationTestParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(TESTS, parts.io.nowMs());
  }

  /** Sends to each channel and says what came of it. Never throws for what a destination does. */
  async run(input: DestinationTestInput): Promise<TestDestinationAnswer> {
    const { config, destination: name } = input;
    const named = config.destinations.find((known) => known.name === name);
    if (!named) return { kind: 'unknown_destination' };
    if (this.#underWay.has(name)) return tooMany(UNDER_WAY_RETRY_SECONDS);
    const waitMs = this.#bucket.take(1, this.#parts.io.nowMs());
    if (waitMs > 0) return tooMany(Math.ceil(waitMs / 1000));
    const destination = atSharedRate(named, input.stored);
    input.noteBegun();
    this.#underWay.add(name);
    try {
      // A test asks for a token of its own: that one is to be had is part of what it tells.
      const accounts = (input.accounts ?? this.#ownAccounts(config.id)).withoutTokens();
      const tests: LaneTest[] = [];
      for (const plan of channelPlans(destination))
        tests.push(await this.#test({ ...input, accounts }, destination, plan));
      const isConnected = tests.length > 0 && tests.every(({ outcome }) => outcome === 'delivered');
      const summary = isConnected ? connectionSummary(destination) : undefined;
      return { kind: 'tested', tests, ...(summary !== undefined && { summary }) };
    } finally {
      this.#underWay.delete(name);
    }
  }

  #ownAccounts(tenant: string): ApiAccounts {
    const { io, settings } = this.#parts;
    const sealer = createSealer(settings.masterKeys);
    const outside = new Semaphore(1);
    this.#accounts ??= new ApiAccounts({ tenant, kv: undefined, sealer, io, outside });
    return this.#accounts;
  }

  async #test(
    {
      config,
      connections = new Semaphore(1),
      memoryOf,
      accounts,
    }: DestinationTestInput & { readonly accounts: ApiAccounts },
    destination: DestinationConfig,
    { kind, takes }: ChannelPlan,
  ): Promise<LaneTest> {
    const { settings, io } = this.#parts;
    const lane = `${destination.name}/${kind}`;
    const exchange: { startedAtMs?: number; status?: number } = {};
    const release = await this.#slot.acquire();
    try {
      const event = testEvent({ tenant: config.id, id: io.newId(), nowMs: io.nowMs() });
      const opened = await openLane({
        settings,
        sealer: createSealer(settings.masterKeys),
        config,
        destination,
        filter: { takes },
        kind,
        fetch: async (request, init) => {
          exchange.startedAtMs = io.nowMs();
          const response = await io.fetch(request, init);
          exchange.status = response.status;
          return response;
        },
        connections,
      });
      const { outcome, notes, isSent } = opened.ok
        ? await this.#send(opened.value, event, { lane, accounts, memory: readOnly(memoryOf?.(lane)) })
        : { outcome: opened.error, notes: [], isSent: false };
      const { startedAtMs, status } = exchange;
      return {
        lane,
        ...factsOf(outcome),
        ...(notes.length > 0 && { notes }),
        ...(status !== undefined && { status }),
        durationMs: startedAtMs === undefined ? 0 : io.nowMs() - startedAtMs,
        ...(isSent && { eventId: event.id }),
      };
    } finally {
      release();
    }
  }

  async #send(
    { channel, send, reduce }: OpenLane,
    event: CanonicalEvent,
    { lane, accounts, memory }: Pick<DeliveryIo, 'accounts' | 'memory'> & { readonly lane: string },
  ): Promise<Checked & { readonly isSent: boolean }> {
    const { io, timeouts } = this.#parts;
    const attempt = {
      send,
      timeoutMs: timeouts().requestMs,
      attemptId: io.newId(),
      nowMs: io.nowMs,
      isCurrent: () => true,
      // A test acts on nothing.
      audit: () => undefined,
      memory,
      accounts,
      records: NO_RECORDS,
      requestsMax: REQUESTS_MAX,
    };
    try {
      if (channel.check) return { ...(await channel.check(attempt)), isSent: false };
      return { outcome: await channel.deliver([reduce(event)], attempt), notes: [], isSent: true };
    } catch (error) {
      logEvent('error', 'delivery.crashed', { lane, tenant: event.tenant, ...causeFields(error) });
      const detail = 'the relay could not build the request';
      return { outcome: { kind: 'retry', reason: 'internal_error', detail }, notes: [], isSent: true };
    }
  }
}

/** What a test may do with a lane's memory. */
function readOnly(memory: ChannelMemory | undefined): ChannelMemory {
  return {
    get: (key) => memory?.get(key),
    put: () => undefined,
    delete: () => undefined,
    entries: (prefix) => memory?.entries(prefix) ?? [],
  };
}

function tooMany(retryAfterSeconds: number): TestDestinationAnswer {
  return { kind: 'too_many_tests', retryAfterSeconds };
}

/** What an outcome says; its text is capped and redacted already. */
export function factsOf(outcome: Outcome): Pick<LaneTest, 'outcome' | 'reason' | 'detail'> {
  switch (outcome.kind) {
    case 'delivered':
      return { outcome: 'delivered' };
    case 'retry': {
      const { reason, detail, excerpt } = outcome;
      return { outcome: 'retry', reason, detail: excerpt ? `${detail}: ${excerpt}` : detail };
    }
    case 'blocked':
      return { outcome: 'blocked', reason: outcome.reason, detail: outcome.detail };
    case 'rejected':
      return { outcome: 'rejected', ...(outcome.excerpt && { detail: outcome.excerpt }) };
    default:
      return unreachable(outcome);
  }
}
