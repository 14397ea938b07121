/** Of the routes on callers, their tokens and what they did to the deployment. */

import * as z from 'zod/mini';

import { DEPLOYMENT_AUDIT_ACTIONS } from '../../domain/registry.ts';
import { auditEntry, page, shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const tenant = z.nullable(shared.tenantId);
const token = z.strictObject({
  id: z.string(),
  name: z.string(),
  role: shared.role,
  tenant,
  createdAt: shared.instant,
  createdBy: z.string(),
  expiresAt: shared.instant,
  revokedAt: z.optional(shared.instant),
  isTenantGone: z.optional(z.literal(true)),
});

export const tokenOperations: Operations = {
  'GET /api/v1/me': {
    id: 'getMe',
    tag: 'tokens',
    summary: 'Who the caller is, and what it may do',
    answers: {
      200: {
        description: 'The caller. A `tenant` of null is every tenant, and the deployment itself.',
        schema: z.strictObject({
          id: z.string(),
          grants: z.array(z.strictObject({ role: shared.role, tenant })),
          expiresAt: z.optional(shared.instant),
        }),
      },
    },
  },
  'GET /api/v1/tokens': {
    id: 'listTokens',
    tag: 'tokens',
    summary: 'Minted tokens, newest first, revoked and expired ones too',
    description:
      "Without `tenant` every token: for who is admin of all tenants. A tenant's admin names it. `isTenantGone` is of a deleted tenant, whatever has its id now: for who is admin of all tenants.",
    answers: {
      200: { description: 'One page.', schema: z.strictObject({ tokens: z.array(token), ...page }) },
    },
    failures: [404],
  },
  'POST /api/v1/tokens': {
    id: 'mintToken',
    tag: 'tokens',
    summary: 'Mint a bearer token for a role, for one tenant or for all',
    description:
      "`name` and `role` are needed; without `tenant` it is for every tenant. It is valid for 90 days unless `expires_in_days` says otherwise. A tenant's admin mints for its tenant only.",
    answers: {
      201: {
        description: 'Minted. `token` is shown this once.',
        schema: z.strictObject({
          id: z.string(),
          token: z.string(),
          name: z.string(),
          role: shared.role,
          tenant,
          expiresAt: shared.instant,
        }),
      },
    },
    failures: [404, 409],
  },
  'DELETE /api/v1/tokens/:token': {
    id: 'revokeToken',
    tag: 'tokens',
    summary: 'Revoke a token: it stops working at the next request',
    description: 'Revoked again it stays as it is. Tokens that were minted with it are not revoked.',
    answers: {
      200: {
        description: 'Revoked, now or before.',
        schema: z.strictObject({ id: z.string(), revokedAt: shared.instant }),
      },
    },
  },
  'GET /api/v1/audit': {
    id: 'listDeploymentAudit',
    tag: 'tokens',
    summary: 'Who did what to the deployment as a whole, newest first',
    description: 'Tokens, and tenants that came and went. What is done inside a tenant is in its own audit.',
    answers: {
      200: {
        description: 'One page.',
        schema: z.strictObject({
          entries: z.array(z.extend(auditEntry, { action: z.enum(DEPLOYMENT_AUDIT_ACTIONS) })),
          ...page,
        }),
      },
    },
  },
};
