import { afterEach, describe, expect, it } from 'vitest';

import { IsolationLog } from '../../../src/destinations/isolation/isolation-log.ts';
import type { Detection } from '../../../src/domain/detection.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { notIsolated, waitsForHuman } from '../isolation-bench.ts';
import { HostBench, agentId } from './host-bench.ts';

const CONTAIN = '/devices/entities/devices-actions/v2';
const MINUTE_MS = 60_000;

let bench: HostBench;
afterEach(async () => bench.falcon.stop());

const at = async (...given: Parameters<typeof HostBench.of>) => (bench = await HostBench.of(...given));

const WKS = { device_id: agentId('a'), hostname: 'WKS-7' };
const SERVER = { device_id: agentId('b'), hostname: 'DC-01', product_type_desc: 'Domain Controller' };

let detections = 0;
async function contain(device: Detection['device'], changes: Partial<Detection> = {}): Promise<Outcome> {
  const event = bench.detection(`det-${++detections}`, { ...(device && { device }), ...changes });
  return bench.deliver('containment', event);
}

describe('a detection that asks to isolate its host', () => {
  it.each<[string, Detection['device'], number]>([
    ['device id', { id: agentId('a') }, 2],
    ['device id, in upper case', { id: agentId('A'), hostname: 'wks-7.acme.local' }, 2],
    ['host name', { hostname: 'wks-7' }, 3],
    ["host name, where the device id is none of Falcon's", { id: 'noxys-17', hostname: 'WKS-7' }, 3],
    ['host name, where Falcon does not know the device id', { id: agentId('f'), hostname: 'WKS-7' }, 4],
  ])('isolates it by its %s', async (_case, device, requests) => {
    await at([WKS, SERVER]);
    expect(await contain(device)).toEqual({ kind: 'delivered' });
    expect(bench.actions).toEqual(['contain a']);
    expect(bench.falcon.apiRequests).toHaveLength(requests);
    expect(bench.falcon.apiRequests.at(-1)).toMatchObject({
      path: CONTAIN,
      query: [['action_name', 'contain']],
      body: { ids: [agentId('a')] },
      status: 202,
    });
  });

  it.each<[string, Detection['device'], string | RegExp]>([
    ['names no device', undefined, /^not isolated: the detection names no device$/],
    ['has a device id that is none of Falcon', { id: 'noxys-17' }, /has no host name, and its device id/],
    ['names a host that Falcon does not know', { hostname: 'WKS-8' }, 'Falcon knows no host of this name'],
    [
      'has an agent id that Falcon does not know',
      { id: agentId('f') },
      'Falcon knows no host with this agent id',
    ],
    [
      'names one with its domain, where Falcon has none',
      { hostname: 'WKS-7.acme.local' },
      'Falcon knows no host of this name',
    ],
    ['names one by a pattern', { hostname: 'WKS-*' }, /the host's name must have no quote, asterisk/],
    ['names one with a quote', { hostname: "WKS-7'" }, /the host's name must have no quote/],
    [
      'names one host by its id and another by its name',
      { id: agentId('a'), hostname: 'DC-01' },
      'the device id and the host name of the detection belong to different hosts',
    ],
  ])('isolates nobody when it %s', async (_case, device, why) => {
    await at([WKS, SERVER]);
    expect(await contain(device)).toEqual(notIsolated(why));
    expect(bench.actions).toEqual([]);
  });

  it.each(['pseudonymise', 'drop'])('names the privacy where that is %s', async (level) => {
    await at([WKS], { privacy: { device: level } });
    expect(await contain(undefined)).toEqual(
      notIsolated(`the detection names no device: privacy.device is ${level}`),
    );
    expect(bench.asked).toEqual([]);
  });

  it.each<[Detection['device'], string]>([
    [undefined, 'contain b'],
    [{ id: 'noxys-17' }, 'contain b'],
    [{ hostname: 'WKS-7' }, 'contain a'],
    [{ id: agentId('a') }, 'contain a'],
  ])("takes the tenant's device map where the detection has no host, as %j", async (device, action) => {
    await at([WKS, { device_id: agentId('b'), hostname: 'WKS-8' }]);
    bench.mapped = 'wks-8';
    expect(await contain(device)).toEqual({ kind: 'delivered' });
    expect(bench.actions).toEqual([action]);
  });

  it("spares a host of the tenant's device map that is on contain.never", async () => {
    await at([WKS], { contain: { never: ['WKS-7.acme.local'] } });
    bench.mapped = 'WKS-7';
    expect(await contain(undefined)).toEqual(notIsolated('the host is on contain.never'));
    expect(bench.actions).toEqual([]);
  });

  it('asks nothing about a pseudonym', async () => {
    await at([WKS]);
    const pseudonym = `p_${'x'.repeat(22)}`;
    for (const device of [
      { id: pseudonym },
      { hostname: pseudonym },
      { id: agentId('a'), hostname: pseudonym },
    ])
      expect(await contain(device)).toEqual(notIsolated(/privacy\.device must be keep/));
    expect(bench.asked).toEqual([]);
  });

  it.each([
    [['WKS-7', 'WKS-7', 'Wks-7'], '3 hosts of this name'],
    [['WKS-7', 'Wks-7'], '2 hosts of this name'],
    [Array.from({ length: 12 }, () => 'WKS-7'), 'ten hosts of this name or more'],
  ])('isolates nobody when several hosts have the name: %j', async (names, hosts) => {
    await at(names.map((hostname, i) => ({ ...WKS, device_id: i.toString(16).repeat(32), hostname })));
    expect(await contain({ hostname: 'wks-7' })).toEqual(
      notIsolated(`Falcon knows ${hosts}: which one is meant can not be told`),
    );
    expect(bench.actions).toEqual([]);
  });

  it.each(['CEO-LAPTOP', ''])(
    'isolates nobody when the search index is behind and the record has another name: %j',
    async (hostname) => {
      await at([{ ...WKS, hostname }]);
      bench.falcon.fail({
        match: ({ path }) => path.startsWith('/devices/combined'),
        status: 200,
        body: { resources: [{ ...WKS, status: 'normal', product_type_desc: 'Workstation' }] },
      });
      expect(await contain({ hostname: 'WKS-7' })).toEqual(
        notIsolated("Falcon's search is behind: the host that it shows has another name by now"),
      );
      expect(bench.actions).toEqual([]);
    },
  );

  it.each([
    [[{ id: agentId('a') }], ['contain a']],
    [[{ hostname: 'WKS-7' }], ['contain a']],
  ])('asks for nothing again once it is on its way or done: %j', async ([device], actions) => {
    await at([WKS]);
    await contain(device);
    for (const status of ['containment_pending', 'contained']) {
      expect(bench.falcon.host(agentId('a'))?.status).toBe(status);
      expect(await contain(device)).toEqual({ kind: 'delivered' });
      bench.nowMs += MINUTE_MS;
    }
    expect(bench.actions).toEqual(actions);
  });
});

describe('an answer that does not say whether there is a host', () => {
  const atRead = ({ path }: { readonly path: string }) => path === '/devices/entities/devices/v2';

  it('loses no isolation', async () => {
    await at([WKS]);
    const match = ({ path }: { readonly path: string }) => path.startsWith('/devices/combined');
    bench.falcon.fail({ match, status: 200, body: {}, times: 1 });
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(await contain({ hostname: 'WKS-7' })).toEqual({ kind: 'delivered' });
  });

  it('does not have the host of another id isolated by its name', async () => {
    await at([WKS, { device_id: agentId('c'), hostname: 'WKS-C' }]);
    bench.falcon.fail({ match: atRead, status: 200, body: {}, times: 1 });
    expect(await contain({ id: agentId('c'), hostname: 'WKS-7' })).toMatchObject({ kind: 'retry' });
    expect(bench.actions).toEqual([]);
  });
});

describe('what protects a host', () => {
  it.each(['Server', 'Domain Controller', 'Pod', ''])(
    'isolates no host of the type %j unless contain.servers says so',
    async (type) => {
      await at([{ ...WKS, product_type_desc: type }]);
      const word = type === '' ? 'not told' : type;
      expect(await contain({ hostname: 'WKS-7' })).toEqual(
        notIsolated(`the host is no workstation (Falcon says: ${word}), and contain.servers is false`),
      );
      expect(bench.actions).toEqual([]);
    },
  );

  it('isolates a server where contain.servers says so', async () => {
    await at([SERVER], { contain: { servers: true } });
    expect(await contain({ hostname: 'DC-01' })).toEqual({ kind: 'delivered' });
    expect(bench.actions).toEqual(['contain b']);
  });

  it.each([
    ['WKS-7', 'WKS-7'],
    ['wks-7', 'WKS-7'],
    ['WKS-7.acme.local', 'WKS-7'],
    ['WKS-7', 'WKS-7.acme.local'],
    [agentId('a'), 'WKS-7'],
    [agentId('A'), 'WKS-7'],
    ['ＷＫＳ-7', 'WKS-7'],
    ['WKS-7', 'ＷＫＳ-7'],
  ])('never isolates what is on contain.never: %s for %s', async (entry, hostname) => {
    await at([{ ...WKS, hostname }], { contain: { never: ['other', entry], servers: true } });
    for (const device of [{ hostname }, { id: agentId('a') }])
      expect(await contain(device)).toEqual(notIsolated('the host is on contain.never'));
    expect(bench.actions).toEqual([]);
  });

  it.each(['WKS-77', 'WKS', 'WKS-7.other.local', agentId('b')])(
    'takes no other entry of contain.never for it: %s',
    async (entry) => {
      await at([{ ...WKS, hostname: 'WKS-7.acme.local' }], { contain: { never: [entry] } });
      expect(await contain({ hostname: 'WKS-7.acme.local' })).toEqual({ kind: 'delivered' });
    },
  );

  it('never isolates a nameless host while names are on contain.never', async () => {
    await at([{ ...WKS, hostname: '' }], { contain: { never: ['DC-01'] } });
    expect(await contain({ id: agentId('a') })).toEqual(notIsolated(/^not isolated: Falcon tells no name/));
    expect(bench.actions).toEqual([]);
  });

  it.each<[string | undefined, string]>([
    ['lift_containment_pending', 'lift_containment_pending'],
    ['quarantined', 'quarantined'],
    ['<b>odd</b>', 'a word that the relay does not know'],
    [undefined, 'not told'],
  ])('isolates no host in the state %s', async (status, word) => {
    await at([{ ...WKS, status: status as 'normal' }]);
    expect(await contain({ id: agentId('a') })).toEqual(
      notIsolated(`Falcon says that its status is ${word}`),
    );
    expect(bench.actions).toEqual([]);
  });

  it('isolates three hosts in a rolling hour, and one more only where a person wants it', async () => {
    const digits = ['1', '2', '3', '4', '5'];
    await at(digits.map((digit) => ({ device_id: agentId(digit), hostname: `WKS-${digit}` })));
    for (const digit of ['1', '2', '3']) {
      expect(await contain({ hostname: `WKS-${digit}` })).toEqual({ kind: 'delivered' });
      bench.nowMs += 10 * MINUTE_MS;
    }
    const full = waitsForHuman(
      '3 hosts were isolated in the last hour, and contain.per_hour_max allows no more',
    );
    expect(await contain({ hostname: 'WKS-4' })).toEqual(full);
    // One that is isolated already takes none of them.
    expect(await contain({ hostname: 'WKS-1' })).toEqual({ kind: 'delivered' });
    bench.nowMs += 31 * MINUTE_MS;
    expect(await contain({ hostname: 'WKS-4' })).toEqual({ kind: 'delivered' });
    expect(await contain({ hostname: 'WKS-5' })).toEqual(full);
    bench.isRedriven = true;
    expect(await contain({ hostname: 'WKS-5' })).toEqual({ kind: 'delivered' });
    expect(bench.actions).toEqual([1, 2, 3, 4, 5].map((digit) => `contain ${digit}`));
  });

  it('takes as many as contain.per_hour_max says', async () => {
    await at([WKS, { ...WKS, device_id: agentId('c'), hostname: 'WKS-8' }], { contain: { per_hour_max: 1 } });
    expect(await contain({ hostname: 'WKS-7' })).toEqual({ kind: 'delivered' });
    expect(await contain({ hostname: 'WKS-8' })).toEqual(
      waitsForHuman(/^not isolated: one host was isolated/),
    );
  });

  it('remembers no host and no detection in clear', async () => {
    await at([WKS]);
    await contain({ hostname: 'WKS-7' });
    await bench.channel('containment').liftContainment?.({ hostname: 'WKS-7' }, bench.io);
    const kept = JSON.stringify(bench.memory.entries(''));
    expect(bench.memory.entries('')).toHaveLength(2);
    expect(kept).not.toMatch(/wks|det-|aaaa/i);
  });
});

describe('an isolation that goes wrong', () => {
  const isContain = ({ path }: { readonly path: string }) => path === CONTAIN;
  const one = { contain: { per_hour_max: 1 } };
  const OTHER = { ...WKS, device_id: agentId('c'), hostname: 'WKS-8' };

  it('was done although the answer was never seen: the next turn reads that, and asks no second time', async () => {
    await at([WKS], one);
    bench.falcon.fail({ match: isContain, drop: 'after_reading', times: 1 });
    const event = bench.detection('det-lost', { device: { hostname: 'WKS-7' } });
    expect(await bench.deliver('containment', event)).toMatchObject({ kind: 'retry', reason: 'network' });
    expect(await bench.deliver('containment', event)).toEqual({ kind: 'delivered' });
    expect(bench.actions).toEqual(['contain a']);
  });

  it('was not done, and the answer was never seen: the next turn asks again, with the same one of the hour', async () => {
    await at([WKS, OTHER], one);
    bench.falcon.fail({ match: isContain, hang: true, times: 1 });
    bench.hurried = CONTAIN;
    const event = bench.detection('det-hung', { device: { hostname: 'WKS-7' } });
    expect(await bench.deliver('containment', event)).toMatchObject({ kind: 'retry', reason: 'timeout' });
    expect(await contain({ hostname: 'WKS-8' })).toEqual(waitsForHuman(/per_hour_max/));
    bench.hurried = '';
    expect(await bench.deliver('containment', event)).toEqual({ kind: 'delivered' });
    expect(bench.actions).toEqual(['contain a']);
  });

  it('stays counted when its answer was never seen and Falcon is busy the next time', async () => {
    await at([WKS, OTHER], one);
    bench.falcon.fail({ match: isContain, hang: true, times: 1 });
    bench.hurried = CONTAIN;
    const event = bench.detection('det-hung', { device: { hostname: 'WKS-7' } });
    expect(await bench.deliver('containment', event)).toMatchObject({ kind: 'retry', reason: 'timeout' });
    bench.hurried = '';
    bench.falcon.fail({ match: isContain, status: 429, body: {}, times: 1 });
    expect(await bench.deliver('containment', event)).toMatchObject({ kind: 'retry', reason: 'busy' });
    expect(await contain({ hostname: 'WKS-8' })).toEqual(waitsForHuman(/per_hour_max/));
  });

  it('counts as one of the hour before it is asked for, so that a crash does not forget it', async () => {
    await at([WKS], one);
    const seen: number[] = [];
    const { send } = bench.io;
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        const onSend = (): void => {
          request.onSend?.();
          if (request.url.includes(CONTAIN)) seen.push(bench.memory.entries('isolation:').length);
        };
        return send({ ...request, onSend });
      },
    };
    await bench
      .channel('containment')
      .deliver([bench.detection('det', { device: { hostname: 'WKS-7' } })], io);
    expect(seen).toEqual([1]);
  });

  it('is not asked for when an operator lets the host back while it waits to be sent, and takes none of the hour', async () => {
    await at([WKS], one);
    const { send } = bench.io;
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        if (request.url.includes(CONTAIN)) new IsolationLog(bench.io).noteLift(WKS.device_id);
        return send(request);
      },
    };
    const event = bench.detection('det', { device: { hostname: 'WKS-7' } });
    expect(await bench.channel('containment').deliver([event], io)).toEqual(
      notIsolated(/an operator has let the host back/),
    );
    expect(bench.falcon.hostActions).toEqual([]);
    expect(bench.audited).toEqual([]);
    expect(bench.memory.entries('isolation:')).toEqual([]);
  });

  it.each<[number, object]>([
    [403, { kind: 'blocked', reason: 'scope_missing', detail: expect.stringContaining('Hosts: Write') }],
    [429, { kind: 'retry', reason: 'busy' }],
    [400, { kind: 'rejected', status: 400 }],
  ])('with %d is given back to the hour, as it was not done for sure', async (status, outcome) => {
    await at([WKS, OTHER], one);
    bench.falcon.fail({
      match: isContain,
      status,
      body: { errors: [{ code: status, message: 'no' }] },
      times: 1,
    });
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject(outcome);
    expect(await contain({ hostname: 'WKS-8' })).toEqual({ kind: 'delivered' });
  });

  it('with 500 stays counted, as it may have been done', async () => {
    await at([WKS, OTHER], one);
    bench.falcon.fail({ match: isContain, status: 500, body: {}, times: 1 });
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(await contain({ hostname: 'WKS-8' })).toEqual(waitsForHuman(/per_hour_max/));
  });

  it.each([
    ['404 partial', 404, []],
    ['202 with errors alone', 202, null],
    ['202 with errors, and another host done', 202, [{ id: agentId('f') }]],
  ])('with %s is refused in the words of Falcon, and given back', async (_case, status, resources) => {
    await at([WKS, OTHER], one);
    const errors = [{ code: 404, message: `host not found: ${agentId('a')}` }];
    bench.falcon.fail({ match: isContain, status, body: { resources, errors }, times: 1 });
    expect(await contain({ hostname: 'WKS-7' })).toEqual({
      kind: 'rejected',
      status,
      excerpt: 'not isolated: 404 host not found: …',
    });
    expect(await contain({ hostname: 'WKS-8' })).toEqual({ kind: 'delivered' });
  });

  it('with 202 and a remark, but done, is done', async () => {
    await at([WKS]);
    const body = { resources: [{ id: agentId('a') }], errors: [{ code: 0, message: 'slow' }] };
    bench.falcon.fail({ match: isContain, status: 202, body, times: 1 });
    expect(await contain({ hostname: 'WKS-7' })).toEqual({ kind: 'delivered' });
  });

  it('with 409 is done when somebody else has isolated the host meanwhile', async () => {
    await at([WKS]);
    bench.falcon.fail({
      match: isContain,
      status: 409,
      body: { errors: [{ code: 409, message: 'conflict' }] },
      times: 1,
    });
    const { send } = bench.io;
    const io = {
      ...bench.io,
      send: async (request: Parameters<typeof send>[0]) => {
        const answer = await send(request);
        if (request.url.includes(CONTAIN)) bench.falcon.addHost({ ...WKS, status: 'containment_pending' });
        return answer;
      },
    };
    const event = bench.detection('det', { device: { hostname: 'WKS-7' } });
    expect(await bench.channel('containment').deliver([event], io)).toEqual({ kind: 'delivered' });
  });

  it('with 409 is tried once more later, then refused in the words of Falcon', async () => {
    await at([WKS, OTHER], one);
    const fault = bench.falcon.fail({
      match: isContain,
      status: 409,
      body: { errors: [{ code: 409, message: 'conflict' }] },
    });
    const event = bench.detection('det-409', { device: { hostname: 'WKS-7' } });
    expect(await bench.deliver('containment', event)).toEqual({
      kind: 'retry',
      reason: 'busy',
      detail: 'HTTP 409',
      status: 409,
      excerpt: '409 conflict',
    });
    expect(await bench.deliver('containment', event)).toEqual({
      kind: 'rejected',
      status: 409,
      excerpt: 'not isolated: 409 conflict',
    });
    fault.heal();
    expect(await contain({ hostname: 'WKS-8' })).toEqual({ kind: 'delivered' });
  });

  it('stays counted when its answer was lost, whatever Falcon says to the next attempts', async () => {
    await at([WKS, OTHER], one);
    bench.falcon.fail({ match: isContain, drop: 'after_reading', times: 1 });
    const event = bench.detection('det-lost', { device: { id: agentId('a') } });
    expect(await bench.deliver('containment', event)).toMatchObject({ kind: 'retry', reason: 'network' });
    const lag = bench.falcon.fail({
      match: ({ path }) => path === '/devices/entities/devices/v2',
      status: 200,
      body: { resources: [{ ...WKS, status: 'normal', product_type_desc: 'Workstation' }] },
    });
    expect(await bench.deliver('containment', event)).toMatchObject({ kind: 'retry', reason: 'busy' });
    expect(await bench.deliver('containment', event)).toMatchObject({ kind: 'rejected', status: 409 });
    lag.heal();
    expect(await contain({ hostname: 'WKS-8' })).toEqual(waitsForHuman(/per_hour_max/));
    expect(bench.actions).toEqual(['contain a']);
  });

  it('counts from its last attempt on, as only that may have been done', async () => {
    await at([WKS, OTHER], one);
    bench.falcon.fail({ match: isContain, status: 500, body: {}, times: 1 });
    const event = bench.detection('det-500', { device: { hostname: 'WKS-7' } });
    expect(await bench.deliver('containment', event)).toMatchObject({
      kind: 'retry',
      reason: 'server_error',
    });
    bench.nowMs += 50 * MINUTE_MS;
    expect(await bench.deliver('containment', event)).toEqual({ kind: 'delivered' });
    bench.nowMs += 50 * MINUTE_MS;
    expect(await contain({ hostname: 'WKS-8' })).toEqual(waitsForHuman(/per_hour_max/));
  });

  it('blocks with the scope that a look-up needs', async () => {
    await at([WKS], {}, { scopes: ['devices:write'] });
    expect(await contain({ hostname: 'WKS-7' })).toMatchObject({
      kind: 'blocked',
      reason: 'scope_missing',
      detail: expect.stringContaining('Hosts: Read'),
    });
  });
});
