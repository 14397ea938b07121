import { beforeEach, describe, expect, it } from 'vitest';

import { createApp } from '../../../src/http/app.ts';
import { objectName } from '../../../src/residency.ts';
import { sampleDocument } from '../../tenants/sample.ts';
import type { World } from '../fakes.ts';
import { ADMIN_TOKEN, fakeWorld } from '../fakes.ts';
import { describeAdminSecurity } from '../security.ts';

let world: World;

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
  return createApp().fetch(
    new Request(`https://relay.example.com/api/v1/tenants/${path}`, { headers, ...init }),
    world.env,
  );
}

beforeEach(async () => {
  world = fakeWorld();
  await call('acme', { method: 'PUT', body: JSON.stringify(sampleDocument()) });
});

const pages = () => world.relays.get(`eu/${objectName('acme')}`)?.pages;

describeAdminSecurity({ method: 'GET', path: '/api/v1/tenants/acme/lanes' });
describeAdminSecurity({ method: 'GET', path: '/api/v1/tenants/acme/dead-letters' });

describe('GET …/lanes', () => {
  it("shows the tenant's lanes", async () => {
    expect(await (await call('acme/lanes')).json()).toMatchObject({
      lanes: [{ lane: 'edr/events', delivered: 3 }],
    });
  });

  it('answers 404 for a tenant that does not exist', async () => {
    expect((await call('nobody/lanes')).status).toBe(404);
  });
});

describe('GET …/dead-letters', () => {
  it('shows one page, and where the next one begins only when there may be one', async () => {
    expect(await (await call('acme/dead-letters?limit=2')).json()).toMatchObject({
      deadLetters: [{ id: 10 }, { id: 9 }],
      nextBefore: 9,
    });
    expect(await (await call('acme/dead-letters?before=9')).json()).not.toHaveProperty('nextBefore');
    expect(pages()).toEqual([{ limit: 2 }, { before: 9, limit: 50 }]);
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'limit=-1', 'before=x', 'before=1.5'])(
    'answers 400 with the path to %s',
    async (query) => {
      const response = await call(`acme/dead-letters?${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ path: query.split('=')[0] });
    },
  );
});
