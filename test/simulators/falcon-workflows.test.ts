import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FalconCaller } from './falcon-caller.ts';

const EXECUTE = '/workflows/entities/execute/v1';
const DEFINITIONS = '/workflows/combined/definitions/v1';
const KEY = '018f4e7a-0000-7000-8000-00000000abcd';
const id = (digit: string) => digit.repeat(32);
const PARAMETERS = {
  type: 'object',
  properties: { severity: { type: 'integer' } },
  required: ['severity'],
};

let falcon: FalconCaller;

const execute = async (query: Record<string, string>, body: unknown = { severity: 75 }) =>
  falcon.call('POST', EXECUTE, { query, body });
const define = async (query: Record<string, string>) => falcon.call('GET', DEFINITIONS, { query });

beforeEach(async () => {
  falcon = await FalconCaller.start({
    workflows: [
      { id: id('1'), name: 'Notify SOC', enabled: true, trigger: 'On demand', parameters: PARAMETERS },
      { id: id('2'), name: 'Paused', enabled: false, trigger: 'On demand' },
      { id: id('3'), name: 'On alert', enabled: true, trigger: 'Signal' },
      { id: id('4'), name: 'Nightly', enabled: true, trigger: 'Scheduled' },
    ],
  });
});
afterEach(() => falcon.simulator.stop());

describe('executing', () => {
  it('starts by id or by name, and records the body', async () => {
    const { status, ids } = await execute({ definition_id: id('1'), key: KEY });
    expect([status, ids[0]]).toEqual([200, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect((await execute({ name: 'Nightly', source_event_url: 'https://relay.example/e/1' })).status).toBe(
      200,
    );
    expect(falcon.simulator.executions).toMatchObject([
      { id: ids[0], definition_id: id('1'), key: KEY, body: { severity: 75 }, atMs: falcon.nowMs },
      { definition_name: 'Nightly', source_event_url: 'https://relay.example/e/1' },
    ]);
  });

  it('starts a workflow once for a key, and each time without one', async () => {
    const first = await execute({ name: 'Notify SOC', key: KEY });
    const again = await execute({ definition_id: id('1'), key: KEY.toUpperCase() });
    expect([again.status, again.ids]).toEqual([200, first.ids]);
    expect(falcon.simulator.executions).toHaveLength(1);
    expect((await execute({ name: 'Nightly', key: KEY })).ids).not.toEqual(first.ids);
    await execute({ name: 'Nightly' });
    await execute({ name: 'Nightly' });
    expect(falcon.simulator.executions).toHaveLength(4);
  });

  it('takes several ids separated by commas', async () => {
    expect((await execute({ definition_id: `${id('1')},${id('4')}` })).ids).toHaveLength(2);
  });

  it.each([
    ['an unknown id', { definition_id: id('f') }, 404, /not found/],
    ['an unknown name', { name: 'notify soc' }, 404, /not found/],
    ['a workflow that is disabled', { name: 'Paused' }, 412, /is disabled/],
    ['another trigger', { name: 'On alert' }, 412, /not an On-demand or schedule triggered workflow/],
    ['neither id nor name', {}, 400, /either/],
    ['both id and name', { definition_id: id('1'), name: 'Notify SOC' }, 400, /either/],
    ['a key that is no UUID', { name: 'Notify SOC', key: 'evt_1' }, 400, /UUID/],
    ['a depth of 5', { name: 'Notify SOC', depth: '5' }, 400, /depth/],
  ])('refuses %s', async (_, query, status, message) => {
    const answer = await execute(query);
    expect(answer.status).toBe(status);
    expect(answer.message).toMatch(message);
    expect(falcon.simulator.executions).toEqual([]);
  });

  it("refuses a body that is not what the trigger's parameters say", async () => {
    expect((await execute({ name: 'Notify SOC' }, { severity: 'high' })).status).toBe(400);
    expect((await execute({ name: 'Notify SOC' }, {})).status).toBe(400);
    expect((await execute({ name: 'Nightly' }, {})).status).toBe(200);
  });
});

describe('definitions', () => {
  it('are found by name.raw, exactly', async () => {
    const { resources } = await define({ filter: "name.raw:'Notify SOC'" });
    expect(resources).toMatchObject([
      { id: id('1'), enabled: true, trigger: { type: 'On demand', parameters: PARAMETERS } },
    ]);
    expect((await define({ filter: `id:'${id('2')}'` })).resources).toMatchObject([{ enabled: false }]);
  });

  it('are not found by name, with an empty 200', async () => {
    expect(await define({ filter: "name:'Notify SOC'" })).toMatchObject({ status: 200, resources: [] });
  });

  it.each([{ filter: "title:'x'" }, {}, { filter: "name.raw:'x'", sort: 'name|desc' }])(
    'are refused for %j',
    async (query) => {
      expect((await define(query as Record<string, string>)).status).toBe(400);
    },
  );
});

it('tells the result of an execution, and 404 for an unknown one', async () => {
  const results = async (ids: string) =>
    falcon.call('GET', '/workflows/entities/execution-results/v1', { query: { ids } });
  const { ids } = await execute({ name: 'Notify SOC' });
  expect((await results(ids[0] ?? '')).resources).toMatchObject([
    { execution_id: ids[0], definition_name: 'Notify SOC', status: 'Succeeded' },
  ]);
  expect((await results('nope')).status).toBe(404);
});

it('needs the scope to write, and the scope to read', async () => {
  falcon.simulator.setScopes(['workflow:read']);
  expect((await execute({ name: 'Notify SOC' })).status).toBe(403);
  expect((await define({ filter: '*' })).resources).toHaveLength(4);
});
