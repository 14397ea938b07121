/** `GET /api/v1/audit`: who did what to the deployment as a whole. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { FIRST_PAGE, nextBefore, PAGE_READERS } from './page.ts';
import { askTokens } from './registry.ts';

export const auditRoutes: readonly AdminRoute[] = [
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
