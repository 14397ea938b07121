import { afterEach, describe, expect, it } from 'vitest';

import type { HostReference, Lifted } from '../../../src/destinations/destination.ts';
import { HostBench, agentId } from './host-bench.ts';

const MINUTE_MS = 60_000;

let bench: HostBench;
afterEach(async () => bench.falcon.stop());

const at = async (...given: Parameters<typeof HostBench.of>) => (bench = await HostBench.of(...given));

const WKS = { device_id: agentId('a'), hostname: 'WKS-7' };
const SERVER = { device_id: agentId('b'), hostname: 'DC-01', product_type_desc: 'Domain Controller' };

describe('lifting a containment', () => {
  const isAction = ({ path }: { readonly path: string }) => path === '/devices/entities/devices-actions/v2';
  const CONTAINED = { ...WKS, status: 'contained' as const };

  async function lift(reference: HostReference): Promise<Lifted | undefined> {
    return bench.channel('containment').liftContainment?.(reference, bench.io);
  }

  it.each([{ deviceId: agentId('a') }, { hostname: 'wks-7' }])(
    'lets the host back by %j',
    async (reference) => {
      await at([CONTAINED, SERVER]);
      expect(await lift(reference)).toEqual({
        kind: 'lifted',
        deviceId: agentId('a'),
        detail: expect.stringContaining('lets the host back'),
      });
      expect(bench.actions).toEqual(['lift_containment a']);
    },
  );

  it('lets a host back that is on its way out, and asks nothing again for one on its way back', async () => {
    await at([{ ...WKS, status: 'containment_pending' }]);
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'lifted' });
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({
      kind: 'lifted',
      detail: expect.stringContaining('asked before'),
    });
    expect(bench.actions).toEqual(['lift_containment a']);
  });

  it.each<[string, HostReference, string]>([
    ['is not isolated', { hostname: 'WKS-7' }, 'the host is not isolated'],
    ['is not known', { hostname: 'WKS-9' }, 'Falcon knows no host of this name'],
    [
      'is not the only one of its name',
      { hostname: 'TWIN' },
      'Falcon knows 2 hosts of this name: which one is meant can not be told',
    ],
    [
      'has a pattern for a name',
      { hostname: 'WKS*' },
      "the host's name must have no quote, asterisk, backslash or control character",
    ],
  ])('is refused for a host that %s', async (_case, reference, detail) => {
    const twin = { hostname: 'TWIN', status: 'contained' as const };
    await at([WKS, { ...twin, device_id: agentId('d') }, { ...twin, device_id: agentId('e') }]);
    expect(await lift(reference)).toEqual({ kind: 'refused', detail });
    expect(bench.actions).toEqual([]);
  });

  it('is refused when the search index is behind and the record has another name', async () => {
    await at([{ ...CONTAINED, hostname: 'INFECTED-9' }]);
    bench.falcon.fail({
      match: ({ path }) => path.startsWith('/devices/combined'),
      status: 200,
      body: { resources: [CONTAINED] },
    });
    expect(await lift({ hostname: 'WKS-7' })).toEqual({
      kind: 'refused',
      detail: "Falcon's search is behind: the host that it shows has another name by now",
    });
    expect(bench.actions).toEqual([]);
  });

  it('lets back what the config protects from being isolated, too', async () => {
    await at([{ ...SERVER, status: 'contained' }], { contain: { never: ['DC-01'] } });
    expect(await lift({ hostname: 'DC-01' })).toMatchObject({ kind: 'lifted' });
  });

  it('answers for what was detected before: a late retry does not isolate the host again', async () => {
    await at([WKS]);
    const device = { hostname: 'WKS-7' };
    const early = bench.detection('det-early', { device });
    await bench.deliver('containment', bench.detection('det-1', { device }));
    bench.nowMs += MINUTE_MS;
    expect(await lift(device)).toMatchObject({ kind: 'lifted' });
    bench.nowMs += MINUTE_MS;
    expect(await bench.deliver('containment', early)).toEqual({
      kind: 'rejected',
      status: null,
      excerpt: 'not isolated: an operator has let the host back into the network since',
    });
    expect(await bench.deliver('containment', bench.detection('det-2', { device }))).toEqual({
      kind: 'delivered',
    });
    expect(bench.actions).toEqual(['contain a', 'lift_containment a', 'contain a']);
  });

  it('answers for a detection by a clock that is ahead of the relay, too', async () => {
    await at([CONTAINED]);
    const ahead = new Date(bench.nowMs + 4 * MINUTE_MS).toISOString();
    const early = bench.detection('det-ahead', {
      device: { hostname: 'WKS-7' },
      firstAt: ahead,
      lastAt: ahead,
    });
    expect(early.occurredAt).toBe(ahead);
    bench.nowMs += MINUTE_MS;
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'lifted' });
    bench.nowMs += MINUTE_MS;
    expect(await bench.deliver('containment', early)).toMatchObject({ kind: 'rejected', status: null });
    expect(bench.actions).toEqual(['lift_containment a']);
  });

  it('is not forgotten when it is asked for again and that fails', async () => {
    await at([CONTAINED]);
    const early = bench.detection('det-early', { device: { hostname: 'WKS-7' } });
    bench.nowMs += MINUTE_MS;
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'lifted' });
    const kept = [...bench.memory.values];
    bench.nowMs += MINUTE_MS;
    bench.falcon.fail({
      match: ({ path }) => path === '/devices/entities/devices/v2',
      status: 200,
      body: { resources: [CONTAINED] },
      times: 1,
    });
    bench.falcon.fail({ match: isAction, status: 429, body: {}, times: 1 });
    expect(await lift({ deviceId: agentId('a') })).toMatchObject({ kind: 'failed' });
    expect([...bench.memory.values]).toEqual(kept);
    expect(await bench.deliver('containment', early)).toMatchObject({ kind: 'rejected', status: null });
    expect(bench.actions).toEqual(['lift_containment a']);
  });

  it.each<[number, unknown, object]>([
    [
      403,
      null,
      { kind: 'blocked', reason: 'scope_missing', detail: expect.stringContaining('Hosts: Write') },
    ],
    [
      404,
      [{ code: 404, message: 'host not found' }],
      { kind: 'rejected', status: 404, excerpt: '404 host not found' },
    ],
    [409, [{ code: 409, message: 'conflict' }], { kind: 'rejected', status: 409, excerpt: '409 conflict' }],
    [429, null, { kind: 'retry', reason: 'busy' }],
    [202, [{ code: 500, message: 'not done' }], { kind: 'rejected', status: 202, excerpt: '500 not done' }],
  ])('with %d says what Falcon said, and does not count as lifted', async (status, errors, outcome) => {
    await at([CONTAINED]);
    bench.falcon.fail({ match: isAction, status, body: { resources: null, errors } });
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({
      kind: 'failed',
      outcome,
      deviceId: agentId('a'),
    });
    expect(bench.memory.entries('lifted:')).toEqual([]);
  });

  it('is found done when it is asked for again after an answer that was never seen', async () => {
    await at([CONTAINED]);
    bench.falcon.fail({ match: isAction, drop: 'after_reading', times: 1 });
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'failed', outcome: { kind: 'retry' } });
    expect(await lift({ hostname: 'WKS-7' })).toMatchObject({ kind: 'lifted' });
    expect(bench.actions).toEqual(['lift_containment a']);
  });
});

describe('the test of the channel', () => {
  it('looks hosts up, isolates none, and says what it could not test', async () => {
    await at([WKS]);
    expect(await bench.channel('containment').check?.(bench.io)).toEqual({
      outcome: { kind: 'delivered' },
      notes: ['Hosts can be looked up.', expect.stringContaining('Hosts: Write could not be tested')],
    });
    expect(bench.asked).toEqual(['GET /devices/queries/devices/v1?limit=1']);
    expect(bench.actions).toEqual([]);
  });

  it('takes a 2xx with errors for no success', async () => {
    await at([WKS]);
    const errors = [{ code: 403, message: 'access denied, authorization failed' }];
    bench.falcon.fail({
      match: ({ path }) => path.startsWith('/devices/queries'),
      status: 200,
      body: { resources: null, errors },
    });
    expect(await bench.channel('containment').check?.(bench.io)).toEqual({
      outcome: {
        kind: 'retry',
        reason: 'server_error',
        detail: 'HTTP 200 with an error',
        status: 200,
        excerpt: '403 access denied, authorization failed',
      },
      notes: [],
    });
  });

  it('names the scope that is missing', async () => {
    await at([WKS], {}, { scopes: ['devices:write'] });
    expect(await bench.channel('containment').check?.(bench.io)).toMatchObject({
      outcome: { kind: 'blocked', reason: 'scope_missing', detail: expect.stringContaining('Hosts: Read') },
      notes: [],
    });
  });
});
