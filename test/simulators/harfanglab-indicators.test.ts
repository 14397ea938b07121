import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PERMISSIONS } from './harfanglab-api.ts';
import { HarfangLabCaller } from './harfanglab-caller.ts';

const SOURCES = '/api/data/threat_intelligence/IOCSource/';
const RULES = '/api/data/threat_intelligence/IOCRule/';
const DUPLICATE = { __all__: ["['Ioc rule with this Type, Value and Source already exists.']"] };

let manager: HarfangLabCaller;
let sourceId: string;

const addSource = async (name: string) =>
  String((await manager.call('POST', SOURCES, { body: { name } })).body['id']);
const rule = (more: Readonly<Record<string, unknown>> = {}) => ({
  source_id: sourceId,
  type: 'domain_name',
  value: 'chat.deepseek.com',
  ...more,
});
const create = (more: Readonly<Record<string, unknown>> = {}) =>
  manager.call('POST', RULES, { body: rule(more) });
const change = (id: unknown, body: unknown) => manager.call('PATCH', `${RULES}${String(id)}/`, { body });
const find = async (query: Record<string, string>) =>
  (await manager.call('GET', RULES, { query })).results.map(({ value }) => value);

beforeEach(async () => {
  manager = await HarfangLabCaller.start();
  sourceId = await addSource('noxys');
});
afterEach(() => manager.simulator.stop());

describe('a source', () => {
  it('is created once and found by its name', async () => {
    const query = { name__exact: 'noxys' };
    expect((await manager.call('GET', SOURCES, { query })).results).toMatchObject([
      { id: sourceId, name: 'noxys', description: null, enabled: true },
    ]);
    const again = await manager.call('POST', SOURCES, { body: { name: ' noxys ' } });
    expect(again.body).toEqual({ name: ['ioc source with this name already exists.'] });
    expect(again.status).toBe(400);
    expect(manager.simulator.indicatorSources).toHaveLength(1);
  });

  it('is found by search among others, and read by its id', async () => {
    await addSource('noxys-test');
    expect((await manager.call('GET', SOURCES, { query: { search: 'noxys' } })).results).toHaveLength(2);
    expect((await manager.call('GET', SOURCES, { query: { name: 'noxys' } })).results).toHaveLength(1);
    expect((await manager.call('GET', `${SOURCES}${sourceId}/`)).body['name']).toBe('noxys');
    expect((await manager.call('GET', `${SOURCES}none/`)).status).toBe(404);
  });

  it.each([
    ['name', {}],
    ['name', { name: ' ' }],
    ['name', { name: null }],
    ['enabled', { name: 'x', enabled: 'yes' }],
    ['description', { name: 'x', description: 7 }],
  ])('refuses a wrong %s', async (field, body) => {
    const answer = await manager.call('POST', SOURCES, { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toHaveProperty([field]);
  });

  it('is neither changed nor deleted', async () => {
    expect((await manager.call('PATCH', `${SOURCES}${sourceId}/`, { body: {} })).status).toBe(405);
    expect((await manager.call('DELETE', `${SOURCES}${sourceId}/`)).status).toBe(405);
  });
});

describe('creating', () => {
  it('answers the whole rule with 201', async () => {
    const sent = rule({
      description: 'noxys: unapproved AI platform',
      comment: 'detection 1',
      enabled: true,
      hl_status: 'testing',
      global_state: 'alert',
      rule_level_override: 'high',
    });
    const { status, body } = await create(sent);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...sent,
      source: sourceId,
      block_on_agent: false,
      quarantine_on_agent: false,
      references: [],
      alert_count: 0,
      creation_date: '2026-11-22T09:00:00.000000Z',
      last_update: '2026-11-22T09:00:00.000000Z',
    });
    expect(manager.simulator.indicators).toEqual([body]);
  });

  it('refuses the same type, value and source, whatever else it says', async () => {
    await create();
    const { status, body } = await create({ description: 'another', global_state: 'block' });
    expect([status, body]).toEqual([400, DUPLICATE]);
    expect(manager.simulator.indicators).toHaveLength(1);
  });

  it('takes the same value under another type, and in another source', async () => {
    await create();
    expect((await create({ type: 'filename' })).status).toBe(201);
    expect((await create({ source_id: await addSource('second') })).status).toBe(201);
    expect(manager.simulator.indicators).toHaveLength(3);
  });

  it.each([
    ['source_id', { source_id: undefined }],
    ['source_id', { source_id: 'none' }],
    ['type', { type: undefined }],
    ['type', { type: 'domain' }],
    ['value', { value: undefined }],
    ['value', { value: '' }],
    ['value', { value: 'perplexity' }],
    ['value', { value: 'https://perplexity.ai/' }],
    ['value', { type: 'url', value: 'perplexity.ai' }],
    ['value', { type: 'ip_both', value: '10.0.0.0/33' }],
    ['value', { type: 'ip_dst', value: '10.0.0' }],
    ['value', { type: 'hash', value: 'abc' }],
    ['enabled', { enabled: 'true' }],
    ['global_state', { global_state: 'alerting' }],
    ['hl_status', { hl_status: 'stabel' }],
    ['rule_level_override', { rule_level_override: 'High' }],
    ['rule_confidence_override', { rule_confidence_override: 'low' }],
    ['references', { references: 'https://example.org' }],
    ['comment', { comment: 17 }],
  ])('refuses a wrong %s with 400 and names it', async (field, more) => {
    const { status, body } = await create(more);
    expect([status, Object.keys(body)]).toEqual([400, [field]]);
    expect(manager.simulator.indicators).toEqual([]);
  });

  it.each([
    ['url', 'https://perplexity.ai/search'],
    ['ip_src', '10.0.0.0/8'],
    ['ip_both', '2001:db8::/32'],
    ['hash', 'a'.repeat(64)],
    ['filepath', String.raw`C:\tools\x.exe`],
    ['domain_name', '*.perplexity.ai'],
  ])('takes the %s %s', async (type, value) => {
    expect((await create({ type, value })).status).toBe(201);
  });

  it.each([
    ['nothing', {}, 'alert', true, false, false],
    ['backend_alert', { global_state: 'backend_alert' }, 'alert', true, false, false],
    ['block', { global_state: 'block' }, 'block', true, true, false],
    ['quarantine', { global_state: 'quarantine' }, 'quarantine', true, true, true],
    ['a flag', { block_on_agent: true }, 'block', true, true, false],
    [
      'a flag above its state',
      { global_state: 'alert', quarantine_on_agent: true },
      'quarantine',
      true,
      true,
      true,
    ],
    ['disabled', { global_state: 'disabled' }, 'disabled', false, false, false],
    ['not enabled', { enabled: false, global_state: 'block' }, 'disabled', false, false, false],
  ])(
    'settles the state of %s',
    async (_, more, global_state, enabled, block_on_agent, quarantine_on_agent) => {
      expect((await create(more)).body).toMatchObject({
        global_state,
        enabled,
        block_on_agent,
        quarantine_on_agent,
      });
    },
  );
});

describe('changing', () => {
  it('changes what it names, keeps the rest, and tells when', async () => {
    const { body } = await create({ description: 'kept', global_state: 'block' });
    manager.nowMs += 1000;
    const changed = await change(body['id'], { global_state: 'alert', comment: 'new' });
    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({
      ...body,
      global_state: 'alert',
      block_on_agent: false,
      comment: 'new',
      last_update: '2026-11-22T09:00:01.000000Z',
    });
    expect((await manager.call('GET', `${RULES}${String(body['id'])}/`)).body).toEqual(changed.body);
  });

  it('keeps the state that it does not name', async () => {
    const { body } = await create({ global_state: 'block' });
    expect((await change(body['id'], { comment: 'x' })).body).toMatchObject({ global_state: 'block' });
    expect((await change(body['id'], { enabled: false })).body).toMatchObject({ global_state: 'disabled' });
    expect((await change(body['id'], { comment: 'y' })).body).toMatchObject({ enabled: false });
    expect((await change(body['id'], { enabled: true })).body).toMatchObject({ global_state: 'alert' });
  });

  it('refuses a wrong field, a duplicate, and an id that is not there', async () => {
    const { body } = await create();
    await create({ value: 'grok.com' });
    expect((await change(body['id'], { global_state: 'no' })).body).toHaveProperty('global_state');
    expect((await change(body['id'], { value: 'grok' })).body).toHaveProperty('value');
    expect((await change(body['id'], { source_id: 'none' })).body).toHaveProperty('source_id');
    expect((await change(body['id'], { value: 'grok.com' })).body).toEqual(DUPLICATE);
    expect((await change('none', {})).status).toBe(404);
    expect(manager.simulator.indicators[0]).toEqual(body);
  });
});

describe('deleting', () => {
  it('answers 204 without a body, then 404', async () => {
    const { body } = await create();
    const path = `${RULES}${String(body['id'])}/`;
    const { status, text } = await manager.call('DELETE', path);
    expect([status, text, manager.simulator.indicators]).toEqual([204, '', []]);
    expect((await manager.call('DELETE', path)).status).toBe(404);
    expect((await create()).status).toBe(201);
  });
});

describe('finding', () => {
  it('finds by source, type and value, and by search whatever contains it', async () => {
    await create({ value: 'x.ai' });
    await create({ value: 'perplex.ai', description: 'by noxys' });
    await create({ type: 'filename', value: 'x.ai' });
    const other = await addSource('second');
    await create({ source_id: other, value: 'grok.com' });
    expect(await find({ source_id: sourceId, type: 'domain_name', value__exact: 'x.ai' })).toEqual(['x.ai']);
    expect(await find({ source_id: sourceId, search: 'x.ai' })).toEqual(['x.ai', 'perplex.ai', 'x.ai']);
    expect(await find({ search: 'by noxys' })).toEqual(['perplex.ai']);
    expect(await find({ source_id: other })).toEqual(['grok.com']);
  });

  it('finds what was changed in a window of time', async () => {
    await create({ value: 'grok.com' });
    manager.nowMs += 60_000;
    await create();
    const query = { last_update__gte: '2026-11-22 09:00:30', last_update__lte: '2026-11-22 09:01:00' };
    expect(await find(query)).toEqual(['chat.deepseek.com']);
  });
});

describe('permissions', () => {
  it('lets a user who may only view read, and nothing else', async () => {
    const { body } = await create();
    manager.simulator.setPermissions([PERMISSIONS.rulesView]);
    const path = `${RULES}${String(body['id'])}/`;
    expect((await manager.call('GET', RULES)).results).toHaveLength(1);
    const refused = await create({ value: 'grok.com' });
    expect(refused.body).toEqual({ detail: 'You do not have permission to perform this action.' });
    expect((await change(body['id'], {})).status).toBe(403);
    expect((await manager.call('DELETE', path)).status).toBe(403);
    expect((await manager.call('POST', SOURCES, { body: { name: 'x' } })).status).toBe(403);
    expect(manager.simulator.indicators).toHaveLength(1);
  });

  it('lets a user who may only edit not read', async () => {
    manager.simulator.setPermissions([PERMISSIONS.rulesEdit]);
    expect((await manager.call('GET', SOURCES)).status).toBe(403);
    expect((await create()).status).toBe(201);
  });
});
