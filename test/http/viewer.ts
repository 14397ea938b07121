/** Somebody with the role viewer for the tenant `acme`, who calls the routes below it. */

import { Hono } from 'hono';

import { mountAdminRoutes } from '../../src/http/admin-route.ts';
import { adminRoutes } from '../../src/http/api/routes.ts';
import type { AppEnv } from '../../src/http/deployment.ts';
import type { Acme } from './acme.ts';

export async function asViewer(acme: Acme, method: string, path: string, body?: unknown) {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('requestId', 'req-1');
    c.set('principal', { id: 'token:viewer', grants: [{ role: 'viewer', tenant: 'acme' }] });
    c.set('body', new Uint8Array(await c.req.raw.clone().arrayBuffer()));
    await next();
  });
  const options = {
    nowMs: () => 0,
    newRequestId: () => 'req-1',
    newTokenId: () => 'token-1',
    fetch,
    acceptTimeoutMs: 1_000,
    overflowTimeoutMs: 1_000,
  };
  mountAdminRoutes(app, options, adminRoutes);
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const request = new Request(`https://relay.example.com/api/v1/tenants/${path}`, {
    method,
    ...(body === undefined ? {} : json),
  });
  const response = await app.fetch(request, acme.world.env);
  const answer: unknown = await response.json();
  return { status: response.status, body: answer };
}
