/** `GET /api/v1/tenants/{id}/notices`: what the operator was told. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';
import { FIRST_PAGE, nextBefore, PAGE_READERS } from './page.ts';

export const noticeRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/api/v1/tenants/:id/notices',
    role: 'viewer',
    scope: 'tenant',
    query: PAGE_READERS,
    handle: async ({ c, deployment, query }) => {
      const page = { ...FIRST_PAGE, ...query };
      const notices = await askExisting(c, deployment, async (relay) => relay.notices(page));
      if (!notices.ok) return notices;
      return success({ body: { notices: notices.value, ...nextBefore(notices.value, page) } });
    },
  }),
];
