/** What is the customer's own is acted on only with the config of now, and never without the audit. */

import { afterEach, describe, expect, it } from 'vitest';

import type { ChannelKind } from '../../../src/destinations/destination.ts';
import { NOT_SENT, type Outcome } from '../../../src/domain/outcome.ts';
import { CONNECTIONS } from '../isolation-bench.ts';
import { HostBench, agentId } from './host-bench.ts';

const CONTAIN = '/devices/entities/devices-actions/v2';
const EXECUTE = '/workflows/entities/execute/v1';
const RULE = '17959439-cff0-46d2-9135-de30a0d097dc';
const WKS = { device_id: agentId('a'), hostname: 'WKS-7' };
const ACTIONS = [
  { kind: 'containment', path: CONTAIN, action: 'host.isolated', done: 'isolated' },
  { kind: 'workflows', path: EXECUTE, action: 'workflow.started', done: 'started' },
] as const;

let bench: HostBench;
afterEach(async () => bench.falcon.stop());

async function start(status: 'normal' | 'contained' = 'normal'): Promise<void> {
  const workflows = [
    { id: agentId('1'), name: 'Isolate and tell', enabled: true, trigger: 'On demand' },
  ] as const;
  bench = await HostBench.start({ hosts: [{ ...WKS, status }], workflows });
}

async function deliver(kind: ChannelKind): Promise<Outcome> {
  return bench.deliver(kind, bench.detection('det-1', { device: { hostname: 'WKS-7' } }));
}

const requestsTo = (path: string) => bench.falcon.requests.filter((request) => request.path === path);

describe.each(ACTIONS)('the channel $kind', ({ kind, path, action, done }) => {
  const atAction = (request: { readonly path: string }) => request.path === path;

  it('sends nothing, and audits nothing, once the config has changed', async () => {
    await start();
    bench.isCurrent = () => false;
    expect(await deliver(kind)).toBe(NOT_SENT);
    expect(requestsTo(path)).toEqual([]);
    expect(bench.audited).toEqual([]);
    expect(bench.memory.entries('isolation:')).toEqual([]);
    bench.isCurrent = () => true;
    expect(await deliver(kind)).toEqual({ kind: 'delivered' });
  });

  it('looks at the config last, when its token is there', async () => {
    await start();
    const order: string[] = [];
    bench.isCurrent = () => {
      order.push(...bench.falcon.requests.map((request) => request.path));
      return false;
    };
    await deliver(kind);
    expect(order).toContain('/oauth2/token');
  });

  it('looks at the config when it has a connection, however long that was in coming', async () => {
    await start();
    const { send } = bench.io;
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        if (!request.url.includes(path)) return send(request);
        const held = await Promise.all(
          Array.from({ length: CONNECTIONS }, async () => bench.connections.acquire()),
        );
        const answer = send(request);
        bench.isCurrent = () => false;
        for (const release of held) release();
        return answer;
      },
    };
    const event = bench.detection('det-1', { device: { hostname: 'WKS-7' } });
    expect(await bench.channel(kind).deliver([event], io)).toBe(NOT_SENT);
    expect(requestsTo(path)).toEqual([]);
    expect(bench.audited).toEqual([]);
    expect(bench.memory.entries('isolation:')).toEqual([]);
  });

  it('looks at it again before it asks with another token', async () => {
    await start();
    bench.falcon.fail({ match: atAction, status: 401, body: { errors: null }, times: 1 });
    bench.isCurrent = () => requestsTo(path).length === 0;
    expect(await deliver(kind)).toBe(NOT_SENT);
    expect(requestsTo(path)).toHaveLength(1);
  });

  it('has the audit say what it asks for before it asks, and what came of it after', async () => {
    await start();
    bench.isCurrent = () => {
      expect(bench.audited).toEqual([]);
      return true;
    };
    const { send } = bench.io;
    const seen: unknown[] = [];
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        const onSend = (): void => {
          request.onSend?.();
          if (request.url.includes(path)) seen.push(...bench.outcomes);
        };
        return send({ ...request, onSend });
      },
    };
    const event = bench.detection('det-1', { device: { hostname: 'WKS-7' } });
    expect(await bench.channel(kind).deliver([event], io)).toEqual({ kind: 'delivered' });
    expect(seen).toEqual(['asked']);
    const facts = { action, detection: 'det-1', rule: RULE };
    expect(bench.audited).toMatchObject([
      { ...facts, outcome: 'asked' },
      { ...facts, outcome: done },
    ]);
    expect(JSON.stringify(bench.audited)).not.toContain('WKS');
  });

  it('sends nothing that the audit can not hold', async () => {
    await start();
    const io = {
      ...bench.io,
      audit: () => {
        throw new Error('Cannot write as the disk must work: it does not');
      },
    };
    const event = bench.detection('det-1', { device: { hostname: 'WKS-7' } });
    await expect(bench.channel(kind).deliver([event], io)).rejects.toThrow('Cannot write');
    expect(requestsTo(path)).toEqual([]);
    expect(bench.memory.entries('isolation:')).toEqual([]);
  });

  it('audits an attempt once, also when its token was renewed', async () => {
    await start();
    bench.falcon.fail({ match: atAction, status: 401, body: { errors: null }, times: 1 });
    await deliver(kind);
    expect(requestsTo(path)).toHaveLength(2);
    expect(bench.outcomes).toEqual(['asked', done]);
  });

  it('audits nothing that was not asked for, as no token was to be had', async () => {
    await start();
    bench.falcon.fail({ match: ({ path: at }) => at === '/oauth2/token', status: 401, body: {} });
    expect(await deliver(kind)).toMatchObject({ kind: 'blocked' });
    expect(bench.outcomes).toEqual([]);
  });

  it('audits that it failed only where an answer says so', async () => {
    await start();
    bench.falcon.fail({ match: atAction, status: 429, body: {}, times: 1 });
    await deliver(kind);
    expect(bench.outcomes).toEqual(['asked', 'failed']);
    bench.falcon.fail({ match: atAction, drop: 'after_reading', times: 1 });
    await deliver(kind);
    expect(bench.outcomes).toEqual(['asked', 'failed', 'asked']);
  });
});

describe('the audit of isolations', () => {
  it('has none of a host that somebody else had isolated', async () => {
    await start('contained');
    expect(await deliver('containment')).toEqual({ kind: 'delivered' });
    expect(bench.audited).toEqual([]);
  });

  it('has the one whose answer was never seen, and its end once that is', async () => {
    await start();
    bench.falcon.fail({ match: ({ path }) => path === CONTAIN, drop: 'after_reading', times: 1 });
    await deliver('containment');
    expect(bench.outcomes).toEqual(['asked']);
    expect(await deliver('containment')).toEqual({ kind: 'delivered' });
    expect(bench.outcomes).toEqual(['asked', 'isolated']);
  });

  it('names the host by its agent id', async () => {
    await start();
    await deliver('containment');
    expect(bench.audited.map(({ deviceId }) => deviceId)).toEqual([agentId('a'), agentId('a')]);
  });

  it('does not say isolated where somebody else was faster', async () => {
    await start();
    bench.falcon.fail({ match: ({ path }) => path === CONTAIN, status: 409, body: {}, times: 1 });
    const { send } = bench.io;
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        const answer = await send(request);
        if (request.url.includes(CONTAIN)) bench.falcon.addHost({ ...WKS, status: 'contained' });
        return answer;
      },
    };
    const event = bench.detection('det-1', { device: { hostname: 'WKS-7' } });
    expect(await bench.channel('containment').deliver([event], io)).toEqual({ kind: 'delivered' });
    expect(bench.outcomes).toEqual(['asked', 'failed']);
  });
});
