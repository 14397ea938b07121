/** A destination is tested before and after it is saved, and tenant, deployment and metrics tell how they are: over HTTP, in workerd. */

import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parsePrometheus } from '../http/api/prometheus.ts';
import { makeEvent } from './events.ts';
import { Stage, type TestTenant } from './stage.ts';

describe('a tenant that is looked after', () => {
  let stage: Stage;
  let tenant: TestTenant;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(async () => stage.close());

  async function test(destination: string, config?: unknown) {
    const response = await fetch(`${stage.url}/api/v1/tenants/acme/destinations/${destination}/test`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.adminToken}`, 'content-type': 'application/json' },
      ...(config !== undefined && { body: JSON.stringify(config) }),
    });
    return { status: response.status, body: await response.json() };
  }

  it('has its destinations tested before it exists, and nothing of that stays', async () => {
    const document = stage.document('acme', `whsec_${randomBytes(32).toString('base64')}`);
    for (const destination of ['edr', 'falcon'])
      expect(await test(destination, document)).toMatchObject({
        status: 200,
        body: {
          destination,
          tests: expect.arrayContaining([
            expect.objectContaining({ lane: `${destination}/events`, outcome: 'delivered' }),
          ]),
        },
      });
    expect(stage.edr.events.map(({ body }) => [body['type'], body['platform_name']])).toEqual([
      ['relay.test', 'noxys-relay connection test'],
    ]);
    expect(stage.falcon.events).toHaveLength(1);
    expect((await stage.admin.get('/api/v1/tenants/acme')).status).toBe(404);
  });

  it('has a wrong token named, with what to do, and no lane minds', async () => {
    tenant = await stage.addTenant('acme');
    stage.edr.rotateToken('another');
    expect(await test('edr')).toMatchObject({
      status: 200,
      body: {
        tests: [
          {
            lane: 'edr/connection',
            outcome: 'blocked',
            reason: 'unauthorized',
            status: 401,
            hint: expect.stringContaining('token anew'),
          },
        ],
      },
    });
    stage.edr.rotateToken(stage.destinations.edrToken);
    expect((await stage.lanes('acme')).map(({ state }) => state)).toEqual(['idle', 'idle', 'idle', 'idle']);
  });

  it('tells what came last, and what was delivered', async () => {
    await tenant.sender.send(makeEvent().body);
    await stage.untilDone('acme', { withinMs: 10_000 });
    const health = await stage.admin.get('/api/v1/tenants/acme/health');
    expect(health.body).toMatchObject({
      tenant: 'acme',
      configFaults: [],
      secrets: { total: 4, opens: 4, primary: 4 },
      eventsAccepted: 1,
      lastWebhook: { accepted: true },
    });
    expect((await stage.admin.get('/api/v1/health')).body).toMatchObject({ env: 'local', access: false });
    expect((await stage.admin.get('/readyz')).body).toMatchObject({ status: 'ready' });
    const scraped = await fetch(`${stage.url}/metrics?tenant=acme`, {
      headers: { authorization: `Bearer ${stage.adminToken}` },
    });
    const delivered = parsePrometheus(await scraped.text()).get('noxys_relay_lane_delivered_total');
    expect(delivered?.samples).toEqual([
      { labels: { lane: 'edr/alerts' }, value: 0 },
      { labels: { lane: 'edr/events' }, value: 1 },
      { labels: { lane: 'edr/incidents' }, value: 0 },
      { labels: { lane: 'falcon/events' }, value: 1 },
    ]);
  });
});
