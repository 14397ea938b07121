import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { harfangLabIndicators } from '../../../src/destinations/harfanglab/indicators.ts';
import { readSummary } from '../../../src/destinations/indicator-summary.ts';
import { PERMISSIONS } from '../../simulators/harfanglab-api.ts';
import type { SimulatorRequest } from '../../simulators/request.ts';
import { DAY_MS } from '../channel-lab.ts';
import { ManagerLab, TOKEN } from './manager-lab.ts';

const DELIVERED_ONE = { kind: 'delivered', settled: 1 };
const SOURCE = 'noxys-relay acme edr';

let lab: ManagerLab;

beforeEach(async () => {
  lab = await ManagerLab.start(harfangLabIndicators);
});
afterEach(() => lab.manager.stop());

const isWrite = (method: string) => (request: SimulatorRequest) =>
  request.method === method && request.path.includes('/IOCRule/');
const isCreationOf = (domain: string) => (request: SimulatorRequest) =>
  isWrite('POST')(request) && request.body.toString('utf8').includes(`"${domain}"`);
const isList = ({ method, path }: SimulatorRequest) => method === 'GET' && path.endsWith('/IOCRule/');
/** A platform of so many domains. */
function watch(count: number): { indicators: string[] } {
  const domains = Array.from({ length: count }, (_, i) => `ai-${String(i).padStart(3, '0')}.example.com`);
  lab.platforms = { approved: [], domains: { wide: domains } };
  return { indicators: ['wide'] };
}
const sourceId = () => lab.manager.indicatorSources[0]?.id;
const someoneMakes = async (value: string, fields: Record<string, unknown> = {}) =>
  lab.byHand('POST', 'IOCRule/', { source_id: sourceId(), type: 'domain_name', value, ...fields });

describe('a saved config', () => {
  it('makes a source of its own, and an indicator of each domain in it that alerts in testing', async () => {
    expect(await lab.save({ indicators: ['perplexity', 'ai.example.com'] })).toEqual(DELIVERED_ONE);
    expect(lab.manager.indicatorSources).toMatchObject([{ name: SOURCE, enabled: true }]);
    expect(lab.domains()).toEqual(['ai.example.com', 'perplexity.ai', 'www.perplexity.ai']);
    expect(lab.at()['perplexity.ai']).toMatchObject({
      source_id: sourceId(),
      type: 'domain_name',
      description: 'Noxys: Perplexity is not an approved AI platform',
      comment: expect.stringMatching(/^\[noxys-relay nx-[a-z2-7]{16}\]$/) as string,
      enabled: true,
      hl_status: 'testing',
      global_state: 'alert',
      block_on_agent: false,
      quarantine_on_agent: false,
      rule_level_override: 'high',
    });
  });

  it('carries severity, description and expiry of each indicator', async () => {
    const expires = '2027-01-31T10:00:00Z';
    await lab.save({
      indicators: [{ value: 'grok', severity: 'critical', description: 'Watched', expires }],
    });
    expect(lab.at()['grok.com']).toMatchObject({
      rule_level_override: 'critical',
      description: 'Watched',
      comment: expect.stringContaining(' until 2027-01-31T10:00:00.000Z]') as string,
    });
  });

  it('asks for a block only where the indicator says so and the destination grants it', async () => {
    const indicators = [{ value: 'grok', action: 'block' }, 'poe'];
    await lab.save({ indicators });
    expect(lab.at()['grok.com']).toMatchObject({ global_state: 'alert', block_on_agent: false });
    await lab.save({ indicators, actions: ['indicator', 'block'] });
    expect(lab.at()['grok.com']).toMatchObject({
      global_state: 'block',
      block_on_agent: true,
      hl_status: 'stable',
    });
    expect(lab.at()['poe.com']).toMatchObject({ global_state: 'alert', hl_status: 'testing' });
    await lab.save({ indicators });
    expect(lab.at()['grok.com']).toMatchObject({ global_state: 'alert', block_on_agent: false });
  });

  it('writes nothing where the manager has it all already', async () => {
    const indicators = ['perplexity', { value: 'grok', severity: 'low', expires: '2027-01-01T00:00:00Z' }];
    await lab.save({ indicators });
    lab.nowMs += DAY_MS;
    expect(await lab.save({ indicators })).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toEqual(['POST IOCSource', 'POST IOCRule', 'POST IOCRule', 'POST IOCRule']);
    expect(readSummary(lab.memory)).toMatchObject({ created: 0, updated: 0, removed: 0, unchanged: 3 });
  });

  it('makes no source where there is nothing to keep', async () => {
    expect(await lab.save({ indicators: [] })).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toEqual([]);
  });

  it('changes what differs, and what somebody changed in the console', async () => {
    await lab.save({ indicators: ['perplexity', 'grok'] });
    const { id } = lab.at()['perplexity.ai'] ?? {};
    await lab.byHand('PATCH', `IOCRule/${id}/`, { enabled: false });
    await lab.save({ indicators: ['perplexity', { value: 'grok', severity: 'medium' }] });
    expect(lab.writes().slice(-2)).toEqual(['PATCH IOCRule', 'PATCH IOCRule']);
    expect(lab.at()['grok.com']).toMatchObject({ rule_level_override: 'medium' });
    expect(lab.at()['perplexity.ai']).toMatchObject({ id, enabled: true, global_state: 'alert' });
  });

  it('leaves what an analyst adds to a comment', async () => {
    await lab.save({ indicators: ['grok'] });
    const { id, comment } = lab.at()['grok.com'] ?? {};
    await lab.byHand('PATCH', `IOCRule/${id}/`, { comment: `${comment} see ticket 12` });
    await lab.save({ indicators: ['grok'] });
    expect(lab.at()['grok.com']?.comment).toContain('see ticket 12');
  });

  it('removes what it names no more, before it makes anything new', async () => {
    await lab.save({ indicators: ['perplexity', 'poe'] });
    expect(await lab.save({ indicators: ['grok', 'poe'] })).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['grok.com', 'poe.com']);
    expect(lab.writes().slice(-3)).toEqual(['DELETE IOCRule', 'DELETE IOCRule', 'POST IOCRule']);
    await lab.save({ indicators: [] });
    expect(lab.domains()).toEqual([]);
  });

  it('removes an indicator whose time is over', async () => {
    const indicators = [{ value: 'poe', expires: '2026-11-23T00:00:00Z' }, 'grok'];
    await lab.save({ indicators });
    expect(lab.domains()).toEqual(['grok.com', 'poe.com']);
    lab.nowMs += 2 * DAY_MS;
    expect(await lab.save({ indicators })).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['grok.com']);
    expect(readSummary(lab.memory)).toMatchObject({ expired: ['poe.com'], removed: 1 });
  });

  it('makes none of a platform that was approved meanwhile, and removes what there was', async () => {
    await lab.save({ indicators: ['poe', 'grok'] });
    lab.platforms = { approved: ['poe'], domains: {} };
    expect(await lab.save({ indicators: ['poe', 'grok'] })).toEqual({
      kind: 'rejected',
      status: null,
      excerpt: 'poe.com: belongs to Poe, which is approved',
    });
    expect(lab.domains()).toEqual(['grok.com']);
  });

  it('leaves the indicators of another tenant and of another destination alone', async () => {
    await lab.save({ indicators: ['grok'] }, 'other');
    await lab.save({ indicators: ['grok'], name: 'edr-lab' });
    await lab.save({ indicators: ['grok'] });
    await lab.save({ indicators: [] });
    expect(lab.manager.indicatorSources).toHaveLength(3);
    expect(lab.domains()).toEqual(['grok.com', 'grok.com']);
  });

  it('never touches a rule in its source that it did not make, and tells of it', async () => {
    await lab.save({ indicators: ['poe'] });
    await someoneMakes('grok.com', { comment: 'by hand' });
    await someoneMakes('evil.example.com');
    const before = lab.at()['grok.com'];
    expect(await lab.save({ indicators: ['grok'] })).toEqual(DELIVERED_ONE);
    expect(lab.at()['grok.com']).toEqual(before);
    expect(lab.domains()).toEqual(['evil.example.com', 'grok.com']);
    expect(readSummary(lab.memory)?.foreign).toEqual(['grok.com', 'evil.example.com']);
  });

  it('tells an indicator from an address or a URL of the same value in its source', async () => {
    await lab.save({ indicators: ['poe'] });
    await someoneMakes('grok.com', { type: 'filename' });
    expect(await lab.save({ indicators: ['grok', 'poe'] })).toEqual(DELIVERED_ONE);
    expect(lab.manager.indicators.filter(({ value }) => value === 'grok.com')).toHaveLength(2);
  });
});

describe('a detection whose rule asks for an indicator', () => {
  it('makes one of each domain of its platforms, which names the rule and its end, and no person', async () => {
    expect(await lab.deliver([lab.detection()])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['perplexity.ai', 'www.perplexity.ai']);
    expect(lab.at()['perplexity.ai']).toMatchObject({
      global_state: 'alert',
      description: 'Noxys: Perplexity, found by the rule Repeated violations',
      comment: expect.stringContaining(' detection until 2026-12-23T00:00:00.000Z]') as string,
    });
    const sent = JSON.stringify(lab.manager.apiRequests) + JSON.stringify([...lab.memory.values]);
    expect(sent).not.toMatch(/alice/i);
  });

  it('never blocks, whatever the destination grants', async () => {
    await lab.deliver([lab.detection()], { actions: ['indicator', 'block'] });
    expect(lab.at()['perplexity.ai']).toMatchObject({ global_state: 'alert' });
  });

  it('is extended by a later one', async () => {
    await lab.deliver([lab.detection()]);
    lab.nowMs += 2 * DAY_MS;
    await lab.deliver([lab.detection({ id: 'd2' })]);
    expect(lab.at()['perplexity.ai']?.comment).toContain('until 2026-12-25T00:00:00.000Z]');
    expect(lab.domains()).toHaveLength(2);
  });

  it('outlives a sync of the config until its time is over, also when the memory is lost', async () => {
    await lab.deliver([lab.detection()]);
    lab.memory.values.clear();
    await lab.save({ indicators: ['grok'] });
    expect(lab.domains()).toEqual(['grok.com', 'perplexity.ai', 'www.perplexity.ai']);
    lab.nowMs += 40 * DAY_MS;
    await lab.save({ indicators: ['grok'] });
    expect(lab.domains()).toEqual(['grok.com']);
  });

  it('loses its indicator when its platform is approved later', async () => {
    await lab.deliver([lab.detection()]);
    lab.platforms = { approved: ['perplexity'], domains: {} };
    await lab.save({ indicators: [] });
    expect(lab.domains()).toEqual([]);
  });

  it('of an approved platform is a dead letter, and nothing is asked of the manager', async () => {
    expect(await lab.deliver([lab.detection({ platforms: ['chatgpt'] })])).toMatchObject({
      kind: 'rejected',
      status: null,
      excerpt: expect.stringContaining('ChatGPT is approved') as string,
    });
    expect(lab.manager.apiRequests).toEqual([]);
  });

  it('is done when what comes after it fails', async () => {
    lab.manager.fail({ match: isCreationOf('poe.com'), status: 500, body: {} });
    const events = [
      lab.detection({ id: 'd1', platforms: ['grok'] }),
      lab.detection({ id: 'd2', platforms: ['poe'] }),
    ];
    expect(await lab.deliver(events)).toMatchObject({
      kind: 'delivered',
      settled: 1,
      others: { kind: 'retry', reason: 'server_error' },
    });
    expect(lab.domains()).toEqual(['grok.com']);
  });
});

describe('a refusal of the manager', () => {
  const refuse = (domain: string, body: unknown = { value: ['Enter a valid domain name.'] }) =>
    lab.manager.fail({ match: isCreationOf(domain), status: 400, body });

  it('keeps no other indicator out, and is a dead letter with the domain and the words', async () => {
    refuse('grok.com');
    expect(await lab.save({ indicators: ['poe', 'grok', 'perplexity'] })).toEqual({
      kind: 'rejected',
      status: 400,
      excerpt: 'grok.com: value: Enter a valid domain name.',
    });
    expect(lab.domains()).toEqual(['perplexity.ai', 'poe.com', 'www.perplexity.ai']);
  });

  it('quotes no credential that the answer repeats', async () => {
    refuse('grok.com', { detail: `bad token ${'a1B2'.repeat(16)}` });
    expect(JSON.stringify(await lab.save({ indicators: ['grok'] }))).not.toContain('a1B2a1B2');
  });

  it('that says it exists already is success: ours is brought in line', async () => {
    await lab.save({ indicators: ['grok'] });
    const empty = { count: 0, next: null, results: [] };
    lab.manager.fail({ match: isList, status: 200, body: empty, times: 1 });
    expect(await lab.save({ indicators: [{ value: 'grok', severity: 'low' }] })).toEqual(DELIVERED_ONE);
    expect(lab.at()['grok.com']).toMatchObject({ rule_level_override: 'low' });
    expect(lab.domains()).toEqual(['grok.com']);
  });

  it('that says it exists already is success where a search does not show it', async () => {
    await lab.save({ indicators: ['grok'] });
    lab.manager.fail({ match: isList, status: 200, body: { count: 0, next: null, results: [] } });
    expect(await lab.save({ indicators: ['grok'] })).toEqual(DELIVERED_ONE);
  });

  it('that says somebody made it just now leaves it alone', async () => {
    await lab.save({ indicators: ['poe'] });
    await someoneMakes('grok.com');
    const only = lab.manager.indicators.filter(({ value }) => value === 'poe.com');
    lab.manager.fail({
      match: isList,
      status: 200,
      body: { count: 1, next: null, results: only },
      times: 1,
    });
    expect(await lab.save({ indicators: ['grok', 'poe'] })).toEqual(DELIVERED_ONE);
    expect(readSummary(lab.memory)).toMatchObject({ foreign: ['grok.com'], created: 0 });
    expect(lab.at()['grok.com']?.comment).toBeNull();
  });
});

describe('what goes wrong on the way', () => {
  it('an answer that is never seen leaves one indicator, not two', async () => {
    lab.timeoutMs = 100;
    const slow = lab.manager.fail({ match: isWrite('POST'), delayMs: 60_000, times: 1 });
    expect(await lab.save({ indicators: ['grok', 'poe'] })).toMatchObject({
      kind: 'retry',
      reason: 'timeout',
    });
    slow.heal();
    expect(await lab.save({ indicators: ['grok', 'poe'] })).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['grok.com', 'poe.com']);
    expect(lab.writes().filter((write) => write === 'POST IOCRule')).toHaveLength(2);
  });

  it('a source that somebody else made at the same moment is used', async () => {
    await lab.byHand('POST', 'IOCSource/', { name: SOURCE });
    lab.manager.fail({
      match: ({ method, path }) => method === 'GET' && path.endsWith('/IOCSource/'),
      status: 200,
      body: { count: 0, next: null, results: [] },
      times: 1,
    });
    expect(await lab.save({ indicators: ['grok'] })).toEqual(DELIVERED_ONE);
    expect(lab.manager.indicatorSources).toHaveLength(1);
    expect(lab.domains()).toEqual(['grok.com']);
  });

  it('never takes a source for its own that a manager without the filter shows', async () => {
    const body = { count: 1, next: null, results: [{ id: 'x', name: 'noxys-relay other edr' }] };
    lab.manager.fail({
      match: ({ method, path }) => method === 'GET' && path.endsWith('/IOCSource/'),
      status: 200,
      body,
      times: 1,
    });
    await lab.save({ indicators: ['grok'] });
    expect(lab.manager.indicatorSources).toMatchObject([{ name: SOURCE }]);
  });

  it.each([
    ['of another source', { source_id: 'other' }],
    ['of another type', { type: 'url' }],
  ])('a rule %s that a manager without the filter shows is left alone', async (_what, difference) => {
    await lab.save({ indicators: ['grok'] });
    const [own] = lab.manager.indicators;
    const results = [own, { ...own, id: 'another', ...difference }];
    lab.manager.fail({ match: isList, status: 200, body: { count: 2, next: null, results }, times: 1 });
    expect(await lab.save({ indicators: [] })).toEqual(DELIVERED_ONE);
    const removed = lab.manager.apiRequests.filter(({ method }) => method === 'DELETE');
    expect(removed.map(({ path }) => path.split('/')[5])).toEqual([own?.id]);
  });

  it('a source that is refused is told', async () => {
    lab.manager.fail({
      match: ({ method, path }) => method === 'POST' && path.endsWith('/IOCSource/'),
      status: 400,
      body: { name: ['too long'] },
    });
    expect(await lab.save({ indicators: ['grok'] })).toEqual({
      kind: 'rejected',
      status: 400,
      excerpt: 'the IOCSource could not be made: name: too long',
    });
  });

  it('an indicator that the manager stumbles over keeps only itself waiting', async () => {
    const fault = lab.manager.fail({ match: isCreationOf('grok.com'), status: 500, body: {} });
    const config = { indicators: ['grok', 'poe', 'mistral'] };
    expect(await lab.save(config)).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(lab.domains()).toEqual(['chat.mistral.ai', 'poe.com']);
    fault.heal();
    expect(await lab.save(config)).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toHaveLength(3);
  });

  it('a manager in trouble is not asked for each of them', async () => {
    lab.manager.fail({ match: isWrite('POST'), status: 503, body: {} });
    expect(await lab.save(watch(20))).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(lab.manager.requests.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  it('removes what it names no more even while what is new can not be made', async () => {
    await lab.save({ indicators: ['perplexity'] });
    lab.manager.fail({ match: isWrite('POST'), status: 500, body: {} });
    expect(await lab.save({ indicators: ['grok'] })).toMatchObject({ kind: 'retry' });
    expect(lab.domains()).toEqual([]);
  });

  it('a removal of one that is gone already is done', async () => {
    await lab.save({ indicators: ['grok', 'poe'] });
    lab.manager.fail({ match: isWrite('DELETE'), status: 404, body: { detail: 'Not found.' }, times: 1 });
    expect(await lab.save({ indicators: ['poe'] })).toEqual(DELIVERED_ONE);
  });

  it('a change of one that is gone meanwhile looks for it again', async () => {
    await lab.save({ indicators: ['grok'] });
    lab.manager.fail({ match: isWrite('PATCH'), status: 404, body: { detail: 'Not found.' }, times: 1 });
    const config = { indicators: [{ value: 'grok', severity: 'low' }] };
    expect(await lab.save(config)).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    expect(await lab.save(config)).toEqual(DELIVERED_ONE);
  });

  it('a login page is no answer', async () => {
    lab.manager.presentLoginPage();
    expect(await lab.save({ indicators: ['grok'] })).toMatchObject({
      kind: 'blocked',
      reason: 'html_answer',
    });
  });

  it.each([
    ['to read', [], PERMISSIONS.rulesView],
    ['to write', [PERMISSIONS.rulesView], PERMISSIONS.rulesEdit],
  ])('a missing permission %s blocks with its name', async (_what, granted, missing) => {
    lab.manager.setPermissions(granted);
    expect(await lab.save({ indicators: ['grok'] })).toMatchObject({
      kind: 'blocked',
      reason: 'forbidden',
      detail: expect.stringContaining(`"${missing}"`) as string,
    });
  });

  it.each<[string, unknown, string]>([
    ['no list', { detail: 'shard failed' }, 'nothing in it'],
    ['fewer than it tells', { count: 3, next: null, results: [] }, '0 of 3'],
  ])('a list that is answered with %s changes nothing', async (_what, body, why) => {
    await lab.save({ indicators: ['poe'] });
    lab.manager.fail({ match: isList, status: 200, body, times: 1 });
    expect(await lab.save({ indicators: [] })).toMatchObject({
      kind: 'retry',
      reason: 'server_error',
      detail: `the list IOCRule was answered in part: ${why}`,
    });
    expect(lab.domains()).toEqual(['poe.com']);
  });
});

describe('many indicators', () => {
  it('are found again over several pages, and removed', async () => {
    lab.requestsMax = 2_000;
    const config = watch(620);
    expect(await lab.save(config)).toEqual(DELIVERED_ONE);
    const writes = lab.writes().length;
    expect(await lab.save(config)).toEqual(DELIVERED_ONE);
    expect(lab.writes()).toHaveLength(writes);
    expect(readSummary(lab.memory)).toMatchObject({ unchanged: 620 });
    await lab.save({ indicators: [] });
    expect(lab.domains()).toEqual([]);
  });

  it('are made in several turns when one has no room for them, each of which gets on', async () => {
    lab.requestsMax = 1;
    const config = watch(12);
    const pending = { kind: 'retry', reason: 'pending', isAside: true, retryAfterMs: 1_000 };
    expect(await lab.save(config)).toMatchObject({
      ...pending,
      detail: '5 indicators are brought in line, 7 follow',
    });
    expect(lab.domains()).toHaveLength(5);
    expect(readSummary(lab.memory)).toBeUndefined();
    expect(await lab.save(config)).toMatchObject(pending);
    expect(await lab.save(config)).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toHaveLength(12);
    expect(lab.writes().filter((write) => write === 'POST IOCRule')).toHaveLength(12);
  });

  it('of several detections settle those that are done, and leave the others for the next turn', async () => {
    lab.requestsMax = 1;
    const { domains } = (watch(5), lab.platforms);
    lab.platforms = { approved: [], domains: { ...domains, next: ['next.example.com'] } };
    const events = [
      lab.detection({ id: 'd1', platforms: ['wide'] }),
      lab.detection({ id: 'd2', platforms: ['next'] }),
    ];
    expect(await lab.deliver(events)).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toHaveLength(5);
    expect(await lab.deliver(events.slice(1))).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toHaveLength(6);
  });

  it('stop at once when the config has changed meanwhile', async () => {
    lab.isCurrent = () => lab.domains().length < 3;
    expect(await lab.save(watch(10))).toMatchObject({ kind: 'retry', detail: 'not sent' });
    expect(lab.domains()).toHaveLength(3);
  });
});

describe('the test of the channel', () => {
  it('reads once, changes nothing, and tells what the last sync came to', async () => {
    await lab.save({ indicators: ['grok'] });
    const before = lab.manager.apiRequests.length;
    expect(await lab.check()).toEqual({
      outcome: { kind: 'delivered' },
      notes: [
        `Indicators can be read ("${PERMISSIONS.rulesView}").`,
        `"${PERMISSIONS.rulesEdit}" was not tested, as that would write: the token's user needs it, too.`,
        'Brought in line at 2026-11-22T12:00:00.000Z: 1 made, 0 changed, 0 removed, 0 as they should be.',
      ],
    });
    expect(lab.manager.apiRequests).toHaveLength(before + 1);
  });

  it('tells that the source was disabled in the console', async () => {
    await lab.byHand('POST', 'IOCSource/', { name: SOURCE, enabled: false });
    const checked = await lab.check();
    expect(checked?.notes).toContain(
      `The source "${SOURCE}" is disabled in the console: nothing in it is evaluated.`,
    );
  });

  it('names both permissions where one is missing, and never the token', async () => {
    lab.manager.setPermissions([]);
    const checked = await lab.check();
    expect(checked?.outcome).toMatchObject({ kind: 'blocked', reason: 'forbidden' });
    expect(JSON.stringify(checked)).toContain(PERMISSIONS.rulesView);
    expect(JSON.stringify(checked)).toContain(PERMISSIONS.rulesEdit);
    expect(JSON.stringify(checked)).not.toContain(TOKEN);
  });
});
