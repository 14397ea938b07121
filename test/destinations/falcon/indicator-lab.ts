/** The indicators channel over real HTTP against a Falcon simulator, with a memory and a clock that the test holds. */

import { falconIndicators } from '../../../src/destinations/falcon/indicators.ts';
import type { ChannelMemory, DeliveryIo } from '../../../src/destinations/destination.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { PLATFORMS_DEFAULT, type PlatformsConfig } from '../../../src/domain/platforms-config.ts';
import { type FalconConfig, destinationSchema } from '../../../src/domain/tenant-config.ts';
import { INDICATORS_CHANGED_TYPE } from '../../../src/domain/wanted.ts';
import { guardedHttp } from '../../../src/lib/http.ts';
import { createSealer } from '../../../src/lib/seal.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import { ApiAccounts } from '../../../src/relay/api-accounts.ts';
import { FalconSimulator, type FalconOptions } from '../../simulators/falcon.ts';
import { STEADY_LANE } from '../ports.ts';

export const CLIENT = { id: 'client-1', secret: 'secret-1' };
export const TENANT = 'acme';
export const DAY_MS = 24 * 3_600_000;
/** Noon, so that the end of the day is not near. */
export const START_MS = Date.UTC(2026, 10, 22, 12);
const INDICATORS = '/iocs/entities/indicators/v1';

type Indicators = NonNullable<FalconConfig['indicators']>;

/** A memory whose values end with their time, as the lane's does. */
class MapMemory implements ChannelMemory {
  readonly values = new Map<string, { value: string; expiresAtMs: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get(key: string): string | undefined {
    const kept = this.values.get(key);
    return kept && kept.expiresAtMs > this.#nowMs() ? kept.value : undefined;
  }

  put(key: string, value: string, expiresAtMs: number): void {
    this.values.set(key, { value, expiresAtMs });
  }

  delete(key: string): void {
    this.values.delete(key);
  }

  entries(prefix: string): readonly (readonly [string, string])[] {
    return [...this.values.keys()]
      .filter((key) => key.startsWith(prefix) && this.get(key) !== undefined)
      .toSorted()
      .map((key) => [key, this.get(key) ?? ''] as const);
  }
}

export class IndicatorLab {
  nowMs = START_MS;
  timeoutMs = 5_000;
  readonly falcon: FalconSimulator;
  readonly memory = new MapMemory(() => this.nowMs);
  readonly accounts: ApiAccounts;
  platforms: PlatformsConfig = PLATFORMS_DEFAULT;
  #changes = 0;

  private constructor(options: Partial<FalconOptions>) {
    this.falcon = new FalconSimulator({ hecKey: 'hec', client: CLIENT, nowMs: () => this.nowMs, ...options });
    this.accounts = new ApiAccounts({
      tenant: TENANT,
      kv: undefined,
      sealer: createSealer({ primary: new Uint8Array(32).fill(7) }),
      io: {
        nowMs: () => this.nowMs,
        sleep: async () => {
          this.nowMs += 1_000;
          return Promise.resolve();
        },
      },
      outside: new Semaphore(1),
    });
  }

  static async start(options: Partial<FalconOptions> = {}): Promise<IndicatorLab> {
    const lab = new IndicatorLab(options);
    await lab.falcon.start();
    return lab;
  }

  /** What the relay's config says of the destination. */
  config(indicators: Indicators, name = 'falcon'): FalconConfig {
    const config = destinationSchema.parse({
      name,
      type: 'falcon',
      region: 'eu-1',
      base_url: this.falcon.url,
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      actions: ['indicator'],
      requests_per_minute: 6000,
      indicators,
    });
    if (config.type !== 'falcon') throw new Error('Cannot make a Falcon config');
    return config;
  }

  io(): DeliveryIo {
    return {
      ...STEADY_LANE,
      send: guardedHttp({ fetch, allows: () => true, connections: new Semaphore(5) }),
      timeoutMs: this.timeoutMs,
      attemptId: 'attempt',
      nowMs: () => this.nowMs,
      memory: this.memory,
      accounts: this.accounts,
      requestsMax: 100,
    };
  }

  channel(indicators: Indicators, name?: string) {
    const context = {
      tenant: TENANT,
      platforms: this.platforms,
      publicUrl: undefined,
      language: 'en',
      timeZone: 'UTC',
    } as const;
    return falconIndicators(this.config(indicators, name), context);
  }

  /** The config was saved with these indicators. */
  async save(indicators: Indicators, name?: string): Promise<Outcome> {
    return this.channel(indicators, name).deliver([this.changed()], this.io());
  }

  async deliver(events: readonly CanonicalEvent[], indicators: Indicators = []): Promise<Outcome> {
    return this.channel(indicators).deliver(events, this.io());
  }

  /** The entry that a saved config leaves in the log. */
  changed(): CanonicalEvent {
    const at = new Date(this.nowMs).toISOString();
    return {
      id: `config-${++this.#changes}`,
      type: INDICATORS_CHANGED_TYPE,
      occurredAt: at,
      receivedAt: at,
      tenant: TENANT,
      classifications: [],
      classificationCount: 0,
      faults: [],
      source: 'noxys',
    };
  }

  /** A detection of now whose rule asks for an indicator. */
  detection(changes: Partial<Detection> = {}): CanonicalEvent {
    const at = new Date(this.nowMs).toISOString();
    const detection: Detection = {
      id: 'detection-1',
      user: { id: 'alice', email: 'alice@acme.fr' },
      classifications: ['IBAN'],
      ruleId: 'noxys_repeated',
      ruleName: 'Repeated violations',
      title: 'Repeated violations on Perplexity',
      level: 'high',
      groupKey: 'alice',
      platforms: ['perplexity'],
      count: 11,
      windowSeconds: 3600,
      firstAt: at,
      lastAt: at,
      eventIds: [],
      respond: ['indicator'],
      dryRun: false,
      ...changes,
    };
    return detectionEvent(detection, { tenant: TENANT, receivedAt: at });
  }

  /** What Falcon has, by domain. */
  at() {
    return Object.fromEntries(this.falcon.indicators.map((one) => [one.value, one]));
  }

  domains(): string[] {
    return this.falcon.indicators.map(({ value }) => value).toSorted();
  }

  /** Writes that Falcon was asked for, as `POST 2`: the number of indicators that each named. */
  writes(): string[] {
    return this.falcon.apiRequests
      .filter(({ path, method }) => path === INDICATORS && method !== 'GET')
      .map(({ method, body, query }) => {
        const named: unknown = body?.['indicators'];
        const ids = query.filter(([name]) => name === 'ids');
        return `${method} ${Array.isArray(named) ? named.length : ids.length}`;
      });
  }

  /** Somebody else makes an indicator in the console. */
  async someoneMakes(value: string, fields: Record<string, unknown> = {}): Promise<void> {
    const form = new URLSearchParams({ client_id: CLIENT.id, client_secret: CLIENT.secret });
    const minted = await fetch(`${this.falcon.url}/oauth2/token`, { method: 'POST', body: form });
    const { access_token: token } = (await minted.json()) as { access_token: string };
    const indicator = {
      type: 'domain',
      value,
      action: 'detect',
      severity: 'low',
      platforms: ['windows'],
      applied_globally: true,
      source: 'SOC',
      description: 'by hand',
      tags: ['manual'],
      ...fields,
    };
    const made = await fetch(`${this.falcon.url}${INDICATORS}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ indicators: [indicator] }),
    });
    if (made.status !== 201) throw new Error(`Cannot make an indicator by hand: HTTP ${made.status}`);
  }
}
