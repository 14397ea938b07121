/** Every admin route there is: what is mounted, described and held to the security suite. */

import type { AdminRoute } from '../admin-route.ts';
import { arrivalRoutes } from './arrival.ts';
import { auditRoutes } from './audit.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { detectionRoutes } from './detections.ts';
import { destinationTestRoutes } from './destination-test.ts';
import { destinationRoutes } from './destinations.ts';
import { erasureRoutes } from './erasures.ts';
import { eventRoutes } from './events.ts';
import { exportRoutes } from './export.ts';
import { healthRoutes } from './health.ts';
import { holdRoutes } from './holds.ts';
import { laneRoutes } from './lanes.ts';
import { liftContainmentRoutes } from './lift-containment.ts';
import { meRoutes } from './me.ts';
import { metricsRoutes } from './metrics.ts';
import { moveRoutes } from './move.ts';
import { noticeRoutes } from './notices.ts';
import { retentionRoutes } from './retention.ts';
import { ruleRoutes } from './rules.ts';
import { ruleRunRoutes } from './rule-runs.ts';
import { secretRoutes } from './secrets.ts';
import { tenantListRoutes } from './tenant-list.ts';
import { tenantRemovalRoutes } from './tenant-removal.ts';
import { tenantRoutes } from './tenants.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';
import { windowRoutes } from './windows.ts';

export const adminRoutes: readonly AdminRoute[] = [
  ...tenantListRoutes,
  ...tenantRoutes,
  ...tenantRemovalRoutes,
  ...moveRoutes,
  ...arrivalRoutes,
  ...secretRoutes,
  ...laneRoutes,
  ...deadLetterRoutes,
  ...destinationRoutes,
  ...destinationTestRoutes,
  ...liftContainmentRoutes,
  ...noticeRoutes,
  ...meRoutes,
  ...tokenRoutes,
  ...eventRoutes,
  ...userRoutes,
  ...exportRoutes,
  ...holdRoutes,
  ...retentionRoutes,
  ...ruleRoutes,
  ...ruleRunRoutes,
  ...detectionRoutes,
  ...windowRoutes,
  ...auditRoutes,
  ...erasureRoutes,
  ...healthRoutes,
  ...metricsRoutes,
];
