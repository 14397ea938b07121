/** A caller with other grants than the bootstrap operator: the admin routes alone, behind a principal that is known already. */

import { Hono } from 'hono';

import type { Principal } from '../../src/domain/principal.ts';
import { mountAdminRoutes } from '../../src/http/admin-route.ts';
import { adminRoutes } from '../../src/http/api/routes.ts';
import type { AppEnv } from '../../src/http/deployment.ts';
import type { Env } from '../../src/settings.ts';
import type { OperatorAnswer } from './operator.ts';

const OPTIONS = {
  nowMs: () => Date.now(),
  newRequestId: () => 'req-1',
  newTokenId: () => 'token-1',
  fetch,
  acceptTimeoutMs: 3_000,
  overflowTimeoutMs: 3_000,
};

export async function callAs(
  env: Env,
  principal: Principal,
  method: string,
  path: string,
): Promise<OperatorAnswer> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('requestId', 'req-1');
    c.set('principal', principal);
    c.set('body', new Uint8Array(0));
    await next();
  });
  mountAdminRoutes(app, OPTIONS, adminRoutes);
  const response = await app.fetch(new Request(`https://relay.example.com${path}`, { method }), env);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as unknown };
}
