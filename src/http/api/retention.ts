/** `GET /api/v1/tenants/{id}/retention`: how long each kind of data is kept, the oldest of it, and when something last went. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';
import { refused } from './refused.ts';

export const retentionRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/api/v1/tenants/:id/retention',
    role: 'viewer',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const answer = await askExisting(c, deployment, async (relay) => relay.retention());
      if (!answer.ok) return answer;
      if (answer.value.kind !== 'retention') return refused(c, answer.value);
      return success({ body: { lines: answer.value.lines } });
    },
  }),
];
