/**
 * What each admin route is for and what it answers, by `METHOD path`. Not part of the Worker.
 * What a route takes, and who may call it, comes from the route itself.
 */

import type { Operations } from './operation.ts';
import { deadLetterOperations } from './operations/dead-letters.ts';
import { destinationOperations } from './operations/destinations.ts';
import { detectionOperations } from './operations/detections.ts';
import { eventOperations } from './operations/events.ts';
import { healthOperations } from './operations/health.ts';
import { recordOperations } from './operations/records.ts';
import { rightsOperations } from './operations/rights.ts';
import { moveOperations } from './operations/move.ts';
import { ruleOperations } from './operations/rules.ts';
import { tenantOperations } from './operations/tenants.ts';
import { tokenOperations } from './operations/tokens.ts';
import { windowOperations } from './operations/windows.ts';

export const operations: Operations = {
  ...tenantOperations,
  ...moveOperations,
  ...destinationOperations,
  ...deadLetterOperations,
  ...tokenOperations,
  ...eventOperations,
  ...ruleOperations,
  ...detectionOperations,
  ...windowOperations,
  ...recordOperations,
  ...rightsOperations,
  ...healthOperations,
};
