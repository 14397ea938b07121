/**
 * The gateway before Falcon's OAuth APIs: token, rate limit, scope, media type, and the body that all answers share.
 * It knows no API: each brings its routes. Records every call that it answered.
 */

import { falconError, falconMeta, rateLimited, type RetryAfterUnit } from './falcon-answers.ts';
import { SlidingMinute, type RateVerdict } from './falcon-rate.ts';
import {
  isJsonObject,
  mediaType,
  parseJson,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';

/** One pool a minute for all clients and endpoints of a customer. Source: gofalcon#364; psfalcon#170. */
const CALLS_PER_MINUTE = 6000;
/** Missing, malformed and expired tokens, by source address. Source: gofalcon#364; falconpy#130. */
const INVALID_TOKENS_PER_MINUTE = 15;
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

export interface GatewayOptions {
  /** OAuth ids such as `cases:write`. Default: all. */
  readonly scopes?: readonly string[];
  /** Calls with a valid token. Default 6,000 a minute. */
  readonly apiLimit?: { readonly perMinute: number };
  /** Calls without one. Default 15 a minute. */
  readonly invalidTokenLimit?: { readonly perMinute: number };
  /** Default `milliseconds`. */
  readonly retryAfterUnit?: RetryAfterUnit;
  /** The region's API spelling. Default `eu-1`. */
  readonly region?: string;
  /** Where there are no errors or resources: null, the default, or the member is absent. Both occur (rusty-falcon#98). */
  readonly nullMembers?: boolean;
}

export interface ApiError {
  readonly code: number;
  readonly message: string;
  readonly id?: string;
}

/** A call that the gateway let pass. */
export interface ApiCall {
  readonly query: URLSearchParams;
  /** Empty when the request had no body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}

/** A 2xx may carry errors: a partial failure. */
export interface ApiReply {
  readonly status: number;
  readonly resources?: readonly unknown[];
  readonly errors?: readonly ApiError[];
  /** Beside what every `meta` has: `pagination`, `writes`. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface ApiRoute {
  readonly method: string;
  readonly path: string;
  readonly scope: string;
  readonly answer: (call: ApiCall) => ApiReply;
}

/** A call as the gateway answered it. */
export interface ApiRequest {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** Repeated names keep all their values. */
  readonly query: readonly (readonly [string, string])[];
  /** Undefined when there was none, or no JSON object. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly status: number;
}

export class ApiGateway {
  readonly #options: GatewayOptions;
  readonly #routes: readonly ApiRoute[];
  readonly #isTokenValid: (token: string, nowMs: number) => boolean;
  readonly #calls: SlidingMinute;
  readonly #invalidTokens: SlidingMinute;
  #scopes: ReadonlySet<string> | undefined;
  readonly requests: ApiRequest[] = [];
  /** The caller's address is not on the tenant's allow-list. */
  isIpRefused = false;

  constructor(
    options: GatewayOptions,
    routes: readonly ApiRoute[],
    isTokenValid: (token: string, nowMs: number) => boolean,
  ) {
    this.#options = options;
    this.#routes = routes;
    this.#isTokenValid = isTokenValid;
    this.#calls = new SlidingMinute(options.apiLimit?.perMinute ?? CALLS_PER_MINUTE);
    this.#invalidTokens = new SlidingMinute(
      options.invalidTokenLimit?.perMinute ?? INVALID_TOKENS_PER_MINUTE,
    );
    this.setScopes(options.scopes);
  }

  /** What the client may do from now on; undefined: everything. */
  setScopes(scopes: readonly string[] | undefined): void {
    this.#scopes = scopes === undefined ? undefined : new Set(scopes);
  }

  has(path: string): boolean {
    return this.#routes.some((route) => route.path === path);
  }

  answer(request: SimulatorRequest, nowMs: number): SimulatorAnswer {
    const token = bearer(request);
    const isValid = token !== undefined && this.#isTokenValid(token, nowMs);
    const rate = (isValid ? this.#calls : this.#invalidTokens).take(nowMs);
    const answer = rate.isOver
      ? rateLimited(rate.limit, rate.retryAtMs, this.#options.retryAfterUnit ?? 'milliseconds')
      : this.#pass(request, isValid, nowMs);
    this.#record(request, answer.status, nowMs);
    return { ...answer, headers: { ...this.#headers(rate), ...answer.headers } };
  }

  #pass(request: SimulatorRequest, isValid: boolean, nowMs: number): SimulatorAnswer {
    if (this.isIpRefused) return this.#refuse(403, 'access denied, authorization failed');
    if (!isValid) return this.#refuse(401, 'access denied, invalid bearer token');
    const { method, path, query } = request;
    const route = this.#routes.find((known) => known.path === path && known.method === method);
    if (route === undefined) return this.#refuse(405, '405: Method Not Allowed');
    if (this.#scopes !== undefined && !this.#scopes.has(route.scope)) {
      return this.#refuse(403, 'access denied, authorization failed');
    }
    // Also where the body is empty: gofalcon's api_client.go adds it there as a workaround. The status is our choice.
    if (WITH_BODY.has(method) && mediaType(request) !== 'application/json') {
      return this.#refuse(415, 'Content-Type must be application/json');
    }
    if (request.isTooLarge) return this.#refuse(413, 'payload too large');
    const body = bodyOf(request);
    if (body === undefined) return this.#refuse(400, 'the body must be a JSON object');
    return this.#envelope(route.answer({ query, body, nowMs }));
  }

  #refuse(status: number, message: string): SimulatorAnswer {
    return this.#envelope({ status, errors: [{ code: status, message }] });
  }

  #envelope({ status, resources = [], errors = [], meta = {} }: ApiReply): SimulatorAnswer {
    const none = this.#options.nullMembers === false ? undefined : null;
    const body = {
      meta: { ...falconMeta('crowdstrike-api-gateway'), ...meta },
      errors: errors.length === 0 ? none : errors,
      resources: resources.length === 0 ? none : resources,
    };
    return { status, headers: falconError(status, '').headers ?? {}, body };
  }

  #headers({ limit, remaining }: RateVerdict): Readonly<Record<string, string>> {
    return {
      'X-Cs-Region': this.#options.region ?? 'eu-1',
      'X-RateLimit-Limit': `${limit}`,
      'X-RateLimit-Remaining': `${remaining}`,
    };
  }

  #record(request: SimulatorRequest, status: number, nowMs: number): void {
    const { method, path, query } = request;
    const body = request.body.length === 0 ? undefined : bodyOf(request);
    const sent = body === undefined ? {} : { body };
    this.requests.push({ atMs: nowMs, method, path, query: [...query], ...sent, status });
  }
}

/** 400 with one message, as most refusals are. */
export function refused(message: string, status = 400): ApiReply {
  return { status, errors: [{ code: status, message }] };
}

function bodyOf(request: SimulatorRequest): Readonly<Record<string, unknown>> | undefined {
  if (request.body.length === 0) return {};
  const parsed = parseJson(request.body.toString('utf8'));
  return parsed !== undefined && isJsonObject(parsed.value) ? parsed.value : undefined;
}

function bearer(request: SimulatorRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
}
