/** Tokens over the real bindings: the registry's object and the tenants' as workerd has them. */

import { listDurableObjectIds, reset } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterEach, expect, it } from 'vitest';

import { encodeBase64 } from '../../src/lib/bytes.ts';
import { forgedToken } from './callers.ts';

const ADMIN_TOKEN = 'test-admin-token-0123456789abcdef';

afterEach(async () => {
  await reset();
});

async function call(
  method: string,
  path: string,
  { token = ADMIN_TOKEN, body }: { token?: string; body?: unknown } = {},
) {
  const response = await exports.default.fetch(
    new Request(`http://127.0.0.1/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  return { status: response.status, body: await response.json<Record<string, unknown>>() };
}

async function objectIds(): Promise<{ registries: string[]; tenants: string[] }> {
  const idsIn = async (namespace: DurableObjectNamespace): Promise<string[]> =>
    (await listDurableObjectIds(namespace)).map(String).toSorted();
  return { registries: await idsIn(env.TOKENS), tenants: await idsIn(env.TENANT_RELAY) };
}

async function putTenant(id: string): Promise<void> {
  const secrets = [`whsec_${encodeBase64(new TextEncoder().encode('a signing key of some 28 bytes'))}`];
  const body = { id, residency: 'eu', webhook: { secrets } };
  expect((await call('PUT', `tenants/${id}`, { body })).status).toBe(201);
}

it('a forged token wakes no object, and one that is signed but unknown none but the registry', async () => {
  // The objects of other files live on in the same workerd.
  const before = await objectIds();
  const path = `tenants/never-${crypto.randomUUID()}`;
  expect((await call('GET', path, { token: forgedToken({ key: 'guess' }) })).status).toBe(401);
  expect(await objectIds()).toEqual(before);
  const claims = { aud: 'noxys-relay/local/global' };
  expect((await call('GET', path, { token: forgedToken({ claims }) })).status).toBe(401);
  expect((await objectIds()).tenants).toEqual(before.tenants);
});

it('a revoked token stops working at the next request', async () => {
  await putTenant('acme');
  const minted = await call('POST', 'tokens', { body: { name: 'ci', role: 'viewer', tenant: 'acme' } });
  const { id, token } = minted.body as { id: string; token: string };
  for (let i = 0; i < 5; i++) expect((await call('GET', 'tenants/acme/lanes', { token })).status).toBe(200);
  expect((await call('DELETE', `tokens/${id}`)).status).toBe(200);
  for (let i = 0; i < 5; i++) expect((await call('GET', 'tenants/acme/lanes', { token })).status).toBe(401);
});

it('of requests that are under way when a token is revoked, none that begins later is let in', async () => {
  const minted = await call('POST', 'tokens', { body: { name: 'ci', role: 'admin' } });
  const { id, token } = minted.body as { id: string; token: string };
  const during = Array.from({ length: 20 }, async () => call('GET', 'me', { token }));
  await call('DELETE', `tokens/${id}`, { token });
  const after = await Promise.all(Array.from({ length: 20 }, async () => call('GET', 'me', { token })));
  await Promise.all(during);
  expect(new Set(after.map(({ status }) => status))).toEqual(new Set([401]));
});

it('a token reaches its tenant, and finds no other', async () => {
  await putTenant('acme');
  await putTenant('other');
  const { body } = await call('POST', 'tokens', { body: { name: 'ci', role: 'admin', tenant: 'acme' } });
  const token = String(body['token']);
  expect((await call('GET', 'tenants/acme', { token })).status).toBe(200);
  expect((await call('GET', 'tenants/other', { token })).status).toBe(404);
  expect((await call('GET', 'audit', { token })).status).toBe(403);
});
