/** A tenant whose HarfangLab has agents: the simulator's API in-process, behind its token and permissions, as it asks for and carries out isolations. */

import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { AgentsEndpoint, type AgentsOptions, type HarfangLabAgent } from '../simulators/harfanglab-agents.ts';
import { HarfangLabApi } from '../simulators/harfanglab-api.ts';
import { type NewLogon, TelemetryEndpoint } from '../simulators/harfanglab-telemetry.ts';
import { responseOf, sentRequest } from './in-process.ts';
import { EDR, type Sent, Tenant } from './tenant.ts';

export const LANE = 'edr/containment';

/** The id of an agent, of one digit. */
export function agentId(digit: string): string {
  return [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');
}

export class AgentCloud {
  readonly tenant: Tenant;
  readonly #agents: AgentsEndpoint;
  readonly #api: HarfangLabApi;
  /** Answers an order in place of HarfangLab, or after it took it. */
  intercept: (act: () => Response) => Response | Promise<Response> = (act) => act();

  private constructor(tenant: Tenant, options: AgentsOptions, logons: readonly NewLogon[]) {
    this.tenant = tenant;
    this.#agents = new AgentsEndpoint(options, tenant.nowMs, () => []);
    const telemetry = new TelemetryEndpoint({ logons }, () => undefined);
    const gate = { isAuthorized: () => true, isPermitted: () => true };
    this.#api = new HarfangLabApi({}, [...this.#agents.routes, ...telemetry.routes], gate);
    tenant.destinations.answer(EDR, async (sent) => this.#answer(sent));
  }

  /** `change` is about the HarfangLab destination, `map` is the tenant's `device_map`. */
  static async create(
    options: AgentsOptions,
    {
      change = {},
      map = {},
      logons = [],
    }: {
      readonly change?: Readonly<Record<string, unknown>>;
      readonly map?: Readonly<Record<string, string>>;
      readonly logons?: readonly NewLogon[];
    } = {},
  ): Promise<AgentCloud> {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [isolating(change)];
      document['device_map'] = map;
    });
    return new AgentCloud(tenant, options, logons);
  }

  /** What agents were asked to be isolated, and let back, in order. */
  get orders(): string[] {
    return this.#agents.orders.map(({ action, id }) => `${action} ${id.slice(0, 1)}`);
  }

  agent(digit: string): HarfangLabAgent | undefined {
    return this.#agents.at(this.tenant.nowMs).find(({ id }) => id === agentId(digit));
  }

  setStatus(digit: string, status: HarfangLabAgent['status']): void {
    this.#agents.setStatus(agentId(digit), status, this.tenant.nowMs);
  }

  /** About a host; undefined: about none. */
  detection(id: string, hostname: string | undefined, userId = 'user-42'): CanonicalEvent {
    const at = new Date(this.tenant.nowMs).toISOString();
    const facts = detectionForTest({
      id,
      firstAt: at,
      lastAt: at,
      user: { id: userId },
      ...(hostname !== undefined && { device: { hostname } }),
      respond: ['contain'],
    });
    return detectionEvent(facts, { tenant: this.tenant.id, receivedAt: at });
  }

  /** Lets time pass until so many detections are settled. */
  async untilSettled(count: number): Promise<void> {
    await this.tenant.passTimeUntil(async () => {
      const { delivered, deadLettered, expired } = await this.tenant.lane(LANE);
      return delivered + deadLettered + expired >= count;
    }, `${count} detections are settled`);
  }

  /** Reads of one agent's record. */
  get looks(): number {
    return this.#api.requests.filter(({ method, path }) => method === 'GET' && /Agent\/[^/]+\/$/.test(path))
      .length;
  }

  async #answer(sent: Sent): Promise<Response> {
    const act = (): Response => {
      const { nowMs } = this.tenant;
      const answer = this.#api.answer(sentRequest(sent, nowMs), nowMs);
      return responseOf(answer ?? { status: 404, body: {} });
    };
    return sent.method === 'POST' ? this.intercept(act) : act();
  }
}

/** A destination that does nothing but isolate. */
export function isolating(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'edr',
    type: 'harfanglab',
    base_url: EDR,
    token: 'edr-token',
    mode: 'native',
    actions: ['contain'],
    ...change,
  };
}
