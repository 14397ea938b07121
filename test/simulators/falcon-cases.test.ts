import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FalconCaller } from './falcon-caller.ts';
import type { FalconOptions } from './falcon.ts';

const CASES = '/cases/entities/cases/v2';
const TAGS = '/cases/entities/case-tags/v1';
const ALERTS = '/cases/entities/alert-evidence/v1';
const CASE = { name: 'Noxys: PII blocked on ChatGPT', severity: 75, tags: ['noxys', 'nx-1'] };

let falcon: FalconCaller;

const restart = async (options: Partial<FalconOptions>) => {
  await falcon.simulator.stop();
  falcon = await FalconCaller.start(options);
};
const create = async (fields: Record<string, unknown> = {}) => {
  const { resources } = await falcon.call('PUT', CASES, { body: { ...CASE, ...fields } });
  return String(resources[0]?.['id']);
};
const read = async (...ids: string[]) => falcon.call('POST', CASES, { body: { ids } });
const patch = (body: unknown) => falcon.call('PATCH', CASES, { body });
const find = async (filter: string, more: Record<string, string> = {}) =>
  falcon.call('GET', '/cases/queries/cases/v1', { query: { filter, ...more } });

beforeEach(async () => {
  falcon = await FalconCaller.start();
});
afterEach(() => falcon.simulator.stop());

describe('creating', () => {
  it('answers 201 with an id, a reference, the version and the consistency', async () => {
    const { status, resources } = await falcon.call('PUT', CASES, { body: CASE });
    expect(status).toBe(201);
    expect(resources).toMatchObject([
      {
        ...CASE,
        status: 'new',
        version: 1,
        reference_id: 'CASE-1001',
        consistency: { consistent: true, version: 1 },
        evidence: { alerts: { records: [] } },
      },
    ]);
    expect(resources[0]?.['id']).toMatch(/^[A-Za-z0-9+/]+=*$/);
  });

  it('makes another case of the same body', async () => {
    expect(await create()).not.toBe(await create());
    expect(falcon.simulator.cases).toHaveLength(2);
  });

  it.each([
    ['no name', { name: undefined }],
    ['an empty name', { name: '' }],
    ['a name of 257 characters', { name: 'x'.repeat(257) }],
    ['no severity', { severity: undefined }],
    ['severity 0', { severity: 0 }],
    ['severity 101', { severity: 101 }],
    ['a severity that is a text', { severity: '75' }],
    ['a severity that is no integer', { severity: 7.5 }],
    ['a description of 2049 characters', { description: 'x'.repeat(2049) }],
    ['a format of html', { description_format: 'html' }],
    ['the status closed', { status: 'closed' }],
    ['an unknown status', { status: 'open' }],
    ['tags of 129 characters combined', { tags: ['x'.repeat(100), 'y'.repeat(29)] }],
    ['an empty tag', { tags: [''] }],
    ['tags that are no list', { tags: 'noxys' }],
    ['a template without an id', { template: {} }],
    ['evidence that is a list', { evidence: [] }],
    ['alerts that are texts', { evidence: { alerts: ['a'] } }],
    ['an unknown alert', { evidence: { alerts: [{ id: 'a' }] } }],
    ['101 items of evidence', { evidence: { events: Array.from({ length: 101 }, () => ({ id: 'e' })) } }],
  ])('is refused with %s', async (_, fields) => {
    const { status, body } = await falcon.call('PUT', CASES, { body: { ...CASE, ...fields } });
    expect([status, body['resources']]).toEqual([400, null]);
    expect(falcon.simulator.cases).toEqual([]);
  });

  it('takes each field at its limit', async () => {
    const fields = {
      name: 'x'.repeat(256),
      severity: 1,
      description: 'x'.repeat(2048),
      description_format: 'markdown',
      status: 'in_progress',
      tags: ['x'.repeat(100), 'y'.repeat(28)],
      evidence: { events: Array.from({ length: 100 }, (_, i) => ({ id: `e${i}` })) },
    };
    expect((await falcon.call('PUT', CASES, { body: fields })).status).toBe(201);
  });

  it('can lose its answer after the case was made', async () => {
    falcon.simulator.fail({ drop: 'after_reading', times: 1 });
    await expect(falcon.call('PUT', CASES, { body: CASE })).rejects.toThrow(/fetch failed/);
    expect((await find("tags:'nx-1'")).ids).toEqual([falcon.simulator.cases[0]?.id]);
  });
});

describe('reading', () => {
  it('answers in an order of its own, and an unknown id as an error inside a 200', async () => {
    const ids = [await create(), await create(), await create()];
    const orders = await Promise.all([read(...ids), read(...ids.toReversed(), 'nope')]);
    const [first, second] = orders.map(({ resources }) => resources.map(({ id }) => id));
    expect(first).toEqual(second);
    expect(first).toEqual(ids.toSorted());
    expect(orders[1]).toMatchObject({ status: 200, body: { errors: [{ code: 404, id: 'nope' }] } });
  });

  it('is refused without ids', async () => {
    expect((await falcon.call('POST', CASES, { body: {} })).status).toBe(400);
  });
});

describe('updating', () => {
  it('changes what is inside fields, and the version', async () => {
    const id = await create();
    const { status, resources } = await patch({ id, fields: { status: 'closed' }, expected_version: 1 });
    expect([status, resources]).toMatchObject([200, [{ status: 'closed', version: 2, name: CASE.name }]]);
  });

  it('shows the assignee as a user', async () => {
    const id = await create();
    const { resources } = await patch({ id, fields: { assigned_to_user_uuid: 'u-1' } });
    expect(resources).toMatchObject([{ assigned_to: { uuid: 'u-1' } }]);
    expect(resources[0]).not.toHaveProperty('assigned_to_user_uuid');
  });

  it.each([{ status: 'closed' }, { status: 'closed', fields: {} }, { fields: { tags: ['x'] } }])(
    'ignores %j with a 200',
    async (body) => {
      const id = await create();
      expect((await patch({ id, ...body })).status).toBe(200);
      expect(falcon.simulator.cases).toMatchObject([{ status: 'new', tags: CASE.tags, version: 1 }]);
    },
  );

  it.each([
    [409, { fields: { severity: 1 }, expected_version: 2 }],
    [400, { fields: { severity: 0 } }],
    [400, { fields: { status: 'open' } }],
    [400, { fields: [] }],
    [404, { id: 'nope', fields: { severity: 1 } }],
  ])('answers %i to %j', async (status, body) => {
    const id = await create();
    expect((await patch({ id, ...body })).status).toBe(status);
    expect(falcon.simulator.cases).toMatchObject([{ severity: 75, version: 1 }]);
  });
});

describe('tags', () => {
  it('are added and removed', async () => {
    const id = await create();
    const added = await falcon.call('POST', TAGS, { body: { id, tags: ['pii', 'noxys'] } });
    expect(added.resources).toMatchObject([{ tags: ['noxys', 'nx-1', 'pii'], version: 2 }]);
    const query = [
      ['id', id],
      ['tag', 'noxys'],
      ['tag', 'pii'],
    ] as const;
    expect((await falcon.call('DELETE', TAGS, { query })).resources).toMatchObject([{ tags: ['nx-1'] }]);
  });

  it('are refused above 128 characters combined, without any, and for an unknown case', async () => {
    const id = await create();
    const add = async (body: unknown) => (await falcon.call('POST', TAGS, { body })).status;
    expect(await add({ id, tags: ['x'.repeat(120)] })).toBe(400);
    expect(await add({ id, tags: [] })).toBe(400);
    expect(await add({ id: 'nope', tags: ['x'] })).toBe(404);
    expect((await falcon.call('DELETE', TAGS, { query: { id } })).status).toBe(400);
    expect((await falcon.call('DELETE', TAGS, { query: { id: 'nope', tag: 'x' } })).status).toBe(404);
  });
});

describe('searching', () => {
  it('finds by tag, name, status, severity and time, newest first', async () => {
    const old = await create();
    falcon.nowMs += 1000;
    const young = await create({ tags: ['noxys', 'nx-2'], severity: 25, name: 'Other' });
    expect((await find("tags:'noxys'")).ids).toEqual([young, old]);
    expect((await find("tags:'noxys'", { sort: 'severity.desc' })).ids).toEqual([old, young]);
    expect((await find("tags:'noxys'", { limit: '1', offset: '1' })).ids).toEqual([old]);
    expect((await find("tags:'nx-1'+status:!'closed'")).ids).toEqual([old]);
    expect((await find("name:'noxys*',tags:['nx-2']")).ids).toEqual([young, old]);
    expect((await find("severity:>'50'")).ids).toEqual([old]);
    expect((await find(`created_timestamp:>='${new Date(falcon.nowMs).toISOString()}'`)).ids).toEqual([
      young,
    ]);
    expect((await find("tags:'nx'")).body['resources']).toBeNull();
  });

  it.each([
    ['an unknown field', "tag:'x'", {}],
    ['a quote in the value', "tags:'it's'", {}],
    ['a value without quotes', 'tags:noxys', {}],
    ['a limit above 10,000', "tags:'x'", { limit: '10001' }],
    ['a limit that is no number', "tags:'x'", { limit: 'all' }],
  ])('refuses %s', async (_, filter, more) => {
    expect((await find(filter, more)).status).toBe(400);
  });

  it('does not see a case before the lag has passed, though reading it works', async () => {
    await restart({ caseSearchLagMs: 5000 });
    const id = await create();
    expect((await find("tags:'nx-1'")).ids).toEqual([]);
    expect((await read(id)).resources).toMatchObject([{ id, consistency: { consistent: false } }]);
    falcon.nowMs += 5000;
    expect((await find("tags:'nx-1'")).ids).toEqual([id]);
    await patch({ id, fields: { status: 'closed' } });
    expect((await find("status:'new'")).ids).toEqual([id]);
    falcon.nowMs += 5000;
    expect((await find("status:'new'")).ids).toEqual([]);
  });
});

describe('evidence', () => {
  it.each([
    [404, { id: 'nope', alerts: [{ id: 'a' }] }],
    [400, { alerts: [{ id: 'nope' }] }],
    [400, { alerts: ['a'] }],
    [400, { alerts: [] }],
  ])('answers %i to %j', async (status, body) => {
    const id = await create();
    expect((await falcon.call('POST', ALERTS, { body: { id, ...body } })).status).toBe(status);
  });
});
