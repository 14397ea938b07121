/**
 * What every admin route is made of: who may call it, what it takes, and its answer.
 * A route that is not made here is not mounted; its parts are also what the OpenAPI document and the security suite are made from.
 */

import type { Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

import type { Actor, Principal, Role } from '../domain/principal.ts';
import { grantRefusal } from '../domain/principal.ts';
import { TENANT_ID_PATTERN } from '../domain/tenant-config.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { Readers } from './api/fields.ts';
import { readBodyFields, readParameters } from './api/fields.ts';
import { readReason } from './api/reason.ts';
import type { ValueSchema } from './api/values.ts';
import type { AppEnv, AppOptions, Deployment } from './deployment.ts';
import { deploymentOf } from './deployment.ts';
import type { RequestFailure } from './request-failure.ts';
import { problemResponse } from './problem.ts';

/** One authorised request. */
export interface Call<Q extends object = object, B extends object = object> {
  readonly c: Context<AppEnv>;
  readonly deployment: Deployment;
  readonly options: AppOptions;
  readonly principal: Principal;
  /** For whatever it writes. */
  readonly actor: Actor;
  readonly query: Partial<Q>;
  /** Of a route with `body`. */
  readonly body: Partial<B>;
}

export interface Answer {
  /** Default 200. */
  readonly status?: ContentfulStatusCode;
  /** Sent as JSON; a string with a `content-type` among the headers as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * `tenant`: the tenant of the path alone is asked for; `tenant_in_query`: that of the parameter `tenant`, which must be there.
 * `deployment`: a grant for every tenant is needed, also where the path names one. `own`: anybody with the role for anything; the route shows or changes what
 * the grants reach.
 */
export type Scope = 'tenant' | 'tenant_in_query' | 'deployment' | 'own';

interface RouteParts<Q extends object, B extends object> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** As Hono writes it. A tenant's id is `:id`. */
  readonly path: string;
  /** The least one that may call it. */
  readonly role: Role;
  readonly scope: Scope;
  /** Absent: it takes no parameters. */
  readonly query?: Readers<Q>;
  /** Of a short body. Absent: `handle` reads the body, or there is none. */
  readonly body?: Readers<B>;
  /** Default 4 KiB. */
  readonly bodyBytesMax?: number;
  readonly handle: (call: Call<Q, B>) => Promise<Result<Answer, RequestFailure>>;
}

/** A route as it is mounted and described. */
export interface AdminRoute extends Pick<RouteParts<object, object>, 'method' | 'path' | 'role' | 'scope'> {
  /** Schemas of the parameters, and of the keys of the short body, by name. */
  readonly query: Readonly<Record<string, ValueSchema>>;
  readonly body?: Readonly<Record<string, ValueSchema>>;
  readonly answer: (c: Context<AppEnv>, options: AppOptions) => Promise<Response>;
}

/** Makes a route of its parts: checks the caller, reads what it takes, answers. */
export function adminRoute<Q extends object = object, B extends object = object>(
  route: RouteParts<Q, B>,
): AdminRoute {
  const { method, path, role, scope, query, body } = route;
  return {
    method,
    path,
    role,
    scope,
    query: schemasOf(query),
    ...(body && { body: schemasOf(body) }),
    answer: async (c, options) => {
      const answer = await answerOf(route, c, options);
      if (!answer.ok) return problemResponse(answer.error, c.get('requestId'));
      const { status = 200, body: value, headers = {} } = answer.value;
      if (typeof value === 'string') return c.body(value, status, headers);
      return c.json(value, status, headers);
    },
  };
}

/** The failure of a call that asks for more than its route gives to everybody who may call it: this needs another role. */
export function roleMissing({ c, principal }: Call, role: Role): RequestFailure | undefined {
  return grantRefusal(principal, role, c.req.param('id') ?? null) && { kind: 'role_missing', role };
}

/** Mounts routes; `/api/*` and `/metrics` are behind `authenticate` (auth.ts) already. */
export function mountAdminRoutes(
  app: Hono<AppEnv>,
  options: AppOptions,
  routes: readonly AdminRoute[],
): void {
  for (const { method, path, answer } of routes) {
    app.on(method, path, async (c) => answer(c, options));
  }
}

async function answerOf<Q extends object, B extends object>(
  route: RouteParts<Q, B>,
  c: Context<AppEnv>,
  options: AppOptions,
): Promise<Result<Answer, RequestFailure>> {
  const principal = c.get('principal');
  const id = route.scope === 'tenant_in_query' ? c.req.query('tenant') : c.req.param('id');
  const refused = refusalOf(route, principal, id);
  if (refused) return failure(refused);
  const reason = readReason(c.req.header('relay-reason'));
  if (!reason.ok) return reason;
  const query = readParameters<Q>(c, route.query);
  if (!query.ok) return query;
  const body = route.body ? readBodyFields<B>(c, route.body, route.bodyBytesMax) : success({});
  if (!body.ok) return body;
  return route.handle({
    c,
    deployment: deploymentOf(c.env, options.nowMs),
    options,
    principal,
    actor: { by: principal.id, requestId: c.get('requestId'), ...reason.value },
    query: query.value,
    body: body.value,
  });
}

function schemasOf(readers: object = {}): Record<string, ValueSchema> {
  const entries: [string, { readonly schema: ValueSchema }][] = Object.entries(readers);
  return Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
}

function refusalOf(
  { role, scope }: Pick<AdminRoute, 'role' | 'scope'>,
  principal: Principal,
  id: string | undefined,
): RequestFailure | undefined {
  if (scope === 'own') {
    const isGranted = principal.grants.some(({ tenant }) => !grantRefusal(principal, role, tenant));
    return isGranted ? undefined : { kind: 'role_missing', role };
  }
  if (scope === 'tenant_in_query' && id === undefined)
    return { kind: 'parameter_invalid', path: 'tenant', detail: 'tenant must be given.' };
  const tenant = scope === 'deployment' ? null : (id ?? '');
  if (tenant !== null && !TENANT_ID_PATTERN.test(tenant)) return { kind: 'tenant_not_found' };
  switch (grantRefusal(principal, role, tenant)) {
    case 'hidden':
      return { kind: 'tenant_not_found' };
    case 'role_missing':
      return { kind: 'role_missing', role, ...(tenant === null && { isForDeployment: true }) };
    default:
      return undefined;
  }
}
