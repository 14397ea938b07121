/** What comes of the request that isolates an agent, and when it is not made. */

import { afterEach, describe, expect, it } from 'vitest';

import { NOT_SENT } from '../../../src/domain/outcome.ts';
import { PERMISSIONS } from '../../simulators/harfanglab-api.ts';
import { notIsolated } from '../isolation-bench.ts';
import { AgentBench, OTHER, PENDING, WKS, agentId } from './agent-bench.ts';

const isIsolate = ({ path }: { readonly path: string }) => path.endsWith('/isolate/');

let bench: AgentBench;
afterEach(async () => bench.edr.stop());

const at = async (...given: Parameters<typeof AgentBench.of>) => (bench = await AgentBench.of(...given));
const contain: AgentBench['contain'] = async (...given) => bench.contain(...given);

describe('the request that isolates', () => {
  const one = { contain: { per_hour_max: 1 } };

  it('is refused in a sentence where the policy of the agent has isolation off, though HTTP says 200', async () => {
    await at([{ ...WKS, policy: { name: 'Prod\nlaptops', use_isolation: false } }, OTHER], one);
    expect(await contain({ hostname: 'WKS-7' })).toEqual({
      kind: 'rejected',
      status: 200,
      excerpt: 'not isolated: the agent\'s policy "Prod laptops" has isolation off (HTTP says 200)',
    });
    expect(bench.outcomes).toEqual(['asked', 'failed']);
    expect(bench.orders).toEqual([]);
    // It takes none of the hour.
    expect(await contain({ hostname: 'WKS-8' })).toEqual(PENDING);
  });

  it('is refused where HarfangLab did not take the order', async () => {
    await at([WKS, OTHER], one);
    const body = { requested: [], unrequested: [agentId('a')], policy_not_allowed: [] };
    bench.edr.fail({ match: isIsolate, status: 200, body, times: 1 });
    expect(await contain({ hostname: 'WKS-7' })).toEqual({
      kind: 'rejected',
      status: 200,
      excerpt: expect.stringContaining('HarfangLab did not take the order'),
    });
    expect(bench.outcomes).toEqual(['asked', 'failed']);
    expect(await contain({ hostname: 'WKS-8' })).toEqual(PENDING);
  });

  it('is done where somebody else has isolated the agent meanwhile', async () => {
    await at([WKS]);
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof bench.io.send>[0]) => {
        if (request.url.includes('/isolate/')) bench.edr.addAgent({ ...WKS, isolation_state: true });
        return bench.io.send(request);
      },
    };
    const event = bench.detection('det', { device: { hostname: 'WKS-7' } });
    expect(await bench.deliver(event, io)).toEqual({ kind: 'delivered' });
    expect(bench.outcomes).toEqual(['asked', 'failed']);
  });

  it('is refused for an agent that is gone', async () => {
    await at([WKS]);
    bench.edr.fail({ match: isIsolate, status: 404, body: { detail: 'Not found.' } });
    expect(await contain({ hostname: 'WKS-7' })).toEqual({
      kind: 'rejected',
      status: 404,
      excerpt: 'not isolated: HarfangLab knows the agent no more',
    });
  });

  it.each<[number, object]>([
    [403, { kind: 'blocked', reason: 'forbidden', detail: expect.stringContaining('"Isolate endpoints"') }],
    [401, { kind: 'blocked', reason: 'unauthorized' }],
    [429, { kind: 'retry', reason: 'busy' }],
    [400, { kind: 'rejected', status: 400 }],
  ])('with %d is given back to the hour, as it was not done for sure', async (status, outcome) => {
    await at([WKS, OTHER], one);
    bench.edr.fail({ match: isIsolate, status, body: { detail: 'no' }, times: 1 });
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject(outcome);
    expect(bench.outcomes).toEqual(['asked', 'failed']);
    expect(await contain({ hostname: 'WKS-8' })).toEqual(PENDING);
  });

  it('names the permission that a look-up needs', async () => {
    await at([WKS], {}, { permissions: [PERMISSIONS.endpointsIsolate] });
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject({
      kind: 'blocked',
      reason: 'forbidden',
      detail: expect.stringContaining('"View endpoints"'),
    });
  });

  it('is held back by a login page in front of the manager', async () => {
    await at([WKS]);
    bench.edr.presentLoginPage();
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject({ kind: 'blocked', reason: 'html_answer' });
    bench.edr.presentLoginPage(true, [`/api/data/endpoint/Agent/${agentId('a')}/isolate/`]);
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject({ kind: 'blocked', reason: 'html_answer' });
    expect(bench.orders).toEqual([]);
  });

  it('is not made once the config has changed, and the audit has nothing of it', async () => {
    await at([WKS]);
    bench.isCurrent = () => false;
    expect(await contain({ hostname: 'WKS-7' })).toBe(NOT_SENT);
    expect(bench.edr.requests.some(isIsolate)).toBe(false);
    expect([bench.audited, bench.memory.entries('')]).toEqual([[], []]);
  });

  it('is not made when an operator lets the host back while it waits to be sent', async () => {
    await at([WKS]);
    const { send } = bench.io;
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        if (request.url.includes('/isolate/')) {
          bench.edr.addAgent({ ...WKS, isolation_state: true });
          await bench.channel.liftContainment?.({ deviceId: agentId('a') }, bench.io);
          bench.edr.addAgent(WKS);
        }
        return send(request);
      },
    };
    const event = bench.detection('det', { device: { hostname: 'WKS-7' } });
    expect(await bench.deliver(event, io)).toEqual(notIsolated(/an operator has let the host back/));
    expect(bench.orders).toEqual(['deisolate a']);
    expect(bench.audited).toEqual([]);
    expect(bench.memory.entries('isolation:')).toEqual([]);
  });

  it('is in the audit, the hour and the orders before it leaves, so that a crash forgets nothing', async () => {
    await at([WKS]);
    const seen: unknown[] = [];
    const { send } = bench.io;
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        const onSend = (): void => {
          request.onSend?.();
          if (!request.url.includes('/isolate/')) return;
          seen.push(...bench.outcomes, ...bench.memory.entries('').map(([key]) => key.split(':')[0]));
        };
        return send({ ...request, onSend });
      },
    };
    await bench.deliver(bench.detection('det-1', { device: { hostname: 'WKS-7' } }), io);
    expect(seen).toEqual(['asked', 'isolation', 'order']);
    expect(bench.audited).toEqual([
      {
        action: 'host.isolated',
        detection: 'det-1',
        rule: '17959439-cff0-46d2-9135-de30a0d097dc',
        deviceId: agentId('a'),
        outcome: 'asked',
      },
    ]);
  });

  it('is not sent when the audit can not hold it', async () => {
    await at([WKS]);
    const io = {
      ...bench.io,
      audit: () => {
        throw new Error('Cannot write as the disk must work: it does not');
      },
    };
    const event = bench.detection('det', { device: { hostname: 'WKS-7' } });
    await expect(bench.deliver(event, io)).rejects.toThrow('Cannot write');
    expect(bench.edr.requests.some(isIsolate)).toBe(false);
    expect(bench.memory.entries('')).toEqual([]);
  });
});
