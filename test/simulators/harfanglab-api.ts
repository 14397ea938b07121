/**
 * What stands before HarfangLab's real API (`/api/data/…`): the trailing slash, the token, the method, the permission, the JSON body.
 * It knows no endpoint: each brings its routes. Records every call that it answered.
 */

import {
  forbidden,
  notAllowed,
  notFound,
  refusal,
  slashRedirect,
  unauthorized,
} from './harfanglab-answers.ts';
import {
  isJsonObject,
  mediaType,
  parseJson,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';

/**
 * What a user may do. The first three are the Noxys guide's, the two of rules NETSKOPE-DOC's (docs.netskope.com, HarfangLab plugin);
 * the vendor's names of the others are not published.
 */
export const PERMISSIONS = {
  eventsWrite: 'events.write',
  incidentsWrite: 'incidents.write',
  alertsWrite: 'alerts.write',
  rulesView: 'View rules, IOC, rulesets, and whitelists',
  rulesEdit: 'Edit rules, IOC, and rulesets',
  endpointsView: 'View endpoints',
  endpointsIsolate: 'Isolate endpoints',
  telemetryView: 'View telemetry',
  threatsView: 'View threats',
  threatsEdit: 'Edit threats',
} as const;

export type Permission = (typeof PERMISSIONS)[keyof typeof PERMISSIONS];

/** Deeper pages are refused. Source: FORTI harfanglab_sdk.py, which halves its time window there. */
const PAGING_MAX = 10_000;
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

export interface ApiOptions {
  /** What a path of the real API without its trailing slash answers. Default `redirect`, as Django does. */
  readonly missingSlash?: 'redirect' | 'not_found';
  /** Records that paging reaches. Default 10,000. */
  readonly pagingMax?: number;
}

/** A call that was let pass. */
export interface ApiCall {
  readonly path: string;
  /** What stands in the path for `{id}`, decoded; empty where there is none. */
  readonly id: string;
  readonly query: URLSearchParams;
  /** Empty when the request had no body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
  readonly pagingMax: number;
}

/** Without a body when `body` is undefined. */
export interface ApiReply {
  readonly status: number;
  readonly body?: unknown;
}

export interface ApiRoute {
  readonly method: string;
  /** With its trailing slash; `{id}` stands for one segment. */
  readonly path: string;
  readonly permission: Permission;
  readonly answer: (call: ApiCall) => ApiReply;
}

/** A call as it was answered. */
export interface ApiRequest {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  /** Undefined when there was none, or no JSON object. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly status: number;
}

interface Gate {
  readonly isAuthorized: (request: SimulatorRequest) => boolean;
  readonly isPermitted: (permission: Permission) => boolean;
}

export class HarfangLabApi {
  readonly requests: ApiRequest[] = [];
  readonly #options: ApiOptions;
  readonly #routes: readonly { readonly route: ApiRoute; readonly pattern: RegExp }[];
  readonly #gate: Gate;

  constructor(options: ApiOptions, routes: readonly ApiRoute[], gate: Gate) {
    this.#options = options;
    this.#routes = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
    this.#gate = gate;
  }

  /** Undefined when no endpoint has this path, with or without its slash. */
  answer(request: SimulatorRequest, nowMs: number): SimulatorAnswer | undefined {
    const answer = this.#answer(request, nowMs);
    if (answer !== undefined) this.#record(request, answer.status, nowMs);
    return answer;
  }

  #answer(request: SimulatorRequest, nowMs: number): SimulatorAnswer | undefined {
    const { path, query } = request;
    if (this.#at(path).length > 0) return this.#pass(request, nowMs);
    if (this.#at(`${path}/`).length === 0) return undefined;
    return this.#options.missingSlash === 'not_found' ? notFound() : slashRedirect(path, query);
  }

  #at(path: string) {
    return this.#routes.filter(({ pattern }) => pattern.test(path));
  }

  #pass(request: SimulatorRequest, nowMs: number): SimulatorAnswer {
    const { method, path, query } = request;
    if (!this.#gate.isAuthorized(request)) return unauthorized();
    const found = this.#at(path).find(({ route }) => route.method === method);
    if (found === undefined) return notAllowed(method);
    if (!this.#gate.isPermitted(found.route.permission)) return forbidden();
    const body = WITH_BODY.has(method) ? readObject(request) : { value: {} };
    if ('refused' in body) return body.refused;
    const id = decodeURIComponent(found.pattern.exec(path)?.[1] ?? '');
    const pagingMax = this.#options.pagingMax ?? PAGING_MAX;
    return found.route.answer({ path, id, query, body: body.value, nowMs, pagingMax });
  }

  #record(request: SimulatorRequest, status: number, nowMs: number): void {
    const { method, path, query } = request;
    const parsed = parseJson(request.body.toString('utf8'))?.value;
    const body = isJsonObject(parsed) ? { body: parsed } : {};
    this.requests.push({ atMs: nowMs, method, path, query: [...query], ...body, status });
  }
}

/** The JSON object that a request carries; an empty body is an empty object. The order is Django REST's: media type, syntax, kind. */
export function readObject(
  request: SimulatorRequest,
): { readonly value: Readonly<Record<string, unknown>> } | { readonly refused: SimulatorAnswer } {
  if (request.isTooLarge) return { refused: refusal(413, 'Request body exceeded the limit.') };
  if (request.bytes === 0) return { value: {} };
  if (mediaType(request) !== 'application/json') {
    return { refused: refusal(415, `Unsupported media type "${mediaType(request)}" in request.`) };
  }
  const parsed = parseJson(request.body.toString('utf8'));
  if (parsed === undefined) return { refused: refusal(400, 'JSON parse error') };
  if (isJsonObject(parsed.value)) return { value: parsed.value };
  return {
    refused: { status: 400, body: { non_field_errors: ['Invalid data. Expected a dictionary.'] } },
  };
}

/** 404 for an id that is not there. */
export const NOT_FOUND: ApiReply = { status: 404, body: { detail: 'Not found.' } };

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', String.raw`\.`).replace('{id}', '([^/]+)')}$`);
}
