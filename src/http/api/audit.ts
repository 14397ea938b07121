/** `GET /api/v1/tenants/{id}/audit`: who did what, and who was shown persons. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';
import { FIRST_PAGE, nextBefore, PAGE_READERS } from './page.ts';

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
];
