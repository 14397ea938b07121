/**
 * What every admin route must refuse, whatever it does otherwise. `security.test.ts` runs it on every route there is.
 * All 401s of one deployment are the same bytes, whoever is refused for whatever reason.
 */

import { describe, expect, it } from 'vitest';

import type { AdminRoute } from '../../src/http/admin-route.ts';
import { createApp } from '../../src/http/app.ts';
import { type Role, ROLES } from '../../src/domain/principal.ts';
import { decodeBase64 } from '../../src/lib/bytes.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { AccessSimulator, makeKeyPair } from '../simulators/access.ts';
import { FORGED_ID, forgedToken, kidOf, registerId, tokenFor, unknownTokenFor } from './callers.ts';
import type { AdminRequest } from './examples.ts';
import { ADMIN_TOKEN, fakeWorld, MASTER_KEY, type World } from './fakes.ts';
import { sampleDocument } from '../tenants/sample.ts';

const OTHER_KEY = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE';
const ACCESS_ROLES = 'admin=ops@mssp.eu; viewer/acme=*@acme.fr';
const HOUR_SECONDS = 3_600;

const access = await AccessSimulator.create();
const otherTeam = access.as('https://evil.cloudflareaccess.com');
const rsaKey = await makeKeyPair('RS256', kidOf(MASTER_KEY));
const strangerKey = await makeKeyPair('ES256', access.newest.kid);
const unknownKey = await makeKeyPair('ES256', 'key-99');

type Headers = Record<string, string>;
type MakeHeaders = (world: World) => Headers | Promise<Headers>;

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** Nobody here needs the registry to be refused. */
const REFUSED_UNASKED: Readonly<Record<string, MakeHeaders>> = {
  'no token': () => ({}),
  'a wrong token': () => ({ authorization: 'Bearer wrong-admin-token-0123456789' }),
  'a token of another length': () => ({ authorization: 'Bearer x' }),
  'a token with one character more': () => ({ authorization: `Bearer ${ADMIN_TOKEN}x` }),
  'another scheme': () => ({ authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }),
  'the token without a scheme': () => ({ authorization: ADMIN_TOKEN }),
  'an empty bearer': () => ({ authorization: 'Bearer ' }),
  'two tokens in one header': () => ({ authorization: `Bearer ${ADMIN_TOKEN}, Bearer ${ADMIN_TOKEN}` }),
  'the token in another header': () => ({ 'x-api-key': ADMIN_TOKEN }),
  'the token where Access puts its own': () => ({ 'cf-access-jwt-assertion': ADMIN_TOKEN }),
  'a token that is expired': async (world) =>
    bearer(await tokenFor(world, { role: 'admin', validMs: -1_000 })),
  'a token that expires now': async (world) => bearer(await tokenFor(world, { role: 'admin', validMs: 0 })),
  "an EU deployment's token": async (world) => another(world, { residency: 'eu' }),
  "a local relay's token": async (world) => another(world, { env: 'local' }),
  'a token signed with another master key': async (world) =>
    another(world, { masterKeys: { primary: decodeBase64(OTHER_KEY) ?? new Uint8Array() } }),
  ...forged({
    'a token for another audience': { claims: { aud: 'another-service' } },
    'a token for no audience': { claims: { aud: undefined } },
    'a token of another issuer': { claims: { iss: 'another-service' } },
    'a token of no issuer': { claims: { iss: undefined } },
    'a token without an end': { claims: { exp: undefined } },
    'a token whose end is a text': { claims: { exp: String(inSeconds(HOUR_SECONDS)) } },
    'a token without an id': { claims: { jti: undefined } },
    'a token of an unknown role': { claims: { role: 'root' } },
    'a token whose tenant is a pattern': { claims: { tenant: '*' } },
    'a token without a tenant claim': { claims: { tenant: undefined } },
    'a token that is not valid yet': { claims: { nbf: inSeconds(HOUR_SECONDS) } },
    'a token of another type': { header: { typ: 'JWT' } },
    'a token of no type': { header: { typ: undefined } },
    'a token with an unknown key': { header: { kid: 'AAAAAAAAAAA' } },
    'a token that names no key': { header: { kid: undefined } },
    'a token that names the other key': { header: { kid: kidOf(OTHER_KEY) } },
    'a token with a critical header': { header: { crit: ['exp'], exp: 1 } },
    'a token of HS512': { header: { alg: 'HS512' }, hash: 'sha512' },
    'a token signed with the master key itself': { key: decodeBase64(MASTER_KEY) ?? '' },
    'a token signed with nothing': { key: '' },
    "a token signed with the key's id": { key: kidOf(MASTER_KEY) },
    'a token of RS256 that is signed with the secret': { header: { alg: 'RS256' } },
  }),
  'a token of alg none': async (world) => {
    const [, payload] = forgedToken().split('.');
    const header = btoa(
      JSON.stringify({ alg: 'none', typ: 'noxys-relay-token+jwt', kid: kidOf(MASTER_KEY) }),
    );
    return registered(world, `${header.replaceAll('=', '')}.${payload}.`);
  },
  'a token without its signature': async (world) => registered(world, forgedToken().replace(/[^.]*$/, '')),
  'a token with another payload': async (world) => {
    const [header, , signature] = forgedToken({ claims: { role: 'viewer' } }).split('.');
    return registered(world, [header, forgedToken().split('.')[1], signature].join('.'));
  },
  'a token of RS256': async (world) =>
    registered(
      world,
      await access.assertion({
        key: rsaKey,
        header: { typ: 'noxys-relay-token+jwt' },
        claims: {
          iss: 'noxys-relay',
          aud: 'noxys-relay/production/global',
          jti: FORGED_ID,
          role: 'admin',
          tenant: null,
        },
      }),
    ),
  'a sealed secret': async (world) => {
    const sealer = createSealer(settingsOf(world.env).masterKeys);
    return bearer(await sealer.seal(ADMIN_TOKEN, { tenant: 'acme', purpose: 'webhook' }));
  },
  "Access's assertion as a bearer": async () => bearer(await access.assertion()),
  'a wrong bearer beside a good assertion': async () => ({
    authorization: 'Bearer wrong-admin-token-0123456789',
    ...(await asserted()),
  }),
  'an assertion for another application': async () => asserted({ claims: { aud: ['cd'.repeat(32)] } }),
  'an assertion for none': async () => asserted({ claims: { aud: undefined } }),
  "another team's assertion": async () => ({ 'cf-access-jwt-assertion': await otherTeam.assertion() }),
  'an assertion of no issuer': async () => asserted({ claims: { iss: undefined } }),
  'an assertion that is expired': async () => asserted({ claims: { exp: inSeconds(-60) } }),
  'an assertion without an end': async () => asserted({ claims: { exp: undefined } }),
  'an assertion that is not valid yet': async () => asserted({ claims: { nbf: inSeconds(HOUR_SECONDS) } }),
  'an assertion with a key that Access does not have': async () => asserted({ key: unknownKey }),
  "an assertion of a stranger's key under a known name": async () => asserted({ key: strangerKey }),
  'an assertion of a whole session': async () => asserted({ claims: { type: 'org' } }),
  'an assertion that names nobody': async () => asserted({ claims: { email: undefined } }),
  'an assertion of a service that is named like a person': async () =>
    asserted({ claims: { email: undefined, common_name: 'ops@mssp.eu' } }),
  'an assertion that is no JWT': () => ({ 'cf-access-jwt-assertion': 'x.y.z' }),
  'an assertion of alg none': async () => {
    const [, payload] = (await access.assertion()).split('.');
    const header = btoa(JSON.stringify({ alg: 'none', kid: access.newest.kid })).replaceAll('=', '');
    return { 'cf-access-jwt-assertion': `${header}.${payload}.` };
  },
  'an assertion signed with the public key as a secret': async () => {
    const [, payload = ''] = (await access.assertion()).split('.');
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<
      string,
      unknown
    >;
    const header = { alg: 'HS256', typ: 'JWT', kid: access.newest.kid };
    return { 'cf-access-jwt-assertion': forgedToken({ header, claims, key: access.certs }) };
  },
  'a minted token as an assertion': async (world) => ({
    'cf-access-jwt-assertion': await tokenFor(world, { role: 'admin' }),
  }),
};

/** Signed as they must be: only the registry can tell. */
const REFUSED_BY_REGISTRY: Readonly<Record<string, MakeHeaders>> = {
  'a token that was revoked': async (world) => {
    const { text, record } = await unknownTokenFor(world, { role: 'admin' });
    await registerId(world, record.id, record.digest);
    const actor = { by: 'bootstrap', requestId: 'req-0' };
    await world.registry.revoke({ v: 1, actor, nowMs: Date.now(), id: record.id });
    return bearer(text);
  },
  'a token that the registry does not know': async (world) =>
    bearer((await unknownTokenFor(world, { role: 'admin' })).text),
  'a token that somebody made with the key, under a known id': async (world) => {
    await registerId(world, FORGED_ID, sha256Hex('the token that has this id'));
    return bearer(forgedToken());
  },
};

/** Registers the suite for one route. */
export function describeAdminSecurity(
  route: Pick<AdminRequest, 'method' | 'path' | 'body'> & Partial<AdminRequest>,
): void {
  describe(`${route.method} ${route.path}: security`, () => {
    describeStrangers(route);
    describeRoles(route);
    if (route.path.startsWith('/api/v1/tenants/acme')) describeImpossibleIds(route);
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
    const { response, text } = await ask(route, () => asserted(), fakeWorld());
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

function describeRoles(route: Target): void {
  const { role, scope } = route;
  if (role === undefined || scope === undefined) return;
  const below = ROLES.slice(0, ROLES.indexOf(role));
  const above = ROLES.slice(ROLES.indexOf(role));

  it.each(below)(`needs ${role}: the role %s gets 403, before anything is looked at`, async (lower) => {
    const { response, text, world } = await ask(route, async (made) =>
      bearer(await tokenFor(made, callerIn(scope, lower))),
    );
    expect(response.status).toBe(403);
    expect(text).toContain(`This needs the role ${role}`);
    expectUntouched(world);
  });

  it.each(above)('lets the role %s in', async (higher) => {
    const headers: MakeHeaders = async (made) => {
      await putAcme(made);
      return bearer(await tokenFor(made, callerIn(scope, higher)));
    };
    const { response, text } = await ask(route, headers);
    expect([401, 405, 429, 500, 503]).not.toContain(response.status);
    expect(text).not.toMatch(/role-missing|tenant-not-found/);
  });

  if (scope === 'tenant' || route.path.includes('tenant=acme')) {
    // Who lacks the role for everything is told so, whatever it asks for, where the tenant is not part of the path.
    it.each(scope === 'tenant' ? ROLES : above)(
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
  if (scope === 'deployment') {
    it.each(ROLES)("gives a tenant's %s a 403", async (own) => {
      const { response, world } = await ask(route, async (made) =>
        bearer(await tokenFor(made, { role: own, tenant: 'acme' })),
      );
      expect(response.status).toBe(403);
      expectUntouched(world);
    });
  }
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

function requestOf({ method, path, body }: Target, headers: Headers): Request {
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

function headersOf(response: Response): [string, string][] {
  return [...response.headers].toSorted();
}

function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

async function asserted(changes?: Parameters<AccessSimulator['assertion']>[0]): Promise<Headers> {
  return { 'cf-access-jwt-assertion': await access.assertion(changes) };
}

/** Minted for another deployment, and known here all the same. */
async function another(world: World, deployment: Parameters<typeof unknownTokenFor>[2]): Promise<Headers> {
  const { text, record } = await unknownTokenFor(world, { role: 'admin' }, deployment);
  await registerId(world, record.id, record.digest);
  return bearer(text);
}

async function registered(world: World, text: string): Promise<Headers> {
  await registerId(world, FORGED_ID, sha256Hex(text));
  return bearer(text);
}

function forged(
  cases: Readonly<Record<string, Parameters<typeof forgedToken>[0]>>,
): Record<string, MakeHeaders> {
  return Object.fromEntries(
    Object.entries(cases).map(([name, changes]) => [
      name,
      async (world: World) => registered(world, forgedToken(changes)),
    ]),
  );
}
