import { describe, expect, it, vi } from 'vitest';

import { createApp } from '../../src/http/app.ts';
import { ADMIN_TOKEN, fakeWorld } from './fakes.ts';

async function get(url: string, world = fakeWorld(), headers: Record<string, string> = {}) {
  const response = await createApp().fetch(new Request(url, { headers }), world.env);
  return { response, body: await response.json<Record<string, unknown>>() };
}

describe('createApp', () => {
  it('answers an unknown route with a problem', async () => {
    const { response, body } = await get('https://relay.example.com/nope');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ title: 'Not found', requestId: response.headers.get('x-request-id') });
  });

  it.each([
    ['GET', '/hooks/acme', 'POST', 405],
    ['PUT', '/hooks/acme', 'POST', 405],
    ['OPTIONS', '/hooks/acme', 'POST', 405],
    ['POST', '/healthz', 'GET', 405],
    ['POST', '/api/v1/tenants/acme', 'DELETE, PUT, GET', 405],
    ['POST', '/api/v1/tenants', 'GET', 405],
    ['GET', '/api/v1/tenants/acme/plan', 'POST', 405],
    ['PUT', '/api/v1/tenants/acme/secrets', 'GET, POST', 405],
    ['GET', '/api/v1/tenants/acme/reseal', 'POST', 405],
    ['POST', '/api/v1/tenants/acme/lanes', 'GET', 405],
    ['POST', '/api/v1/tenants/acme/dead-letters', 'GET', 405],
    ['DELETE', '/api/v1/tenants/acme/dead-letters/10', 'GET', 405],
    ['GET', '/api/v1/tenants/acme/dead-letters/10/redrive', 'POST', 405],
    ['GET', '/api/v1/tenants/acme/dead-letters/redrive', 'POST', 405],
    ['PUT', '/api/v1/tenants/acme/dead-letters/redrive', 'POST', 405],
    ['GET', '/api/v1/tenants/acme/destinations/edr/pause', 'POST', 405],
    ['PUT', '/api/v1/tenants/acme/destinations/edr/resume', 'POST', 405],
    ['POST', '/api/v1/tenants/acme/notices', 'GET', 405],
    ['GET', '/api/v1/tenants/acme/destinations/edr/test', 'POST', 405],
    ['POST', '/api/v1/tenants/acme/health', 'GET', 405],
    ['POST', '/api/v1/health', 'GET', 405],
    ['POST', '/metrics', 'GET', 405],
  ])('answers %s %s with the methods that the path takes', async (method, path, allowed, status) => {
    const world = fakeWorld();
    const request = new Request(`https://relay.example.com${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const response = await createApp().fetch(request, world.env);
    expect([response.status, response.headers.get('allow')?.split(', ').toSorted()]).toEqual([
      status,
      allowed.split(', ').toSorted(),
    ]);
  });

  it('hides unknown admin routes behind the token too', async () => {
    const { response } = await get('https://relay.example.com/api/v1/anything');
    expect(response.status).toBe(401);
  });

  it('gives every request an id of its own, and lets nothing be cached', async () => {
    const answers = await Promise.all(
      ['/a', '/b'].map(async (path) => get(`https://relay.example.com${path}`)),
    );
    const ids = answers.map(({ response }) => response.headers.get('x-request-id'));
    expect(new Set(ids).size).toBe(2);
    expect(answers[0]?.response.headers.get('cache-control')).toBe('no-store');
  });

  it('answers an unexpected error with "internal error", and logs its cause under the same id', async () => {
    const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { response, body } = await get(
      'https://relay.example.com/api/v1/tenants/acme',
      fakeWorld({ RELAY_ADMIN_TOKEN: 'short' }),
    );
    const [line] = spy.mock.calls.map((call) => String(call[0]));
    spy.mockRestore();
    expect(response.status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('RELAY_ADMIN_TOKEN');
    expect(line).toContain('RELAY_ADMIN_TOKEN must be');
    expect(line).toContain(String(body['requestId']));
  });

  it('serves loopback names only when the environment is local', async () => {
    const world = fakeWorld({ RELAY_ENV: 'local' });
    for (const host of ['127.0.0.1:8787', 'localhost:8787', '[::1]:8787']) {
      expect((await get(`http://${host}/healthz`, world)).response.status).toBe(200);
    }
    for (const path of ['/healthz', '/hooks/acme', '/api/v1/tenants/acme']) {
      const { response } = await get(`https://relay.example.com${path}`, world, {
        authorization: `Bearer ${ADMIN_TOKEN}`,
      });
      expect(response.status).toBe(503);
    }
  });
});

describe('health', () => {
  it('is alive although the settings are wrong', async () => {
    const { response } = await get('https://relay.example.com/healthz', fakeWorld({ RELAY_MASTER_KEY: 'x' }));
    expect(response.status).toBe(200);
  });

  const ALL_OK = {
    settings: 'ok',
    kv: 'ok',
    objects: 'ok',
    wakeups: 'ok',
    overflow: 'ok',
    tokens: 'ok',
    rateLimit: 'ok',
  };

  it('is ready when the settings are right, KV answers, and every binding is there', async () => {
    const { response, body } = await get('https://relay.example.com/readyz');
    expect(response.status).toBe(200);
    expect(body).toEqual({ status: 'ready', checks: ALL_OK });
  });

  it('tells the version, where the deployment has it', async () => {
    const world = fakeWorld();
    Object.assign(world.env, { VERSION: { id: 'v-1' } });
    const { body } = await get('https://relay.example.com/readyz', world);
    expect(body).toEqual({ status: 'ready', checks: ALL_OK, versionId: 'v-1' });
  });

  it.each([
    ['TENANT_RELAY', 'objects'],
    ['WAKEUPS', 'wakeups'],
    ['OVERFLOW', 'overflow'],
    ['TOKENS', 'tokens'],
    ['ADMIN_LIMIT', 'rateLimit'],
    ['RELAY_KV', 'kv'],
  ])('is not ready without %s, and names it', async (binding, check) => {
    const world = fakeWorld();
    Object.assign(world.env, { [binding]: undefined });
    const { response, body } = await get('https://relay.example.com/readyz', world);
    expect(response.status).toBe(503);
    expect(body).toEqual({ status: 'not_ready', checks: { ...ALL_OK, [check]: 'failed' } });
  });

  it('is not ready when the settings are wrong, and says nothing about them', async () => {
    const { response, body } = await get(
      'https://relay.example.com/readyz',
      fakeWorld({ RELAY_MASTER_KEY: 'x' }),
    );
    expect(response.status).toBe(503);
    expect(body).toEqual({ status: 'not_ready', checks: { ...ALL_OK, settings: 'failed' } });
  });

  it('is not ready when KV fails', async () => {
    const world = fakeWorld();
    world.kv.fault = new Error('KV GET failed: 500');
    const { response, body } = await get('https://relay.example.com/readyz', world);
    expect(response.status).toBe(503);
    expect(body).toMatchObject({ checks: { kv: 'failed' } });
  });

  it('wakes no object', async () => {
    const world = fakeWorld();
    await get('https://relay.example.com/readyz', world);
    expect(world.relays.size).toBe(0);
  });
});
