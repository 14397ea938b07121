/** Every tenant that the caller may see, page by page. */

import { SHAPES } from './api-shapes.ts';
import type { ApiClient } from './api-client.ts';
import type { TenantListed, TenantPage } from './api-types.ts';
import { goesInCircles } from './pages.ts';

/** The most that the relay gives at once. */
const PAGE_MAX = 200;

export async function listTenants(api: ApiClient, prefix?: string): Promise<readonly TenantListed[]> {
  const tenants: TenantListed[] = [];
  const seen = new Set<string | undefined>();
  let cursor: string | undefined;
  do {
    const page: TenantPage = await api.ask<TenantPage>('list the tenants', {
      method: 'GET',
      shape: SHAPES.tenantPage,
      path: '/api/v1/tenants',
      query: { limit: PAGE_MAX, cursor, prefix },
    });
    tenants.push(...page.tenants);
    seen.add(cursor);
    cursor = page.nextCursor;
    if (cursor !== undefined && seen.has(cursor)) throw goesInCircles('list the tenants');
  } while (cursor !== undefined);
  return tenants;
}
