import { afterEach, describe, expect, it } from 'vitest';

import type { HostReference, Lifted } from '../../../src/destinations/destination.ts';
import { AgentBench, WKS, agentId } from './agent-bench.ts';

const MINUTE_MS = 60_000;
const ISOLATED = { ...WKS, isolation_state: true };
const DEVICE = { device: { hostname: 'WKS-7' } };
const isLift = ({ path }: { readonly path: string }) => path.endsWith('/deisolate/');

let bench: AgentBench;
afterEach(async () => bench.edr.stop());

const at = async (...given: Parameters<typeof AgentBench.of>) => (bench = await AgentBench.of(...given));

async function lift(reference: HostReference): Promise<Lifted | undefined> {
  return bench.channel.liftContainment?.(reference, bench.io);
}

describe('lifting an isolation', () => {
  it.each([{ deviceId: agentId('A') }, { hostname: 'wks-7' }])(
    'lets the host back by %j',
    async (reference) => {
      await at([ISOLATED]);
      expect(await lift(reference)).toEqual({
        kind: 'lifted',
        deviceId: agentId('a'),
        detail: expect.stringMatching(
          /was asked to let the host back: .* when its agent connects the next time/,
        ),
      });
      expect(bench.orders).toEqual(['deisolate a']);
      bench.nowMs += MINUTE_MS;
      expect(bench.edr.agent(agentId('a'))?.isolation_state).toBe(false);
    },
  );

  it('is as good as done when it was asked for before', async () => {
    await at([ISOLATED]);
    await lift({ hostname: 'WKS-7' });
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({
      kind: 'lifted',
      detail: expect.stringContaining('asked before'),
    });
    expect(bench.orders).toEqual(['deisolate a']);
  });

  it('takes an order back that HarfangLab holds for an agent that is away', async () => {
    await at([{ ...WKS, status: 'offline' }]);
    expect(await bench.follow(bench.detection('det', DEVICE))).toMatchObject({ kind: 'rejected' });
    bench.nowMs += MINUTE_MS;
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'lifted' });
    bench.edr.setAgentStatus(agentId('a'), 'online');
    bench.nowMs += MINUTE_MS;
    expect(bench.edr.agent(agentId('a'))?.isolation_state).toBe(false);
    expect(bench.orders).toEqual(['isolate a', 'deisolate a']);
  });

  it.each<[string, HostReference, string]>([
    ['is not isolated', { hostname: 'WKS-7' }, 'the host is not isolated'],
    ['is not known', { hostname: 'WKS-9' }, 'HarfangLab knows no agent of this name'],
    ['has an id that is not known', { deviceId: agentId('f') }, 'HarfangLab knows no agent with this id'],
    [
      'has an id of another product',
      { deviceId: 'f'.repeat(32) },
      'the id of the agent is no UUID, as those of HarfangLab are',
    ],
    [
      'is not the only one of its name',
      { hostname: 'TWIN' },
      'HarfangLab knows 2 agents of this name, 2 of them online: which one is meant can not be told',
    ],
  ])('is refused for a host that %s', async (_case, reference, detail) => {
    const twin = { hostname: 'TWIN', isolation_state: true };
    await at([WKS, { ...twin, id: agentId('d') }, { ...twin, id: agentId('e') }]);
    expect(await lift(reference)).toEqual({ kind: 'refused', detail });
    expect(bench.edr.requests.some(isLift)).toBe(false);
  });

  it('lets back what the config protects from being isolated, too', async () => {
    await at([{ ...ISOLATED, producttype: 'server' }], { contain: { never: ['WKS-7'] } });
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'lifted' });
  });

  it('fails where the policy forbids it, though HTTP says 200, and is forgotten', async () => {
    await at([ISOLATED]);
    const body = { requested: [], unrequested: [], policy_not_allowed: [agentId('a')] };
    bench.edr.fail({ match: isLift, status: 200, body });
    expect(await lift({ hostname: 'WKS-7' })).toEqual({
      kind: 'failed',
      deviceId: agentId('a'),
      outcome: {
        kind: 'rejected',
        status: 200,
        excerpt: 'not let back: the agent\'s policy "Default" has isolation off (HTTP says 200)',
      },
    });
    expect(bench.memory.entries('lifted:')).toEqual([]);
  });

  it.each<[string, object, boolean]>([
    ['403', { status: 403, body: { detail: 'no' } }, false],
    ['404', { status: 404, body: { detail: 'Not found.' } }, false],
    ['an order that was not taken', { status: 200, body: { unrequested: [agentId('a')] } }, false],
    ['a lost answer', { drop: 'after_reading' }, true],
    ['an answer that says nothing', { status: 200, body: {} }, true],
  ])('fails with %s, and is remembered only where it may be done', async (_case, fault, isKept) => {
    await at([ISOLATED]);
    bench.edr.fail({ match: isLift, ...fault });
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'failed', deviceId: agentId('a') });
    expect(bench.memory.entries('lifted:')).toHaveLength(isKept ? 1 : 0);
  });

  it('is done where the agent is back meanwhile', async () => {
    await at([ISOLATED]);
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof bench.io.send>[0]) => {
        if (request.url.includes('/deisolate/')) bench.edr.addAgent(WKS);
        return bench.io.send(request);
      },
    };
    expect(await bench.channel.liftContainment?.({ hostname: 'WKS-7' }, io)).toMatchObject({
      kind: 'lifted',
    });
  });

  it.each<[string, () => void, object]>([
    ['a login page', () => bench.edr.presentLoginPage(), { kind: 'blocked', reason: 'html_answer' }],
    ['a missing permission', () => bench.edr.setPermissions([]), { kind: 'blocked', reason: 'forbidden' }],
  ])('fails with what the look-up fails with: %s', async (_what, spoil, outcome) => {
    await at([ISOLATED]);
    spoil();
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'failed', outcome });
  });

  it('answers for what was detected before: a late retry does not isolate the host again', async () => {
    await at([WKS]);
    const early = bench.detection('det-early', DEVICE);
    expect(await bench.follow(bench.detection('det-1', DEVICE))).toEqual({ kind: 'delivered' });
    bench.nowMs += MINUTE_MS;
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'lifted' });
    bench.nowMs += MINUTE_MS;
    expect(await bench.deliver(early)).toEqual({
      kind: 'rejected',
      status: null,
      excerpt: 'not isolated: an operator has let the host back into the network since',
    });
    expect(await bench.follow(bench.detection('det-2', DEVICE))).toEqual({ kind: 'delivered' });
    expect(bench.orders).toEqual(['isolate a', 'deisolate a', 'isolate a']);
  });
});
