import { afterEach, beforeEach, expect, it } from 'vitest';

import { PERMISSIONS } from './harfanglab-api.ts';
import { HarfangLabCaller } from './harfanglab-caller.ts';

const LOGONS = '/api/data/telemetry/authentication/AuthenticationWindows/';
const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-22T09:00:00Z');

let manager: HarfangLabCaller;

const find = async (query: Record<string, string>) =>
  (await manager.call('GET', LOGONS, { query })).results.map(({ agent }) => agent);
const agent = (agentid: string, hostname: string | null) => ({ agentid, hostname });

beforeEach(async () => {
  manager = await HarfangLabCaller.start({
    agents: [{ id: 'wks', hostname: 'WKS-7' }],
    logons: [
      { agentId: 'wks', user: 'alice', atMs: NOW_MS - 3_600_000 },
      { agentId: 'srv', user: 'alice', atMs: NOW_MS - 60_000, logonType: 3 },
      { agentId: 'bad', user: 'alice', atMs: NOW_MS - 60_000, isSuccess: false },
      { agentId: 'past', user: 'alice', atMs: NOW_MS - 2 * DAY_MS, hostname: 'OLD' },
      { agentId: 'other', user: 'bob', atMs: NOW_MS, sourceUser: 'alice' },
    ],
  });
});
afterEach(() => manager.simulator.stop());

it('tells who logged on, where, when and how', async () => {
  const { results } = await manager.call('GET', LOGONS, {
    query: { 'agent.agentid': 'wks', 'windows.logon_type': '2' },
  });
  expect(results).toMatchObject([
    {
      '@event_create_date': '2026-11-22T08:00:00.000000Z',
      agent: { agentid: 'wks', hostname: 'WKS-7' },
      source_username: 'SYSTEM',
      target_username: 'alice',
      success: true,
      windows: { event_id: 4624, logon_type: 2, logon_title: 'Interactive' },
    },
  ]);
});

it('filters by user, kind, success, host and time', async () => {
  const alice = { target_username: 'alice', 'windows.logon_type': '2' };
  const since = new Date(NOW_MS - DAY_MS).toISOString();
  expect(await find({ ...alice, success: 'true', '@event_create_date__gte': since })).toEqual([
    agent('wks', 'WKS-7'),
  ]);
  expect(await find(alice)).toHaveLength(3);
  expect(await find({ ...alice, '@event_create_date__lte': since })).toEqual([agent('past', 'OLD')]);
  expect(await find({ source_username: 'alice' })).toEqual([agent('other', null)]);
  expect(await find({ 'agent.hostname': 'OLD' })).toEqual([agent('past', 'OLD')]);
  expect(await find({ 'windows.logon_type': '3' })).toEqual([agent('srv', null)]);
  expect(await find({ target_username: 'Alice' })).toEqual([]);
});

it('tells of a logon that was added, and of the newest first when asked', async () => {
  manager.simulator.addLogon({ agentId: 'wks', user: 'carol', atMs: NOW_MS + 1 });
  expect((await find({ ordering: '-@event_create_date' }))[0]).toEqual(agent('wks', 'WKS-7'));
});

it('is read only, needs its permission, and refuses a time that is none', async () => {
  expect((await manager.call('POST', LOGONS, { body: {} })).status).toBe(405);
  expect((await manager.call('GET', LOGONS, { query: { '@event_create_date__gte': '24h' } })).status).toBe(
    400,
  );
  manager.simulator.setPermissions([PERMISSIONS.endpointsView]);
  expect((await manager.call('GET', LOGONS)).status).toBe(403);
});
