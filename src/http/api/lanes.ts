/** `GET /api/v1/tenants/{id}/lanes`: what a tenant's lanes do. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';

export const laneRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/api/v1/tenants/:id/lanes',
    role: 'viewer',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const lanes = await askExisting(c, deployment, async (relay) => relay.lanes());
      return lanes.ok ? success({ body: { lanes: lanes.value } }) : lanes;
    },
  }),
];
