/** The indicators channel over real HTTP against a Falcon simulator, with a memory and a clock that the test holds. */

import { falconIndicators } from '../../../src/destinations/falcon/indicators.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { type FalconConfig, destinationSchema } from '../../../src/domain/tenant-config.ts';
import { FalconSimulator, type FalconOptions } from '../../simulators/falcon.ts';
import { ChannelLab } from '../channel-lab.ts';
import { accountsForTest } from './accounts-for-test.ts';

export const CLIENT = { id: 'client-1', secret: 'secret-1' };
const INDICATORS = '/iocs/entities/indicators/v1';

type Indicators = NonNullable<FalconConfig['indicators']>;

export class IndicatorLab extends ChannelLab {
  readonly falcon: FalconSimulator;
  override readonly accounts = accountsForTest(this);

  private constructor(options: Partial<FalconOptions>) {
    super();
    this.falcon = new FalconSimulator({ hecKey: 'hec', client: CLIENT, nowMs: () => this.nowMs, ...options });
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

  channel(indicators: Indicators, name?: string) {
    return falconIndicators(this.config(indicators, name), this.context());
  }

  /** The config was saved with these indicators. */
  async save(indicators: Indicators, name?: string): Promise<Outcome> {
    return this.channel(indicators, name).deliver([this.changed()], this.io());
  }

  async deliver(events: readonly CanonicalEvent[], indicators: Indicators = []): Promise<Outcome> {
    return this.channel(indicators).deliver(events, this.io());
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
