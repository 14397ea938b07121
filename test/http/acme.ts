/** A deployment with the tenant `acme`, and an operator who calls the routes below it. */

import { createApp } from '../../src/http/app.ts';
import { objectName } from '../../src/residency.ts';
import { sampleDocument } from '../tenants/sample.ts';
import { expectDescribed } from './described.ts';
import type { FakeRelay, World } from './fakes.ts';
import { ADMIN_TOKEN, fakeWorld } from './fakes.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Acme {
  readonly world: World;
  /** The tenant's object. */
  readonly relay: FakeRelay;
  /** `path` is below `/api/v1/tenants/`; `body` is sent as JSON, a text as it is. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<Answer>;
}

/** The tenant, made by its first PUT. */
export async function makeAcme(): Promise<Acme> {
  const world = fakeWorld();
  const call: Acme['call'] = async (method, path, body) => {
    const request = new Request(`https://relay.example.com/api/v1/tenants/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const response = await createApp({ newRequestId: () => 'req-1' }).fetch(request, world.env);
    const answer: unknown = await response.json();
    expectDescribed(method, `/api/v1/tenants/${path}`, response.status, answer);
    return { status: response.status, headers: response.headers, body: answer };
  };
  await call('PUT', 'acme', sampleDocument());
  const relay = world.relays.get(`eu/${objectName('acme')}`);
  if (!relay) throw new Error('the sample must be valid');
  return { world, relay, call };
}
