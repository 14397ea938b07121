/** Which agent a detection isolates, what spares it, and the test of the channel. */

import { afterEach, describe, expect, it } from 'vitest';

import type { Detection } from '../../../src/domain/detection.ts';
import { PERMISSIONS } from '../../simulators/harfanglab-api.ts';
import { notIsolated, waitsForHuman } from '../isolation-bench.ts';
import { AgentBench, OTHER, PENDING, WKS, agentId } from './agent-bench.ts';

const MINUTE_MS = 60_000;

let bench: AgentBench;
afterEach(async () => bench.edr.stop());

const at = async (...given: Parameters<typeof AgentBench.of>) => (bench = await AgentBench.of(...given));
const contain: AgentBench['contain'] = async (...given) => bench.contain(...given);

describe('a detection that asks to isolate its host', () => {
  it.each<[string, Detection['device']]>([
    ['device id', { id: agentId('a') }],
    ['device id, in upper case', { id: agentId('A'), hostname: 'wks-7.acme.local' }],
    ['host name', { hostname: 'wks-7' }],
    ['host name with its domain', { hostname: 'WKS-7.acme.local' }],
    ["host name, where the device id is none of HarfangLab's", { id: 'noxys-17', hostname: 'WKS-7' }],
    ['host name, where HarfangLab does not know the device id', { id: agentId('f'), hostname: 'WKS-7' }],
  ])('asks for its isolation by its %s', async (_case, device) => {
    await at([WKS, OTHER]);
    expect(await contain(device)).toEqual(PENDING);
    expect(bench.orders).toEqual(['isolate a']);
    expect(bench.edr.apiRequests.at(-1)).toMatchObject({
      method: 'POST',
      path: `/api/data/endpoint/Agent/${agentId('a')}/isolate/`,
      status: 200,
    });
    expect(bench.edr.apiRequests.at(-1)).not.toHaveProperty('body');
    expect(bench.edr.apiRequests.every(({ path }) => path.endsWith('/'))).toBe(true);
  });

  it.each<[string, Detection['device'], string | RegExp]>([
    ['a host that HarfangLab does not know', { hostname: 'WKS-9' }, 'HarfangLab knows no agent of this name'],
    ['a part of a name', { hostname: 'WKS' }, 'HarfangLab knows no agent of this name'],
    ['one of another domain', { hostname: 'SRV.other.local' }, 'HarfangLab knows no agent of this name'],
    ['one by a pattern', { hostname: 'WKS-*' }, /the host's name must have 1 to 253 characters/],
    ['one with two names', { hostname: 'WKS-7 WKS-8' }, /no space, comma, slash or wildcard/],
    [
      'one host by its id and another by its name',
      { id: agentId('a'), hostname: 'WKS-8' },
      'the device id and the host name of the detection belong to different hosts',
    ],
  ])('isolates nobody when it names %s', async (_case, device, why) => {
    await at([WKS, OTHER, { id: agentId('c'), hostname: 'SRV', dnsdomainname: 'acme.local' }]);
    expect(await contain(device)).toEqual(notIsolated(why));
    expect(bench.orders).toEqual([]);
    expect(bench.audited).toEqual([]);
  });

  it('isolates nobody when the list is behind and the record has another name', async () => {
    await at([{ ...WKS, hostname: 'CEO-LAPTOP' }]);
    const body = { count: 1, next: null, previous: null, results: [{ ...WKS, status: 'online' }] };
    bench.edr.fail({ match: ({ path }) => path === '/api/data/endpoint/Agent/', status: 200, body });
    expect(await contain({ hostname: 'WKS-7' })).toEqual(
      notIsolated("HarfangLab's list is behind: the agent that it shows has another name by now"),
    );
    expect(bench.orders).toEqual([]);
  });

  it('is done where the agent is isolated already, and the audit has nothing of it', async () => {
    await at([{ ...WKS, isolation_state: true }]);
    expect(await contain({ hostname: 'WKS-7' })).toEqual({ kind: 'delivered' });
    expect(bench.orders).toEqual([]);
    expect(bench.audited).toEqual([]);
  });

  it('isolates nobody while HarfangLab does not tell the state of the agent', async () => {
    await at([WKS]);
    bench.edr.fail({
      match: ({ path }) => path.endsWith(`${agentId('a')}/`),
      status: 200,
      body: { ...WKS, producttype: 'workstation', isolation_state: null },
    });
    expect(await contain({ id: agentId('a') })).toEqual(
      notIsolated('HarfangLab does not tell whether the agent is isolated'),
    );
    expect(bench.orders).toEqual([]);
  });

  it.each([{}, { detail: 'busy' }, { id: agentId('c'), hostname: 'WKS-7' }])(
    'takes no answer for a record that is none: %j',
    async (body) => {
      await at([WKS]);
      bench.edr.fail({ match: ({ path }) => path.endsWith(`${agentId('a')}/`), status: 200, body, times: 1 });
      const event = bench.detection('det', { device: { id: agentId('a') } });
      expect(await bench.deliver(event)).toMatchObject({ kind: 'retry', reason: 'server_error' });
      expect(await bench.deliver(event)).toEqual(PENDING);
    },
  );
});

describe('what protects a host', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ producttype: 'server' }, 'server'],
    [
      { producttype: 'workstation', osproducttype: 'Windows Server 2022 Standard' },
      'Windows Server 2022 Standard',
    ],
    [{ producttype: null, osproducttype: 'Ubuntu' }, 'Ubuntu'],
    [
      { producttype: null, osproducttype: 'Windows Server 2019 Datacenter' },
      'Windows Server 2019 Datacenter',
    ],
    [{ producttype: null, osproducttype: null }, 'not told'],
    [{ producttype: '<b>odd</b>' }, 'a word that the relay does not know'],
  ])('isolates no host of the type %j unless contain.servers says so', async (type, word) => {
    await at([{ ...WKS, ...type }]);
    expect(await contain({ hostname: 'WKS-7' })).toEqual(
      notIsolated(`the host is no workstation (HarfangLab says: ${word}), and contain.servers is false`),
    );
    expect(bench.orders).toEqual([]);
  });

  it('isolates a server where contain.servers says so', async () => {
    await at([{ ...WKS, producttype: 'server' }], { contain: { servers: true } });
    expect(await contain({ hostname: 'WKS-7' })).toEqual(PENDING);
  });

  it('takes a manager that tells no kind of product for its word on the system', async () => {
    await at([{ ...WKS, producttype: null, osproducttype: 'Windows 10 Pro' }]);
    expect(await contain({ hostname: 'WKS-7' })).toEqual(PENDING);
  });

  it.each([
    ['WKS-7', 'WKS-7'],
    ['wks-7', 'WKS-7'],
    ['WKS-7.acme.local', 'WKS-7'],
    ['WKS-7', 'WKS-7.acme.local'],
    [agentId('a'), 'WKS-7'],
    [agentId('A'), 'WKS-7'],
    ['ＷＫＳ-7', 'WKS-7'],
  ])('never isolates what is on contain.never: %s for %s', async (entry, hostname) => {
    await at([{ ...WKS, hostname }], { contain: { never: ['other', entry], servers: true } });
    for (const device of [{ hostname }, { id: agentId('a') }])
      expect(await contain(device)).toEqual(notIsolated('the host is on contain.never'));
    expect(bench.orders).toEqual([]);
  });

  it.each(['WKS-77', 'WKS', agentId('b')])(
    'takes no other entry of contain.never for it: %s',
    async (entry) => {
      await at([WKS], { contain: { never: [entry] } });
      expect(await contain({ hostname: 'WKS-7' })).toEqual(PENDING);
    },
  );

  it('isolates three hosts in a rolling hour, and one more only where a person wants it', async () => {
    const digits = ['1', '2', '3', '4', '5'];
    await at(digits.map((digit) => ({ id: agentId(digit), hostname: `WKS-${digit}` })));
    for (const digit of ['1', '2', '3']) {
      expect(await contain({ hostname: `WKS-${digit}` })).toEqual(PENDING);
      bench.nowMs += 10 * MINUTE_MS;
    }
    const full = waitsForHuman(
      '3 hosts were isolated in the last hour, and contain.per_hour_max allows no more',
    );
    expect(await contain({ hostname: 'WKS-4' })).toEqual(full);
    // One that is isolated already takes none of them.
    expect(await contain({ hostname: 'WKS-1' })).toEqual({ kind: 'delivered' });
    bench.nowMs += 31 * MINUTE_MS;
    expect(await contain({ hostname: 'WKS-4' })).toEqual(PENDING);
    expect(await contain({ hostname: 'WKS-5' })).toEqual(full);
    bench.isRedriven = true;
    expect(await contain({ hostname: 'WKS-5' })).toEqual(PENDING);
    expect(bench.orders).toEqual([1, 2, 3, 4, 5].map((digit) => `isolate ${digit}`));
  });

  it('remembers no host name and no detection in clear', async () => {
    await at([WKS]);
    await contain({ hostname: 'WKS-7' }, { user: { id: 'alice' } });
    await bench.channel.liftContainment?.({ hostname: 'WKS-7' }, bench.io);
    expect(bench.memory.entries('')).toHaveLength(3);
    expect(JSON.stringify(bench.memory.entries(''))).not.toMatch(/wks|det-|alice/i);
  });
});

describe('the test of the channel', () => {
  const check = async () => bench.channel.check?.(bench.io);

  it('reads one agent and one logon, and says what it could not test', async () => {
    await at([WKS]);
    expect(await check()).toEqual({
      outcome: { kind: 'delivered' },
      notes: [
        'Agents can be looked up.',
        expect.stringContaining('only isolating one tells'),
        'Logons can be looked up.',
      ],
    });
    expect(bench.asked).toEqual([
      'GET /api/data/endpoint/Agent/?limit=1',
      'GET /api/data/telemetry/authentication/AuthenticationWindows/?limit=1',
    ]);
  });

  it('takes a missing permission to telemetry for no failure, and names it', async () => {
    await at([WKS], {}, { permissions: [PERMISSIONS.endpointsView] });
    const checked = await check();
    expect(checked?.outcome).toEqual({ kind: 'delivered' });
    expect(checked?.notes.at(-1)).toMatch(/^Logons can not be looked up: .*"View telemetry"/);
  });

  it('reads no logon where the destination may not know users', async () => {
    await at([WKS], { privacy: { user_id: 'pseudonymise' } });
    expect((await check())?.notes.at(-1)).toContain('privacy.user_id is not keep');
    expect(bench.asked).toHaveLength(1);
  });

  it.each<[string, () => void, object]>([
    [
      'the permission to endpoints',
      () => bench.edr.setPermissions([]),
      { kind: 'blocked', reason: 'forbidden' },
    ],
    ['the right token', () => bench.edr.rotateToken('new'), { kind: 'blocked', reason: 'unauthorized' }],
    [
      'an API behind the login page',
      () => bench.edr.presentLoginPage(),
      { kind: 'blocked', reason: 'html_answer' },
    ],
    [
      'a list in the answer',
      () => void bench.edr.fail({ match: () => true, status: 200, body: {} }),
      { kind: 'retry', reason: 'server_error' },
    ],
  ])('fails without %s', async (_what, spoil, outcome) => {
    await at([WKS]);
    spoil();
    expect(await check()).toMatchObject({ outcome });
  });
});
