import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PERMISSIONS } from './harfanglab-api.ts';
import { HarfangLabCaller } from './harfanglab-caller.ts';
import type { HarfangLabOptions } from './harfanglab.ts';

const AGENTS = '/api/data/endpoint/Agent/';
const DELAY_MS = 60_000;

let manager: HarfangLabCaller;

const options = {
  agents: [
    { id: 'old', hostname: 'DC-01', status: 'offline', lastseen: '2026-11-01T00:00:00.000000Z' },
    { id: 'new', hostname: 'DC-01' },
    { id: 'wks', hostname: 'WKS-7' },
    { id: 'wks70', hostname: 'WKS-70' },
    { id: 'vip', hostname: 'VIP-1', policy: { use_isolation: false } },
  ],
  threats: [{ id: 55, agents: [{ agent_id: 'new' }] }],
} as const satisfies Partial<HarfangLabOptions>;

const restart = async (more: Partial<HarfangLabOptions>) => {
  await manager.simulator.stop();
  manager = await HarfangLabCaller.start({ ...options, ...more });
};
const find = async (query: Record<string, string>) =>
  (await manager.call('GET', AGENTS, { query })).results.map(({ id }) => id);
const order = (id: string, action: string) => manager.call('POST', `${AGENTS}${id}/${action}/`);
const isIsolated = async (id: string) =>
  (await manager.call('GET', `${AGENTS}${id}/`)).body['isolation_state'];
const outcome = (member: string, id: string) => ({
  requested: [],
  unrequested: [],
  policy_not_allowed: [],
  [member]: [id],
});

beforeEach(async () => {
  manager = await HarfangLabCaller.start(options);
});
afterEach(() => manager.simulator.stop());

describe('looking up', () => {
  it('finds every agent of a host name, told apart by status and last sight', async () => {
    const { results } = await manager.call('GET', AGENTS, { query: { hostname: 'DC-01' } });
    expect(results).toMatchObject([
      { id: 'old', status: 'offline', lastseen: '2026-11-01T00:00:00.000000Z' },
      { id: 'new', status: 'online', lastseen: '2026-11-22T09:00:00.000000Z' },
    ]);
    expect(await find({ hostname: 'DC-01', status: 'online' })).toEqual(['new']);
    expect(await find({ hostname: 'DC-01', ordering: '-lastseen' })).toEqual(['new', 'old']);
  });

  it('finds by host name exactly, but by search whatever contains it', async () => {
    expect(await find({ hostname: 'WKS-7' })).toEqual(['wks']);
    expect(await find({ search: 'wks-7' })).toEqual(['wks', 'wks70']);
    expect(await find({ hostname: 'WKS' })).toEqual([]);
  });

  it("finds a threat's agents, and none of a threat that is not there", async () => {
    expect(await find({ threat_id: '55' })).toEqual(['new']);
    expect(await find({ threat_id: '56' })).toEqual([]);
  });

  it('reads one with its policy and groups, and 404 for another', async () => {
    const { status, body } = await manager.call('GET', `${AGENTS}vip/`);
    expect([status, body]).toMatchObject([
      200,
      { id: 'vip', isolation_policy: false, policy: { sleeptime: 60, use_isolation: false }, groups: [] },
    ]);
    expect((await manager.call('GET', `${AGENTS}nobody/`)).body).toEqual({ detail: 'Not found.' });
  });

  it('finds an agent that was added', async () => {
    manager.simulator.addAgent({ id: 'late', hostname: 'LATE' });
    expect(await find({ hostname: 'LATE' })).toEqual(['late']);
  });
});

describe('isolating', () => {
  it('is requested at once and done later, and so is its end', async () => {
    const { status, body } = await order('wks', 'isolate');
    expect([status, body]).toEqual([200, outcome('requested', 'wks')]);
    manager.nowMs += DELAY_MS - 1;
    expect(await isIsolated('wks')).toBe(false);
    manager.nowMs += 1;
    expect(await isIsolated('wks')).toBe(true);
    expect((await order('wks', 'deisolate')).body).toEqual(outcome('requested', 'wks'));
    expect(await isIsolated('wks')).toBe(true);
    manager.nowMs += DELAY_MS;
    expect(await isIsolated('wks')).toBe(false);
    expect(manager.simulator.isolationOrders.map(({ action, id }) => `${action} ${id}`)).toEqual([
      'isolate wks',
      'deisolate wks',
    ]);
  });

  it('takes as long as told', async () => {
    await restart({ isolationDelayMs: 0 });
    await order('wks', 'isolate');
    expect(await isIsolated('wks')).toBe(true);
  });

  it('is refused by the policy with 200, and never done', async () => {
    const { status, body } = await order('vip', 'isolate');
    expect([status, body]).toEqual([200, outcome('policy_not_allowed', 'vip')]);
    manager.nowMs += DELAY_MS * 10;
    expect(await isIsolated('vip')).toBe(false);
    expect(manager.simulator.isolationOrders).toEqual([]);
  });

  it('waits for an agent that is offline', async () => {
    expect((await order('old', 'isolate')).body).toEqual(outcome('requested', 'old'));
    manager.nowMs += DELAY_MS * 10;
    expect(await isIsolated('old')).toBe(false);
    manager.simulator.setAgentStatus('old', 'online');
    expect(await isIsolated('old')).toBe(true);
    manager.simulator.setAgentStatus('old', 'offline');
    expect(await isIsolated('old')).toBe(true);
  });

  it('is lifted before it was done, and is never done then', async () => {
    await order('wks', 'isolate');
    expect((await order('wks', 'deisolate')).body).toEqual(outcome('requested', 'wks'));
    manager.nowMs += DELAY_MS * 10;
    expect(await isIsolated('wks')).toBe(false);
  });

  it.each([
    ['unrequested', {}],
    ['requested', { repeatedIsolation: 'requested' }],
  ] as const)('once more names the agent as %s, and gives no second order', async (member, more) => {
    await restart(more);
    await order('wks', 'isolate');
    expect((await order('wks', 'isolate')).body).toEqual(outcome(member, 'wks'));
    manager.nowMs += DELAY_MS;
    expect((await order('wks', 'isolate')).body).toEqual(outcome(member, 'wks'));
    expect((await order('new', 'deisolate')).body).toEqual(outcome(member, 'new'));
    expect(manager.simulator.isolationOrders).toHaveLength(1);
  });

  it('of an unknown agent is a 404, by another method a 405, without its slash a redirect', async () => {
    expect((await order('nobody', 'isolate')).status).toBe(404);
    expect((await manager.call('GET', `${AGENTS}wks/isolate/`)).status).toBe(405);
    expect((await manager.call('POST', `${AGENTS}wks/isolate`)).status).toBe(301);
    expect(manager.simulator.isolationOrders).toEqual([]);
  });

  it('needs a permission of its own, and so does looking up', async () => {
    manager.simulator.setPermissions([PERMISSIONS.endpointsView]);
    expect((await order('wks', 'isolate')).status).toBe(403);
    expect(await isIsolated('wks')).toBe(false);
    manager.simulator.setPermissions([PERMISSIONS.endpointsIsolate]);
    expect((await manager.call('GET', AGENTS)).status).toBe(403);
    expect((await order('wks', 'isolate')).status).toBe(200);
  });
});

it('sets the status of no agent that is not there', () => {
  expect(() => manager.simulator.setAgentStatus('nobody', 'online')).toThrow('the agent must exist');
});
