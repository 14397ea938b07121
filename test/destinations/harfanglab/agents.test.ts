/** Which of several agents is meant by a name. */

import { afterEach, describe, expect, it } from 'vitest';

import { oneAgent } from '../../../src/destinations/harfanglab/agent-of-detection.ts';
import { harfangLabApi } from '../../../src/destinations/harfanglab/api.ts';
import type { NewAgent } from '../../simulators/harfanglab-agents.ts';
import type { HarfangLabOptions } from '../../simulators/harfanglab.ts';
import { AgentBench, agentId } from './agent-bench.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 8);
const HOUR_MS = 3_600_000;
const LIST = '/api/data/endpoint/Agent/';

let bench: AgentBench;
afterEach(async () => bench.edr.stop());

async function start(options: Partial<HarfangLabOptions>): Promise<void> {
  bench = await AgentBench.start(options);
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

  const listed = (results: readonly unknown[], count = results.length) => ({ count, next: null, results });
  it.each<[string, unknown]>([
    ['says that there are more', listed([dc('a', NOW)], 2)],
    ['goes on with nothing', { count: 1, next: '/api/data/endpoint/Agent/?offset=200', results: [] }],
    ['has one of the name whose id is no text', listed([dc('a', BEFORE), { ...dc('b', NOW), id: 42 }])],
    ['has one without a name', listed([dc('a', NOW), { id: agentId('b'), hostname: null }])],
    ['has a row that is no record', [dc('a', NOW), 'DC-01 too']],
    ['has an agent twice', [dc('a', NOW), dc('a', { ...BEFORE, machine_serial: 's-2' })]],
  ])('is nobody where a list %s', async (_case, body) => {
    await start({ agents: [dc('a', NOW)] });
    bench.edr.fail({ match: ({ path }) => path === LIST, status: 200, body });
    expect(await find('DC-01')).toMatch(/^HarfangLab's list of agents does not add up/);
  });

  it('is nobody where the pages repeat, as from a manager that does not know the offset', async () => {
    await start({ agents: [dc('a', NOW), dc('b', NOW)] });
    for (const isFirst of [true, false])
      bench.edr.fail({
        match: ({ path, query }) => path === LIST && query.has('offset') !== isFirst,
        status: 200,
        body: { count: 2, next: isFirst ? `${LIST}?limit=1&offset=1` : null, results: [dc('a', NOW)] },
      });
    expect(await find('DC-01')).toMatch(/^HarfangLab's list of agents does not add up/);
  });

  it('is found beside one of another name whose id is no text', async () => {
    await start({ agents: [dc('a', NOW)] });
    const body = listed([dc('a', NOW), { id: 42, hostname: 'DC-011' }]);
    bench.edr.fail({ match: ({ path }) => path === LIST, status: 200, body });
    expect(await find('DC-01')).toBe('a');
  });

  it('is asked for in an order that stays', async () => {
    await start({ agents: [dc('a', NOW)] });
    await find('DC-01');
    const lists = bench.asked.filter((line) => line.includes(`${LIST}?`));
    expect(lists.every((line) => line.includes('ordering=firstseen'))).toBe(true);
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
