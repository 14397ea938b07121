/** A native channel over real HTTP against a HarfangLab simulator, with a memory and a clock that the test holds. */

import type { Channel, ChannelContext, DeliveryIo } from '../../../src/destinations/destination.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { PLATFORMS_DEFAULT, type PlatformsConfig } from '../../../src/domain/platforms-config.ts';
import { type HarfangLabConfig, destinationSchema } from '../../../src/domain/tenant-config.ts';
import { INDICATORS_CHANGED_TYPE } from '../../../src/domain/wanted.ts';
import { guardedHttp } from '../../../src/lib/http.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import { HarfangLabSimulator, type HarfangLabOptions } from '../../simulators/harfanglab.ts';
import { NO_ACCOUNTS, STEADY_LANE, memoryForTest } from '../ports.ts';

export const TOKEN = 'hl-test-token';
export const TENANT = 'acme';
export const DAY_MS = 24 * 3_600_000;
/** Noon, so that the end of the day is not near. */
const START_MS = Date.UTC(2026, 10, 22, 12);

type Changes = Readonly<Record<string, unknown>>;
type MakeChannel = (config: HarfangLabConfig, context: ChannelContext) => Channel;

export class ManagerLab {
  nowMs = START_MS;
  timeoutMs = 5_000;
  requestsMax = 100;
  /** Asked before each change; the test may let the config change after some. */
  isCurrent: () => boolean = () => true;
  readonly manager: HarfangLabSimulator;
  readonly memory = memoryForTest(() => this.nowMs);
  platforms: PlatformsConfig = PLATFORMS_DEFAULT;
  readonly #makeChannel: MakeChannel;
  #changes = 0;

  private constructor(makeChannel: MakeChannel, options: Partial<HarfangLabOptions>) {
    this.#makeChannel = makeChannel;
    this.manager = new HarfangLabSimulator({ token: TOKEN, nowMs: () => this.nowMs, ...options });
  }

  static async start(
    makeChannel: MakeChannel,
    options: Partial<HarfangLabOptions> = {},
  ): Promise<ManagerLab> {
    const lab = new ManagerLab(makeChannel, options);
    await lab.manager.start();
    return lab;
  }

  config(changes: Changes): HarfangLabConfig {
    const config = destinationSchema.parse({
      name: 'edr',
      type: 'harfanglab',
      base_url: this.manager.url,
      token: TOKEN,
      mode: 'native',
      actions: ['indicator', 'rule'],
      ...changes,
    });
    if (config.type !== 'harfanglab') throw new Error('Cannot make a HarfangLab config');
    return config;
  }

  io(): DeliveryIo {
    return {
      ...STEADY_LANE,
      isCurrent: () => this.isCurrent(),
      send: guardedHttp({ fetch, allows: () => true, connections: new Semaphore(5) }),
      timeoutMs: this.timeoutMs,
      attemptId: 'attempt',
      nowMs: () => this.nowMs,
      memory: this.memory,
      accounts: NO_ACCOUNTS,
      requestsMax: this.requestsMax,
    };
  }

  channel(changes: Changes = {}, tenant = TENANT): Channel {
    const { platforms } = this;
    const context = { tenant, platforms, publicUrl: undefined, language: 'en', timeZone: 'UTC' } as const;
    return this.#makeChannel(this.config(changes), context);
  }

  /** The config was saved with these changes. */
  async save(changes: Changes = {}, tenant?: string): Promise<Outcome> {
    return this.channel(changes, tenant).deliver([this.changed()], this.io());
  }

  async deliver(events: readonly CanonicalEvent[], changes: Changes = {}): Promise<Outcome> {
    return this.channel(changes).deliver(events, this.io());
  }

  async check(changes: Changes = {}) {
    return this.channel(changes).check?.(this.io());
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

  /** The indicators that the manager has, by domain. */
  at() {
    return Object.fromEntries(this.manager.indicators.map((one) => [one.value, one]));
  }

  domains(): string[] {
    return this.manager.indicators.map(({ value }) => value).toSorted();
  }

  /** Writes that the manager was asked for, as `POST IOCRule`. */
  writes(): string[] {
    return this.manager.apiRequests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, path }) => `${method} ${path.split('/')[4] ?? ''}`);
  }

  /** Somebody calls the API by hand. */
  async byHand(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.manager.url}/api/data/threat_intelligence/${path}`, {
      method,
      headers: { authorization: `Token ${TOKEN}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`Cannot do it by hand: HTTP ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }
}
