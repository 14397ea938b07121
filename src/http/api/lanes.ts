/** `GET /api/v1/tenants/{id}/lanes`: what a tenant's lanes do. */

import type { Hono } from 'hono';

import type { AppEnv, AppOptions } from '../deployment.ts';
import { deploymentOf } from '../deployment.ts';
import { problemResponse } from '../problem.ts';
import { askExisting } from './existing.ts';
import { readParameters } from './fields.ts';

/** The lane route, behind the operator's token. */
export function mountLanes(app: Hono<AppEnv>, options: AppOptions): void {
  app.get('/api/v1/tenants/:id/lanes', async (c) => {
    const parameters = readParameters(c, {});
    if (!parameters.ok) return problemResponse(parameters.error, c.get('requestId'));
    const lanes = await askExisting(c, deploymentOf(c.env, options.nowMs), async (relay) => relay.lanes());
    return lanes.ok ? c.json({ lanes: lanes.value }) : problemResponse(lanes.error, c.get('requestId'));
  });
}
