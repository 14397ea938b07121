import { afterEach, describe, expect, it } from 'vitest';

import { findHosts, isAgentId } from '../../../src/destinations/falcon/hosts.ts';
import type { FalconOptions } from '../../simulators/falcon.ts';
import { HostBench, agentId } from './host-bench.ts';

let bench: HostBench;
afterEach(async () => bench.falcon.stop());

async function at(options: Partial<FalconOptions>): Promise<HostBench> {
  bench = await HostBench.start(options);
  return bench;
}

const WKS = { device_id: agentId('a'), hostname: 'WKS-7', last_seen: '2026-11-22T07:00:00Z' };

describe('findHosts', () => {
  it('finds a host by its name, whole and with few fields, in one request', async () => {
    const { api } = await at({ hosts: [WKS, { device_id: agentId('b'), hostname: 'WKS-77' }] });
    expect(await findHosts(api, { hostname: 'WKS-7' })).toEqual({
      ok: true,
      value: [
        {
          deviceId: agentId('a'),
          hostname: 'WKS-7',
          status: 'normal',
          productType: 'Workstation',
          lastSeen: '2026-11-22T07:00:00Z',
        },
      ],
    });
    const [request, ...others] = bench.falcon.apiRequests;
    expect(others).toEqual([]);
    expect(Object.fromEntries(request?.query ?? [])).toEqual({
      filter: "hostname:'WKS-7'",
      sort: 'last_seen.desc',
      limit: '10',
      fields: 'device_id,hostname,status,product_type_desc,last_seen',
    });
  });

  it.each([
    ['WKS-7', 'wks-7'],
    ['WKS-7', 'Wks-7'],
    ['Wks-7', 'WKS-7'],
    ['wks-7', 'wKS-7'],
  ])('finds %s when asked for %s, as upper and lower case do not count', async (known, hostname) => {
    const { api } = await at({ hosts: [{ ...WKS, hostname: known }] });
    expect(await findHosts(api, { hostname })).toMatchObject({ ok: true, value: [{ hostname: known }] });
  });

  it.each(['WKS', 'WKS-7.acme.local', 'KS-7', 'WKS 7'])(
    'takes no other name for it: %s',
    async (hostname) => {
      const { api } = await at({ hosts: [WKS] });
      expect(await findHosts(api, { hostname })).toEqual({ ok: true, value: [] });
    },
  );

  it('tells all that have the name, the one seen last first', async () => {
    const { api } = await at({
      hosts: [
        { ...WKS, last_seen: '2026-01-01T00:00:00Z' },
        { ...WKS, device_id: agentId('b'), last_seen: '2026-11-21T00:00:00Z' },
        { ...WKS, device_id: agentId('c'), hostname: 'Wks-7', last_seen: '2026-05-01T00:00:00Z' },
      ],
    });
    const found = await findHosts(api, { hostname: 'WKS-7' });
    expect(found.ok && found.value.map(({ deviceId }) => deviceId[0])).toEqual(['b', 'c', 'a']);
  });

  it.each([9, 10])('tells %d of a name only while no other can be off the page', async (count) => {
    const { api } = await at({
      hosts: Array.from({ length: count }, (_, i) => ({ ...WKS, device_id: `${i}`.repeat(32) })),
    });
    const found = await findHosts(api, { hostname: 'WKS-7' });
    expect(found.ok ? found.value.length : found.error).toEqual(count < 10 ? count : { kind: 'too_many' });
  });

  it('never takes a host whose name is another than the one asked for, whatever the search answers', async () => {
    const { api } = await at({ hosts: [WKS] });
    bench.falcon.fail({
      match: ({ path }) => path.startsWith('/devices/combined'),
      status: 200,
      body: { resources: [{ device_id: agentId('d'), hostname: 'DC-01', status: 'normal' }] },
    });
    expect(await findHosts(api, { hostname: 'WKS-7' })).toEqual({ ok: true, value: [] });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['things that are no hosts', { resources: [null, 7, 'x', {}, { device_id: 'short' }, { device_id: 7 }] }],
  ])('finds nobody in an answer with %s', async (_case, body) => {
    const { api } = await at({});
    bench.falcon.fail({
      match: ({ path }) => path.startsWith('/devices/'),
      status: 200,
      body: body ?? { resources: null, errors: null, meta: null },
    });
    expect(await findHosts(api, { hostname: 'WKS-7' })).toEqual({ ok: true, value: [] });
    expect(await findHosts(api, { deviceId: agentId('a') })).toEqual({ ok: true, value: [] });
  });

  it.each([
    "WKS'7",
    "x'+hostname:!'y",
    '*',
    'WKS*',
    'WKS\\7',
    'WKS\n7',
    'WKS\u0000',
    'W\u202eKS',
    '',
    ' ',
    'a'.repeat(254),
  ])('asks nothing for a name that is not safe in a search: %j', async (hostname) => {
    const { api } = await at({ hosts: [WKS] });
    expect(await findHosts(api, { hostname })).toMatchObject({
      ok: false,
      error: { kind: 'unusable', detail: expect.stringMatching(/^name must have /) },
    });
    expect(bench.falcon.requests).toEqual([]);
  });

  it('reads a host by its id, in either case', async () => {
    const { api } = await at({ hosts: [WKS] });
    expect(await findHosts(api, { deviceId: agentId('A') })).toMatchObject({
      ok: true,
      value: [{ deviceId: agentId('a'), hostname: 'WKS-7' }],
    });
    expect(bench.falcon.apiRequests).toMatchObject([{ body: { ids: [agentId('a')] } }]);
  });

  it.each([200, 404])('finds nobody by an id that Falcon answers with %d and an error', async (status) => {
    const { api } = await at({});
    bench.falcon.fail({
      match: ({ path }) => path.startsWith('/devices/'),
      status,
      body: { resources: null, errors: [{ code: 404, message: 'not found' }] },
    });
    expect(await findHosts(api, { deviceId: agentId('e') })).toEqual({ ok: true, value: [] });
  });

  it.each([
    ['no body', ''],
    ['an empty object', {}],
    ['no list', { resources: 'x' }],
    ['meta alone', { meta: {} }],
  ])('takes %s for no proof that there is nobody', async (_what, body) => {
    const { api } = await at({ hosts: [WKS] });
    bench.falcon.fail({ match: ({ path }) => path.startsWith('/devices/'), status: 200, body });
    for (const reference of [{ hostname: 'WKS-7' }, { deviceId: agentId('a') }])
      expect(await findHosts(api, reference)).toMatchObject({
        ok: false,
        error: {
          kind: 'failed',
          failure: {
            outcome: {
              kind: 'retry',
              reason: 'server_error',
              detail: 'HTTP 200 without a list of what was asked for',
            },
          },
        },
      });
  });

  it.each([
    [200, { errors: [{ code: 404, message: 'not found' }] }],
    [404, {}],
  ])('finds nobody by an id where %d and %j say so', async (status, body) => {
    const { api } = await at({});
    bench.falcon.fail({ match: ({ path }) => path.startsWith('/devices/'), status, body });
    expect(await findHosts(api, { deviceId: agentId('e') })).toEqual({ ok: true, value: [] });
  });

  const PARTIAL = { code: 500, message: 'partial result: one shard timed out' };
  it.each([
    ['a search', { hostname: 'WKS-7' }, 200, [PARTIAL]],
    ['a search', { hostname: 'WKS-7' }, 200, [{ code: 404, message: 'not found' }]],
    ['a read', { deviceId: agentId('a') }, 200, [PARTIAL]],
    ['a read', { deviceId: agentId('a') }, 200, [{ message: 'no code' }]],
    ['a read', { deviceId: agentId('a') }, 404, [{ code: 404, message: 'not found' }, PARTIAL]],
  ])('does not count what %s answers in part: %j, %d, %j', async (_what, reference, status, errors) => {
    const { api } = await at({});
    bench.falcon.fail({
      match: ({ path }) => path.startsWith('/devices/'),
      status,
      body: { resources: [{ ...WKS, status: 'normal' }], errors },
    });
    expect(await findHosts(api, reference)).toMatchObject({
      ok: false,
      error: { kind: 'failed', failure: { outcome: { kind: 'retry', reason: 'server_error', status } } },
    });
  });

  it.each(['', 'WKS-7', 'a'.repeat(31), 'g'.repeat(32), `${agentId('a')} `])(
    'asks nothing for an id that is none: %j',
    async (deviceId) => {
      const { api } = await at({ hosts: [WKS] });
      expect(isAgentId(deviceId)).toBe(false);
      expect(await findHosts(api, { deviceId })).toMatchObject({ ok: false, error: { kind: 'unusable' } });
      expect(bench.falcon.requests).toEqual([]);
    },
  );

  it.each([{ hostname: 'WKS-7' }, { deviceId: agentId('a') }])(
    'names the scope that is missing for %j',
    async (reference) => {
      const { api } = await at({ hosts: [WKS], scopes: ['devices:write'] });
      expect(await findHosts(api, reference)).toMatchObject({
        ok: false,
        error: {
          kind: 'failed',
          failure: {
            outcome: {
              kind: 'blocked',
              reason: 'scope_missing',
              detail: expect.stringContaining('Hosts: Read'),
            },
          },
        },
      });
    },
  );
});
