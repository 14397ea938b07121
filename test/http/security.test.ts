import { describe, expect, it } from 'vitest';

import { adminRoutes } from '../../src/http/api/routes.ts';
import { createApp } from '../../src/http/app.ts';
import { exampleOf } from './examples.ts';
import { describeAdminSecurity } from './security.ts';

/** What anybody may call. */
const PUBLIC = ['GET /healthz', 'GET /readyz', 'POST /hooks/:tenant'];
/** What stands in front of routes. */
const MIDDLEWARE = ['/*', '/api/*', '/metrics'];

for (const route of adminRoutes) describeAdminSecurity(exampleOf(route));

describe('every route that is mounted', () => {
  const { routes } = createApp();

  it('is an admin route, which the suite above runs on, or one of the few public ones', () => {
    const mounted = routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    const admin = adminRoutes.map(({ method, path }) => `${method} ${path}`);
    expect(mounted.toSorted()).toEqual([...admin, ...PUBLIC].toSorted());
  });

  it('takes other methods only to say which it takes', async () => {
    const known = new Set(routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path));
    const others = routes.filter(({ method, path }) => method === 'ALL' && !MIDDLEWARE.includes(path));
    expect(others.map(({ path }) => path).filter((path) => !known.has(path))).toEqual([]);
    const perPath = Map.groupBy(others, ({ path }) => path);
    expect([...perPath].filter(([, handlers]) => handlers.length > 1)).toEqual([]);
  });

  it('stands behind the check of the caller, if it is an admin route', () => {
    const open = adminRoutes.filter(({ path }) => !path.startsWith('/api/') && path !== '/metrics');
    expect(open).toEqual([]);
  });
});
