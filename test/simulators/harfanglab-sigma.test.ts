import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { PERMISSIONS } from './harfanglab-api.ts';
import { HarfangLabCaller } from './harfanglab-caller.ts';
import { isJsonObject } from './request.ts';
import type { HarfangLabOptions } from './harfanglab.ts';

const SOURCES = '/api/data/threat_intelligence/SigmaSource/';
const RULES = '/api/data/threat_intelligence/SigmaRule/';
const ID = '5b0f0a52-6c1e-4a55-9d5d-0b7f5b0b8c11';

let manager: HarfangLabCaller;
let sourceId: string;

const addSource = async (name: string) =>
  String((await manager.call('POST', SOURCES, { body: { name } })).body['id']);
const restart = async (options: Partial<HarfangLabOptions>) => {
  await manager.simulator.stop();
  manager = await HarfangLabCaller.start(options);
  sourceId = await addSource('noxys');
};

/** Keys neither sorted nor quoted as the manager would. */
const sigma = ({ id = ID, field = 'OutgoingTlsSni|endswith', product = 'windows' } = {}) => `title: TLS to AI
id: ${id}
status: experimental
logsource: {product: ${product}, category: network_dpi}
detection:
    selection:
        ${field}: ['perplexity.ai', "grok.com"]
    condition: selection
level: medium
`;
const rule = (more: Readonly<Record<string, unknown>> = {}) => ({
  source_id: sourceId,
  name: 'Noxys - unapproved AI platform (TLS)',
  content: sigma(),
  ...more,
});
/** What a creation came to: its status, and the only entry of `status[]`. */
const create = async (more: Readonly<Record<string, unknown>> = {}) => {
  const answer = await manager.call('POST', RULES, { body: rule(more) });
  const entries: unknown = answer.body['status'];
  const entry: unknown = Array.isArray(entries) ? entries[0] : undefined;
  return { ...answer, outcome: isJsonObject(entry) ? entry : {} };
};
const change = (id: unknown, body: unknown) => manager.call('PATCH', `${RULES}${String(id)}/`, { body });
const find = (query: Record<string, string>) => manager.call('GET', RULES, { query });

beforeEach(async () => {
  manager = await HarfangLabCaller.start();
  sourceId = await addSource('noxys');
});
afterEach(() => manager.simulator.stop());

describe('a source', () => {
  it('has a name of its own among its kind', async () => {
    const again = await manager.call('POST', SOURCES, { body: { name: 'noxys' } });
    expect(again.body).toEqual({ name: ['sigma source with this name already exists.'] });
    const path = '/api/data/threat_intelligence/IOCSource/';
    expect((await manager.call('POST', path, { body: { name: 'noxys' } })).status).toBe(201);
    expect(manager.simulator.sigmaSources.map(({ name }) => name)).toEqual(['noxys']);
  });
});

describe('creating', () => {
  it('answers 201 with a status that is true, the id, the file and the content', async () => {
    const { status, outcome } = await create({ global_state: 'alert', hl_status: 'testing' });
    expect(status).toBe(201);
    expect(Object.keys(outcome)).toEqual(['status', 'id', 'filename', 'content']);
    expect(outcome['status']).toBe(true);
    expect(manager.simulator.sigmaRules).toMatchObject([
      {
        id: outcome['id'],
        rule_id: ID,
        source_id: sourceId,
        rule_name: 'TLS to AI',
        rule_level: 'medium',
        enabled: true,
        global_state: 'alert',
        hl_status: 'testing',
        errors: null,
        warnings: null,
      },
    ]);
    expect(outcome['id']).not.toBe(ID);
  });

  it('stores the YAML in its own words: the same rule, another text', async () => {
    await create();
    const stored = manager.simulator.sigmaRules[0]?.content ?? '';
    expect(stored).not.toBe(sigma());
    expect(parse(stored)).toEqual(parse(sigma()));
    expect(stored.indexOf('detection:')).toBeLessThan(stored.indexOf('title:'));
  });

  it('trims the name before it counts its characters', async () => {
    const name = 'n'.repeat(100);
    expect((await create({ name: `  ${name} ` })).outcome['status']).toBe(true);
    expect(manager.simulator.sigmaRules[0]?.name).toBe(name);
  });

  it.each([
    ['invalid YAML', 'title: [', /^invalid YAML/],
    ['a text', 'just words', /no mapping/],
    ['several documents', `${sigma()}---\n${sigma()}`, /one document/],
    ['a correlation', `id: ${ID}\ntitle: C\ncorrelation: {type: event_count}\n`, /CorrelationRule/],
    ['no id', sigma().replace(/id: .*\n/, ''), /missing id/],
    ['no title', sigma().replace(/title: .*\n/, ''), /missing title/],
    ['no condition', sigma().replace(/ +condition: .*\n/, ''), /missing detection condition/],
    [
      'no selection',
      `id: ${ID}\ntitle: T\nlogsource: {product: linux}\ndetection: {condition: x}\n`,
      /selection/,
    ],
    ['events that no agent sends', sigma({ product: 'noxys' }), /logsource product/],
    ['a field that its engine refuses', sigma({ field: 'Hashes|contains' }), /unsupported field: Hashes/],
  ])('answers 201 although it refuses %s', async (_, content, message) => {
    const { status, outcome } = await create({ content });
    expect([status, outcome['status'], outcome['code']]).toEqual([201, false, 'invalid_sigma_content']);
    expect(outcome['content']).toMatch(message);
    expect(manager.simulator.sigmaRules).toEqual([]);
  });

  it('refuses the fields that it was told to, instead of its own', async () => {
    await restart({ refusedSigmaFields: ['OutgoingTlsSni'] });
    expect((await create()).outcome['status']).toBe(false);
    expect((await create({ content: sigma({ field: 'Hashes' }) })).outcome['status']).toBe(true);
  });

  it('takes a rule that its engine cannot use, and says so only when it is read back', async () => {
    await restart({ erroneousSigmaFields: ['OutgoingTlsSni'], warnedSigmaFields: ['OutgoingTlsSni'] });
    const { outcome } = await create();
    expect([outcome['status'], 'errors' in outcome]).toEqual([true, false]);
    expect((await manager.call('GET', `${RULES}${String(outcome['id'])}/`)).body).toMatchObject({
      errors: ['unknown field: OutgoingTlsSni'],
      warnings: ['deprecated field: OutgoingTlsSni'],
    });
  });

  it('answers 201 without a flag where the source has the Sigma id already', async () => {
    await create();
    const { status, body } = await create({ name: 'Another name' });
    expect([status, body]).toEqual([201, { status: [{ code: 'duplicate_rule', content: 'already there' }] }]);
    expect(manager.simulator.sigmaRules).toHaveLength(1);
  });

  it('overwrites where it is told to, under the same id', async () => {
    const first = await create();
    const second = await create({ name: 'Another name', overwrite: true });
    expect(second.outcome).toMatchObject({ status: true, id: first.outcome['id'] });
    expect(manager.simulator.sigmaRules.map(({ name }) => name)).toEqual(['Another name']);
  });

  it('refuses with 400 a Sigma id that lives in another source', async () => {
    await create();
    const { status, body } = await create({ source_id: await addSource('second'), overwrite: true });
    expect([status, body]).toEqual([400, { id: ['Sigma rule with this Id already exists.'] }]);
    expect(manager.simulator.sigmaRules).toHaveLength(1);
  });

  it.each([
    ['name', { name: undefined }],
    ['name', { name: ' ' }],
    ['name', { name: 'n'.repeat(101) }],
    ['content', { content: undefined }],
    ['content', { content: '' }],
    ['content', { content: { title: 'T' } }],
    ['source_id', { source_id: undefined }],
    ['source_id', { source_id: 'none' }],
    ['global_state', { global_state: 'on' }],
    ['hl_status', { hl_status: 'test' }],
    ['rule_level_override', { rule_level_override: 'catastrophic' }],
    ['enabled', { enabled: 1 }],
    ['overwrite', { overwrite: 'yes' }],
    ['references', { references: [1] }],
  ])('refuses a wrong %s with 400 and names it', async (field, more) => {
    const { status, body } = await create(more);
    expect([status, Object.keys(body)]).toEqual([400, [field]]);
    expect(manager.simulator.sigmaRules).toEqual([]);
  });
});

describe('changing', () => {
  it('answers the rule with its errors and warnings, and keeps what it does not name', async () => {
    await restart({ warnedSigmaFields: ['RequestUrlHost'] });
    const { outcome } = await create({ global_state: 'block', rule_level_override: 'high' });
    manager.nowMs += 1000;
    const { status, body } = await change(outcome['id'], {
      name: ' Renamed ',
      content: sigma({ field: 'RequestUrlHost' }),
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'Renamed',
      global_state: 'block',
      rule_level_override: 'high',
      errors: null,
      warnings: ['deprecated field: RequestUrlHost'],
      creation_date: '2026-11-22T09:00:00.000000Z',
      last_update: '2026-11-22T09:00:01.000000Z',
    });
    expect(manager.simulator.sigmaRules).toEqual([body]);
  });

  it.each([
    ['a field that its engine refuses', sigma({ field: 'Hashes' }), 'unsupported field: Hashes'],
    ['invalid YAML', 'title: [', expect.stringMatching(/^invalid YAML/)],
  ])('answers 200 with errors to %s', async (_, content, message) => {
    const { outcome } = await create();
    const { status, body } = await change(outcome['id'], { content });
    expect([status, body['errors'], body['rule_id']]).toEqual([200, [message], ID]);
    expect((await change(outcome['id'], { content: sigma() })).body['errors']).toBeNull();
  });

  it('never changes the Sigma id', async () => {
    const { outcome } = await create();
    const { status, body } = await change(outcome['id'], { content: sigma({ id: 'another' }) });
    expect([status, Object.keys(body)]).toEqual([400, ['id']]);
    expect(manager.simulator.sigmaRules[0]?.rule_id).toBe(ID);
  });

  it('refuses a wrong field, and an id that is not there', async () => {
    const { outcome } = await create();
    expect((await change(outcome['id'], { name: 'n'.repeat(101) })).body).toHaveProperty('name');
    expect((await change(outcome['id'], { source_id: 'none' })).body).toHaveProperty('source_id');
    expect((await change(ID, { name: 'x' })).status).toBe(404);
  });

  it('moves a rule to another source', async () => {
    const { outcome } = await create();
    const second = await addSource('second');
    expect((await change(outcome['id'], { source_id: second })).body['source_id']).toBe(second);
  });
});

describe('finding', () => {
  beforeEach(async () => {
    await create();
    // The manager searches the content, too: this rule only mentions the other's id.
    await create({
      name: 'Second',
      content: `${sigma({ id: 'other' })}related: [{id: ${ID}, type: similar}]\n`,
    });
  });

  it('finds by search every rule that mentions the Sigma id, of which one is it', async () => {
    const { results } = await find({ source_id: sourceId, search: ID, limit: '100' });
    expect(results.map(({ rule_id }) => rule_id)).toEqual([ID, 'other']);
  });

  it('ignores a filter by the Sigma id', async () => {
    expect((await find({ rule_id: ID })).results).toHaveLength(2);
    expect((await find({ rule_id__exact: ID })).results).toHaveLength(2);
  });

  it('finds by name and by source', async () => {
    expect((await find({ name__exact: 'Second' })).results).toMatchObject([{ rule_id: 'other' }]);
    expect((await find({ rule_name__exact: 'TLS to AI' })).results).toHaveLength(2);
    expect((await find({ source_id: await addSource('second') })).results).toEqual([]);
  });
});

describe('deleting', () => {
  it('answers 204 without a body, then 404', async () => {
    const { outcome } = await create();
    const path = `${RULES}${String(outcome['id'])}/`;
    const { status, text } = await manager.call('DELETE', path);
    expect([status, text, manager.simulator.sigmaRules]).toEqual([204, '', []]);
    expect((await manager.call('DELETE', path)).status).toBe(404);
    expect((await create()).outcome['status']).toBe(true);
  });

  it('is refused while a correlation uses the rule', async () => {
    const { outcome } = await create();
    manager.simulator.useInCorrelation(ID, 'Five in an hour');
    const { status, body } = await manager.call('DELETE', `${RULES}${String(outcome['id'])}/`);
    expect([status, body]).toEqual([
      400,
      { code: 'linked_sigma_rule', linked_correlation: [{ correlation_rule_name: 'Five in an hour' }] },
    ]);
    expect(manager.simulator.sigmaRules).toHaveLength(1);
  });
});

it('needs a permission to view and one to edit', async () => {
  const { outcome } = await create();
  manager.simulator.setPermissions([PERMISSIONS.rulesView]);
  expect((await find({})).results).toHaveLength(1);
  expect((await create({ content: sigma({ id: 'x' }) })).status).toBe(403);
  expect((await change(outcome['id'], { name: 'x' })).status).toBe(403);
  expect((await manager.call('DELETE', `${RULES}${String(outcome['id'])}/`)).status).toBe(403);
  manager.simulator.setPermissions([PERMISSIONS.rulesEdit]);
  expect((await find({})).status).toBe(403);
  expect(manager.simulator.sigmaRules).toHaveLength(1);
});
