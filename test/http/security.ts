/**
 * What every admin route must refuse, whatever it does otherwise. `security.test.ts` runs it on every route there is.
 * All 401s of one deployment are the same bytes, whoever is refused for whatever reason.
 */

import { describe, expect, it } from 'vitest';

import type { Role } from '../../src/domain/principal.ts';
import { ROLES } from '../../src/domain/principal.ts';
import type { AdminRoute } from '../../src/http/admin-route.ts';
import { createApp } from '../../src/http/app.ts';
import { sampleDocument } from '../tenants/sample.ts';
import { tokenFor } from './callers.ts';
import type { AdminRequest } from './examples.ts';
import { ADMIN_TOKEN, fakeWorld, type World } from './fakes.ts';
import {
  access,
  asserted,
  bearer,
  type HeaderFields,
  type MakeHeaders,
  REFUSED_BY_REGISTRY,
  REFUSED_UNASKED,
} from './refused-callers.ts';

const ACCESS_ROLES = 'admin=ops@mssp.eu; viewer/acme=*@acme.fr';

/** Registers the suite for one route. */
export function describeAdminSecurity(
  route: Pick<AdminRequest, 'method' | 'path' | 'body'> & Partial<AdminRequest>,
): void {
  const { method, path, role, scope } = route;
  describe(`${method} ${path}: security`, () => {
    describeStrangers(route);
    if (role && scope) describeRoles(route, role, scope);
    const isOfTenant = scope === 'tenant' || scope === 'tenant_in_query';
    if (isOfTenant) describeOtherTenants(route, ROLES);
    else if (role && path.includes('tenant=acme')) describeOtherTenants(route, atLeast(role));
    if (scope === 'deployment') describeDeploymentAlone(route);
    if (isOfTenant || path.includes('/acme')) describeImpossibleIds(route);
  });
}

type Target = Parameters<typeof describeAdminSecurity>[0];

function describeStrangers(route: Target): void {
  it.each(Object.entries(REFUSED_UNASKED))(
    'refuses %s with the generic 401, before it looks at anything',
    async (_case, makeHeaders) => {
      const { response, text, world } = await ask(route, makeHeaders);
      expectGeneric401(response, text);
      expectUntouched(world);
      expect(world.registry.asked.filter((method) => method === 'check')).toEqual([]);
    },
  );

  it.each(Object.entries(REFUSED_BY_REGISTRY))(
    'refuses %s with the same 401, and asks nothing but the registry',
    async (_case, makeHeaders) => {
      const { response, text, world } = await ask(route, makeHeaders);
      expectGeneric401(response, text);
      expectUntouched(world);
      expect(world.registry.asked.filter((method) => method !== 'mint' && method !== 'revoke')).toEqual([
        'check',
      ]);
    },
  );

  it('refuses a good assertion where Access lets nobody in', async () => {
    const { response, text, world } = await ask(route, () => asserted(), fakeWorld());
    expect(world.relays.size).toBe(0);
    expectGeneric401(response, text);
  });

  it('says 503 with Retry-After, and lets nobody in, while the registry does not answer', async () => {
    const { response, world } = await ask(route, async (made) => {
      const token = await tokenFor(made, { role: 'admin' });
      made.registry.answers = async () => Promise.reject(new Error('overloaded'));
      return bearer(token);
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expectUntouched(world);
  });

  it("says 503 with Retry-After, never 401, while Access's keys can't be had", async () => {
    const world = accessWorld();
    const app = createApp({ fetch: async () => Promise.reject(new Error('no route')) });
    const response = await app.fetch(requestOf(route, await asserted()), world.env);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expectUntouched(world);
  });

  it('gives somebody whom ACCESS_ROLES does not name a 403', async () => {
    const { response, text, world } = await ask(route, async () =>
      asserted({ claims: { email: 'eve@mssp.eu' } }),
    );
    expect(response.status).toBe(403);
    expect(text).toContain('ACCESS_ROLES');
    expectUntouched(world);
  });

  it('lets in who has the operator token, in any case of the scheme', async () => {
    const { response } = await ask(route, () => ({ authorization: `bearer ${ADMIN_TOKEN}` }));
    expect(response.status).not.toBe(401);
  });

  it('lets in whom ACCESS_ROLES names', async () => {
    const { response, text } = await ask(route, () => asserted());
    expect(response.status).not.toBe(401);
    expect(text).not.toContain('role-missing');
  });
}

function describeRoles(route: Target, role: Role, scope: AdminRoute['scope']): void {
  it.each(ROLES.slice(0, ROLES.indexOf(role)))(
    `needs ${role}: the role %s gets 403, before anything is looked at`,
    async (lower) => {
      const { response, text, world } = await ask(route, async (made) =>
        bearer(await tokenFor(made, callerIn(scope, lower))),
      );
      expect(response.status).toBe(403);
      expect(text).toContain(`This needs the role ${role}`);
      expectUntouched(world);
    },
  );

  it.each(atLeast(role))('lets the role %s in', async (higher) => {
    const headers: MakeHeaders = async (made) => {
      await putAcme(made);
      return bearer(await tokenFor(made, callerIn(scope, higher)));
    };
    const { response, text } = await ask(route, headers);
    expect([401, 405, 429, 500, 503]).not.toContain(response.status);
    expect(text).not.toMatch(/role-missing|tenant-not-found/);
  });
}

/** Who lacks the role for everything is told so, whatever it asks for, where the tenant is not part of the path. */
function describeOtherTenants(route: Target, roles: readonly Role[]): void {
  it.each(roles)(
    "answers another tenant's %s as it answers for a tenant that does not exist",
    async (other) => {
      const headers = async (made: World) => bearer(await tokenFor(made, { role: other, tenant: 'other' }));
      const { response, text, world } = await ask(route, headers);
      expectUntouched(world);
      const nobody = { method: 'GET', path: '/api/v1/tenants/nobody' } as const;
      const missing = await ask(nobody, () => bearer(ADMIN_TOKEN));
      expect([response.status, text]).toEqual([404, missing.text]);
      expect(headersOf(response)).toEqual(headersOf(missing.response));
    },
  );
}

function describeDeploymentAlone(route: Target): void {
  it.each(ROLES)("gives a tenant's %s a 403", async (own) => {
    const { response, text, world } = await ask(route, async (made) =>
      bearer(await tokenFor(made, { role: own, tenant: 'acme' })),
    );
    expect(response.status).toBe(403);
    expect(text).toContain('for the whole deployment');
    expectUntouched(world);
  });
}

function describeImpossibleIds(route: Target): void {
  it.each(['UPPER', 'a_b', '-x', 'a'.repeat(65), '..%2Fx'])(
    'looks up nothing for %j, which no tenant can be',
    async (id) => {
      const at = { ...route, path: route.path.replace('acme', id) };
      const { response, world } = await ask(at, () => bearer(ADMIN_TOKEN));
      expect(response.status).toBe(404);
      expect(world.relays.size).toBe(0);
    },
  );
}

function atLeast(role: Role): Role[] {
  return ROLES.slice(ROLES.indexOf(role));
}

/** The tenant's own where that is enough, so that nothing wider is needed. */
function callerIn(scope: AdminRoute['scope'], role: Role) {
  return scope === 'deployment' ? { role } : { role, tenant: 'acme' };
}

/** The tenant, made as an operator makes it. */
async function putAcme(world: World): Promise<void> {
  const put = {
    method: 'PUT',
    path: '/api/v1/tenants/acme',
    body: JSON.stringify(sampleDocument()),
  } as const;
  const { response } = await ask(put, () => bearer(ADMIN_TOKEN), world);
  expect(response.status).toBe(201);
}

function accessWorld(): World {
  return fakeWorld(access.variables(ACCESS_ROLES));
}

async function ask(route: Target, makeHeaders: MakeHeaders, world = accessWorld()) {
  const headers = await makeHeaders(world);
  const app = createApp({ newRequestId: () => 'req-1', fetch: access.fetch });
  const response = await app.fetch(requestOf(route, headers), world.env);
  return { response, world, text: await response.text() };
}

function requestOf({ method, path, body }: Target, headers: HeaderFields): Request {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Request(`https://relay.example.com${path}`, {
    method,
    headers: { ...json, ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

function expectGeneric401(response: Response, text: string): void {
  expect(response.status).toBe(401);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="noxys-relay"');
  expect(JSON.parse(text)).toEqual({
    type: 'urn:noxys-relay:problem:operator-refused',
    title: 'Unauthorized',
    status: 401,
    detail: 'A valid bearer token is needed.',
    requestId: 'req-1',
  });
}

function expectUntouched(world: World): void {
  expect(world.relays.size).toBe(0);
  expect(world.kv.reads + world.kv.writes).toBe(0);
}

function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(response.headers);
}
