/** `GET /api/v1/tenants/{id}/notices`: what the operator was told. */

import type { Hono } from 'hono';

import type { AppEnv, AppOptions } from '../deployment.ts';
import { deploymentOf } from '../deployment.ts';
import { problemResponse } from '../problem.ts';
import { askExisting } from './existing.ts';
import { readParameters } from './fields.ts';
import type { Page } from './page.ts';
import { FIRST_PAGE, nextBefore, PAGE_READERS } from './page.ts';

/** The notices route, behind the operator's token. */
export function mountNotices(app: Hono<AppEnv>, options: AppOptions): void {
  app.get('/api/v1/tenants/:id/notices', async (c) => {
    const asked = readParameters<Page>(c, PAGE_READERS);
    if (!asked.ok) return problemResponse(asked.error, c.get('requestId'));
    const page = { ...FIRST_PAGE, ...asked.value };
    const deployment = deploymentOf(c.env, options.nowMs);
    const notices = await askExisting(c, deployment, async (relay) => relay.notices(page));
    if (!notices.ok) return problemResponse(notices.error, c.get('requestId'));
    return c.json({ notices: notices.value, ...nextBefore(notices.value, page) });
  });
}
