/** Both simulated destinations, each with a fresh credential, and how a tenant's config names them. */

import { randomBytes } from 'node:crypto';

import { FalconSimulator } from '../simulators/falcon.ts';
import { HarfangLabSimulator } from '../simulators/harfanglab.ts';

export class Destinations {
  readonly edrToken = randomBytes(24).toString('hex');
  readonly hecKey = randomBytes(24).toString('hex');
  readonly edr: HarfangLabSimulator;
  readonly falcon: FalconSimulator;

  constructor(nowMs: () => number = Date.now) {
    this.edr = new HarfangLabSimulator({ token: this.edrToken, nowMs });
    const client = { id: 'unused', secret: this.hecKey };
    this.falcon = new FalconSimulator({ hecKey: this.hecKey, client, nowMs });
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

  /** The entry of the Falcon simulator. */
  falconConfig(): Record<string, unknown> {
    return {
      name: 'falcon',
      type: 'falcon',
      region: 'eu-1',
      hec: { url: this.falcon.hecUrl, token: this.hecKey },
    };
  }
}
