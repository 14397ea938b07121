/** Both simulated destinations, each with a fresh credential, and how a tenant's config names them. */

import { randomBytes } from 'node:crypto';

import { type FalconOptions, FalconSimulator } from '../simulators/falcon.ts';
import { HarfangLabSimulator } from '../simulators/harfanglab.ts';

export class Destinations {
  readonly edrToken = randomBytes(24).toString('hex');
  readonly hecKey = randomBytes(24).toString('hex');
  readonly falconClient = { id: randomBytes(16).toString('hex'), secret: randomBytes(20).toString('hex') };
  readonly edr: HarfangLabSimulator;
  readonly falcon: FalconSimulator;

  constructor(nowMs: () => number = Date.now, falcon: Partial<FalconOptions> = {}) {
    this.edr = new HarfangLabSimulator({ token: this.edrToken, nowMs });
    this.falcon = new FalconSimulator({ hecKey: this.hecKey, client: this.falconClient, nowMs, ...falcon });
  }

  async start(): Promise<void> {
    await Promise.all([this.edr.start(), this.falcon.start()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.edr.stop(), this.falcon.stop()]);
  }

  /** The entry of the HarfangLab simulator in a tenant's config; `more` replaces its keys. */
  edrConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { name: 'edr', type: 'harfanglab', base_url: this.edr.url, token: this.edrToken, ...more };
  }

  /** The entry of the Falcon simulator, with its HEC connector alone. */
  falconConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      name: 'falcon',
      type: 'falcon',
      region: 'eu-1',
      hec: { url: this.falcon.hecUrl, token: this.hecKey },
      ...more,
    };
  }

  /** The same with its API client, too. */
  falconApiConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { id, secret } = this.falconClient;
    return this.falconConfig({ client_id: id, client_secret: secret, base_url: this.falcon.url, ...more });
  }
}
