/**
 * A client of the Falcon simulator for the simulator's own tests: mints a token and calls an API over real HTTP.
 * It checks nothing and retries nothing.
 */

import { FalconSimulator, type FalconOptions } from './falcon.ts';
import { isJsonObject } from './request.ts';

const CLIENT = { id: 'client-1', secret: 's+e&c=ret' };

export interface CallerOptions {
  readonly query?: readonly (readonly [string, string])[] | Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly token?: string;
  /** Default `application/json`; null sends none. */
  readonly contentType?: string | null;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** As received. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `resources`, empty when there are none. */
  readonly resources: readonly Readonly<Record<string, unknown>>[];
  /** `resources` that are texts. */
  readonly ids: readonly string[];
  /** The messages of `errors`, joined. */
  readonly message: string;
}

/** A simulator that is listening, and calls of it with a token that it minted. */
export class FalconCaller {
  readonly simulator: FalconSimulator;
  /** The simulator's clock. */
  nowMs = 1_763_800_000_000;
  token = '';

  private constructor(options: Partial<FalconOptions>) {
    const nowMs = () => this.nowMs;
    this.simulator = new FalconSimulator({ hecKey: 'hec-key', client: CLIENT, nowMs, ...options });
  }

  static async start(options: Partial<FalconOptions> = {}): Promise<FalconCaller> {
    const caller = new FalconCaller(options);
    await caller.simulator.start();
    await caller.renew();
    return caller;
  }

  /** Asks for a new token and answers the status. */
  async renew(): Promise<number> {
    const response = await fetch(`${this.simulator.url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: CLIENT.id, client_secret: CLIENT.secret }),
    });
    const body: unknown = await response.json();
    if (isJsonObject(body) && typeof body['access_token'] === 'string') this.token = body['access_token'];
    return response.status;
  }

  async call(method: string, path: string, options: CallerOptions = {}): Promise<ApiAnswer> {
    const { query = {}, body, token = this.token, contentType = 'application/json' } = options;
    const pairs = Array.isArray(query) ? query.map(([name, value]) => [name, value]) : query;
    const search = new URLSearchParams(pairs as Record<string, string>).toString();
    const response = await fetch(`${this.simulator.url}${path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(contentType === null ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return read(response);
  }
}

async function read(response: Response): Promise<ApiAnswer> {
  const parsed: unknown = await response.json();
  const body = isJsonObject(parsed) ? parsed : {};
  const resources: readonly unknown[] = Array.isArray(body['resources']) ? body['resources'] : [];
  const errors: readonly unknown[] = Array.isArray(body['errors']) ? body['errors'] : [];
  const { status, headers } = response;
  return {
    status,
    headers,
    body,
    resources: resources.filter(isJsonObject),
    ids: resources.filter((resource) => typeof resource === 'string'),
    message: errors.map((error) => (isJsonObject(error) ? String(error['message']) : '')).join('; '),
  };
}
