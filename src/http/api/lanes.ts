/** `GET /api/v1/tenants/{id}/lanes`: what a tenant's lanes do. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';
import { lanesFor } from './for-viewers.ts';

export const laneRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/api/v1/tenants/:id/lanes',
    role: 'viewer',
    scope: 'tenant',
    handle: async (call) => {
      const { c, deployment } = call;
      const lanes = await askExisting(c, deployment, async (relay) => relay.lanes());
      return lanes.ok ? success({ body: { lanes: lanesFor(call, lanes.value) } }) : lanes;
    },
  }),
];
