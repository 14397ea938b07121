/** An EU tenant's Falcon: whatever it answers, no request goes to a host of another region. On the real host names. */

import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import {
  AGENT,
  API,
  INGEST,
  detectionOf,
  falconAnswer,
  falconDocument,
  falconTenant,
} from './falcon-cloud.ts';
import { Tenant } from './tenant.ts';

const HOSTS = new Set([API, INGEST].map((url) => new URL(url).host));
const ELSEWHERE = [
  'https://api.crowdstrike.com',
  'https://abc.ingest.us-1.crowdstrike.com',
  'https://evil.example',
];

type Answer = (sent: { readonly url: string; readonly body: string }) => Response;

function redirect(status: number, to: string, region?: string): Answer {
  const headers = { location: `${to}/oauth2/token`, ...(region !== undefined && { 'x-cs-region': region }) };
  return () => new Response(null, { status, headers });
}

/** As the well-behaved one, in the name of another region. */
const misplaced: Answer = (sent) => {
  const good = falconAnswer(sent);
  return new Response(good.body, { status: good.status, headers: { 'x-cs-region': 'us-1' } });
};

const failing = (status: number, headers: Record<string, string> = {}): Answer => {
  return () => Response.json({ errors: [{ code: status, message: 'no' }] }, { status, headers });
};

const HOSTILE: readonly Answer[] = [
  ...[301, 302, 303, 307, 308].flatMap((status) =>
    ELSEWHERE.flatMap((to) => [redirect(status, to, 'us-1'), redirect(status, to)]),
  ),
  misplaced,
  failing(401),
  failing(403),
  failing(404),
  failing(409),
  failing(429, { 'x-ratelimit-retryafter': '1' }),
  failing(500),
  failing(502, { location: 'https://api.crowdstrike.com', 'x-cs-region': 'us-1' }),
  () => new Response('<html><meta http-equiv="refresh" content="0; url=https://api.crowdstrike.com"></html>'),
  () => {
    throw new Error('connection lost');
  },
];

/** Everything that the relay asks of Falcon: each lane, a test of the destination, an operator's lift. */
async function useEverything(tenant: Tenant, round: number): Promise<void> {
  await tenant.accept(
    tenant.event(`evt-${round}`, { device: { hostname: 'WKS-7' } }),
    detectionOf(tenant, `det-${round}`),
  );
  await tenant.stub.testDestination({ v: 1, destination: 'falcon' });
  await tenant.stub.liftContainment({ v: 1, destination: 'falcon', deviceId: AGENT });
  // Every lane has had its turn, and what was paused has been probed.
  for (let i = 0; i < 6; i++) {
    tenant.nowMs += 16 * 60_000;
    await tenant.alarm();
    await scheduler.wait(2);
  }
}

function expectInPlace(tenant: Tenant): void {
  const hosts = new Set(tenant.destinations.sent.map(({ url }) => new URL(url).host));
  expect([...hosts].filter((host) => !HOSTS.has(host))).toEqual([]);
  expect(new Set(tenant.destinations.redirects)).toEqual(new Set(['manual']));
}

const tenants: Tenant[] = [];

/** One that is gone at the test's end. */
async function tenantFor(more?: Readonly<Record<string, unknown>>): Promise<Tenant> {
  const tenant = await falconTenant(more);
  tenants.push(tenant);
  return tenant;
}

afterEach(async () => {
  for (const tenant of tenants.splice(0)) await tenant.retire();
});

describe("an EU tenant's Falcon", () => {
  it('is reached on all its channels, on the hosts of eu-1 alone', async () => {
    const tenant = await tenantFor();
    for (const url of [API, INGEST]) tenant.destinations.answer(url, falconAnswer);
    await useEverything(tenant, 1);
    const paths = new Set(tenant.destinations.sent.map(({ url }) => new URL(url).pathname.split('/')[1]));
    expect(paths).toEqual(new Set(['services', 'oauth2', 'cases', 'devices', 'alerts', 'iocs', 'workflows']));
    expectInPlace(tenant);
    expect(await tenant.stub.lanes()).toMatchObject(
      ['cases', 'containment', 'events', 'indicators', 'workflows'].map((kind) => ({
        lane: `falcon/${kind}`,
      })),
    );
  });

  it('gets nothing to any other host, whatever it answers in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(HOSTILE.length), { minLength: 30, maxLength: 60 }), async (plan) => {
        const tenant = await tenantFor();
        let asked = 0;
        const answer: Answer = (sent) => {
          // Now and then it behaves, so that what comes after a token is reached, too.
          const chosen = HOSTILE[plan[asked++ % plan.length] ?? 0];
          return asked % 3 === 0 || !chosen ? falconAnswer(sent) : chosen(sent);
        };
        for (const url of [API, INGEST]) tenant.destinations.answer(url, answer);
        for (let round = 1; round <= 2; round++) await useEverything(tenant, round);
        expect(asked).toBeGreaterThan(10);
        expectInPlace(tenant);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it.each([
    ['a token of another region', '/oauth2/token', misplaced],
    [
      'a redirect of the token request',
      '/oauth2/token',
      redirect(308, 'https://api.crowdstrike.com', 'us-1'),
    ],
    ['a redirect of a call', '/cases/', redirect(307, 'https://api.crowdstrike.com', 'us-1')],
  ])('says which two regions differ after %s, and sends nothing again', async (_name, path, hostile) => {
    const tenant = await tenantFor({ actions: ['case'], hec: undefined });
    tenant.destinations.answer(API, (sent) => (sent.url.includes(path) ? hostile(sent) : falconAnswer(sent)));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => (await tenant.lane('falcon/cases')).state === 'blocked',
      'the lane blocks',
    );
    const lane = await tenant.lane('falcon/cases');
    expect(lane.blocked).toMatchObject({
      reason: 'wrong_region',
      detail: expect.stringMatching(/(?=.*eu-1)(?=.*us-1)/),
    });
    expect(tenant.destinations.sent.filter(({ url }) => url.includes(path))).toHaveLength(1);
    expectInPlace(tenant);
  });

  it('may be one of several: each gets what its own filter wants, in its own region', async () => {
    const US_API = 'https://api.crowdstrike.com';
    const US_INGEST = 'https://abc.ingest.us-1.crowdstrike.com/services/collector';
    const tenant = await Tenant.create((document) => {
      document['residency'] = 'global';
      document['destinations'] = [
        falconDocument({ name: 'eu', events: ['interaction.high_risk'], actions: ['event', 'case'] }),
        falconDocument({
          name: 'us',
          region: 'us-1',
          hec: { url: US_INGEST, token: 'us-token' },
          where: { 'event.type': 'interaction.policy_violated' },
          actions: ['event', 'case'],
        }),
      ];
    });
    tenants.push(tenant);
    for (const url of [API, INGEST]) tenant.destinations.answer(url, falconAnswer);
    for (const url of [US_API, US_INGEST])
      tenant.destinations.answer(url, (sent) => {
        const good = falconAnswer(sent);
        return new Response(good.body, { status: good.status, headers: { 'x-cs-region': 'us-1' } });
      });
    await tenant.accept(tenant.event('evt-1', { type: 'interaction.high_risk' }), tenant.event('evt-2'));
    await tenant.untilTaken(INGEST, 1);
    await tenant.untilTaken(US_INGEST, 1);
    const lanesDone = async () => (await tenant.stub.lanes()).every(({ undelivered }) => undelivered === 0);
    await tenant.until(lanesDone, 'all is delivered');
    expect([tenant.destinations.ids(INGEST), tenant.destinations.ids(US_INGEST)]).toEqual([
      ['evt-1'],
      ['evt-2'],
    ]);
    const opened = tenant.destinations.sent.filter(({ url }) => url.endsWith('/cases/entities/cases/v2'));
    expect(opened.map(({ url }) => new URL(url).origin).toSorted()).toEqual([API, US_API].toSorted());
    expect((await tenant.stub.lanes()).map(({ blocked }) => blocked)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
