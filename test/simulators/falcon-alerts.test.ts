import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FalconCaller } from './falcon-caller.ts';

const QUERIES = '/alerts/queries/alerts/v2';
const AID = 'a'.repeat(32);

let falcon: FalconCaller;

const find = async (filter: string, more: Record<string, string> = {}) =>
  falcon.call('GET', QUERIES, { query: { filter, ...more } });
const read = async (ids: unknown) =>
  falcon.call('POST', '/alerts/entities/alerts/v2', { body: { composite_ids: ids } });
const change = async (ids: unknown, ...actions: (readonly [string, unknown])[]) =>
  falcon.call('PATCH', '/alerts/entities/alerts/v3', {
    body: { composite_ids: ids, action_parameters: actions.map(([name, value]) => ({ name, value })) },
  });

beforeEach(async () => {
  falcon = await FalconCaller.start({
    alerts: [
      { composite_id: 'one', agent_id: AID, created_timestamp: '2025-11-22T10:00:00Z', severity: 90 },
      { composite_id: 'two', device: { device_id: AID }, created_timestamp: '2025-11-22T11:00:00Z' },
      { composite_id: 'other', agent_id: 'b'.repeat(32), created_timestamp: '2025-11-22T10:30:00Z' },
    ],
  });
});
afterEach(() => falcon.simulator.stop());

describe('searching', () => {
  it("finds a host's alerts of some time, newest first", async () => {
    expect((await find(`agent_id:'${AID}'`)).ids).toEqual(['two', 'one']);
    expect((await find(`device.device_id:'${AID}'`, { sort: 'created_timestamp|asc' })).ids).toEqual([
      'one',
      'two',
    ]);
    const until = "+created_timestamp:<='2025-11-22T10:30:00Z'";
    expect((await find(`agent_id:'${AID}'${until}`)).ids).toEqual(['one']);
    expect((await find('severity:>=80')).ids).toEqual(['one']);
    expect((await find("severity_name:'Critical'")).ids).toEqual(['one']);
    expect((await find('*', { limit: '1' })).ids).toEqual(['two']);
  });

  it.each([
    ['an unknown field', "aid:'x'", {}],
    ['a filter that can not be read', 'agent_id', {}],
    ['a limit above 10,000', '*', { limit: '10001' }],
  ])('refuses %s', async (_, filter, more) => {
    expect((await find(filter, more)).status).toBe(400);
  });

  it('leaves hidden ones out on request', async () => {
    await change(['two'], ['show_in_ui', 'false']);
    expect((await find('*')).ids).toHaveLength(3);
    expect((await find('*', { include_hidden: 'false' })).ids).toEqual(['other', 'one']);
  });
});

describe('reading', () => {
  it('answers records, and an unknown id as an error inside a 200', async () => {
    const { status, resources, body } = await read(['two', 'nope']);
    expect([status, resources]).toMatchObject([
      200,
      [{ composite_id: 'two', agent_id: AID, device: { device_id: AID }, severity: 50, status: 'new' }],
    ]);
    expect(body).toMatchObject({ errors: [{ code: 404, id: 'nope' }] });
  });

  it('is refused without ids', async () => {
    expect((await read([])).status).toBe(400);
  });
});

describe('changing', () => {
  it('tags, comments and sets the status, and tells how many alerts it reached', async () => {
    const { status, body } = await change(
      ['one', 'two', 'nope'],
      ['add_tag', 'noxys'],
      ['append_comment', 'Case CASE-1001'],
      ['update_status', 'in_progress'],
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      meta: { writes: { resources_affected: 2 } },
      errors: [{ code: 404, id: 'nope' }],
    });
    expect(falcon.simulator.alerts).toMatchObject([
      { tags: ['noxys'], comments: ['Case CASE-1001'], status: 'in_progress' },
      { tags: ['noxys'] },
      { tags: [], comments: [], status: 'new' },
    ]);
    await change(['one'], ['add_tag', 'noxys']);
    expect(falcon.simulator.alerts[0]?.tags).toEqual(['noxys']);
    expect((await read(['one'])).resources[0]).not.toHaveProperty('comments');
  });

  it('removes tags before it adds others', async () => {
    await change(['one'], ['add_tag', 'nx-1']);
    await change(['one'], ['add_tag', 'nx-2'], ['remove_tags_by_prefix', 'nx-'], ['remove_tag', 'x']);
    expect(falcon.simulator.alerts[0]?.tags).toEqual(['nx-2']);
  });

  it.each([
    ['an unknown action', ['one'], [['tag', 'noxys']]],
    ['an unknown status', ['one'], [['update_status', 'done']]],
    ['an empty tag', ['one'], [['add_tag', '']]],
    ['a value that is no text', ['one'], [['add_tag', 1]]],
    ['no actions', ['one'], []],
    ['no ids', [], [['add_tag', 'noxys']]],
  ] as const)('refuses %s, and changes none', async (_, ids, actions) => {
    expect((await change(ids, ...actions)).status).toBe(400);
    expect(falcon.simulator.alerts.map(({ tags }) => tags)).toEqual([[], [], []]);
  });
});

describe('as evidence of a case', () => {
  const CASES = '/cases/entities/cases/v2';

  it('is taken when it exists, once each', async () => {
    const evidence = { alerts: [{ id: 'one' }] };
    const made = await falcon.call('PUT', CASES, { body: { name: 'x', severity: 75, evidence } });
    expect(made.resources).toMatchObject([{ evidence: { alerts: { records: [{ id: 'one' }] } } }]);
    const body = { id: made.resources[0]?.['id'], alerts: [{ id: 'one' }, { id: 'two' }] };
    const added = await falcon.call('POST', '/cases/entities/alert-evidence/v1', { body });
    expect([added.status, added.resources]).toMatchObject([200, [{ version: 2 }]]);
    expect(falcon.simulator.cases[0]?.evidence.alerts).toEqual(['one', 'two']);
  });

  it('is refused above 100 items', async () => {
    for (let i = 0; i < 101; i++) falcon.simulator.addAlert({ composite_id: `a${i}` });
    const alerts = Array.from({ length: 101 }, (_, i) => ({ id: `a${i}` }));
    const made = await falcon.call('PUT', CASES, { body: { name: 'x', severity: 75 } });
    const add = async (items: object[]) =>
      (
        await falcon.call('POST', '/cases/entities/alert-evidence/v1', {
          body: { id: made.resources[0]?.['id'], alerts: items },
        })
      ).status;
    expect([await add(alerts), await add(alerts.slice(0, 100)), await add(alerts.slice(100))]).toEqual([
      400, 200, 400,
    ]);
  });
});
