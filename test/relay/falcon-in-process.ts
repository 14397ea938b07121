/**
 * The simulator's Falcon inside workerd, where nothing can listen: its token endpoint and its IOC API behind a `fetch`.
 * What it refuses and records is the simulator's own.
 */

import { ApiGateway, type ApiRequest } from '../simulators/falcon-gateway.ts';
import { type FalconIndicator, IndicatorsEndpoint } from '../simulators/falcon-indicators.ts';
import { TokenEndpoint } from '../simulators/falcon-token.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../simulators/request.ts';
import { requestOf, responseOf } from './in-process.ts';

export const FALCON_API = 'http://127.0.0.1:9003';
export const FALCON_CLIENT = { id: 'c'.repeat(32), secret: 's'.repeat(40) };

type Fault = (request: SimulatorRequest) => Response | undefined;

export class FalconInProcess {
  readonly #nowMs: () => number;
  readonly #token = new TokenEndpoint({ client: FALCON_CLIENT });
  readonly #indicators = new IndicatorsEndpoint({});
  readonly #gateway: ApiGateway;
  /** Answers in the vendor's place; undefined: the vendor answers. */
  fault: Fault = () => undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#gateway = new ApiGateway({}, this.#indicators.routes, (token, atMs) =>
      this.#token.isValid(token, atMs),
    );
  }

  /** Every call of an API that was answered. */
  get requests(): readonly ApiRequest[] {
    return this.#gateway.requests;
  }

  get indicators(): readonly FalconIndicator[] {
    return this.#indicators.at(this.#nowMs());
  }

  /** Somebody removes all of them in the console. */
  forgetIndicators(): void {
    const remove = this.#indicators.routes.find(({ method }) => method === 'DELETE');
    const query = new URLSearchParams(this.indicators.map(({ id }) => ['ids', id]));
    remove?.answer({ query, body: {}, nowMs: this.#nowMs() });
  }

  setScopes(scopes: readonly string[] | undefined): void {
    this.#gateway.setScopes(scopes);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = await requestOf(new Request(input, init), this.#nowMs());
    return this.fault(request) ?? responseOf(this.#answer(request));
  };

  #answer(request: SimulatorRequest): SimulatorAnswer {
    return request.path === '/oauth2/token'
      ? this.#token.mint(request, this.#nowMs())
      : this.#gateway.answer(request, this.#nowMs());
  }
}
