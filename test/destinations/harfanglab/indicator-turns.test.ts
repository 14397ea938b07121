/** Syncs of more indicators than a turn has room for: they come to an end, whatever the manager refuses, and make all that it takes. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { harfangLabIndicators } from '../../../src/destinations/harfanglab/indicators.ts';
import { readSummary } from '../../../src/destinations/indicator-summary.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { SimulatorRequest } from '../../simulators/request.ts';
import { ManagerLab } from './manager-lab.ts';

const DELIVERED_ONE = { kind: 'delivered', settled: 1 };
const TURNS_MAX = 100;

let lab: ManagerLab;
/** What the manager was asked to create. */
let creations: string[];

beforeEach(async () => {
  lab = await ManagerLab.start(harfangLabIndicators);
  lab.platforms = { approved: [], domains: {} };
  lab.requestsMax = 40;
  creations = [];
  const note = (request: SimulatorRequest) => {
    if (isWrite('POST')(request)) creations.push(request.body.toString('utf8'));
    return false;
  };
  lab.manager.fail({ match: note, status: 500 });
});
afterEach(() => lab.manager.stop());

const isWrite = (method: string) => (request: Pick<SimulatorRequest, 'method' | 'path'>) =>
  request.method === method && request.path.includes('/IOCRule/');
const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}.example.com`);
const isCreationOf =
  (prefix: string) =>
  (request: SimulatorRequest): boolean =>
    isWrite('POST')(request) && request.body.toString('utf8').includes(`"${prefix}-`);
const refuse = (prefix: string) =>
  lab.manager.fail({ match: isCreationOf(prefix), status: 400, body: { value: ['Enter a valid value.'] } });
const requestsOf = (method: string) => lab.manager.requests.filter(isWrite(method));
/** How many times each domain was asked for. */
const askedFor = (domain: string) => creations.filter((body) => body.includes(`"${domain}"`)).length;

/** Turns of a sync, each when the last one said, until one says that it is over. */
async function toEnd(entry: CanonicalEvent, indicators: readonly unknown[]): Promise<Outcome> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const outcome = await lab.deliver([entry], { indicators });
    if (outcome.kind !== 'retry' || outcome.isAside !== true) return outcome;
    lab.nowMs += outcome.retryAfterMs ?? 0;
  }
  throw new Error(`No end after ${TURNS_MAX} turns`);
}

describe('a manager that refuses more indicators than a turn has room for', () => {
  it.each([
    ['40 requests', 40, 0],
    ['one request', 1, 0],
    ['a few slow answers', 1_000, 3_000],
  ])('is asked for each once by turns of %s; what it takes is made', async (_what, room, answerMs) => {
    lab.requestsMax = room;
    const { manager } = lab;
    const slow = (request: SimulatorRequest) => {
      lab.nowMs += answerMs;
      return isCreationOf('bad')(request);
    };
    manager.fail({ match: slow, status: 400, body: { value: ['Enter a valid value.'] } });
    const indicators = [...named('bad', 60), ...named('good', 60)];
    const outcome = await toEnd(lab.changed(), indicators);
    expect(outcome).toMatchObject({ kind: 'rejected', status: 400 });
    expect(outcome).toMatchObject({
      excerpt: expect.stringMatching(/^bad-0\.example\.com: value: Enter a valid value\.; bad-1\./) as string,
    });
    expect(lab.domains()).toEqual(named('good', 60).toSorted());
    expect(requestsOf('POST')).toHaveLength(120);
    expect(manager.requests.length).toBeLessThanOrEqual(2 * 120);
    const refused = readSummary(lab.memory)?.refused.map(({ domain }) => domain);
    expect(refused?.toSorted()).toEqual(named('bad', 60).toSorted());
  });

  it('is asked again for the next entry, and for the same one that is sent again', async () => {
    const refusal = refuse('bad');
    const entry = lab.changed();
    expect(await toEnd(entry, named('bad', 60))).toMatchObject({ kind: 'rejected' });
    expect(await toEnd(entry, named('bad', 60))).toMatchObject({ kind: 'rejected' });
    expect(askedFor('bad-0.example.com')).toBe(2);
    refusal.heal();
    expect(await toEnd(lab.changed(), named('bad', 60))).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toHaveLength(60);
  });

  it('is asked for another one of the same domain when the config changes between turns', async () => {
    const refusal = refuse('bad');
    const entry = lab.changed();
    expect(await lab.deliver([entry], { indicators: named('bad', 60) })).toMatchObject({ isAside: true });
    refusal.heal();
    const graver = named('bad', 60).map((value) => ({ value, severity: 'critical' }));
    expect(await toEnd(entry, graver)).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toHaveLength(60);
  });

  it('keeps none of it for longer than an hour, and no domain in what is kept', async () => {
    refuse('bad');
    const entry = lab.changed();
    await lab.deliver([entry], { indicators: named('bad', 60) });
    expect(JSON.stringify([...lab.memory.values])).not.toContain('bad-');
    lab.nowMs += 3_600_000;
    await lab.deliver([entry], { indicators: named('bad', 60) });
    expect(askedFor('bad-0.example.com')).toBe(2);
  });

  it('and stumbles over another one keeps only that one waiting', async () => {
    refuse('bad');
    const fault = lab.manager.fail({ match: isCreationOf('faulty'), status: 500, body: {} });
    const indicators = [...named('faulty', 1), ...named('bad', 60), ...named('good', 3)];
    const entry = lab.changed();
    for (let turn = 0; turn < 2; turn++)
      expect(await lab.deliver([entry], { indicators })).toMatchObject({ reason: 'server_error' });
    expect(lab.domains()).toEqual(named('good', 3));
    expect(askedFor('bad-0.example.com')).toBe(1);
    fault.heal();
    // By the second turn all had been asked for.
    expect(await toEnd(entry, indicators)).toMatchObject({ kind: 'rejected' });
    expect(askedFor('bad-0.example.com')).toBe(2);
    expect(lab.domains()).toEqual(['faulty-0.example.com', ...named('good', 3)]);
  });

  it.each<[string, number]>([
    ['after all were asked for', 1],
    ['in the middle', 2],
  ])(
    'is asked again for what it refused when a turn fails %s, and whoever mends it and redrives has all of them',
    async (_when, faulty) => {
      const refusal = refuse('bad');
      const fault = lab.manager.fail({ match: isCreationOf('faulty'), status: 500, body: {} });
      const indicators = [...named('good', 1), ...named('bad', 2), ...named('faulty', faulty)];
      const entry = lab.changed();
      for (let turn = 1; turn <= 3; turn++) {
        expect(await lab.deliver([entry], { indicators })).toMatchObject({ reason: 'server_error' });
        expect(askedFor('bad-0.example.com')).toBe(turn);
        expect(askedFor('good-0.example.com')).toBe(1);
      }
      refusal.heal();
      fault.heal();
      expect(await toEnd(entry, indicators)).toEqual(DELIVERED_ONE);
      expect(lab.domains()).toEqual(indicators.toSorted());
    },
  );

  it('before it can not be read is asked again for what it refused', async () => {
    refuse('bad');
    const entry = lab.changed();
    expect(await lab.deliver([entry], { indicators: named('bad', 60) })).toMatchObject({ isAside: true });
    lab.manager.fail({ match: ({ method }) => method === 'GET', status: 503, body: {}, times: 1 });
    expect(await lab.deliver([entry], { indicators: named('bad', 60) })).toMatchObject({ kind: 'retry' });
    await lab.deliver([entry], { indicators: named('bad', 60) });
    expect(askedFor('bad-0.example.com')).toBe(2);
  });

  it('is not asked again for what it refused because it takes no more for now', async () => {
    refuse('bad');
    const indicators = [...named('bad', 3), ...named('good', 3)];
    const busy = lab.manager.fail({ match: isCreationOf('good'), status: 429, body: {} });
    const entry = lab.changed();
    expect(await lab.deliver([entry], { indicators })).toMatchObject({ reason: 'busy' });
    busy.heal();
    expect(await toEnd(entry, indicators)).toMatchObject({ kind: 'rejected' });
    expect(askedFor('bad-0.example.com')).toBe(1);
    expect(lab.domains()).toEqual(named('good', 3));
  });

  it('for a detection comes to its end, too', async () => {
    refuse('bad');
    lab.requestsMax = 1;
    lab.platforms = { approved: [], domains: { wide: [...named('bad', 15), ...named('good', 5)] } };
    expect(await toEnd(lab.detection({ platforms: ['wide'] }), [])).toMatchObject({ kind: 'rejected' });
    expect(lab.domains()).toEqual(named('good', 5));
    expect(requestsOf('POST')).toHaveLength(20);
  });
});

describe('a manager that does not show what it was asked for', () => {
  it('and says that it exists already, is asked for each once', async () => {
    const body = { __all__: ["['Ioc rule with this Type, Value and Source already exists.']"] };
    lab.manager.fail({ match: isCreationOf('hidden'), status: 400, body });
    expect(await toEnd(lab.changed(), named('hidden', 60))).toEqual(DELIVERED_ONE);
    expect(requestsOf('POST')).toHaveLength(60);
  });

  it('and takes each change, is asked for each once', async () => {
    await toEnd(lab.changed(), named('kept', 60));
    lab.manager.fail({ match: isWrite('PATCH'), status: 200, body: {} });
    const graver = named('kept', 60).map((value) => ({ value, severity: 'critical' }));
    expect(await toEnd(lab.changed(), graver)).toEqual(DELIVERED_ONE);
    expect(requestsOf('PATCH')).toHaveLength(60);
  });
});

describe('a source that somebody removes while it is worked in', () => {
  it('is made again, with all that belongs in it', async () => {
    let isRemoved = false;
    lab.isCurrent = () => {
      if (lab.domains().length === 2 && !isRemoved) {
        isRemoved = true;
        lab.manager.removeSources();
      }
      return true;
    };
    const entry = lab.changed();
    expect(await toEnd(entry, named('ai', 5))).toMatchObject({
      kind: 'retry',
      reason: 'unconfirmed',
      detail: expect.stringContaining('"noxys-relay acme edr" was removed') as string,
    });
    expect(await toEnd(entry, named('ai', 5))).toEqual(DELIVERED_ONE);
    const [source] = lab.manager.indicatorSources;
    const inIt = lab.manager.indicators.filter(({ source_id: id }) => id === source?.id);
    expect(inIt.map(({ value }) => value)).toEqual(named('ai', 5));
  });
});
