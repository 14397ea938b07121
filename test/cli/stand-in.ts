/**
 * Stands in for the relay: its admin API and its hooks as the contract has them, in memory and in this process.
 * It refuses what the relay refuses, with the relay's own validation, answers as the OpenAPI document says, and counts what it is asked.
 */

import { expectDescribed } from '../http/described.ts';
import { ORIGIN, TOKEN } from './fake-io.ts';
import { eventRoutes } from './stand-in-events.ts';
import { otherRoutes } from './stand-in-other.ts';
import { rightsRoutes } from './stand-in-rights.ts';
import { ruleRoutes } from './stand-in-rules.ts';
import { tenantRoutes } from './stand-in-tenants.ts';
import type { Route, StandInState } from './stand-in-types.ts';
import { answer, newState, problem } from './stand-in-types.ts';

export interface Recorded {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

export class StandIn {
  readonly state: StandInState = newState();
  readonly requests: Recorded[] = [];
  /** Answers in place of the routes, while it answers anything; may throw as `fetch` does. */
  intercept: (request: Recorded) => Response | undefined = () => undefined;
  inFlightMax = 0;
  #inFlight = 0;
  readonly #routes: readonly Route[] = [
    ...tenantRoutes,
    ...eventRoutes,
    ...ruleRoutes,
    ...rightsRoutes,
    ...otherRoutes,
  ];

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin !== ORIGIN)
      throw Object.assign(new TypeError('fetch failed'), { cause: coded('ENOTFOUND') });
    const { method, headers } = request;
    const body = new Uint8Array(await request.arrayBuffer());
    const recorded = {
      method,
      path: `${url.pathname}${url.search}`,
      headers,
      body: new TextDecoder().decode(body),
    };
    this.requests.push(recorded);
    this.inFlightMax = Math.max(this.inFlightMax, ++this.#inFlight);
    try {
      // A turn, so that requests overlap as they would.
      await new Promise((resolve) => setImmediate(resolve));
      return this.intercept(recorded) ?? (await this.#answer(url, recorded, body));
    } finally {
      this.#inFlight--;
    }
  };

  /** Requests of a method, or of all methods, whose path matches. */
  sent(method: string, path: RegExp = /./): readonly Recorded[] {
    return this.requests.filter((request) => request.method === method && path.test(request.path));
  }

  async #answer(url: URL, { method, headers }: Recorded, body: Uint8Array): Promise<Response> {
    const isAdmin = url.pathname.startsWith('/api/');
    if (isAdmin && headers.get('authorization') !== `Bearer ${TOKEN}`) {
      return problem(401, 'operator_refused', 'A valid bearer token is needed.');
    }
    for (const route of this.#routes) {
      const match = route.method === method ? route.path.exec(url.pathname) : null;
      if (!match) continue;
      const parts = match.slice(1).map(decodeURIComponent);
      const response = await route.handle({ state: this.state, url, headers, body, parts });
      const isOk = isAdmin && response.status < 300;
      return isOk ? described(method, url.pathname, response) : response;
    }
    return url.pathname === '/healthz'
      ? answer({ status: 'ok' }, { date: new Date(this.state.nowMs).toUTCString() })
      : problem(404, 'route_not_found', 'Nothing is here.');
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** The answer, if the OpenAPI document has it so; else one that no test takes for the relay's. */
async function described(method: string, path: string, response: Response): Promise<Response> {
  try {
    expectDescribed(method, path, response.status, await response.clone().json());
    return response;
  } catch (error) {
    return problem(500, 'stand_in_wrong', error instanceof Error ? error.message : String(error));
  }
}
