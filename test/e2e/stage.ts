/**
 * A whole system on loopback: simulated destinations and a relay in workerd, with fresh secrets.
 * Close it, or bind it with `await using`: nothing outlives it, neither a process nor a file.
 */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Miniflare } from 'miniflare';

import type { LaneView } from '../../src/domain/lane-view.ts';
import type { FalconOptions, FalconSimulator } from '../simulators/falcon.ts';
import type { HarfangLabOptions, HarfangLabSimulator } from '../simulators/harfanglab.ts';
import { NoxysSender } from '../simulators/noxys.ts';
import type { SlackSimulator } from '../simulators/slack.ts';
import { type AdminAnswer, AdminClient } from './admin-client.ts';
import { Destinations } from './destinations.ts';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from './local-relay.ts';
import { type RelayProcess, spawnRelay } from './relay-process.ts';
import { until } from './until.ts';

export interface StageOptions {
  /** The relay gets a process of its own, which `killRelay` ends as a power cut would. Default: this process. */
  readonly isApart?: boolean;
  /** Opens V8's inspector of the relay. Default: closed. */
  readonly hasInspector?: boolean;
  /** The destinations' clock. Default: `Date.now`. */
  readonly nowMs?: () => number;
  /** Options of the Falcon simulator. */
  readonly falcon?: Partial<FalconOptions>;
  /** Options of the HarfangLab simulator. */
  readonly edr?: Partial<HarfangLabOptions>;
  /** Variables of the relay over those of wrangler.toml. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Only of a relay in this process: another build of the Worker, and what answers all that it sends. */
  readonly relay?: Pick<LocalRelayOptions, 'scriptPath' | 'importedPaths' | 'outbound'>;
  /** What asks the relay, as operator and as Noxys. Default: `fetch`. */
  readonly fetch?: typeof fetch;
}

export interface TestTenant {
  readonly id: string;
  readonly secret: string;
  readonly sender: NoxysSender;
}

/** As Noxys shows one. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** 32 random bytes, as the variable holds them. */
export function newMasterKey(): string {
  return randomBytes(32).toString('base64url');
}

export class Stage implements AsyncDisposable {
  readonly adminToken = randomBytes(24).toString('base64url');
  readonly destinations: Destinations;
  /** What the Worker logged; only of a relay in this process. */
  readonly logs: string[] = [];
  /** What the relay is started with; change them before the next start. */
  masterKeys: { readonly primary: string; readonly previous?: string } = { primary: newMasterKey() };
  readonly #options: StageOptions;
  #folder = '';
  #port = 0;
  #inside: LocalRelay | undefined;
  #apart: RelayProcess | undefined;

  private constructor(options: StageOptions) {
    this.#options = options;
    this.destinations = new Destinations(options);
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(options);
    stage.#folder = await mkdtemp(join(tmpdir(), 'noxys-relay-e2e-'));
    await stage.destinations.start();
    await stage.startRelay();
    return stage;
  }

  get edr(): HarfangLabSimulator {
    return this.destinations.edr;
  }

  get falcon(): FalconSimulator {
    return this.destinations.falcon;
  }

  get slack(): SlackSimulator {
    return this.destinations.slack;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get miniflare(): Miniflare {
    if (this.#inside) return this.#inside.miniflare;
    throw new Error('Cannot look into the relay as it must run in this process: it does not');
  }

  /** The relay's process, if it has one of its own. */
  get relayProcess(): RelayProcess {
    if (this.#apart) return this.#apart;
    throw new Error('Cannot look at the relay as it must have a process of its own: it has none');
  }

  /** Where everything durable is. */
  get stateFolder(): string {
    return join(this.#folder, 'state');
  }

  get admin(): AdminClient {
    return new AdminClient(this.url, this.adminToken, this.#options.fetch);
  }

  /** Starts the relay: on the same state and port as before, if it ran before. */
  async startRelay(): Promise<void> {
    const { isApart = false, hasInspector = false, vars: more } = this.#options;
    const vars = {
      ...more,
      RELAY_MASTER_KEY: this.masterKeys.primary,
      RELAY_MASTER_KEY_PREVIOUS: this.masterKeys.previous ?? '',
      RELAY_ADMIN_TOKEN: this.adminToken,
    };
    const options = { port: this.#port, persistTo: this.stateFolder, vars, hasInspector };
    if (isApart) this.#apart = await spawnRelay(options);
    else {
      const onLog = (line: string): void => void this.logs.push(line);
      this.#inside = await startLocalRelay({ ...options, ...this.#options.relay, onLog });
    }
    this.#port = Number(/\d+$/.exec(this.#inside?.url ?? this.#apart?.url ?? '')?.[0]);
  }

  /** SIGKILL. */
  async killRelay(): Promise<void> {
    const relay = this.#apart;
    this.#apart = undefined;
    await relay?.kill();
  }

  /** As a deployment is stopped: in order. */
  async stopRelay(): Promise<void> {
    const relay = this.#inside;
    this.#inside = undefined;
    await relay?.stop();
  }

  /** A tenant's config with HarfangLab and Falcon as destinations; `more` replaces top-level keys. */
  document(
    id: string,
    secret: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Record<string, unknown> {
    return {
      id,
      residency: 'eu',
      webhook: { secrets: [secret] },
      destinations: [this.destinations.edrConfig(), this.destinations.falconConfig()],
      ...more,
    };
  }

  /** Saves a new tenant through the admin API. */
  async addTenant(id: string, more: Readonly<Record<string, unknown>> = {}): Promise<TestTenant> {
    const secret = newWebhookSecret();
    const saved = await this.admin.put(id, this.document(id, secret, more));
    if (saved.status !== 201) {
      throw new Error(`Cannot add tenant ${id} as the answer must be 201: it is ${JSON.stringify(saved)}`);
    }
    return { id, secret, sender: this.senderTo(id, secret) };
  }

  senderTo(id: string, tenantSecret: string): NoxysSender {
    return new NoxysSender({
      url: `${this.url}/hooks/${id}`,
      tenantSecret,
      scheme: 'standard-webhooks',
      ...(this.#options.fetch && { fetch: this.#options.fetch }),
    });
  }

  async lanes(id: string): Promise<LaneView[]> {
    const answer: AdminAnswer = await this.admin.get(`/api/v1/tenants/${id}/lanes`);
    return (answer.body as { readonly lanes: LaneView[] }).lanes;
  }

  /** Waits until nothing is left to deliver and every lane has written its row. */
  async untilDone(id: string, limits: { readonly withinMs: number }): Promise<void> {
    await until(
      `the lanes of ${id} are idle`,
      async () =>
        (await this.lanes(id)).every(({ state, undelivered }) => state === 'idle' && undelivered === 0),
      limits,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.stopRelay(), this.killRelay()]);
    await this.destinations.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
