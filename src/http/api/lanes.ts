/** `GET /api/v1/tenants/{id}/lanes` and `…/dead-letters`: what a tenant's lanes do, and what they could not deliver. */

import type { Context, Hono } from 'hono';

import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { AppEnv, AppOptions } from '../deployment.ts';
import { deploymentOf } from '../deployment.ts';
import type { RequestFailure } from '../problem.ts';
import { problemResponse } from '../problem.ts';
import { findExisting } from './existing.ts';

/** Dead letters per page. */
const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;

/** The lane routes, behind the operator's token. */
export function mountLanes(app: Hono<AppEnv>, options: AppOptions): void {
  app.get('/api/v1/tenants/:id/lanes', async (c) => {
    const found = await findExisting(c, deploymentOf(c.env, options.nowMs));
    if (!found.ok) return problemResponse(found.error, c.get('requestId'));
    return c.json({ lanes: await found.value.stub.lanes() });
  });
  app.get('/api/v1/tenants/:id/dead-letters', async (c) => {
    const page = readPage(c);
    if (!page.ok) return problemResponse(page.error, c.get('requestId'));
    const found = await findExisting(c, deploymentOf(c.env, options.nowMs));
    if (!found.ok) return problemResponse(found.error, c.get('requestId'));
    const deadLetters = await found.value.stub.deadLetters(page.value);
    const last = deadLetters.length === page.value.limit ? deadLetters.at(-1) : undefined;
    return c.json({ deadLetters, ...(last ? { nextBefore: last.id } : {}) });
  });
}

interface Page {
  readonly before?: number;
  readonly limit: number;
}

/** Newest first; `before` is the `nextBefore` of the page before. */
function readPage(c: Context<AppEnv>): Result<Page, RequestFailure> {
  const limit = readWhole(c.req.query('limit')) ?? PAGE_DEFAULT;
  if (!(limit >= 1 && limit <= PAGE_MAX)) {
    return failure({
      kind: 'parameter_invalid',
      path: 'limit',
      detail: `limit must be from 1 to ${PAGE_MAX}.`,
    });
  }
  const before = readWhole(c.req.query('before'));
  if (before === undefined) return success({ limit });
  if (Number.isNaN(before)) {
    return failure({
      kind: 'parameter_invalid',
      path: 'before',
      detail: 'before must be the nextBefore of a page.',
    });
  }
  return success({ before, limit });
}

/** Undefined when absent, NaN when it is no whole number. */
function readWhole(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
