/** Of the routes on the health of a tenant and of the deployment. */

import * as z from 'zod/mini';

import { lane, shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const queue = z.nullable(z.strictObject({ backlog: shared.count, oldestAt: z.optional(shared.instant) }));

const seals = z.strictObject({ total: shared.count, opens: shared.count, primary: shared.count });

const tenantHealth = z.strictObject({
  tenant: shared.tenantId,
  jurisdiction: z.nullable(z.string()),
  version: shared.version,
  /** 0: not known. */
  publishedVersion: shared.count,
  configFaults: z.array(z.strictObject({ path: z.string(), message: z.string() })),
  secrets: seals,
  /** Absent: it is empty. */
  sealedMap: z.optional(seals),
  lanes: z.array(lane),
  lastWebhook: z.optional(z.strictObject({ at: shared.instant, type: z.string(), accepted: z.boolean() })),
  eventsAccepted: shared.count,
  deadLetters: shared.count,
  storageBytes: shared.count,
  noticeChannels: z.array(z.string()),
  time: shared.instant,
});

const deploymentHealth = z.strictObject({
  time: shared.instant,
  env: z.enum(['production', 'local']),
  residency: shared.residency,
  keyIds: z.strictObject({ primary: z.string(), previous: z.optional(z.string()) }),
  access: z.boolean(),
  egressAllow: z.array(z.string()),
  queues: z.strictObject({ wakeups: queue, overflow: queue }),
  versionId: z.optional(z.string()),
});

export const healthOperations: Operations = {
  'GET /api/v1/tenants/:id/health': {
    id: 'getTenantHealth',
    tag: 'health',
    summary: 'How a tenant is: config, seals, lanes, last webhook, storage',
    description:
      '`configFaults` is the stored config under the settings of now. `secrets` counts the sealed values, those that open, and those under the primary master key. `lastWebhook` is the last authentic one; `sealedMap` counts the names in the sealed map, those whose seals the master keys of now open, and those under the primary one. `accepted` is false when nothing of it was forwarded. What destinations wrote (`detail` of a lane) is `…` below the role operator.',
    answers: { 200: { description: 'The health of the tenant.', schema: tenantHealth } },
  },
  'GET /api/v1/health': {
    id: 'getDeploymentHealth',
    tag: 'health',
    summary: 'How the deployment is; wakes no object',
    description: 'A queue is null where the runtime does not tell its backlog.',
    answers: { 200: { description: 'The health of the deployment.', schema: deploymentHealth } },
  },
  'GET /metrics': {
    id: 'getMetrics',
    tag: 'health',
    summary: "A tenant's metrics for Prometheus, in the text format 0.0.4",
    answers: { 200: { description: 'The metrics.', schema: z.string() } },
    failures: [404],
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
  },
};
