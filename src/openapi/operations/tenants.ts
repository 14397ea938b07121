/** Of the routes on a tenant as a whole. */

import * as z from 'zod/mini';

import { lane, notice, page, shared, shownConfig, shownSecret } from '../answers.ts';
import type { Operations } from '../operation.ts';

const saved = z.strictObject({
  id: shared.tenantId,
  version: shared.version,
  changed: z.boolean(),
  published: z.boolean(),
  warnings: z.array(z.string()),
  config: shownConfig,
});

export const tenantOperations: Operations = {
  'GET /api/v1/tenants': {
    id: 'listTenants',
    tag: 'tenants',
    summary: 'Every tenant that the caller may see, by id',
    description:
      'From the copies that the edge reads: a change shows within about a minute. Who is granted single tenants gets these, as they are now.',
    answers: {
      200: {
        description: 'One page; no `nextCursor`: it was the last.',
        schema: z.strictObject({
          tenants: z.array(
            z.strictObject({
              id: shared.tenantId,
              residency: shared.residency,
              version: z.optional(shared.version),
              savedAt: z.optional(shared.instant),
            }),
          ),
          nextCursor: z.optional(z.string()),
        }),
      },
    },
  },
  'POST /api/v1/tenants/:id/plan': {
    id: 'planTenant',
    tag: 'tenants',
    summary: 'What a `PUT` of the same document would change: nothing is written',
    description:
      'Validates as `PUT` does. Secrets are shown as fingerprints, those of a new tenant as `<set>`.',
    answers: {
      200: {
        description: 'What would change; `version` is the stored one, null before there is one.',
        schema: z.strictObject({
          change: z.enum(['create', 'update', 'none']),
          version: z.nullable(shared.version),
          changes: z.array(
            z.strictObject({
              path: z.string(),
              from: z.optional(z.unknown()),
              to: z.optional(z.unknown()),
            }),
          ),
          warnings: z.array(z.string()),
        }),
      },
    },
    body: 'config',
    isConditional: true,
    failures: [409],
  },
  'DELETE /api/v1/tenants/:id': {
    id: 'deleteTenant',
    tag: 'tenants',
    summary: 'Delete a tenant and all that is stored of it, for good',
    description:
      'While something is not delivered, or waits as a dead letter, the answer is 409 with the counts per lane, unless `undelivered=discard`. Its tokens hold no longer. For who is admin of all tenants.',
    answers: {
      200: {
        description: 'Gone, with so many events and dead letters given up.',
        schema: z.strictObject({
          id: shared.tenantId,
          undelivered: shared.count,
          deadLetters: shared.count,
        }),
      },
    },
    isConditional: true,
    failures: [409],
  },
  'GET /api/v1/tenants/:id/secrets': {
    id: 'listSecrets',
    tag: 'secrets',
    summary: 'What is sealed: fingerprint, age, and whether it opens. Never a value',
    answers: {
      200: {
        description: 'Every secret of the config, the pseudonym key last.',
        schema: z.strictObject({ secrets: z.array(shownSecret) }),
      },
    },
  },
  'POST /api/v1/tenants/:id/secrets': {
    id: 'rotateSecret',
    tag: 'secrets',
    summary: 'Put a new secret in the place of an old one',
    description:
      "`path` is `webhook.secrets`, `webhook.auth_token`, or a destination's, such as `destinations.edr.token`, `destinations.soc.url`, `destinations.tickets.headers.Authorization` or `destinations.tickets.secrets`. In a list the new one comes first; the older ones stay, three in all, unless `previous` is `drop`.",
    answers: {
      200: {
        description: 'Saved.',
        schema: z.strictObject({
          version: shared.version,
          published: z.boolean(),
          warnings: z.array(z.string()),
          secrets: z.array(shownSecret),
        }),
      },
    },
    isConditional: true,
    hasEtag: true,
    failures: [409],
  },
  'POST /api/v1/tenants/:id/reseal': {
    id: 'resealTenant',
    tag: 'secrets',
    summary: 'Seal every secret under the primary master key',
    answers: {
      200: {
        description:
          'So many were moved, names of the sealed map included; 0: all were under it already, and nothing was saved. While `isComplete` is false, repeat it. `unopened`: names that no master key opens.',
        schema: z.strictObject({
          version: shared.version,
          resealed: shared.count,
          unopened: shared.count,
          isComplete: z.boolean(),
        }),
      },
    },
    isConditional: true,
    hasEtag: true,
    failures: [409, 422],
  },
  'GET /api/v1/tenants/:id': {
    id: 'getTenant',
    tag: 'tenants',
    summary: "A tenant's config, its secrets left out",
    description:
      'Below the role operator the values of `where` on a user, a device, a host name or a page are `<hidden>`.',
    answers: {
      200: {
        description: 'The config; every secret reads `<set>`.',
        schema: z.strictObject({
          id: shared.tenantId,
          version: shared.version,
          savedAt: shared.instant,
          config: shownConfig,
          secrets: z.array(
            z.strictObject({
              path: z.string(),
              fingerprint: z.nullable(z.string()),
              setAt: z.nullable(shared.instant),
            }),
          ),
        }),
      },
    },
    hasEtag: true,
  },
  'PUT /api/v1/tenants/:id': {
    id: 'putTenant',
    tag: 'tenants',
    summary: 'Create a tenant, or save the next version of its config',
    description:
      'The document is validated as a whole: 422 has every fault with its path. A secret written as `<set>` keeps the stored one. The edge has a new version within about 2 minutes. To create one is for who is admin of all tenants: others get 404.',
    answers: {
      200: { description: 'Saved.', schema: saved },
      201: { description: 'Created.', schema: saved },
    },
    body: 'config',
    isConditional: true,
    hasEtag: true,
    failures: [409],
  },
  'GET /api/v1/tenants/:id/lanes': {
    id: 'listLanes',
    tag: 'tenants',
    summary: 'What the lanes do: one per channel of each destination',
    description:
      '`blocked.detail` and `lastFailure.detail` may quote the destination: `…` below the role operator.',
    answers: {
      200: {
        description: 'Every lane that was ever configured.',
        schema: z.strictObject({ lanes: z.array(lane) }),
      },
    },
  },
  'GET /api/v1/tenants/:id/notices': {
    id: 'listNotices',
    tag: 'tenants',
    summary: 'What the operator was told, newest first',
    answers: {
      200: { description: 'One page.', schema: z.strictObject({ notices: z.array(notice), ...page }) },
    },
  },
};
