import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FalconCaller, type CallerOptions } from './falcon-caller.ts';
import type { FalconOptions } from './falcon.ts';

const PATH = '/iocs/entities/indicators/v1';
const QUERIES = '/iocs/queries/indicators/v1';
const COMBINED = '/iocs/combined/indicator/v1';
const DOMAIN = {
  type: 'domain',
  value: 'perplexity.ai',
  action: 'detect',
  severity: 'high',
  platforms: ['windows', 'mac', 'linux'],
  applied_globally: true,
  source: 'Noxys',
  description: 'An AI service that was not approved',
  tags: ['noxys'],
};
const HASH = { ...DOMAIN, type: 'sha256', value: 'a'.repeat(64), action: 'prevent' };

let falcon: FalconCaller;

const restart = async (options: Partial<FalconOptions>) => {
  await falcon.simulator.stop();
  falcon = await FalconCaller.start(options);
};
const create = (...indicators: object[]) =>
  falcon.call('POST', PATH, { query: { ignore_warnings: 'true' }, body: { indicators, comment: 'Noxys' } });
const domains = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...DOMAIN, value: `d${i}.example.com` }));
const patch = (...indicators: object[]) => falcon.call('PATCH', PATH, { body: { indicators } });
const idOf = (value: string) => falcon.simulator.indicators.find((one) => one.value === value)?.id ?? '';
const get = (path: string, query: CallerOptions['query'] = {}) => falcon.call('GET', path, { query });

beforeEach(async () => {
  falcon = await FalconCaller.start();
});
afterEach(() => falcon.simulator.stop());

describe('creating', () => {
  it('answers 201 with the indicators and their ids', async () => {
    const { status, resources, body } = await create(DOMAIN, HASH);
    expect([status, body['errors']]).toEqual([201, null]);
    expect(resources).toMatchObject([DOMAIN, HASH]);
    expect(resources[0]?.['id']).toMatch(/^[0-9a-f]{64}$/);
    expect(falcon.simulator.indicators).toHaveLength(2);
  });

  it.each([
    ['a domain that is to be blocked', { action: 'prevent' }, /not supported for type domain/],
    ['a domain that is to be blocked silently', { action: 'prevent_no_ui' }, /not supported/],
    ['a domain that is to be allowed', { action: 'allow', severity: undefined }, /not supported/],
    ['an address that is to be blocked', { type: 'ipv4', value: '192.0.2.1', action: 'prevent' }, /not supp/],
    ['the action block', { action: 'block' }, /action must be/],
    ['no action', { action: undefined }, /action is required/],
    ['detect without severity', { severity: undefined }, /severity cannot be empty for this 'action'/],
    ['no_action with severity', { action: 'no_action' }, /severity must be empty/],
    ['an unknown severity', { severity: 'severe' }, /severity must be one of/],
    ['the type url', { type: 'url' }, /type must be/],
    ['all_subdomains, which is for phones', { type: 'all_subdomains' }, /mobile/],
    ['a platform name in place of a domain', { value: 'perplexity' }, /not a valid domain/],
    ['a domain in capitals', { value: 'Perplexity.ai' }, /not a valid domain/],
    ['a URL in place of a domain', { value: 'https://perplexity.ai/' }, /not a valid domain/],
    ['a domain outside ASCII', { value: 'bücher.example' }, /not a valid domain/],
    ['a value of 201 characters', { value: `${'a.'.repeat(99)}abc` }, /not a valid domain/],
    ['no value', { value: undefined }, /not a valid domain/],
    ['a hash in capitals', { ...HASH, value: 'A'.repeat(64) }, /not a valid sha256/],
    ['an ipv6 in capitals', { type: 'ipv6', value: '2001:DB8::1' }, /not a valid ipv6/],
    ['no platforms', { platforms: [] }, /platforms must not be empty/],
    ['platforms that are absent', { platforms: undefined }, /platforms must not be empty/],
    ['an unknown platform', { platforms: ['beos'] }, /platforms must be among/],
    ['a phone', { platforms: ['ios'] }, /Falcon for Mobile/],
    ['neither everywhere nor a host group', { applied_globally: undefined }, /either applied_globally/],
    ['everywhere and a host group', { host_groups: ['a'.repeat(32)] }, /either applied_globally/],
    ['a host group that is no id', { applied_globally: false, host_groups: ['all'] }, /host_groups/],
    ['a source of 201 characters', { source: 'x'.repeat(201) }, /source/],
    ['a description of 201 characters', { description: 'x'.repeat(201) }, /description/],
    ['a tag that is empty', { tags: [''] }, /tags/],
    ['an expiry that has passed', { expiration: '2020-01-01T00:00:00Z' }, /expiration/],
    ['an expiry that is a date alone', { expiration: '2099-01-01' }, /expiration/],
  ])('refuses %s, and the whole batch with it', async (_, fields, message) => {
    const answer = await create({ ...DOMAIN, value: 'grok.com' }, { ...DOMAIN, ...fields });
    expect(answer.status).toBe(400);
    expect(answer.message).toMatch(message);
    expect(answer.message).toContain('indicators[1]');
    expect(falcon.simulator.indicators).toEqual([]);
  });

  it('refuses a duplicate, also within the batch and though warnings are ignored', async () => {
    expect((await create(DOMAIN, DOMAIN)).status).toBe(400);
    expect((await create(DOMAIN)).status).toBe(201);
    const { status, message } = await create({ ...DOMAIN, value: 'grok.com' }, DOMAIN);
    expect([status, message]).toEqual([400, 'indicators[1]: duplicate type and value']);
    expect(falcon.simulator.indicators).toHaveLength(1);
  });

  it('takes 200 in a batch and no more', async () => {
    expect((await create(...domains(201))).status).toBe(400);
    expect((await create(...domains(200))).status).toBe(201);
  });

  it('refuses what has no indicators', async () => {
    expect((await create()).status).toBe(400);
    expect((await falcon.call('POST', PATH, { body: { indicators: ['perplexity.ai'] } })).status).toBe(400);
  });

  it('refuses what exceeds the limit of the customer', async () => {
    await restart({ indicatorsMax: 1 });
    expect((await create(...domains(2))).message).toBe('Limit of 1 million indicators reached.');
  });

  it('takes a hash to block, an address to detect and a domain for some host groups', async () => {
    const groups = { applied_globally: false, host_groups: ['a'.repeat(32)] };
    const address = { ...DOMAIN, type: 'ipv6', value: '2001:db8::1' };
    const quiet = { ...DOMAIN, action: 'no_action', severity: undefined };
    expect((await create(HASH, address, { ...quiet, ...groups })).status).toBe(201);
  });

  it('drops a mobile action silently where no platform is mobile', async () => {
    await create({ ...DOMAIN, mobile_action: 'prevent' });
    expect(falcon.simulator.indicators[0]).not.toHaveProperty('mobile_action');
  });
});

describe('updating', () => {
  it('changes what is named and clears the rest', async () => {
    await create({ ...DOMAIN, expiration: '2099-01-01T00:00:00Z' });
    const { status, resources } = await patch({
      id: idOf(DOMAIN.value),
      action: 'detect',
      severity: 'low',
      platforms: ['mac'],
    });
    expect([status, resources]).toMatchObject([
      200,
      [{ severity: 'low', source: '', description: '', tags: [], applied_globally: false }],
    ]);
    expect(resources[0]).not.toHaveProperty('expiration');
    expect(resources[0]).toMatchObject({ type: 'domain', value: DOMAIN.value });
  });

  it.each([
    [400, { action: 'prevent', severity: 'high' }],
    [400, { action: 'detect' }],
    [400, { severity: 'high' }],
    [404, { id: 'f'.repeat(64) }],
  ])('answers %i to %j, and changes nothing of the batch', async (status, change) => {
    await create(DOMAIN, { ...DOMAIN, value: 'grok.com' });
    const good = { id: idOf('grok.com'), action: 'no_action', platforms: ['mac'] };
    expect((await patch(good, { id: idOf(DOMAIN.value), ...change })).status).toBe(status);
    expect(falcon.simulator.indicators).toMatchObject([{ action: 'detect' }, { action: 'detect' }]);
  });

  it('refuses changes in bulk', async () => {
    const body = { bulk_update: { filter: "source:'Noxys'", action: 'no_action' }, indicators: [] };
    expect((await falcon.call('PATCH', PATH, { body })).status).toBe(400);
  });
});

describe('deleting', () => {
  const remove = (query: CallerOptions['query'] = {}) => falcon.call('DELETE', PATH, { query });

  it('takes repeated ids, and names those that are not there', async () => {
    await create(...domains(3));
    const [first = '', second = ''] = falcon.simulator.indicators.map(({ id }) => id);
    const { status, ids, body } = await remove([
      ['ids', first],
      ['ids', second],
      ['ids', 'nope'],
      ['comment', 'dropped from the configuration'],
    ]);
    expect([status, ids]).toEqual([200, [first, second]]);
    expect(body).toMatchObject({ errors: [{ code: 404, id: 'nope' }] });
    expect(falcon.simulator.indicators).toHaveLength(1);
  });

  it('heeds the filter alone where both are given', async () => {
    await create(DOMAIN, { ...DOMAIN, value: 'grok.com', source: 'Other' });
    await remove({ ids: idOf(DOMAIN.value), filter: "source:'Other'" });
    expect(falcon.simulator.indicators).toMatchObject([{ value: DOMAIN.value }]);
  });

  it('needs ids or a filter that can be read', async () => {
    expect((await remove()).status).toBe(400);
    expect((await remove({ filter: 'source' })).status).toBe(400);
  });
});

describe('searching', () => {
  it('finds by type, value and source, as ids or as records', async () => {
    await create(DOMAIN, { ...DOMAIN, value: 'grok.com' }, HASH);
    const filter = "type:'domain'+value:'perplexity.ai'+source:'Noxys'";
    expect((await get(QUERIES, { filter })).ids).toEqual([idOf(DOMAIN.value)]);
    expect((await get(COMBINED, { filter })).resources).toMatchObject([DOMAIN]);
    expect((await get(PATH, { ids: idOf('grok.com') })).resources).toMatchObject([{ value: 'grok.com' }]);
    expect((await get(COMBINED, { filter: "value:['grok.com','perplexity.ai']" })).resources).toHaveLength(2);
  });

  it('answers an unknown field with an empty 200, negated too', async () => {
    await create(DOMAIN);
    for (const filter of ["valeu:'perplexity.ai'", "valeu:!'perplexity.ai'"]) {
      expect(await get(COMBINED, { filter })).toMatchObject({ status: 200, resources: [] });
    }
  });

  it('refuses a filter that can not be read', async () => {
    expect((await get(COMBINED, { filter: "value:'it's'" })).status).toBe(400);
  });

  it('pages by after, which excludes offset', async () => {
    await create(...domains(5));
    const seen: unknown[] = [];
    let after: string | undefined;
    do {
      const page = await get(COMBINED, { limit: '2', ...(after === undefined ? {} : { after }) });
      seen.push(...page.resources.map(({ value }) => value));
      const { pagination } = page.body['meta'] as { pagination: { after?: string; total: number } };
      expect(pagination.total).toBe(5);
      after = pagination.after;
    } while (after !== undefined);
    expect(seen).toEqual(domains(5).map(({ value }) => value));
    const first = await get(COMBINED, { limit: '2' });
    const token = (first.body['meta'] as { pagination: { after: string } }).pagination.after;
    expect((await get(COMBINED, { after: token, offset: '0' })).status).toBe(400);
    expect((await get(COMBINED, { after: 'nonsense' })).status).toBe(400);
  });

  it('reaches no further than 10,000 by offset', async () => {
    expect((await get(QUERIES, { offset: '9900', limit: '100' })).status).toBe(200);
    expect((await get(QUERIES, { offset: '9901', limit: '100' })).status).toBe(400);
  });

  it('tells the types, and what is read without ids', async () => {
    expect((await get('/iocs/queries/ioc-types/v1')).ids).toContain('domain');
    expect((await get(PATH)).status).toBe(400);
    expect((await get(PATH, { ids: 'nope' })).body).toMatchObject({ errors: [{ code: 404 }] });
  });
});

it('keeps an expired indicator, with no_action', async () => {
  await create({ ...DOMAIN, expiration: new Date(falcon.nowMs + 1000).toISOString() });
  expect(falcon.simulator.indicators).toMatchObject([{ action: 'detect', expired: false }]);
  falcon.nowMs += 1000;
  expect(falcon.simulator.indicators).toMatchObject([{ action: 'no_action', expired: true }]);
  expect((await get(QUERIES, { filter: "action:'detect'" })).ids).toEqual([]);
  expect((await create(DOMAIN)).status).toBe(400);
});
