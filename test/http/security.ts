/** What every admin route must refuse, whatever it does otherwise. Run by the test of each route. */

import { describe, expect, it } from 'vitest';

import { createApp } from '../../src/http/app.ts';
import { ADMIN_TOKEN, fakeWorld } from './fakes.ts';

export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With `acme` as the tenant, if it is about one. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
}

/** Registers the suite for one route. */
export function describeAdminSecurity({ method, path, body }: AdminRoute): void {
  const request = async (headers: Record<string, string>, at = path) => {
    const world = fakeWorld();
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers: { ...json, ...headers }, ...(body === undefined ? {} : { body }) };
    const response = await createApp().fetch(new Request(`https://relay.example.com${at}`, init), world.env);
    return { response, world, text: await response.text() };
  };

  describe(`${method} ${path}: security`, () => {
    it.each<[string, Record<string, string>]>([
      ['no token', {}],
      ['a wrong token', { authorization: 'Bearer wrong-admin-token-0123456789' }],
      ['a token of another length', { authorization: 'Bearer x' }],
      ['a token with one character more', { authorization: `Bearer ${ADMIN_TOKEN}x` }],
      ['another scheme', { authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }],
      ['the token without a scheme', { authorization: ADMIN_TOKEN }],
      ['an empty bearer', { authorization: 'Bearer ' }],
      ['the token in another header', { 'x-api-key': ADMIN_TOKEN }],
    ])('refuses %s with the generic 401, before it looks at anything', async (_case, headers) => {
      const { response, world, text } = await request(headers);
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="noxys-relay"');
      expect(JSON.parse(text)).toMatchObject({
        title: 'Unauthorized',
        detail: 'A valid bearer token is needed.',
      });
      expect(text).not.toContain(ADMIN_TOKEN);
      expect(world.relays.size).toBe(0);
      expect(world.kv.reads + world.kv.writes).toBe(0);
    });

    it('accepts the scheme in any case', async () => {
      const { response } = await request({ authorization: `bearer ${ADMIN_TOKEN}` });
      expect(response.status).not.toBe(401);
    });

    const noIds = path.includes('acme') ? ['UPPER', 'a_b', '-x', 'a'.repeat(65), '..%2Fx'] : [];
    it.each(noIds)('looks up nothing for %j, which no tenant can be', async (id) => {
      const at = path.replace('acme', id);
      const { response, world } = await request({ authorization: `Bearer ${ADMIN_TOKEN}` }, at);
      expect(response.status).toBe(404);
      expect(world.relays.size).toBe(0);
    });
  });
}
