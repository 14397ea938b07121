/** The Worker's HTTP side: routes, a request id for each answer, and what happens to everything unexpected. */

import type { Hono } from 'hono';
import { HonoBase } from 'hono/hono-base';
import { TrieRouter } from 'hono/router/trie-router';

import { isLoopbackHost } from '../lib/host-name.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { mountAdminRoutes } from './admin-route.ts';
import { adminRoutes } from './api/routes.ts';
import { authenticate } from './auth.ts';
import type { AppEnv, AppOptions } from './deployment.ts';
import { mountHealth } from './health.ts';
import { mountHooks } from './hooks.ts';
import { problemResponse } from './problem.ts';

/** ARCHITECTURE: no answer from `accept` in 3 s is a failure; senders give up after 15 to 30 s. */
const ACCEPT_TIMEOUT_MS = 3_000;

/** For sealing and all messages together: with the time above, a sender waits 6 s at most. */
const OVERFLOW_TIMEOUT_MS = 3_000;

/** The app; options default to the real clock, random ids, 3 s for the tenant's object and 3 s for the overflow queue. */
export function createApp(options: Partial<AppOptions> = {}): Hono<AppEnv> {
  const settled: AppOptions = {
    nowMs: () => Date.now(),
    newRequestId: () => crypto.randomUUID(),
    newTokenId: () => crypto.randomUUID(),
    fetch: (input, init) => fetch(input, init),
    acceptTimeoutMs: ACCEPT_TIMEOUT_MS,
    overflowTimeoutMs: OVERFLOW_TIMEOUT_MS,
    ...options,
  };
  // One router, not the default's two: it saves 2 KiB gzip, and takes a trailing slash for another path, as they do.
  const app = new HonoBase<AppEnv>({ router: new TrieRouter() });
  app.use(async (c, next) => {
    const requestId = settled.newRequestId();
    c.set('requestId', requestId);
    await next();
    c.header('x-request-id', requestId);
    c.header('cache-control', 'no-store');
  });
  app.use(async (c, next) => {
    // `local` opens loopback destinations and leaves jurisdictions out: it must be useless on a public host.
    const isMisplaced = c.env.RELAY_ENV === 'local' && !isLoopbackHost(new URL(c.req.url).hostname);
    return isMisplaced ? problemResponse({ kind: 'not_loopback' }, c.get('requestId')) : next();
  });
  for (const path of ['/api/*', '/metrics']) app.use(path, authenticate(settled));
  mountHealth(app);
  mountHooks(app, settled);
  mountAdminRoutes(app, settled, adminRoutes);
  refuseOtherMethods(app);
  app.notFound((c) => problemResponse({ kind: 'route_not_found' }, c.get('requestId')));
  app.onError((error, c) => {
    logEvent('error', 'request.failed', { requestId: c.get('requestId'), ...causeFields(error) });
    return problemResponse({ kind: 'internal_error' }, c.get('requestId'));
  });
  return app;
}

/** 405 with `Allow` on every path that is known for another method. Call after all routes are mounted. */
function refuseOtherMethods(app: Hono<AppEnv>): void {
  const methods = Map.groupBy(
    app.routes.filter(({ method }) => method !== 'ALL'),
    ({ path }) => path,
  );
  for (const [path, routes] of methods) {
    const allowed = [...new Set(routes.map(({ method }) => method))].join(', ');
    app.all(path, (c) => problemResponse({ kind: 'method_not_allowed', allowed }, c.get('requestId')));
  }
}
