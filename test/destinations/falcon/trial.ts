/**
 * A call of Falcon's API against the simulator, over real HTTP, with the tenant's real accounts and a clock that the test turns:
 * the relay's and the simulator's are the same, and who sleeps turns it.
 */

import { type ApiCall, type FalconApi, falconApi } from '../../../src/destinations/falcon/api.ts';
import type { DeliveryIo } from '../../../src/destinations/destination.ts';
import { falconSchema } from '../../../src/domain/falcon-config.ts';
import type { FalconConfig } from '../../../src/domain/tenant-config.ts';
import { guardedHttp, type SendRequest } from '../../../src/lib/http.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import type { ApiAccounts } from '../../../src/relay/api-accounts.ts';
import { FalconSimulator, type FalconOptions } from '../../simulators/falcon.ts';
import { STEADY_LANE } from '../ports.ts';
import { accountsForTest } from './accounts-for-test.ts';

export const CLIENT = { id: '0f1e2d3c4b5a69788796a5b4c3d2e1f0', secret: 's+e&c=ret/%41 é' };
export const TENANT = 'acme';
export const START_MS = Date.UTC(2026, 10, 22, 8);

/** A read that needs `cases:read`. */
export const SEARCH: ApiCall = {
  method: 'GET',
  path: '/cases/queries/cases/v1?limit=1',
  scope: 'cases:read',
};
/** A write that needs `cases:write`. */
export const CREATE: ApiCall = {
  method: 'PUT',
  path: '/cases/entities/cases/v2',
  body: { name: 'Noxys: é', severity: 75 },
  scope: 'cases:write',
};

export class Trial {
  readonly simulator: FalconSimulator;
  nowMs = START_MS;
  accounts: ApiAccounts = this.freshAccounts();
  /** Hosts that the tenant's residency allows; undefined: the simulator's. */
  allowed: ((url: URL) => boolean) | undefined;
  timeoutMs = 5_000;
  attemptId = '5c2f9e0a-0000-4000-8000-000000000001';
  /** Bodies of answers, as they came. */
  readonly bodies: string[] = [];

  private constructor(options: Partial<FalconOptions>) {
    const nowMs = () => this.nowMs;
    this.simulator = new FalconSimulator({ hecKey: 'hec-key', client: CLIENT, nowMs, ...options });
  }

  static async start(options: Partial<FalconOptions> = {}): Promise<Trial> {
    const trial = new Trial(options);
    await trial.simulator.start();
    return trial;
  }

  /** As after a restart of the object, with nothing in KV. */
  freshAccounts(): ApiAccounts {
    return accountsForTest(this);
  }

  config(changes: Partial<Record<keyof FalconConfig, unknown>> = {}): FalconConfig {
    return falconSchema.parse({
      name: 'falcon',
      type: 'falcon',
      region: 'eu-1',
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      base_url: this.simulator.url,
      requests_per_minute: 6000,
      ...changes,
    });
  }

  io(send: SendRequest = this.#send()): DeliveryIo {
    return {
      ...STEADY_LANE,
      send,
      timeoutMs: this.timeoutMs,
      attemptId: this.attemptId,
      nowMs: () => this.nowMs,
      accounts: this.accounts,
      requestsMax: 20,
      memory: { get: () => undefined, put: () => undefined, delete: () => undefined, entries: () => [] },
    };
  }

  api(changes: Parameters<Trial['config']>[0] = {}, send?: SendRequest): FalconApi {
    return falconApi(this.config(changes), TENANT, this.io(send));
  }

  /** Requests that reached the token endpoint, and all others. */
  get asked(): { readonly tokens: number; readonly calls: number } {
    const tokens = this.simulator.requests.filter(({ path }) => path === '/oauth2/token').length;
    return { tokens, calls: this.simulator.requests.length - tokens };
  }

  #send(): SendRequest {
    const { host } = new URL(this.simulator.url);
    const allows = this.allowed ?? ((url) => url.host === host);
    return guardedHttp({ fetch, allows, connections: new Semaphore(5) });
  }
}

/** Only requests for tokens, or only others, for a fault. */
export const atToken = ({ path }: { readonly path: string }) => path === '/oauth2/token';
export const atApi = ({ path }: { readonly path: string }) => path !== '/oauth2/token';
