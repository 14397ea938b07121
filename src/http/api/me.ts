/** `GET /api/v1/me`: who the caller is here, and what it may do. */

import { success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';

export const meRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/api/v1/me',
    role: 'metrics',
    scope: 'own',
    handle: async ({ principal }) => success({ body: principal }),
  }),
];
