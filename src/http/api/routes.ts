/** Every admin route there is: what is mounted, described and held to the security suite. */

import type { AdminRoute } from '../admin-route.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { destinationRoutes } from './destinations.ts';
import { laneRoutes } from './lanes.ts';
import { noticeRoutes } from './notices.ts';
import { secretRoutes } from './secrets.ts';
import { tenantListRoutes } from './tenant-list.ts';
import { tenantRemovalRoutes } from './tenant-removal.ts';
import { tenantRoutes } from './tenants.ts';

export const adminRoutes: readonly AdminRoute[] = [
  ...tenantListRoutes,
  ...tenantRoutes,
  ...tenantRemovalRoutes,
  ...secretRoutes,
  ...laneRoutes,
  ...deadLetterRoutes,
  ...destinationRoutes,
  ...noticeRoutes,
];
