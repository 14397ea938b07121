import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FalconCaller } from './falcon-caller.ts';

const QUERIES = '/devices/queries/devices/v1';
const COMBINED = '/devices/combined/devices/v1';
const ENTITIES = '/devices/entities/devices/v2';
const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const C = 'c'.repeat(32);
const UNKNOWN = 'f'.repeat(32);

let falcon: FalconCaller;

const find = async (filter: string, more: Record<string, string> = {}) =>
  falcon.call('GET', QUERIES, { query: { filter, ...more } });
const act = async (action: string, ids: unknown) =>
  falcon.call('POST', '/devices/entities/devices-actions/v2', {
    query: { action_name: action },
    body: { ids },
  });

beforeEach(async () => {
  falcon = await FalconCaller.start({
    hosts: [
      { device_id: A, hostname: 'WKS-7', last_seen: '2025-11-01T00:00:00Z' },
      { device_id: B, hostname: 'WKS-7', last_seen: '2025-11-20T00:00:00Z' },
      { device_id: C, hostname: 'DC-01', product_type_desc: 'Domain Controller' },
    ],
  });
});
afterEach(() => falcon.simulator.stop());

describe('looking up', () => {
  it('finds every host of a name, in the order asked for', async () => {
    expect((await find("hostname:'WKS-7'", { sort: 'last_seen.desc' })).ids).toEqual([B, A]);
    expect((await find("hostname:'wks-7'", { sort: 'last_seen|asc' })).ids).toEqual([A, B]);
    expect((await find("hostname:['DC-01']")).ids).toEqual([C]);
    expect((await find("hostname:'*-01'")).ids).toEqual([C]);
    expect((await find(`device_id:'${A}'`)).ids).toEqual([A]);
    expect((await find("hostname:'WKS-7'", { limit: '1' })).ids).toHaveLength(1);
    expect((await find("hostname:'WKS-8'")).status).toBe(200);
  });

  it.each([
    ['an unknown field', "host_name:'WKS-7'", {}],
    ['a name anywhere in the field', "hostname:'*KS*'", {}],
    ['a quote in the name', "hostname:'WKS'7'", {}],
    ['a limit above 5,000', "hostname:'WKS-7'", { limit: '5001' }],
  ])('refuses %s', async (_, filter, more) => {
    expect((await find(filter, more)).status).toBe(400);
  });

  it('reads records by id, and names the ids that are unknown', async () => {
    const { status, resources, body } = await falcon.call('POST', ENTITIES, { body: { ids: [C, UNKNOWN] } });
    expect([status, resources]).toMatchObject([200, [{ device_id: C, status: 'normal' }]]);
    expect(body).toMatchObject({ errors: [{ code: 404, id: UNKNOWN }] });
  });

  it('reads at most 5,000 ids, and not none', async () => {
    const ids = Array.from({ length: 5001 }, () => A);
    expect((await falcon.call('POST', ENTITIES, { body: { ids } })).status).toBe(400);
    expect((await falcon.call('POST', ENTITIES, { body: { ids: [] } })).status).toBe(400);
  });

  it('answers records with the fields asked for', async () => {
    const query = { filter: "hostname:'DC-01'", fields: 'device_id,product_type_desc' };
    expect((await falcon.call('GET', COMBINED, { query })).resources).toEqual([
      { device_id: C, product_type_desc: 'Domain Controller' },
    ]);
    expect((await falcon.call('GET', COMBINED)).resources).toHaveLength(3);
  });

  it('finds a host that was added', async () => {
    falcon.simulator.addHost({ device_id: UNKNOWN, hostname: 'NEW' });
    expect((await find("hostname:'NEW'")).ids).toEqual([UNKNOWN]);
  });
});

describe('containing', () => {
  it('is accepted with 202 and takes effect later, and so is its end', async () => {
    const { status, resources } = await act('contain', [C]);
    expect([status, resources]).toEqual([202, [{ id: C, path: `/devices/entities/devices/v1?ids=${C}` }]]);
    expect(falcon.simulator.host(C)?.status).toBe('containment_pending');
    falcon.nowMs += 5000;
    expect(falcon.simulator.host(C)?.status).toBe('contained');
    expect((await act('lift_containment', [C])).status).toBe(202);
    expect(falcon.simulator.host(C)?.status).toBe('lift_containment_pending');
    falcon.nowMs += 5000;
    expect(falcon.simulator.host(C)?.status).toBe('normal');
    expect(falcon.simulator.hostActions.map(({ action }) => action)).toEqual(['contain', 'lift_containment']);
  });

  it('answers 409 for a host that is contained, or about to be', async () => {
    await act('contain', [C]);
    expect((await act('contain', [C])).status).toBe(409);
    falcon.nowMs += 5000;
    const { status, message } = await act('contain', [C]);
    expect([status, message]).toEqual([409, 'cannot contain a host whose status is contained']);
    expect(falcon.simulator.hostActions).toHaveLength(1);
  });

  it('answers 409 when there is nothing to lift', async () => {
    expect((await act('lift_containment', [C])).status).toBe(409);
  });

  it('answers 404 for an unknown host, and contains the others', async () => {
    const { status, resources, body } = await act('contain', [A, UNKNOWN]);
    expect([status, resources]).toMatchObject([404, [{ id: A }]]);
    expect(body).toMatchObject({ errors: [{ code: 404, id: UNKNOWN }] });
    expect(falcon.simulator.host(A)?.status).toBe('containment_pending');
  });

  it.each([
    ['an unknown action', 'isolate', [A]],
    ['no ids', 'contain', []],
    ['ids that are no list', 'contain', A],
  ])('refuses %s', async (_, action, ids) => {
    expect((await act(action, ids)).status).toBe(400);
    expect(falcon.simulator.hostActions).toEqual([]);
  });

  it('needs the scope to write', async () => {
    falcon.simulator.setScopes(['devices:read']);
    expect((await act('contain', [A])).status).toBe(403);
    expect(falcon.simulator.host(A)?.status).toBe('normal');
  });
});
