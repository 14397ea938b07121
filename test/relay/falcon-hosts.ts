/** A tenant whose Falcon has hosts: the simulator's Hosts API in-process, behind its token, scopes and states. */

import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { ApiGateway } from '../simulators/falcon-gateway.ts';
import { HostsEndpoint, type NewHost } from '../simulators/falcon-hosts.ts';
import { API, falconDocument } from './falcon-cloud.ts';
import { responseOf, sentRequest } from './in-process.ts';
import { type Sent, Tenant } from './tenant.ts';

export const LANE = 'falcon/containment';
const ACTIONS = '/devices/entities/devices-actions/v2';

/** The id of a host, of one digit. */
export function agentId(digit: string): string {
  return digit.repeat(32);
}

export function workstations(...digits: readonly string[]): NewHost[] {
  return digits.map((digit) => ({ device_id: agentId(digit), hostname: `WKS-${digit}` }));
}

export class HostCloud {
  readonly tenant: Tenant;
  readonly #hosts: HostsEndpoint;
  readonly #gateway: ApiGateway;
  tokens = 0;
  /** Answers an action on a host in place of Falcon, or after it did what was asked. */
  intercept: (act: () => Response) => Response | Promise<Response> = (act) => act();
  /** The same of all other requests but those for tokens. */
  interceptLookup: HostCloud['intercept'] = (look) => look();

  private constructor(tenant: Tenant, hosts: readonly NewHost[]) {
    this.tenant = tenant;
    this.#hosts = new HostsEndpoint({ hosts }, tenant.nowMs);
    this.#gateway = new ApiGateway({}, this.#hosts.routes, () => true);
    tenant.destinations.answer(API, async (sent) => this.#answer(sent));
  }

  /** `change` is about the Falcon destination. */
  static async create(
    hosts: readonly NewHost[],
    change: Readonly<Record<string, unknown>> = {},
  ): Promise<HostCloud> {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [containing(change)];
    });
    return new HostCloud(tenant, hosts);
  }

  /** What hosts were isolated, and let back, in order. */
  get actions(): string[] {
    return this.#hosts.actions.map(({ action, id }) => `${action} ${id.slice(0, 1)}`);
  }

  detection(
    id: string,
    hostname: string,
    changes: Parameters<typeof detectionForTest>[0] = {},
  ): CanonicalEvent {
    const at = new Date(this.tenant.nowMs).toISOString();
    const facts = detectionForTest({
      id,
      firstAt: at,
      lastAt: at,
      device: { hostname },
      respond: ['contain'],
      ...changes,
    });
    return detectionEvent(facts, { tenant: this.tenant.id, receivedAt: at });
  }

  /** Waits until the lane has nothing left to send. */
  async untilSettled(count: number): Promise<void> {
    await this.tenant.until(async () => {
      const { delivered, deadLettered, expired } = await this.tenant.lane(LANE);
      return delivered + deadLettered + expired >= count;
    }, `${count} detections are settled`);
  }

  async #answer(sent: Sent): Promise<Response> {
    const { pathname } = new URL(sent.url);
    if (pathname === '/oauth2/token') {
      const token = { access_token: `token-${++this.tokens}`, expires_in: 1799, token_type: 'bearer' };
      return Response.json(token, { status: 201, headers: { 'x-cs-region': 'eu-1' } });
    }
    const act = (): Response => {
      const { nowMs } = this.tenant;
      const { headers, ...answer } = this.#gateway.answer(sentRequest(sent, nowMs), nowMs);
      return responseOf({ ...answer, headers: { 'x-cs-region': 'eu-1', ...headers } });
    };
    return pathname === ACTIONS ? this.intercept(act) : this.interceptLookup(act);
  }
}

/** A destination that does nothing but isolate. */
export function containing(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { client_id, client_secret, name, type, region } = falconDocument();
  return { name, type, region, client_id, client_secret, actions: ['contain'], ...change };
}
