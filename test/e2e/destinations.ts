/** The simulated destinations, each with a fresh credential, and how a tenant's config names them. */

import { randomBytes } from 'node:crypto';

import { type FalconOptions, FalconSimulator } from '../simulators/falcon.ts';
import { type HarfangLabOptions, HarfangLabSimulator } from '../simulators/harfanglab.ts';
import { SlackSimulator } from '../simulators/slack.ts';
import { TeamsSimulator } from '../simulators/teams.ts';
import { WebhookReceiver } from '../simulators/webhook-receiver.ts';

export interface DestinationsOptions {
  /** Default: `Date.now`. */
  readonly nowMs?: (() => number) | undefined;
  readonly falcon?: Partial<FalconOptions> | undefined;
  readonly edr?: Partial<HarfangLabOptions> | undefined;
}

/** There are no detections without rules. */
const CRITICAL = { events_at_or_above: 'critical' };

export class Destinations {
  readonly edrToken = randomBytes(24).toString('hex');
  readonly hecKey = randomBytes(24).toString('hex');
  readonly falconClient = { id: randomBytes(16).toString('hex'), secret: randomBytes(20).toString('hex') };
  readonly edr: HarfangLabSimulator;
  readonly falcon: FalconSimulator;
  readonly slack: SlackSimulator;
  readonly teams: TeamsSimulator;
  /** Verifies signatures once it has secrets. */
  readonly receiver: WebhookReceiver;

  constructor({ nowMs = Date.now, falcon, edr }: DestinationsOptions = {}) {
    this.edr = new HarfangLabSimulator({ token: this.edrToken, nowMs, ...edr });
    this.falcon = new FalconSimulator({ hecKey: this.hecKey, client: this.falconClient, nowMs, ...falcon });
    this.slack = new SlackSimulator({ nowMs });
    this.teams = new TeamsSimulator({ sig: randomBytes(24).toString('hex'), nowMs });
    this.receiver = new WebhookReceiver({ nowMs });
  }

  async start(): Promise<void> {
    await Promise.all(this.#all.map(async (simulator) => simulator.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(async (simulator) => simulator.stop()));
  }

  get #all() {
    return [this.edr, this.falcon, this.slack, this.teams, this.receiver];
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

  /** The entry of the simulated Slack channel: told of critical events, and of all that the operator must know. */
  slackConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { name: 'soc', type: 'slack', url: this.slack.webhookUrl, messages: CRITICAL, ...more };
  }

  teamsConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { name: 'teams', type: 'teams', url: this.teams.address, messages: CRITICAL, ...more };
  }

  webhookConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { name: 'hook', type: 'webhook', url: `${this.receiver.url}/in`, messages: CRITICAL, ...more };
  }
}
