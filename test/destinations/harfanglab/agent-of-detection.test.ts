/** Which of several agents is meant by a name, and which one by a user. */

import { afterEach, describe, expect, it } from 'vitest';

import { oneAgent } from '../../../src/destinations/harfanglab/agent-of-detection.ts';
import { harfangLabApi } from '../../../src/destinations/harfanglab/api.ts';
import type { Detection } from '../../../src/domain/detection.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { NewAgent } from '../../simulators/harfanglab-agents.ts';
import { PERMISSIONS } from '../../simulators/harfanglab-api.ts';
import type { NewLogon } from '../../simulators/harfanglab-telemetry.ts';
import type { HarfangLabOptions } from '../../simulators/harfanglab.ts';
import { AgentBench, agentId } from './agent-bench.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 8);
const HOUR_MS = 3_600_000;
const LIST = '/api/data/endpoint/Agent/';
const LOGONS = '/api/data/telemetry/authentication/AuthenticationWindows/';

let bench: AgentBench;
afterEach(async () => bench.edr.stop());

async function start(
  options: Partial<HarfangLabOptions>,
  config: Record<string, unknown> = {},
): Promise<void> {
  bench = await AgentBench.start(options, config);
}

const seen = (hoursAgo: number) => new Date(NOW_MS - hoursAgo * HOUR_MS).toISOString();

describe('the agent of a name', () => {
  async function find(hostname: string): Promise<string> {
    const found = await oneAgent(harfangLabApi(bench.config, bench.io), { hostname });
    if (found.ok) return found.value.id.slice(0, 1);
    return found.error.kind === 'refused' ? found.error.detail : found.error.kind;
  }

  const dc = (digit: string, more: Partial<NewAgent> = {}): NewAgent => ({
    id: agentId(digit),
    hostname: 'DC-01',
    ...more,
  });
  const NOW = { status: 'online', lastseen: seen(0) } as const;
  const BEFORE = { status: 'offline', lastseen: seen(48) } as const;
  const refused = (agents: number, online: number) =>
    `HarfangLab knows ${agents} agents of this name, ${online} of them online: which one is meant can not be told`;

  it.each<[string, readonly NewAgent[], string]>([
    ['the only one, online', [dc('a', NOW)], 'a'],
    ['the only one, offline', [dc('a', BEFORE)], 'a'],
    ['the one that is online, where the other is of before', [dc('a', BEFORE), dc('b', NOW)], 'b'],
    ['the one that is online of three', [dc('a', BEFORE), dc('b', NOW), dc('c', BEFORE)], 'b'],
    ['in another case', [dc('a', { ...BEFORE, hostname: 'dc-01' }), dc('b', NOW)], 'b'],
    ['in another case, both online', [dc('a', { ...NOW, hostname: 'Dc-01' }), dc('b', NOW)], refused(2, 2)],
    ['two that are online', [dc('a', NOW), dc('b', NOW)], refused(2, 2)],
    ['two that are offline', [dc('a', BEFORE), dc('b', { ...BEFORE, lastseen: seen(1) })], refused(2, 0)],
    [
      'one online, and one that was seen later',
      [dc('a', { ...BEFORE, lastseen: seen(1) }), dc('b', { ...NOW, lastseen: seen(2) })],
      refused(2, 1),
    ],
    [
      'one online, and one of another domain',
      [dc('a', { ...BEFORE, domainname: 'LAB' }), dc('b', NOW)],
      refused(2, 1),
    ],
    [
      'one online, and one on another machine',
      [dc('a', { ...BEFORE, machine_serial: 'S-1' }), dc('b', { ...NOW, machine_serial: 'S-2' })],
      refused(2, 1),
    ],
    [
      'one online, and its earlier self on the same machine',
      [dc('a', { ...BEFORE, machine_serial: 's-1' }), dc('b', { ...NOW, machine_serial: 'S-1' })],
      'b',
    ],
    [
      'one online, and one that was never seen',
      [dc('a', { ...BEFORE, lastseen: '' }), dc('b', NOW)],
      refused(2, 1),
    ],
    ['names that only begin alike', [dc('a', { hostname: 'DC-011' }), dc('b', NOW)], 'b'],
    [
      'one whose id is none',
      [{ id: 'agent-1', hostname: 'DC-01' }],
      'the id of the agent is no UUID, as those of HarfangLab are',
    ],
    ['an empty list', [], 'HarfangLab knows no agent of this name'],
  ])('is %s', async (_case, agents, expected) => {
    await start({ agents });
    expect(await find('DC-01')).toBe(expected);
  });

  it.each([
    ['DC-01.acme.local', { hostname: 'DC-01', dnsdomainname: 'ACME.local' }, 'a'],
    ['DC-01.acme.local', { hostname: 'DC-01', domainname: 'acme.local' }, 'a'],
    ['DC-01.acme.local', { hostname: 'dc-01.acme.local', domainname: 'lab.local' }, 'a'],
    ['DC-01', { hostname: 'DC-01.acme.local' }, 'a'],
    [
      'DC-01.acme.local',
      { hostname: 'DC-01', dnsdomainname: 'lab.local' },
      'HarfangLab knows no agent of this name',
    ],
    ['DC-01.acme.local', { hostname: 'DC-01.lab.local' }, 'HarfangLab knows no agent of this name'],
  ])('is asked for as %s, and found as %j: %s', async (asked, agent, expected) => {
    await start({ agents: [{ id: agentId('a'), ...agent }] });
    expect(await find(asked)).toBe(expected);
  });

  it.each([false, true])('is found on the last of several pages, be they bare: %s', async (bareAgentList) => {
    const others = Array.from({ length: 450 }, (_, i) => ({
      id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      hostname: `DC-01-${i}`,
    }));
    await start({ agents: [...others, dc('a', NOW)], bareAgentList });
    expect(await find('DC-01')).toBe('a');
    const offsets = bench.asked
      .filter((line) => line.includes('search='))
      .map((line) => /offset=(\d+)/.exec(line)?.[1]);
    expect(offsets).toEqual([undefined, '200', '400']);
  });

  it('is the one of the exact filter where the search shows more than can be looked through', async () => {
    const others = Array.from({ length: 1_200 }, (_, i) => ({
      id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      hostname: `DC-01-${i}`,
    }));
    await start({ agents: [...others, dc('a', NOW)] });
    expect(await find('DC-01')).toBe('a');
    bench.edr.addAgent(dc('b', NOW));
    expect(await find('DC-01')).toBe(refused(2, 2));
  });

  it('is nobody where the exact filter shows more than can be looked through', async () => {
    const twins = Array.from({ length: 1_001 }, (_, i) => ({
      id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      hostname: 'DC-01',
    }));
    await start({ agents: twins });
    expect(await find('DC-01')).toBe('HarfangLab shows more agents of this name than can be looked through');
  });

  it.each<[string, unknown]>([
    ['says that there are more', { count: 2, next: null, results: [dc('a', NOW)] }],
    ['goes on with nothing', { count: 1, next: '/api/data/endpoint/Agent/?offset=200', results: [] }],
  ])('is nobody where a list %s', async (_case, body) => {
    await start({ agents: [dc('a', NOW)] });
    bench.edr.fail({ match: ({ path }) => path === LIST, status: 200, body });
    expect(await find('DC-01')).toBe('HarfangLab shows more agents of this name than can be looked through');
  });

  it.each<[string, unknown]>([
    ['no list', { detail: 'busy' }],
    ['nothing', ''],
  ])('is not told by an answer with %s', async (_case, body) => {
    await start({ agents: [dc('a', NOW)] });
    bench.edr.fail({ match: ({ path }) => path === LIST, status: 200, body });
    expect(await find('DC-01')).toBe('failed');
  });
});

describe('a detection that names no device', () => {
  const AGENTS = [
    { id: agentId('a'), hostname: 'WKS-7' },
    { id: agentId('b'), hostname: 'WKS-8' },
  ];
  const at = (digit: string, user: string, more: Partial<NewLogon> = {}): NewLogon => ({
    agentId: agentId(digit),
    user,
    atMs: NOW_MS - HOUR_MS,
    ...more,
  });

  let detections = 0;
  async function contain(userId: string | undefined, changes: Partial<Detection> = {}): Promise<Outcome> {
    const { user: _user, ...event } = bench.detection(`det-${++detections}`, changes);
    return bench.deliver({ ...event, ...(userId !== undefined && { user: { id: userId } }) });
  }
  const skipped = (why: string | RegExp) => ({
    kind: 'rejected',
    status: null,
    excerpt:
      typeof why === 'string'
        ? `skipped: no_device: the detection names no device${why}`
        : expect.stringMatching(why),
  });
  const none = ', and HarfangLab shows no interactive logon of the user in 24 hours';
  const telemetryAsked = () => bench.asked.filter((line) => line.includes(LOGONS));

  it.each<[string, readonly NewLogon[], string, string | undefined]>([
    ['the account itself', [at('a', 'alice')], 'alice', undefined],
    ['another case', [at('a', 'ALICE')], 'Alice', undefined],
    ['the account of an address', [at('a', 'alice')], 'alice@acme.com', undefined],
    ['the address', [at('a', 'alice@acme.com')], 'Alice@acme.com', undefined],
    ['the account of a domain', [at('a', 'alice')], 'ACME\\alice', undefined],
    ['the domain and the account', [at('a', 'acme\\alice')], 'ACME\\alice', undefined],
    [
      'several logons at one machine',
      [at('a', 'alice'), at('a', 'ALICE', { atMs: NOW_MS - 1 })],
      'alice',
      undefined,
    ],
    ['another user elsewhere', [at('a', 'alice'), at('b', 'bob')], 'alice', undefined],
    ['a network logon elsewhere', [at('a', 'alice'), at('b', 'alice', { logonType: 3 })], 'alice', undefined],
    [
      'a failed logon elsewhere',
      [at('a', 'alice'), at('b', 'alice', { isSuccess: false })],
      'alice',
      undefined,
    ],
    [
      'a logon elsewhere two days ago',
      [at('a', 'alice'), at('b', 'alice', { atMs: NOW_MS - 48 * HOUR_MS })],
      'alice',
      undefined,
    ],
    ['no logon', [], 'alice', none],
    ['a network logon', [at('a', 'alice', { logonType: 3 })], 'alice', none],
    ['a logon two days ago', [at('a', 'alice', { atMs: NOW_MS - 48 * HOUR_MS })], 'alice', none],
    ['a user whose name begins alike', [at('a', 'alice2')], 'alice', none],
    [
      'two machines',
      [at('a', 'alice'), at('b', 'alice')],
      'alice',
      ', and HarfangLab shows the user at 2 machines in 24 hours',
    ],
    [
      'two machines in two cases',
      [at('a', 'alice'), at('b', 'ALICE')],
      'alice',
      ', and HarfangLab shows the user at 2 machines in 24 hours',
    ],
    [
      'two machines by two names',
      [at('a', 'alice'), at('b', 'alice@acme.com')],
      'alice@acme.com',
      ', and HarfangLab shows the user at 2 machines in 24 hours',
    ],
  ])('has its machine told, or not, by %s', async (_case, logons, user, why) => {
    await start({ agents: AGENTS, logons });
    expect(await contain(user)).toMatchObject(
      why === undefined ? { kind: 'retry', reason: 'pending' } : skipped(why),
    );
    expect(bench.orders).toEqual(why === undefined ? ['isolate a'] : []);
    expect(bench.audited.map(({ outcome, deviceId }) => [outcome, deviceId])).toEqual([
      why === undefined ? ['asked', agentId('a')] : ['skipped: no_device', undefined],
    ]);
  });

  it('asks for the day before the detection, by the earlier of two clocks, in the form that the manager takes', async () => {
    await start({ agents: AGENTS });
    await contain('alice', { lastAt: new Date(NOW_MS + HOUR_MS).toISOString() });
    expect(telemetryAsked()).toHaveLength(2);
    expect(new URLSearchParams(telemetryAsked()[0]?.split('?')[1])).toEqual(
      new URLSearchParams({
        'windows.logon_type': '2',
        success: 'true',
        target_username: 'alice',
        '@event_create_date__gte': '2026-11-21T08:00:00Z',
        limit: '200',
      }),
    );
  });

  it('compares what the filters let through', async () => {
    await start({ agents: AGENTS });
    const row = (agentid: string, more: object = {}) => ({
      agent: { agentid },
      target_username: 'alice',
      success: true,
      windows: { logon_type: 2 },
      '@event_create_date': seen(1),
      ...more,
    });
    const results = [
      row(agentId('a')),
      row(agentId('b'), { target_username: 'bob' }),
      row(agentId('b'), { target_username: null }),
      row(agentId('b'), { success: false }),
      row(agentId('b'), { windows: { logon_type: 10 } }),
      row(agentId('b'), { windows: null }),
      row(agentId('b'), { '@event_create_date': seen(25) }),
    ];
    bench.edr.fail({
      match: ({ path }) => path === LOGONS,
      status: 200,
      body: { count: 7, next: null, results },
    });
    expect(await contain('alice')).toMatchObject({ reason: 'pending' });
    expect(bench.orders).toEqual(['isolate a']);
  });

  it.each([{ agent: null }, { '@event_create_date': 'yesterday' }])(
    'is skipped where a logon of the user has no agent or no time: %j',
    async (more) => {
      await start({ agents: AGENTS });
      const row = { target_username: 'alice', success: true, windows: { logon_type: 2 } };
      const place = { agent: { agentid: agentId('a') }, '@event_create_date': seen(1) };
      const body = { count: 1, next: null, results: [{ ...row, ...place, ...more }] };
      bench.edr.fail({ match: ({ path }) => path === LOGONS, status: 200, body });
      expect(await contain('alice')).toEqual(skipped(/without its agent or its time/));
    },
  );

  it('is skipped where there are more logons than can be looked through', async () => {
    await start({ agents: AGENTS, logons: Array.from({ length: 1_001 }, () => at('a', 'alice')) });
    expect(await contain('alice')).toEqual(skipped(/more logons of the user than can be looked through/));
    expect(bench.orders).toEqual([]);
  });

  it('sees the other machine on the last page', async () => {
    const logons = [...Array.from({ length: 450 }, () => at('a', 'alice')), at('b', 'alice')];
    await start({ agents: AGENTS, logons });
    expect(await contain('alice')).toEqual(skipped(/at 2 machines/));
  });

  it('isolates nobody where HarfangLab does not know the agent of the logon', async () => {
    await start({ agents: AGENTS, logons: [at('f', 'alice')] });
    expect(await contain('alice')).toMatchObject({
      excerpt: 'not isolated: HarfangLab knows no agent with this id',
    });
  });

  it('is blocked with the permission that it needs', async () => {
    await start({ agents: AGENTS, permissions: [PERMISSIONS.endpointsView, PERMISSIONS.endpointsIsolate] });
    expect(await contain('alice')).toMatchObject({
      kind: 'blocked',
      reason: 'forbidden',
      detail: expect.stringContaining('"View telemetry"'),
    });
    expect(bench.audited).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string | undefined, string | RegExp]>([
    [
      'the destination gets users by pseudonym',
      { user_id: 'pseudonymise' },
      'alice',
      /privacy\.user_id of the destination is pseudonymise/,
    ],
    [
      'the destination gets no users',
      { user_id: 'drop' },
      undefined,
      /privacy\.user_id of the destination is drop/,
    ],
    [
      'the destination gets no devices',
      { device: 'drop' },
      'alice',
      ': privacy.device of the destination is drop',
    ],
    ['the user is a pseudonym', {}, `p_${'x'.repeat(22)}`, ', and no user that HarfangLab could know'],
    ['there is no user', {}, undefined, ', and no user that HarfangLab could know'],
  ])('asks HarfangLab for nobody where %s', async (_case, privacy, user, why) => {
    await start({ agents: AGENTS, logons: [at('a', 'alice')] }, { privacy });
    expect(await contain(user)).toEqual(skipped(why));
    expect(bench.asked).toEqual([]);
  });

  it.each([{ id: `p_${'x'.repeat(22)}` }, { hostname: `p_${'x'.repeat(22)}` }])(
    'asks HarfangLab for nothing where the device is a pseudonym: %j',
    async (device) => {
      await start({ agents: AGENTS, logons: [at('a', 'alice')] });
      expect(await contain('alice', { device })).toEqual(
        skipped(/privacy\.device must be keep, and hides it/),
      );
      expect(bench.asked).toEqual([]);
    },
  );

  it("isolates the host of the tenant's device map, and asks for no logon", async () => {
    await start({ agents: AGENTS, logons: [at('a', 'alice')] });
    bench.mapped = 'wks-8';
    expect(await contain('alice')).toMatchObject({ reason: 'pending' });
    expect(bench.orders).toEqual(['isolate b']);
    expect(telemetryAsked()).toEqual([]);
  });

  it("takes the tenant's device map where the device id is none of HarfangLab's", async () => {
    await start({ agents: AGENTS });
    bench.mapped = 'WKS-8';
    expect(await contain('alice', { device: { id: 'noxys-17' } })).toMatchObject({ reason: 'pending' });
    expect(bench.orders).toEqual(['isolate b']);
  });

  it("spares a host of the tenant's device map that is on contain.never", async () => {
    await start({ agents: AGENTS }, { contain: { never: ['WKS-8'] } });
    bench.mapped = 'WKS-8.acme.local';
    expect(await contain('alice')).toMatchObject({ excerpt: 'not isolated: the host is on contain.never' });
  });

  it("takes the event's own device before the tenant's device map", async () => {
    await start({ agents: AGENTS });
    bench.mapped = 'WKS-8';
    await contain('alice', { device: { hostname: 'WKS-7' } });
    expect(bench.orders).toEqual(['isolate a']);
  });

  it('is neither sent nor recorded as skipped once the config has changed', async () => {
    await start({ agents: AGENTS });
    bench.isCurrent = () => false;
    expect(await contain('alice')).toMatchObject({ kind: 'retry', detail: 'not sent' });
    expect(bench.audited).toEqual([]);
  });
});
