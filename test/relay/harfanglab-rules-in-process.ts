/**
 * The simulator's HarfangLab inside workerd, where nothing can listen: its sources, indicators and Sigma rules behind a `fetch`.
 * What it refuses and records is the simulator's own.
 */

import { HarfangLabApi, type ApiRequest, type Permission } from '../simulators/harfanglab-api.ts';
import { type HarfangLabIndicator, IndicatorsEndpoint } from '../simulators/harfanglab-indicators.ts';
import {
  type HarfangLabSigmaRule,
  SigmaRulesEndpoint,
  type SigmaOptions,
} from '../simulators/harfanglab-sigma.ts';
import { type RuleSource, SourcesEndpoint } from '../simulators/harfanglab-sources.ts';
import type { SimulatorRequest } from '../simulators/request.ts';
import { requestOf, responseOf } from './in-process.ts';

export const MANAGER = 'http://127.0.0.1:9001';
export const MANAGER_TOKEN = 'edr-token';

type Fault = (request: SimulatorRequest) => Response | undefined;

export class HarfangLabRulesInProcess {
  readonly #nowMs: () => number;
  readonly #indicatorSources = new SourcesEndpoint('IOCSource');
  readonly #sigmaSources = new SourcesEndpoint('SigmaSource');
  readonly #indicators = new IndicatorsEndpoint(this.#indicatorSources);
  readonly #sigmaRules: SigmaRulesEndpoint;
  readonly #api: HarfangLabApi;
  #permissions: readonly Permission[] | undefined;
  /** Answers in the vendor's place; undefined: the vendor answers. */
  fault: Fault = () => undefined;

  constructor(nowMs: () => number, options: SigmaOptions = {}) {
    this.#nowMs = nowMs;
    this.#sigmaRules = new SigmaRulesEndpoint(options, this.#sigmaSources);
    const endpoints = [this.#indicatorSources, this.#sigmaSources, this.#indicators, this.#sigmaRules];
    this.#api = new HarfangLabApi(
      {},
      endpoints.flatMap(({ routes }) => routes),
      {
        isAuthorized: ({ headers }) => headers['authorization'] === `Token ${MANAGER_TOKEN}`,
        isPermitted: (permission) => this.#permissions?.includes(permission) ?? true,
      },
    );
  }

  /** Every call that was answered. */
  get requests(): readonly ApiRequest[] {
    return this.#api.requests;
  }

  get indicatorSources(): readonly RuleSource[] {
    return this.#indicatorSources.sources;
  }

  get sigmaSources(): readonly RuleSource[] {
    return this.#sigmaSources.sources;
  }

  get indicators(): readonly HarfangLabIndicator[] {
    return this.#indicators.indicators;
  }

  get sigmaRules(): readonly HarfangLabSigmaRule[] {
    return this.#sigmaRules.rules;
  }

  /** Undefined: everything. */
  setPermissions(permissions: readonly Permission[] | undefined): void {
    this.#permissions = permissions;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = await requestOf(new Request(input, init), this.#nowMs());
    const answer = () => this.#api.answer(request, this.#nowMs()) ?? { status: 404, body: {} };
    return this.fault(request) ?? responseOf(answer());
  };
}
