/**
 * A HarfangLab manager that is listening, and one channel of a destination that points at it: real HTTP, a clock that the test turns,
 * and the memory of a lane. Delivers detections, and reads what HarfangLab was asked.
 */

import { channelOf } from '../../../src/destinations/channels.ts';
import type { Channel, DeliveryIo, EntryRecords } from '../../../src/destinations/destination.ts';
import { NO_RECORDS } from '../../../src/destinations/no-records.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { harfangLabSchema } from '../../../src/domain/harfanglab-config.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { PLATFORMS_DEFAULT } from '../../../src/domain/platforms-config.ts';
import type { HarfangLabConfig } from '../../../src/domain/tenant-config.ts';
import { guardedHttp } from '../../../src/lib/http.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';
import { type HarfangLabOptions, HarfangLabSimulator } from '../../simulators/harfanglab.ts';
import { NO_ACCOUNTS, memoryForTest } from '../ports.ts';

const TENANT = 'acme';
const TOKEN = 'edr-token';
/** As many as a tenant's lanes have. */
const CONNECTIONS = 5;

/** The id of an agent, of one digit. */
export function agentId(digit: string): string {
  return [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');
}

export class AgentBench {
  readonly edr: HarfangLabSimulator;
  nowMs = Date.UTC(2026, 10, 22, 8);
  /** What the audit has, but for who did it. */
  readonly audited: { readonly action: string; readonly [fact: string]: unknown }[] = [];
  /** Whether the config still holds that the lane was opened with. */
  isCurrent: () => boolean = () => true;
  /** What the tenant's `device_map` has for the user at hand. */
  mapped: string | undefined;
  /** Requests to this path are given up soon; the others have time. */
  hurried = '';
  readonly connections = new Semaphore(CONNECTIONS);
  readonly memory = memoryForTest(() => this.nowMs);
  readonly #config: Record<string, unknown>;

  private constructor(edr: Partial<HarfangLabOptions>, config: Record<string, unknown>) {
    this.edr = new HarfangLabSimulator({ token: TOKEN, nowMs: () => this.nowMs, ...edr });
    this.#config = config;
  }

  static async start(
    edr: Partial<HarfangLabOptions>,
    config: Record<string, unknown> = {},
  ): Promise<AgentBench> {
    const bench = new AgentBench(edr, config);
    await bench.edr.start();
    return bench;
  }

  get config(): HarfangLabConfig {
    return harfangLabSchema.parse({
      name: 'edr',
      type: 'harfanglab',
      base_url: this.edr.url,
      token: TOKEN,
      mode: 'native',
      actions: ['contain'],
      ...this.#config,
    });
  }

  get io(): DeliveryIo {
    const send = guardedHttp({ fetch, allows: () => true, connections: this.connections });
    const records: EntryRecords = { ...NO_RECORDS, mappedHost: () => this.mapped };
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
      accounts: NO_ACCOUNTS,
      records,
      requestsMax: 500,
    };
  }

  get channel(): Channel {
    const channel = channelOf(this.config, 'containment', {
      tenant: TENANT,
      platforms: PLATFORMS_DEFAULT,
      publicUrl: 'https://relay.example.com',
      language: 'en',
      timeZone: 'UTC',
    });
    if (!channel) throw new Error('Cannot test the containment as the destination must have it: it has not');
    return channel;
  }

  async deliver(event: CanonicalEvent, io: DeliveryIo = this.io): Promise<Outcome> {
    return this.channel.deliver([event], io);
  }

  /** Delivers as a lane does, whenever the outcome says, until it says something else; at most so often. */
  async follow(event: CanonicalEvent, looksMax = 100): Promise<Outcome> {
    let outcome = await this.deliver(event);
    for (let look = 0; look < looksMax && outcome.kind === 'retry' && outcome.isAside === true; look++) {
      this.nowMs += outcome.retryAfterMs ?? 0;
      outcome = await this.deliver(event);
    }
    return outcome;
  }

  detection(id: string, changes: Partial<Detection> = {}): CanonicalEvent {
    const at = new Date(this.nowMs).toISOString();
    const facts = detectionForTest({ id, firstAt: at, lastAt: at, respond: ['contain'], ...changes });
    return detectionEvent(facts, { tenant: TENANT, receivedAt: at });
  }

  /** What agents were asked to be isolated, and let back, in order. */
  get orders(): string[] {
    return this.edr.isolationOrders.map(({ action, id }) => `${action} ${id.slice(0, 1)}`);
  }

  get outcomes(): unknown[] {
    return this.audited.map(({ outcome }) => outcome);
  }

  /** `METHOD path?query` of each call. */
  get asked(): string[] {
    return this.edr.requests.map(({ method, path, query }) => {
      const text = new URLSearchParams(query).toString();
      return `${method} ${path}${text === '' ? '' : `?${text}`}`;
    });
  }
}
