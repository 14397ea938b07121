/** A HarfangLab manager that is listening, and the containment of a destination that points at it. Reads what HarfangLab was asked. */

import { expect } from 'vitest';

import type { Channel, DeliveryIo } from '../../../src/destinations/destination.ts';
import type { Detection } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { harfangLabSchema } from '../../../src/domain/harfanglab-config.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { HarfangLabConfig } from '../../../src/domain/tenant-config.ts';
import type { NewAgent } from '../../simulators/harfanglab-agents.ts';
import { type HarfangLabOptions, HarfangLabSimulator } from '../../simulators/harfanglab.ts';
import { IsolationBench, linesOf } from '../isolation-bench.ts';

const TOKEN = 'edr-token';

/** The id of an agent, of one digit. */
export function agentId(digit: string): string {
  return [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');
}

export const WKS = { id: agentId('a'), hostname: 'WKS-7' };
export const OTHER = { id: agentId('b'), hostname: 'WKS-8' };

/** How a delivery ends whose order HarfangLab has taken. */
export const PENDING = {
  kind: 'retry',
  reason: 'pending',
  isAside: true,
  retryAfterMs: 60_000,
  detail: expect.stringContaining('HarfangLab isolates the agent when it connects'),
};

export class AgentBench extends IsolationBench {
  readonly edr: HarfangLabSimulator;
  protected readonly detected = { respond: ['contain'] } as const;
  readonly #config: Record<string, unknown>;
  #contained = 0;

  private constructor(edr: Partial<HarfangLabOptions>, config: Record<string, unknown>) {
    super();
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

  static async of(
    agents: readonly NewAgent[],
    config: Record<string, unknown> = {},
    options: Partial<HarfangLabOptions> = {},
  ): Promise<AgentBench> {
    return AgentBench.start({ agents, ...options }, config);
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

  get channel(): Channel {
    return this.open(this.config, 'containment');
  }

  async deliver(event: CanonicalEvent, io: DeliveryIo = this.io): Promise<Outcome> {
    return this.channel.deliver([event], io);
  }

  /** Delivers a new detection of a device. */
  async contain(device: Detection['device'], changes: Partial<Detection> = {}): Promise<Outcome> {
    return this.deliver(
      this.detection(`detection-${++this.#contained}`, { ...(device && { device }), ...changes }),
    );
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

  /** What agents were asked to be isolated, and let back, in order. */
  get orders(): string[] {
    return this.edr.isolationOrders.map(({ action, id }) => `${action} ${id.slice(0, 1)}`);
  }

  /** `METHOD path?query` of each call. */
  get asked(): string[] {
    return linesOf(this.edr.requests);
  }
}
