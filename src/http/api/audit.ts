/** Who did what, and who was shown persons: `GET /api/v1/tenants/{id}/audit`; of the deployment as a whole: `GET /api/v1/audit`. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';
import { FIRST_PAGE, nextBefore, PAGE_READERS } from './page.ts';
import { askTokens } from './registry.ts';

export const auditRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/api/v1/tenants/:id/audit',
    role: 'admin',
    scope: 'tenant',
    query: PAGE_READERS,
    handle: async ({ c, deployment, query }) => {
      const page = { ...FIRST_PAGE, ...query };
      const entries = await askExisting(c, deployment, async (relay) => relay.auditEntries(page));
      if (!entries.ok) return entries;
      return success({ body: { entries: entries.value, ...nextBefore(entries.value, page) } });
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/api/v1/audit',
    role: 'admin',
    scope: 'deployment',
    query: PAGE_READERS,
    handle: async (call) => {
      const page = { ...FIRST_PAGE, ...call.query };
      const entries = await askTokens(call, async (registry) => registry.audit(page));
      if (!entries.ok) return entries;
      return success({ body: { entries: entries.value, ...nextBefore(entries.value, page) } });
    },
  }),
];
