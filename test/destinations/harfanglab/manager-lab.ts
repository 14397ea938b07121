/** A native channel over real HTTP against a HarfangLab simulator, with a memory and a clock that the test holds. */

import type { Channel, ChannelContext } from '../../../src/destinations/destination.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { type HarfangLabConfig, destinationSchema } from '../../../src/domain/tenant-config.ts';
import { HarfangLabSimulator, type HarfangLabOptions } from '../../simulators/harfanglab.ts';
import { ChannelLab } from '../channel-lab.ts';

export const TOKEN = 'hl-test-token';

type Changes = Readonly<Record<string, unknown>>;
type MakeChannel = (config: HarfangLabConfig, context: ChannelContext) => Channel;

export class ManagerLab extends ChannelLab {
  readonly manager: HarfangLabSimulator;
  readonly #makeChannel: MakeChannel;

  private constructor(makeChannel: MakeChannel, options: Partial<HarfangLabOptions>) {
    super();
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

  channel(changes: Changes = {}, tenant?: string): Channel {
    return this.#makeChannel(this.config(changes), this.context(tenant));
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
