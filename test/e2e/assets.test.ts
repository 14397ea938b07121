/** The static files beside the Worker: served as they are, and in the way of none of its routes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Stage } from './stage.ts';

const PUBLIC = join(import.meta.dirname, '..', '..', 'public');

describe('the static files', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(async () => stage.close());

  it('hold the OpenAPI document, for anybody, with security headers', async () => {
    const answer = await fetch(`${stage.url}/api/v1/openapi.json`);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    const file: unknown = JSON.parse(readFileSync(join(PUBLIC, 'api', 'v1', 'openapi.json'), 'utf8'));
    expect(await answer.json()).toEqual(file);
    expect(file).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\./),
      info: { title: 'noxys-relay API' },
    });
  });

  it.each([
    ['/healthz', 200],
    ['/api/v1/openapi', 401],
    ['/api/v1/tenants/acme', 401],
    ['/hooks/acme', 405],
    ['/', 404],
    ['/_headers', 404],
  ])('leave %s to the Worker', async (path, status) => {
    const answer = await fetch(`${stage.url}${path}`, { redirect: 'manual' });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('x-request-id')).not.toBeNull();
  });
});
