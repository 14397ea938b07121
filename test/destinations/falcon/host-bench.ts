/**
 * A Falcon that is listening, and one channel of a destination that points at it: real HTTP, real tokens and rate,
 * a clock that the test turns, and the memory of a lane. Delivers detections, and reads what Falcon was asked.
 */

import { NO_RECORDS } from '../../../src/destinations/no-records.ts';
import type { Channel, ChannelKind, DeliveryIo } from '../../../src/destinations/destination.ts';
import { channelOf } from '../../../src/destinations/channels.ts';
import { type FalconApi, falconApi } from '../../../src/destinations/falcon/api.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { falconSchema } from '../../../src/domain/falcon-config.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { PLATFORMS_DEFAULT } from '../../../src/domain/platforms-config.ts';
import type { FalconConfig } from '../../../src/domain/tenant-config.ts';
import { guardedHttp } from '../../../src/lib/http.ts';
import { createSealer } from '../../../src/lib/seal.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import { ApiAccounts } from '../../../src/relay/api-accounts.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';
import { type FalconOptions, FalconSimulator } from '../../simulators/falcon.ts';
import { memoryForTest } from '../ports.ts';

export const TENANT = 'acme';
const CLIENT = { id: 'client-1', secret: 's+e&c=ret' };
/** As many as a tenant's lanes have. */
export const CONNECTIONS = 5;
const MASTER_KEYS = { primary: new Uint8Array(32) };

/** The id of a host, of one digit. */
export function agentId(digit: string): string {
  return digit.repeat(32);
}

export class HostBench {
  readonly falcon: FalconSimulator;
  nowMs = Date.UTC(2026, 10, 22, 8);
  /** What the audit has, but for who did it. */
  readonly audited: { readonly action: string; readonly [fact: string]: unknown }[] = [];
  /** Whether the config still holds that the lane was opened with. */
  isCurrent: () => boolean = () => true;
  /** Requests to this path are given up soon; the others have time. */
  hurried = '';
  /** Of all requests. */
  readonly connections = new Semaphore(CONNECTIONS);
  readonly #accounts: ApiAccounts;
  readonly #config: FalconConfig;

  private constructor(falcon: Partial<FalconOptions>, config: Record<string, unknown>) {
    const nowMs = () => this.nowMs;
    this.falcon = new FalconSimulator({ hecKey: 'hec-key', client: CLIENT, nowMs, ...falcon });
    this.#accounts = new ApiAccounts({
      tenant: TENANT,
      kv: undefined,
      sealer: createSealer(MASTER_KEYS),
      io: {
        nowMs,
        sleep: async (ms) => {
          this.nowMs += ms;
        },
      },
      outside: new Semaphore(1),
    });
    this.#config = falconConfig(config);
  }

  static async start(
    falcon: Partial<FalconOptions>,
    config: Record<string, unknown> = {},
  ): Promise<HostBench> {
    const bench = new HostBench(falcon, config);
    await bench.falcon.start();
    return bench;
  }

  get io(): DeliveryIo {
    const send = guardedHttp({ fetch, allows: () => true, connections: this.connections });
    return {
      send: async (request) => {
        const isHurried = this.hurried !== '' && request.url.includes(this.hurried);
        return send(isHurried ? { ...request, timeoutMs: 50 } : request);
      },
      timeoutMs: 10_000,
      attemptId: 'attempt-1',
      nowMs: () => this.nowMs,
      isCurrent: () => this.isCurrent(),
      audit: (action, detail) => void this.audited.push({ action, ...detail }),
      memory: this.memory,
      accounts: this.#accounts,
      records: NO_RECORDS,
      requestsMax: 500,
    };
  }

  get api(): FalconApi {
    return falconApi(this.#reachable, TENANT, this.io);
  }

  readonly memory = memoryForTest(() => this.nowMs);

  channel(kind: ChannelKind): Channel {
    const channel = channelOf(this.#reachable, kind, {
      tenant: TENANT,
      platforms: PLATFORMS_DEFAULT,
      publicUrl: 'https://relay.example.com',
      language: 'en',
      timeZone: 'UTC',
    });
    if (!channel)
      throw new Error(`Cannot test the channel ${kind} as the destination must have it: it has not`);
    return channel;
  }

  async deliver(kind: ChannelKind, event: CanonicalEvent): Promise<Outcome> {
    return this.channel(kind).deliver([event], this.io);
  }

  detection(id: string, changes: Partial<Detection> = {}): CanonicalEvent {
    const at = new Date(this.nowMs).toISOString();
    const detection = detectionForTest({
      id,
      platforms: ['chatgpt', 'deepseek'],
      firstAt: at,
      lastAt: at,
      respond: ['contain', 'workflow'],
      ...changes,
    });
    return detectionEvent(detection, { tenant: TENANT, receivedAt: at });
  }

  /** `METHOD path?query` of each call that reached an API, tokens left out. */
  get asked(): string[] {
    return this.falcon.requests
      .filter(({ path }) => !path.startsWith('/oauth2/'))
      .map(({ method, path, query }) => {
        const text = new URLSearchParams(query).toString();
        return `${method} ${path}${text === '' ? '' : `?${text}`}`;
      });
  }

  /** What hosts were isolated, and let back, in order. */
  get actions(): string[] {
    return this.falcon.hostActions.map(({ action, id }) => `${action} ${id.slice(0, 1)}`);
  }

  get #reachable(): FalconConfig {
    return { ...this.#config, base_url: this.falcon.url };
  }
}

function falconConfig(changes: Record<string, unknown>): FalconConfig {
  return falconSchema.parse({
    name: 'falcon',
    type: 'falcon',
    region: 'eu-1',
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    actions: ['contain', 'workflow'],
    workflow: { name: 'Isolate and tell' },
    ...changes,
  });
}
