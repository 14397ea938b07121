/**
 * What an operator does to a host through a destination, now: lets an isolated one back into the network.
 * It goes the way of a lane (opening of secrets, host allow-list, token, rate, time limit) and changes none, whether it is
 * blocked, paused or disabled. The audit has it before anything is sent, and again with what came of it; it names no host but by agent id.
 */

import type { ApiAccounts } from '../destinations/api-account.ts';
import { channelPlans } from '../destinations/channels.ts';
import { NO_RECORDS } from '../destinations/no-records.ts';
import type { ChannelMemory, Lifted } from '../destinations/destination.ts';
import type { AuditDetail } from '../domain/audit.ts';
import type { LiftContainmentAnswer, LiftContainmentRequest } from '../domain/destination-requests.ts';
import type { DestinationConfig, SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import { defined } from '../lib/defined.ts';
import { unreachable } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import type { Settings } from '../settings.ts';
import type { Audit } from './audit.ts';
import { channelMemory } from './channel-memory.ts';
import { factsOf } from './destination-tests.ts';
import type { RelayIo } from './io.ts';
import type { Timeouts } from './lane-parts.ts';
import { TokenBucket } from './limits.ts';
import { openLane } from './open-lane.ts';

/** Of a tenant: each is a few requests to somebody else's product. In memory: after a restart there are as many again. */
const ACTIONS = { perMinute: 10, burst: 10 } as const;
/** What is under way is over by then, mostly. */
const UNDER_WAY_RETRY_SECONDS = 5;
/** Of one action: token, look-up, status, action, status again; twice where a token is refused. */
const REQUESTS_MAX = 12;
const KIND = 'containment';

export interface HostActionParts {
  readonly db: Database;
  readonly settings: Settings;
  readonly sealer: Sealer;
  readonly io: RelayIo;
  readonly timeouts: () => Timeouts;
  readonly accounts: ApiAccounts;
  /** Those of the lanes. */
  readonly connections: Semaphore;
  readonly audit: Audit;
  readonly config: () => SealedTenantConfig;
  /** A tenant that is gone has no audit any more; the next one of its id has its own. */
  readonly isRemoved: () => boolean;
}

export class HostActions {
  readonly #parts: HostActionParts;
  readonly #bucket: TokenBucket;
  readonly #underWay = new Set<string>();

  constructor(parts: HostActionParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(ACTIONS, parts.io.nowMs());
  }

  /** Never throws for what a destination does. */
  async liftContainment(request: LiftContainmentRequest): Promise<LiftContainmentAnswer> {
    const { destination: name } = request;
    const destination = this.#parts.config().destinations.find((known) => known.name === name);
    if (!destination) return { kind: 'unknown_destination' };
    if (!channelPlans(destination).some(({ kind }) => kind === KIND)) return { kind: 'not_granted' };
    if (this.#underWay.has(name)) return { kind: 'busy', retryAfterSeconds: UNDER_WAY_RETRY_SECONDS };
    const waitMs = this.#bucket.take(1, this.#parts.io.nowMs());
    if (waitMs > 0) return { kind: 'busy', retryAfterSeconds: Math.ceil(waitMs / 1000) };
    this.#note(request, { outcome: 'asked', deviceId: request.deviceId });
    this.#underWay.add(name);
    try {
      const lifted = await this.#lift(request, destination);
      const found = lifted.kind === 'refused' ? undefined : lifted.deviceId;
      this.#note(request, { outcome: lifted.kind, deviceId: found ?? request.deviceId });
      return answerOf(lifted);
    } finally {
      this.#underWay.delete(name);
    }
  }

  async #lift(
    { deviceId, hostname = '' }: LiftContainmentRequest,
    destination: DestinationConfig,
  ): Promise<Lifted> {
    const { io, timeouts, accounts, config } = this.#parts;
    const opened = await openLane({
      ...this.#parts,
      config: config(),
      destination,
      filter: {},
      kind: KIND,
      fetch: io.fetch,
    });
    if (!opened.ok) return { kind: 'failed', outcome: opened.error };
    const { channel, send } = opened.value;
    if (!channel.liftContainment)
      throw new Error('Cannot lift a containment as the channel must be able to: it is not');
    return channel.liftContainment(deviceId === undefined ? { hostname } : { deviceId }, {
      send,
      timeoutMs: timeouts().requestMs,
      attemptId: io.newId(),
      nowMs: io.nowMs,
      isCurrent: () => true,
      // It has entries of its own.
      audit: () => undefined,
      memory: this.#memoryOf(destination),
      accounts,
      records: NO_RECORDS,
      requestsMax: REQUESTS_MAX,
    });
  }

  /**
   * The memory of the destination's lane. What is written there, all lanes of the product that isolate are told: two destinations may reach
   * the same host, and no agent id belongs to two.
   */
  #memoryOf({ name, type }: DestinationConfig): ChannelMemory {
    const { db, io, config, isRemoved } = this.#parts;
    const of = (destination: string): ChannelMemory =>
      channelMemory(db, `${destination}/${KIND}`, () => io.nowMs(), isRemoved);
    const all = config()
      .destinations.filter((known) => known.type === type)
      .map((known) => of(known.name));
    return {
      ...of(name),
      put: (key, value, expiresAtMs) => {
        for (const memory of all) memory.put(key, value, expiresAtMs);
      },
      delete: (key) => {
        for (const memory of all) memory.delete(key);
      },
    };
  }

  #note(
    { actor, destination }: LiftContainmentRequest,
    facts: Readonly<Record<string, string | undefined>>,
  ): void {
    const { audit, io, isRemoved } = this.#parts;
    if (isRemoved()) return;
    const detail = defined({ destination, ...facts }) as AuditDetail;
    audit.append('host.containment_lifted', actor, detail, io.nowMs());
  }
}

function answerOf(lifted: Lifted): LiftContainmentAnswer {
  switch (lifted.kind) {
    case 'lifted':
    case 'refused':
      return lifted;
    case 'failed': {
      const { reason, detail = 'the destination did not say why' } = factsOf(lifted.outcome);
      return { kind: 'failed', ...(reason !== undefined && { reason }), detail };
    }
    default:
      return unreachable(lifted);
  }
}
