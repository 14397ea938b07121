/** What anybody may call: the webhook, which its signature authenticates, and the probes. Not part of the Worker. */

import * as z from 'zod/mini';

import { problem, shared } from './answers.ts';

type Json = Record<string, unknown>;

const accepted = z.strictObject({
  accepted: shared.count,
  duplicates: shared.count,
  filtered: shared.count,
  rejected: z.array(z.strictObject({ index: z.int(), path: z.string(), reason: z.string() })),
});
const check = z.enum(['ok', 'failed']);
const ready = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  checks: z.record(z.string(), check),
  versionId: z.optional(z.string()),
});

/** OpenAPI paths; `schemaOf` turns a schema into its JSON. */
export function publicPaths(schemaOf: (schema: z.ZodMiniType) => Json): Record<string, Json> {
  const answer = (description: string, schema: z.ZodMiniType, type = 'application/json') => ({
    description,
    content: { [type]: { schema: schemaOf(schema) } },
  });
  const refusal = (description: string) => answer(description, problem, 'application/problem+json');
  const probe = (operationId: string, summary: string, responses: Json) => ({
    get: { operationId, tags: ['probes'], summary, security: [], responses },
  });
  return {
    '/hooks/{tenant}': {
      post: {
        operationId: 'receiveWebhook',
        tags: ['webhook'],
        summary: 'A signed webhook of Noxys: one event, or an array of at most 100',
        description:
          "The headers are those of the tenant's `webhook.scheme`; without settings Standard Webhooks': `webhook-id`, `webhook-timestamp`, `webhook-signature`. 202 is sent when the events are durable.",
        security: [],
        parameters: [{ name: 'tenant', in: 'path', required: true, schema: { type: 'string' } }],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { type: ['object', 'array'] } } },
        },
        responses: {
          202: answer('Durable, or repeated, filtered or rejected one by one.', accepted),
          400: refusal('Authentic, but nothing in it is usable.'),
          401: refusal('Not authentic, or no such tenant: the same bytes for each.'),
          413: refusal('More than 256 KiB.'),
          415: refusal('Not JSON, or with a content encoding.'),
          429: refusal("The tenant's limit: `Retry-After` says when to come again."),
          503: refusal('Not now: `Retry-After` says when to come again.'),
        },
      },
    },
    '/healthz': probe('isAlive', 'Whether the Worker runs', {
      200: answer('It runs.', z.strictObject({ status: z.literal('ok') })),
    }),
    '/readyz': probe('isReady', 'Whether the Worker could serve: its settings and bindings', {
      200: answer('Everything is there.', ready),
      503: answer('What is `failed` is not.', ready),
    }),
  };
}
