/** Which agent is meant where a detection names no device. */

import { afterEach, describe, expect, it } from 'vitest';

import type { Detection } from '../../../src/domain/detection.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { PERMISSIONS } from '../../simulators/harfanglab-api.ts';
import type { NewLogon } from '../../simulators/harfanglab-telemetry.ts';
import type { HarfangLabOptions } from '../../simulators/harfanglab.ts';
import { AgentBench, agentId } from './agent-bench.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 8);
const HOUR_MS = 3_600_000;
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
  const unclear =
    ", and HarfangLab shows logons in 24 hours of which it can't be told whether they are the user's";
  const telemetryAsked = () => bench.asked.filter((line) => line.includes(LOGONS));

  it.each<[string, readonly NewLogon[], string, string | undefined]>([
    ['the account itself', [at('a', 'alice')], 'alice', undefined],
    ['another case', [at('a', 'ALICE')], 'Alice', undefined],
    ['a namesake of an address', [at('a', 'alice')], 'alice@acme.com', unclear],
    ['an address of a namesake', [at('a', 'alice@acme.com')], 'alice', none],
    ['the address', [at('a', 'alice@acme.com')], 'Alice@acme.com', undefined],
    ['a namesake of an account of a domain', [at('a', 'alice')], 'ACME\\alice', unclear],
    ['a built-in account', [at('a', 'administrator')], 'Administrator', unclear],
    ["a domain's built-in account", [at('a', 'ACME\\krbtgt')], 'ACME\\krbtgt', unclear],
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
    ['two machines by two names', [at('a', 'alice'), at('b', 'alice@acme.com')], 'alice@acme.com', unclear],
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
        ordering: '@event_create_date',
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
      row(agentId('b'), { success: false }),
      row(agentId('b'), { windows: { logon_type: 10 } }),
      row(agentId('b'), { '@event_create_date': seen(25) }),
    ];
    bench.edr.fail({
      match: ({ path }) => path === LOGONS,
      status: 200,
      body: { count: results.length, next: null, results },
    });
    expect(await contain('alice')).toMatchObject({ reason: 'pending' });
    expect(bench.orders).toEqual(['isolate a']);
  });

  const UNTOLD = /of which it can't be told whether they are the user's/;
  const logonAt = (digit: string, more: object = {}) => ({
    agent: { agentid: agentId(digit), hostname: 'KIOSK-9' },
    target_username: 'alice',
    success: true,
    windows: { logon_type: 2 },
    '@event_create_date': seen(1),
    ...more,
  });
  const answering = (...results: readonly unknown[]) =>
    bench.edr.fail({
      match: ({ path }) => path === LOGONS,
      status: 200,
      body: { count: results.length, next: null, results },
    });

  it.each([
    { success: null },
    { success: 'true' },
    { windows: null },
    { windows: { logon_type: null } },
    { target_username: null },
  ])('is skipped where what may be a logon of the user is at another machine: %j', async (more) => {
    await start({ agents: AGENTS });
    answering(logonAt('a'), logonAt('b', more));
    expect(await contain('alice')).toEqual(skipped(UNTOLD));
    expect(bench.orders).toEqual([]);
  });

  it('is not in doubt for what may be a logon of the user at the same machine', async () => {
    await start({ agents: AGENTS });
    answering(logonAt('a'), logonAt('a', { success: null }));
    expect(await contain('alice')).toMatchObject({ reason: 'pending' });
  });

  // A manager that does not know the filter answers all.
  it.each<[string, string, 'same' | 'untold' | 'none']>([
    ['bob', 'BOB', 'same'],
    ['bob', 'bob2', 'none'],
    ['bob', 'OTHER\\bob', 'untold'],
    ['bob', 'KIOSK-9\\bob', 'untold'],
    ['bob', 'bob@x@y', 'untold'],
    ['svc/bob', 'bob', 'none'],
    ['bob@acme.fr', 'BOB@acme.fr', 'same'],
    ['bob@acme.fr', 'bob', 'untold'],
    ['bob@acme.fr', 'ACME\\bob', 'untold'],
    ['bob@acme.partner.example', 'ACME\\bob', 'untold'],
    ['bob@acme.fr', 'OTHER\\bob', 'untold'],
    ['bob@kiosk-9.fr', 'KIOSK-9\\bob', 'untold'],
    ['bob@acme.fr', 'bob@other.fr', 'none'],
    ['bob@acme.fr', 'bob@acme.fr@evil.fr', 'untold'],
    ['ACME\\bob', 'bob@acme.fr', 'untold'],
    ['ACME\\bob', 'bob', 'untold'],
    ['bob@x@y', 'bob@x@y', 'same'],
    ['administrateur@acme.fr', 'administrateur@acme.fr', 'untold'],
    ['Invité', 'invité', 'untold'],
    ['SYSTEM', 'system', 'untold'],
    ['admin2', 'admin2', 'same'],
    ['ACME\\bob', 'OTHER\\bob', 'none'],
    ['KIOSK-9\\bob', 'kiosk-9\\bob', 'same'],
    ['\u212Aim', 'kim', 'untold'],
    ['ACME\\\u00C9mile', 'ACME\\\u00E9mile', 'untold'],
  ])('takes for the user %j a logon of %j: %s', async (user, logon, expected) => {
    await start({ agents: AGENTS });
    answering(logonAt('a', { target_username: logon }));
    const outcome = await contain(user);
    const outcomes = { same: { reason: 'pending' }, untold: skipped(UNTOLD), none: skipped(none) };
    expect(outcome).toMatchObject(outcomes[expected]);
    expect(bench.orders).toEqual(expected === 'same' ? ['isolate a'] : []);
  });

  it('asks for an address by the short name of its domain, too, which speaks against another machine', async () => {
    await start({ agents: AGENTS, logons: [at('a', 'bob@acme.fr'), at('b', 'ACME\\bob')] });
    expect(await contain('bob@acme.fr')).toEqual(skipped(UNTOLD));
  });

  it.each<[string, (isFirst: boolean) => unknown]>([
    ['repeats its page', (isFirst) => ({ count: 2, next: isFirst ? 'x' : null, results: [logonAt('a')] })],
    ['has a row that is no record', () => ({ count: 2, next: null, results: [logonAt('a'), 'alice at b'] })],
    ['says that there are more', () => ({ count: 2, next: null, results: [logonAt('a')] })],
  ])('is skipped where the list of logons %s', async (_case, body) => {
    await start({ agents: AGENTS });
    for (const isFirst of [true, false])
      bench.edr.fail({
        match: ({ path, query }) => path === LOGONS && query.has('offset') !== isFirst,
        status: 200,
        body: body(isFirst),
      });
    expect(await contain('alice')).toEqual(skipped(/does not add up/));
    expect(bench.orders).toEqual([]);
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
      /privacy\.user_id is pseudonymise/,
    ],
    ['the destination gets no users', { user_id: 'drop' }, undefined, /privacy\.user_id is drop/],
    ['the destination gets no devices', { device: 'drop' }, 'alice', ': privacy.device is drop'],
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
