/**
 * A Falcon that is listening, and one channel of a destination that points at it, with real tokens and rate.
 * Delivers detections, and reads what Falcon was asked.
 */

import type { Channel, ChannelKind } from '../../../src/destinations/destination.ts';
import { type FalconApi, falconApi } from '../../../src/destinations/falcon/api.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { falconSchema } from '../../../src/domain/falcon-config.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { FalconConfig } from '../../../src/domain/tenant-config.ts';
import type { NewHost } from '../../simulators/falcon-hosts.ts';
import { type FalconOptions, FalconSimulator } from '../../simulators/falcon.ts';
import { IsolationBench, linesOf } from '../isolation-bench.ts';
import { PLAIN_CONTEXT } from '../ports.ts';
import { accountsForTest } from './accounts-for-test.ts';

const CLIENT = { id: 'client-1', secret: 's+e&c=ret' };

/** The id of a host, of one digit. */
export function agentId(digit: string): string {
  return digit.repeat(32);
}

export class HostBench extends IsolationBench {
  readonly falcon: FalconSimulator;
  override readonly accounts = accountsForTest(this);
  protected readonly detected = {
    platforms: ['chatgpt', 'deepseek'],
    respond: ['contain', 'workflow'],
  } as const;
  readonly #config: FalconConfig;

  private constructor(falcon: Partial<FalconOptions>, config: Record<string, unknown>) {
    super();
    const nowMs = () => this.nowMs;
    this.falcon = new FalconSimulator({ hecKey: 'hec-key', client: CLIENT, nowMs, ...falcon });
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

  static async of(
    hosts: readonly NewHost[],
    config: Record<string, unknown> = {},
    options: Partial<FalconOptions> = {},
  ): Promise<HostBench> {
    return HostBench.start({ hosts, ...options }, config);
  }

  get api(): FalconApi {
    return falconApi(this.#reachable, PLAIN_CONTEXT.tenant, this.io);
  }

  channel(kind: ChannelKind): Channel {
    return this.open(this.#reachable, kind);
  }

  async deliver(kind: ChannelKind, event: CanonicalEvent): Promise<Outcome> {
    return this.channel(kind).deliver([event], this.io);
  }

  /** `METHOD path?query` of each call that reached an API, tokens left out. */
  get asked(): string[] {
    return linesOf(this.falcon.requests.filter(({ path }) => !path.startsWith('/oauth2/')));
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
