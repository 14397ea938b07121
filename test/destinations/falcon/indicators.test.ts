import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readSummary } from '../../../src/destinations/indicator-summary.ts';
import type { FalconOptions } from '../../simulators/falcon.ts';
import type { SimulatorRequest } from '../../simulators/request.ts';
import { DAY_MS } from '../channel-lab.ts';
import { IndicatorLab } from './indicator-lab.ts';

const DELIVERED_ONE = { kind: 'delivered', settled: 1 };
const OWN_TAG = /^nx-[a-z2-7]{16}$/;

let lab: IndicatorLab;

beforeEach(async () => {
  lab = await IndicatorLab.start();
});
afterEach(() => lab.falcon.stop());

/** A lab of another Falcon. */
async function startAnew(options: Partial<FalconOptions>): Promise<void> {
  await lab.falcon.stop();
  lab = await IndicatorLab.start(options);
}

const isWrite = (method: string) => (request: SimulatorRequest) =>
  request.method === method && request.path === '/iocs/entities/indicators/v1';
const isSearch = ({ path }: SimulatorRequest) => path === '/iocs/combined/indicator/v1';
const isSearchByValue = ({ path, query }: SimulatorRequest) =>
  path === '/iocs/combined/indicator/v1' && (query.get('filter') ?? '').includes('value:');
/** Platforms with so many domains, ten each: more indicators than one request may name. */
function platformsOf(domainCount: number): string[] {
  const ids = Array.from({ length: domainCount / 10 }, (_, i) => `ai-${i}`);
  const domains = ids.map((id) => [id, numbered(10).map((domain) => `${id}-${domain}`)] as const);
  lab.platforms = { approved: [], domains: Object.fromEntries(domains) };
  return ids;
}
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `ai-${i}.example.com`);

describe('a saved config', () => {
  it('makes an indicator of each domain of its platforms, marked as ours', async () => {
    expect(await lab.save(['perplexity', 'ai.example.com'])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['ai.example.com', 'perplexity.ai', 'www.perplexity.ai']);
    expect(lab.at()['perplexity.ai']).toMatchObject({
      type: 'domain',
      action: 'detect',
      severity: 'high',
      source: 'Noxys',
      description: 'Noxys: Perplexity is not an approved AI platform',
      platforms: ['windows', 'mac', 'linux'],
      applied_globally: true,
      tags: ['noxys', expect.stringMatching(OWN_TAG)],
    });
    expect(lab.at()['perplexity.ai']).not.toHaveProperty('expiration');
  });

  it('carries action, severity, description and expiry of each indicator', async () => {
    await lab.save([
      {
        value: 'grok',
        action: 'no_action',
        severity: 'critical',
        description: 'Watched',
        expires: '2027-01-31T10:00:00Z',
      },
      { value: 'poe', action: 'detect', severity: 'low' },
    ]);
    expect(lab.at()['grok.com']).toMatchObject({
      action: 'no_action',
      severity: '',
      description: 'Watched',
      expiration: '2027-01-31T10:00:00Z',
    });
    expect(lab.at()['poe.com']).toMatchObject({ action: 'detect', severity: 'low' });
  });

  it('writes nothing where Falcon has it all already', async () => {
    const indicators = ['perplexity', { value: 'grok', action: 'no_action', severity: 'high' as const }];
    await lab.save(indicators);
    lab.nowMs += DAY_MS;
    expect(await lab.save(indicators)).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toEqual(['POST 3']);
    expect(readSummary(lab.memory)).toMatchObject({ created: 0, updated: 0, removed: 0, unchanged: 3 });
  });

  it('changes what differs with all its fields, as Falcon clears those that are not named', async () => {
    await lab.save(['perplexity', 'grok']);
    const { id } = lab.at()['grok.com'] ?? {};
    await lab.save(['perplexity', { value: 'grok', action: 'detect', severity: 'medium' }]);
    expect(lab.writes()).toEqual(['POST 3', 'PATCH 1']);
    expect(lab.at()['grok.com']).toMatchObject({
      id,
      action: 'detect',
      severity: 'medium',
      source: 'Noxys',
      platforms: ['windows', 'mac', 'linux'],
      applied_globally: true,
      tags: ['noxys', expect.stringMatching(OWN_TAG)],
    });
  });

  it('lets an indicator that no longer expires go on for ever', async () => {
    await lab.save([{ value: 'poe', action: 'detect', severity: 'high', expires: '2026-12-01T00:00:00Z' }]);
    await lab.save(['poe']);
    expect(lab.at()['poe.com']).not.toHaveProperty('expiration');
  });

  it('removes what it names no more, by its id and never by a filter', async () => {
    await lab.save(['perplexity', 'grok', 'poe']);
    expect(await lab.save(['grok'])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['grok.com']);
    const removal = lab.falcon.apiRequests.find(({ method }) => method === 'DELETE');
    expect(removal?.query.map(([name]) => name)).toEqual(['ids', 'ids', 'ids', 'comment']);
  });

  it('removes all of them when it names none', async () => {
    await lab.save(['perplexity', 'grok']);
    await lab.save([]);
    expect(lab.domains()).toEqual([]);
  });

  it.each<[string, (request: SimulatorRequest) => boolean]>([
    ['what is new can not be made', isWrite('POST')],
    ['what differs can not be changed', isWrite('PATCH')],
    ['the domains of others can not be searched', isSearchByValue],
  ])('removes what it names no more even while %s', async (_what, match) => {
    await lab.save(['perplexity', 'poe']);
    lab.platforms = { ...lab.platforms, approved: ['perplexity'] };
    lab.falcon.fail({ match, status: 500, body: {} });
    const outcome = await lab.save(['grok', { value: 'poe', action: 'detect', severity: 'low' }]);
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(lab.domains()).not.toContain('perplexity.ai');
    expect(lab.domains()).not.toContain('www.perplexity.ai');
  });

  it('leaves the indicators of another destination and of other people alone', async () => {
    await lab.save(['grok'], 'falcon-us');
    await lab.someoneMakes('poe.com');
    await lab.someoneMakes('evil.example.com', { source: 'Noxys', tags: ['noxys'] });
    await lab.save([]);
    expect(lab.domains()).toEqual(['evil.example.com', 'grok.com', 'poe.com']);
  });

  it('never overwrites an indicator that somebody else made of a domain, and tells of it', async () => {
    await lab.someoneMakes('grok.com');
    const before = lab.at()['grok.com'];
    expect(await lab.save(['grok', 'poe'])).toEqual(DELIVERED_ONE);
    expect(lab.at()['grok.com']).toEqual(before);
    expect(lab.domains()).toEqual(['grok.com', 'poe.com']);
    expect(readSummary(lab.memory)).toMatchObject({ created: 1, foreign: ['grok.com'], refused: [] });
  });

  it('takes many changes of the config as one', async () => {
    const outcome = await lab.deliver([lab.changed(), lab.changed(), lab.changed()], ['grok']);
    expect(outcome).toEqual({ kind: 'delivered', settled: 3 });
    expect(lab.writes()).toEqual(['POST 1']);
  });

  it('sends at most 200 indicators in a request, and finds them all again', async () => {
    const platforms = platformsOf(450);
    await lab.save(platforms);
    const urls = lab.falcon.apiRequests.map(
      ({ path, query }) => path + new URLSearchParams([...query].map(([n, v]) => [n, v])).toString(),
    );
    expect(Math.max(...urls.map((url) => url.length))).toBeLessThan(8_000);
    await lab.save(platforms);
    expect(lab.writes()).toEqual(['POST 200', 'POST 200', 'POST 50']);
    await lab.save([]);
    expect(lab.domains()).toEqual([]);
  });

  it('skips an indicator whose time is over, and removes it', async () => {
    const soon = {
      value: 'poe',
      action: 'detect',
      severity: 'high' as const,
      expires: '2026-11-23T00:00:00Z',
    };
    await lab.save([soon, 'grok']);
    lab.nowMs += 2 * DAY_MS;
    expect(await lab.save([soon, 'grok'])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['grok.com']);
    expect(readSummary(lab.memory)).toMatchObject({ expired: ['poe.com'], removed: 1 });
  });

  it('makes none of a platform that was approved meanwhile, of what lies below it, or above it', async () => {
    lab.platforms = { approved: ['chatgpt'], domains: { chatgpt: ['ai.acme.fr'] } };
    const outcome = await lab.save(['chatgpt.com', 'eu.chatgpt.com', 'acme.fr', 'poe']);
    expect(lab.domains()).toEqual(['poe.com']);
    expect(outcome).toMatchObject({ kind: 'rejected', status: null });
    expect(outcome).toHaveProperty(
      'excerpt',
      expect.stringContaining('belongs to ChatGPT, which is approved'),
    );
  });
});

describe('a refusal of Falcon', () => {
  /** Falcon refuses a batch that names this domain, and says only that. */
  const refuse = (domain: string, message: string) =>
    lab.falcon.fail({
      match: (request) => isWrite('POST')(request) && request.body.toString('utf8').includes(`"${domain}"`),
      status: 400,
      body: { meta: {}, errors: [{ code: 400, message }], resources: null },
    });

  it('keeps no other indicator of the batch out, and is a dead letter that names the domain and why', async () => {
    refuse('ai-33.example.com', 'value is on the block list');
    const outcome = await lab.save(numbered(100));
    expect(lab.domains()).toHaveLength(99);
    expect(outcome).toEqual({
      kind: 'rejected',
      status: 400,
      excerpt: 'ai-33.example.com: 400 value is on the block list',
    });
    expect(readSummary(lab.memory)).toMatchObject({
      created: 99,
      refused: [{ domain: 'ai-33.example.com' }],
    });
  });

  it('is mended by sending the same again, which makes only what lacks', async () => {
    const fault = refuse('poe.com', 'not today');
    await lab.save(['grok', 'poe']);
    fault.heal();
    expect(await lab.save(['grok', 'poe'])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['grok.com', 'poe.com']);
  });

  it('says nothing about the entries before: they are done', async () => {
    refuse('poe.com', 'not today');
    const events = [
      lab.detection({ id: 'd1', platforms: ['grok'] }),
      lab.detection({ id: 'd2', platforms: ['poe'] }),
    ];
    expect(await lab.deliver(events)).toEqual(DELIVERED_ONE);
    expect(await lab.deliver(events.slice(1))).toMatchObject({ kind: 'rejected', status: 400 });
    expect(lab.domains()).toEqual(['grok.com']);
  });

  it('of a full account is not asked for again one by one', async () => {
    await startAnew({ indicatorsMax: 1 });
    const outcome = await lab.save(numbered(100));
    expect(lab.writes()).toEqual(['POST 100']);
    expect(outcome).toMatchObject({
      kind: 'rejected',
      excerpt: expect.stringContaining('1 million') as string,
    });
  });

  it('is read in an answer of success, too', async () => {
    const row = { value: 'poe.com', message_type: 'error', message: 'Invalid value' };
    lab.falcon.fail({
      match: isWrite('POST'),
      times: 1,
      status: 201,
      body: { errors: null, resources: [row] },
    });
    const outcome = await lab.save(['poe']);
    expect(outcome).toEqual({ kind: 'rejected', status: 400, excerpt: 'poe.com: Invalid value' });
  });

  it('that an answer of success does not pin to an indicator is found out one by one', async () => {
    const body = { errors: [{ code: 500, message: 'some were not added' }], resources: null };
    lab.falcon.fail({ match: isWrite('POST'), times: 1, status: 201, body });
    expect(await lab.save(['poe', 'grok'])).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toEqual(['POST 1', 'POST 1']);
    expect(lab.domains()).toEqual(['grok.com', 'poe.com']);
  });

  it('quotes no credential that the answer repeats', async () => {
    refuse('poe.com', `bad value, Authorization: Bearer ${'a1B2'.repeat(20)}`);
    const outcome = await lab.save(['poe']);
    expect(JSON.stringify(outcome)).not.toContain('a1B2a1B2');
  });
});

describe('what goes wrong on the way', () => {
  it('an answer that is never seen leaves one indicator, not two', async () => {
    lab.timeoutMs = 100;
    const slow = lab.falcon.fail({ match: isWrite('POST'), delayMs: 60_000, times: 1 });
    expect(await lab.save(['poe'])).toMatchObject({ kind: 'retry', reason: 'timeout' });
    slow.heal();
    expect(await lab.save(['poe'])).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toEqual(['POST 1']);
    expect(lab.domains()).toEqual(['poe.com']);
  });

  it('one that a search does not show yet is waited for, and is no dead letter', async () => {
    lab.falcon.fail({ match: isWrite('POST'), drop: 'after_reading', times: 1 });
    await lab.save(['poe']);
    const lagging = lab.falcon.fail({
      match: ({ path }) => path === '/iocs/combined/indicator/v1',
      status: 200,
      body: { errors: null, resources: null },
    });
    expect(await lab.save(['poe'])).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    lagging.heal();
    expect(await lab.save(['poe'])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['poe.com']);
  });

  it('one that somebody else made between the search and the request is theirs', async () => {
    await lab.someoneMakes('poe.com');
    lab.falcon.fail({
      match: ({ path }) => path === '/iocs/combined/indicator/v1',
      status: 200,
      body: { errors: [], resources: [] },
      times: 2,
    });
    expect(await lab.save(['poe'])).toEqual(DELIVERED_ONE);
    expect(readSummary(lab.memory)).toMatchObject({ created: 0, foreign: ['poe.com'], refused: [] });
  });

  it('an update of one that was removed meanwhile looks for it again', async () => {
    await lab.save(['poe']);
    const gone = { errors: [{ code: 404, message: 'id not found' }] };
    lab.falcon.fail({ match: isWrite('PATCH'), times: 1, status: 404, body: gone });
    const changed = [{ value: 'poe', action: 'detect', severity: 'low' as const }];
    expect(await lab.save(changed)).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    expect(await lab.save(changed)).toEqual(DELIVERED_ONE);
    expect(lab.at()['poe.com']).toMatchObject({ severity: 'low' });
  });

  it('a removal of one that is gone already is done', async () => {
    await lab.save(['poe', 'grok']);
    const gone = { errors: [{ code: 404, message: 'indicator not found' }], resources: null };
    lab.falcon.fail({ match: isWrite('DELETE'), times: 1, status: 200, body: gone });
    expect(await lab.save(['grok'])).toEqual(DELIVERED_ONE);
  });

  it('of two that are ours and about the same domain one is removed', async () => {
    await lab.save(['poe']);
    const [one] = lab.falcon.indicators;
    lab.falcon.fail({
      match: ({ path }) => path === '/iocs/combined/indicator/v1',
      times: 1,
      status: 200,
      body: { errors: null, resources: [one, { ...one, id: 'f'.repeat(64) }] },
    });
    expect(await lab.save(['poe'])).toEqual(DELIVERED_ONE);
    const removal = lab.falcon.apiRequests.find(({ method }) => method === 'DELETE');
    expect(removal?.query).toContainEqual(['ids', 'f'.repeat(64)]);
    expect(lab.domains()).toEqual(['poe.com']);
  });

  it.each<[string, string | object, string]>([
    ['an error', { errors: [{ code: 500, message: 'shard failed' }], resources: [] }, '500 shard failed'],
    ['no body', '', 'nothing in it'],
    ['an empty object', {}, 'nothing in it'],
    ['a total alone', { meta: { pagination: { total: 0 } } }, 'nothing in it'],
    ['fewer than it tells', { meta: { pagination: { total: 1 } }, resources: null }, '0 of 1'],
  ])('a search that is answered with %s changes nothing', async (_what, body, why) => {
    await lab.save(['poe']);
    lab.falcon.fail({ match: isSearch, times: 1, status: 200, body });
    expect(await lab.save([])).toMatchObject({
      kind: 'retry',
      reason: 'server_error',
      detail: `the search for indicators was answered in part: ${why}`,
    });
    expect(lab.domains()).toEqual(['poe.com']);
  });

  it('a page that is not full is not taken for the last one', async () => {
    await lab.save(['a.example.com', 'b.example.com', 'c.example.com']);
    const after = Buffer.from('after 1').toString('base64');
    const body = { meta: { pagination: { after } }, resources: [lab.falcon.indicators[0]] };
    lab.falcon.fail({ match: isSearch, times: 1, status: 200, body });
    expect(await lab.save([])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual([]);
  });

  it('a page that comes twice makes no indicator a second one of its domain', async () => {
    await lab.save(['a.example.com']);
    const body = { meta: { pagination: { after: 'again' } }, resources: [lab.falcon.indicators[0]] };
    lab.falcon.fail({ match: isSearch, times: 2, status: 200, body });
    expect(await lab.save(['a.example.com'])).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toEqual(['POST 1']);
  });

  it('a search whose pages end before all that it tells changes nothing', async () => {
    await lab.save(['a.example.com', 'b.example.com']);
    const body = {
      meta: { pagination: { total: 2, after: 'again' } },
      resources: [lab.falcon.indicators[0]],
    };
    lab.falcon.fail({ match: isSearch, times: 2, status: 200, body });
    const detail = 'the search for indicators was answered in part: 1 of 2';
    expect(await lab.save([])).toMatchObject({ kind: 'retry', reason: 'server_error', detail });
    expect(lab.domains()).toEqual(['a.example.com', 'b.example.com']);
  });

  it('what was done before a failure is not done again', async () => {
    lab.falcon.fail({ match: isWrite('POST'), every: secondOf(), times: 1, status: 503 });
    const platforms = platformsOf(250);
    expect(await lab.save(platforms)).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(await lab.save(platforms)).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toEqual(['POST 200', 'POST 50']);
  });

  it('a missing scope blocks with the name that the console has for it', async () => {
    lab.falcon.setScopes(['ioc:read']);
    expect(await lab.save(['poe'])).toMatchObject({
      kind: 'blocked',
      reason: 'scope_missing',
      detail: expect.stringContaining('IOC Management: Write') as string,
    });
  });
});

/** The second of the requests that match. */
function secondOf(): (request: SimulatorRequest) => boolean {
  let count = 0;
  return () => ++count === 2;
}

describe('the test of the channel', () => {
  it('reads, and says that writing was not tested', async () => {
    const checked = await lab.channel(['poe']).check?.(lab.io());
    expect(checked).toMatchObject({ outcome: { kind: 'delivered' } });
    expect(checked?.notes.join(' ')).toContain('IOC Management: Write was not tested');
    expect(lab.writes()).toEqual([]);
  });

  it('tells what the last sync came to, and what it left alone', async () => {
    expect((await lab.channel(['poe']).check?.(lab.io()))?.notes.join(' ')).not.toContain('Brought in line');
    await lab.someoneMakes('grok.com');
    await lab.save([
      'grok',
      'poe',
      { value: 'mistral', action: 'detect', severity: 'low', expires: '2020-01-01T00:00:00Z' },
    ]);
    const notes = (await lab.channel(['poe']).check?.(lab.io()))?.notes ?? [];
    expect(notes.slice(2)).toEqual([
      expect.stringMatching(
        /^Brought in line at 2\d{3}-.*Z: 1 made, 0 changed, 0 removed, 0 as they should be\.$/,
      ),
      'Left alone, as somebody else made them: grok.com.',
      'Not made, as their time is over: chat.mistral.ai.',
    ]);
  });

  it('takes a 2xx with errors for no success', async () => {
    lab.falcon.fail({
      match: ({ path }) => path === '/iocs/queries/ioc-types/v1',
      status: 200,
      body: { resources: null, errors: [{ code: 500, message: 'not now' }] },
    });
    const checked = await lab.channel(['poe']).check?.(lab.io());
    expect(checked).toMatchObject({ outcome: { kind: 'retry', excerpt: '500 not now' }, notes: [] });
  });

  it('names the scopes that indicators need when one is missing', async () => {
    lab.falcon.setScopes(['cases:read']);
    const checked = await lab.channel(['poe']).check?.(lab.io());
    expect(checked?.outcome).toMatchObject({
      kind: 'blocked',
      reason: 'scope_missing',
      detail: expect.stringContaining('IOC Management: Read and Write') as string,
    });
  });
});
