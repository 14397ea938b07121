/** Of the routes on a tenant as a whole. */

import * as z from 'zod/mini';

import { lane, notice, page, shared, shownConfig } from '../answers.ts';
import type { Operations } from '../operation.ts';

const saved = z.strictObject({
  id: shared.tenantId,
  version: shared.version,
  published: z.boolean(),
  warnings: z.array(z.string()),
  config: shownConfig,
});

export const tenantOperations: Operations = {
  'GET /api/v1/tenants/:id': {
    id: 'getTenant',
    tag: 'tenants',
    summary: "A tenant's config, its secrets left out",
    answers: {
      200: {
        description: 'The config; every secret reads `<set>`.',
        schema: z.strictObject({
          id: shared.tenantId,
          version: shared.version,
          savedAt: shared.instant,
          config: shownConfig,
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
      'The document is validated as a whole: 422 has every fault with its path. A secret written as `<set>` keeps the stored one. The edge has a new version within about 2 minutes.',
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
