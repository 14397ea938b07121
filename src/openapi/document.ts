/**
 * The OpenAPI 3.1 document: the admin API, made from the routes as they are mounted and the schemas that validate, and what is public.
 * Pure. Not part of the Worker: it is written to public/ and served as a static asset.
 */

import * as z from 'zod/mini';

import { ruleTextSchema } from '../domain/rules-config.ts';
import { tenantConfigSchema } from '../domain/tenant-config.ts';
import type { AdminRoute } from '../http/admin-route.ts';
import { problem } from './answers.ts';
import { withDescriptions } from './config-descriptions.ts';
import { publicPaths } from './public-paths.ts';
import type { Operation, Operations } from './operation.ts';

type Json = Record<string, unknown>;

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'A parameter, a header or the document can not be read: the problem says which and how to mend it.',
  401: 'No valid token.',
  403: 'The caller lacks the role.',
  404: 'There is no such thing, or it is not for the caller to know.',
  408: 'The body took too long.',
  409: 'It does not go with what is there now: the problem says what to do.',
  412: 'The version is another by now.',
  413: 'The body is too large.',
  415: 'The content type is another.',
  422: 'The body is wrong: `faults` has every fault with its path.',
  429: 'Too many requests: `Retry-After` says when to come again.',
  500: 'A bug: the log has its cause under the request id.',
  502: 'The destination did not do what was asked; `detail` says why.',
  503: "The tenant's object does not answer now: `Retry-After` says when to come again.",
};

/** What any route may answer. */
const ALWAYS = [400, 401, 403, 429, 500, 503];

const SUMMARY_OF_ROLES =
  'Each operation names the least role that may call it, in the order metrics, viewer, operator, admin.';

/** The whole document. Throws when a route has no operation, or an operation no route. */
export function openApiDocument(
  routes: readonly AdminRoute[],
  operations: Operations,
  release: string,
): Json {
  const keys = new Set(routes.map(keyOf));
  const surplus = Object.keys(operations).filter((key) => !keys.has(key));
  if (surplus.length > 0)
    throw new Error(
      `Cannot describe the API as each operation must have a route: ${surplus.join(', ')} has none`,
    );
  const paths = publicPaths(schemaOf);
  for (const route of routes) {
    const operation = operations[keyOf(route)];
    if (!operation)
      throw new Error(
        `Cannot describe the API as each route must have an operation: ${keyOf(route)} has none`,
      );
    const path = plainPath(route.path).replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'noxys-relay API',
      version: release,
      summary: 'Tenants, destinations, lanes, events, tokens.',
      description: SUMMARY_OF_ROLES,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The deployment that serves this document.' }],
    security: [{ bearer: [] }, { access: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'RELAY_ADMIN_TOKEN, or a token that was minted.',
        },
        access: {
          type: 'apiKey',
          in: 'header',
          name: 'Cf-Access-Jwt-Assertion',
          description: 'Set by Cloudflare Access.',
        },
      },
      responses: Object.fromEntries(
        Object.entries(STATUS_WORDS).map(([status, description]) => [
          `Problem${status}`,
          problemOf(description),
        ]),
      ),
      schemas: { TenantConfig: withoutDialect(tenantConfigJsonSchema()), Problem: schemaOf(problem) },
    },
  };
}

/** `METHOD path` of a route, without the patterns of its parameters. */
export function keyOf({ method, path }: Pick<AdminRoute, 'method' | 'path'>): string {
  return `${method} ${plainPath(path)}`;
}

/** JSON Schema of a tenant's config, as the API takes it. */
export function tenantConfigJsonSchema(): Json {
  return withDescriptions(z.toJSONSchema(tenantConfigSchema, { io: 'input' }));
}

/** JSON Schema of a tenant file, for editors: where the API takes a rule's text, the command line also takes the name of its file. */
export function tenantFileJsonSchema(): Json {
  const inFile = z.toJSONSchema(tenantConfigSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== ruleTextSchema) return;
      const text = { ...jsonSchema };
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      jsonSchema.anyOf = [text, RULE_FILE];
    },
  });
  return withDescriptions(inFile);
}

const RULE_FILE = {
  type: 'object' as const,
  properties: { file: { type: 'string' as const, minLength: 1, pattern: '\\.[yY][aA]?[mM][lL]$' } },
  required: ['file'],
  additionalProperties: false,
};

function plainPath(path: string): string {
  return path.replaceAll(/\{[^}]*\}/g, '');
}

function operationOf(route: AdminRoute, operation: Operation): Json {
  const body = bodyOf(route, operation);
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    description: [operation.description, `Least role: \`${route.role}\`.`].filter(Boolean).join('\n\n'),
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route, operation)],
    ...(body && { requestBody: body }),
    responses: { ...successesOf(operation), ...failuresOf(route, operation) },
  };
}

function pathParameters({ path }: AdminRoute): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query, scope }: AdminRoute): Json[] {
  return Object.entries(query).map(([name, schema]) => ({
    name,
    in: 'query',
    ...(scope === 'tenant_in_query' && name === 'tenant' && { required: true }),
    schema,
  }));
}

function headerParameters({ method }: AdminRoute, { isConditional }: Operation): Json[] {
  return [
    ...(isConditional
      ? [
          header('If-Match', 'The `ETag` that was read: another version by now is 412.'),
          header('If-None-Match', '`*`: only if there is none yet.'),
        ]
      : []),
    ...(method === 'GET'
      ? []
      : [header('Relay-Reason', 'Why, for the audit: percent-encoded UTF-8, at most 200 characters.')]),
  ];
}

function header(name: string, description: string): Json {
  return { name, in: 'header', description, schema: { type: 'string' } };
}

function bodyOf({ body }: AdminRoute, { body: document }: Operation): Json | undefined {
  if (document) {
    const content = { schema: { $ref: '#/components/schemas/TenantConfig' } };
    return {
      required: document === 'config',
      content: { 'application/yaml': content, 'application/json': content },
    };
  }
  if (!body) return undefined;
  const schema = { type: 'object', additionalProperties: false, properties: body };
  return { content: { 'application/json': { schema }, 'application/yaml': { schema } } };
}

function successesOf({ answers, hasEtag, contentType = 'application/json' }: Operation): Json {
  const headers = {
    'x-request-id': { schema: { type: 'string' } },
    ...(hasEtag && { etag: { description: 'The version.', schema: { type: 'string' } } }),
  };
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema }]) => [
      status,
      { description, headers, content: { [contentType]: { schema: schemaOf(schema) } } },
    ]),
  );
}

function failuresOf(route: AdminRoute, operation: Operation): Json {
  const takesBody = route.body !== undefined || operation.body !== undefined;
  const statuses = new Set([
    ...ALWAYS,
    ...(route.path.includes('/:') ? [404] : []),
    ...(takesBody ? [408, 413, 415, 422] : []),
    ...(operation.isConditional ? [412] : []),
    ...(operation.failures ?? []),
  ]);
  return Object.fromEntries(
    [...statuses].map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
  );
}

function problemOf(description: string): Json {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description, content: { 'application/problem+json': { schema } } };
}

/** Where a schema holds a tenant's config, it refers to the one of the components. */
function schemaOf(schema: z.ZodMiniType): Json {
  const json = z.toJSONSchema(schema, {
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== tenantConfigSchema) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      jsonSchema.$ref = '#/components/schemas/TenantConfig';
    },
  });
  return withoutDialect(json);
}

/** OpenAPI 3.1 names the dialect once, for all. */
function withoutDialect({ $schema: _dialect, ...schema }: Json): Json {
  return schema;
}
