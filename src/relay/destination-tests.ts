/**
 * Tests of a destination: of its connection, where the product has a check of it, then of each of its channels: by the channel's own check,
 * or one event, made for it, through the very code that a lane sends with.
 * Nothing is written to the storage but when an API was last used, and no lane is touched: what a test finds is the caller's alone.
 */

import { atSharedRate, channelPlans, connectionCheck, connectionSummary } from '../destinations/channels.ts';
import { NO_RECORDS } from '../destinations/no-records.ts';
import type { ChannelMemory, Checked, DeliveryIo } from '../destinations/destination.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { LaneTest, TestDestinationAnswer } from '../domain/destination-requests.ts';
import type { DestinationConfig, SealedTenantConfig } from '../domain/tenant-config.ts';
import { testEvent } from '../domain/test-event.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { type Result, success, unreachable } from '../lib/result.ts';
import type { SendRequest } from '../lib/http.ts';
import { createSealer } from '../lib/seal.ts';
import { Semaphore } from '../lib/semaphore.ts';
import type { Settings } from '../settings.ts';
import { ApiAccounts } from './api-accounts.ts';
import type { RelayIo } from './io.ts';
import type { OpenLane, Timeouts } from './lane-parts.ts';
import { TokenBucket } from './limits.ts';
import { type OpenLaneInput, openDestination, openLane } from './open-lane.ts';

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

type WithAccounts = DestinationTestInput & { readonly accounts: ApiAccounts };

/** In place of a channel, of what is asked before all of them. */
const CONNECTION = 'connection';

const NOT_TESTED = 'The lanes were not tested.';
/** Of a connection: no manager was met there, or it takes the token for nothing. Any other failure leaves something to find out. */
const FAILS_FOR_ALL: readonly (LaneTest['reason'] | undefined)[] = [
  'unauthorized',
  'network',
  'timeout',
  'tls_failure',
  'html_answer',
  'redirected',
  'no_such_endpoint',
  'host_not_allowed',
];

/** One thing that is tested of a destination: its connection, or a channel. */
interface Probe {
  /** Beside the destination's name. */
  readonly name: string;
  readonly open: (
    around: Pick<OpenLaneInput, 'sealer' | 'fetch' | 'connections'>,
  ) => Promise<Result<OpenProbe, Extract<Outcome, { kind: 'blocked' }>>>;
}

interface OpenProbe {
  readonly send: SendRequest;
  readonly run: (event: CanonicalEvent, io: DeliveryIo) => Promise<Found>;
}

/** `isSent`: the test event was. */
type Found = Checked & { readonly isSent: boolean };

const ALL_WELL: Found = { outcome: { kind: 'delivered' }, notes: [], isSent: false };

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
      for (const probe of this.#probesOf(input, destination)) {
        const test = await this.#test({ ...input, accounts }, destination, probe);
        const isOver = probe.name === CONNECTION && failsForAll(test);
        tests.push(isOver ? { ...test, notes: [...(test.notes ?? []), NOT_TESTED] } : test);
        if (isOver) break;
      }
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

  /** What is to be tested of a destination, one after the other. */
  #probesOf({ config }: DestinationTestInput, destination: DestinationConfig): readonly Probe[] {
    const { settings } = this.#parts;
    const channels = channelPlans(destination).map(({ kind, takes }): Probe => {
      return {
        name: kind,
        open: async (around) => {
          const opened = await openLane({
            ...around,
            settings,
            config,
            destination,
            kind,
            filter: { takes },
          });
          return opened.ok ? success({ send: opened.value.send, run: channelTest(opened.value) }) : opened;
        },
      };
    });
    if (!connectionCheck(destination)) return channels;
    const connection: Probe = {
      name: CONNECTION,
      open: async (around) => {
        const opened = await openDestination({ ...around, settings, config, destination });
        if (!opened.ok) return opened;
        const { readable, send } = opened.value;
        const check = connectionCheck(readable);
        return success({ send, run: async (_event, io) => ({ ...ALL_WELL, ...(await check?.(io)) }) });
      },
    };
    return [connection, ...channels];
  }

  async #test(input: WithAccounts, destination: DestinationConfig, { name, open }: Probe): Promise<LaneTest> {
    const { settings, io } = this.#parts;
    const { config, connections = new Semaphore(1), memoryOf, accounts } = input;
    const lane = `${destination.name}/${name}`;
    const exchange: { startedAtMs?: number; status?: number } = {};
    const release = await this.#slot.acquire();
    try {
      const event = testEvent({ tenant: config.id, id: io.newId(), nowMs: io.nowMs() });
      const opened = await open({
        sealer: createSealer(settings.masterKeys),
        fetch: async (request, init) => {
          exchange.startedAtMs = io.nowMs();
          const response = await io.fetch(request, init);
          exchange.status = response.status;
          return response;
        },
        connections,
      });
      const { outcome, notes, isSent } = opened.ok
        ? await this.#run(opened.value, event, { lane, accounts, memory: readOnly(memoryOf?.(lane)) })
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

  async #run(
    { send, run }: OpenProbe,
    event: CanonicalEvent,
    { lane, accounts, memory }: Pick<DeliveryIo, 'accounts' | 'memory'> & { readonly lane: string },
  ): Promise<Found> {
    const { io, timeouts } = this.#parts;
    try {
      return await run(event, {
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
      });
    } catch (error) {
      logEvent('error', 'delivery.crashed', { lane, tenant: event.tenant, ...causeFields(error) });
      const detail = 'the relay could not build the request';
      return { outcome: { kind: 'retry', reason: 'internal_error', detail }, notes: [], isSent: true };
    }
  }
}

function failsForAll({ outcome, reason }: LaneTest): boolean {
  return outcome !== 'delivered' && FAILS_FOR_ALL.includes(reason);
}

/** A channel is tested by what it checks, else by an event. */
function channelTest({ channel, reduce }: OpenLane): OpenProbe['run'] {
  return async (event, io) =>
    channel.check
      ? { ...ALL_WELL, ...(await channel.check(io)) }
      : { ...ALL_WELL, outcome: await channel.deliver([reduce(event)], io), isSent: true };
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
