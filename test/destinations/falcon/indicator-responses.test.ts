import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DAY_MS } from '../channel-lab.ts';
import { IndicatorLab } from './indicator-lab.ts';

const DELIVERED_ONE = { kind: 'delivered', settled: 1 };
/** The end of the thirtieth day after 22 November 2026. */
const EXPIRES = '2026-12-23T00:00:00Z';

let lab: IndicatorLab;

beforeEach(async () => {
  lab = await IndicatorLab.start();
});
afterEach(() => lab.falcon.stop());

describe('a detection whose rule asks for an indicator', () => {
  it('makes one of each domain of its platforms that names the rule and expires after 30 days', async () => {
    expect(await lab.deliver([lab.detection()])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['perplexity.ai', 'www.perplexity.ai']);
    expect(lab.at()['perplexity.ai']).toMatchObject({
      action: 'detect',
      severity: 'high',
      description: 'Noxys: Perplexity, found by the rule Repeated violations',
      expiration: EXPIRES,
      source: 'Noxys',
    });
  });

  it('tells Falcon nothing of the person, and keeps nothing of them', async () => {
    await lab.deliver([lab.detection()]);
    const sent = JSON.stringify(lab.falcon.apiRequests) + JSON.stringify([...lab.memory.values]);
    expect(sent).not.toMatch(/alice/i);
  });

  it('is extended by a later one, and not touched by another of the same day', async () => {
    await lab.deliver([lab.detection()]);
    lab.nowMs += 3_600_000;
    await lab.deliver([lab.detection({ id: 'd2', ruleName: 'Another rule' })]);
    expect(lab.writes()).toEqual(['POST 2']);
    lab.nowMs += 2 * DAY_MS;
    await lab.deliver([lab.detection({ id: 'd3' })]);
    expect(lab.at()['perplexity.ai']).toMatchObject({ expiration: '2026-12-25T00:00:00Z' });
    expect(lab.writes()).toEqual(['POST 2', 'PATCH 2']);
  });

  it('is not shortened by an earlier one that comes late, which may raise its severity', async () => {
    const late = lab.detection({ id: 'late', level: 'critical' });
    lab.nowMs += 5 * DAY_MS;
    await lab.deliver([lab.detection()]);
    await lab.deliver([late]);
    expect(lab.at()['perplexity.ai']).toMatchObject({
      expiration: '2026-12-28T00:00:00Z',
      severity: 'critical',
    });
  });

  it('is one request, however many detections are about the same platforms', async () => {
    const many = Array.from({ length: 50 }, (_, i) =>
      lab.detection({ id: `d${i}`, platforms: i % 2 === 0 ? ['perplexity'] : ['grok', 'perplexity'] }),
    );
    expect(await lab.deliver(many)).toEqual({ kind: 'delivered', settled: 50 });
    expect(lab.writes()).toEqual(['POST 3']);
  });

  it('lives again when it expired and is asked for anew', async () => {
    await lab.deliver([lab.detection()]);
    lab.nowMs += 40 * DAY_MS;
    expect(lab.at()['perplexity.ai']).toMatchObject({ action: 'no_action', expired: true });
    await lab.deliver([lab.detection({ id: 'd2' })]);
    expect(lab.at()['perplexity.ai']).toMatchObject({ action: 'detect', expired: false });
  });

  it('does nothing about other domains, those of the config that lack included', async () => {
    await lab.save(['poe']);
    await lab.deliver([lab.detection()], ['grok']);
    expect(lab.domains()).toEqual(['perplexity.ai', 'poe.com', 'www.perplexity.ai']);
  });

  it('keeps the graver severity of two that are both good', async () => {
    await lab.deliver([lab.detection({ level: 'critical' })]);
    lab.nowMs += 2 * DAY_MS;
    await lab.deliver([lab.detection({ id: 'd2', level: 'low', ruleName: 'Another rule' })]);
    expect(lab.at()['perplexity.ai']).toMatchObject({
      severity: 'critical',
      description: 'Noxys: Perplexity, found by the rule Another rule',
      expiration: '2026-12-25T00:00:00Z',
    });
  });
});

describe('what is never made an indicator of', () => {
  it.each([
    ['an approved platform', ['chatgpt'], 'ChatGPT is approved'],
    ['a platform without a known domain', ['acme-ai'], 'no domain of acme-ai is known'],
    [
      'a platform whose id looks like a domain',
      ['intranet.acme.fr'],
      'no domain of intranet.acme.fr is known',
    ],
    ['no platform', [], 'it names no platform'],
  ])('%s: the detection is a dead letter with the reason', async (_name, platforms, reason) => {
    expect(await lab.deliver([lab.detection({ platforms })])).toEqual({
      kind: 'rejected',
      status: null,
      excerpt: expect.stringContaining(reason) as string,
    });
    expect(lab.falcon.apiRequests).toEqual([]);
  });

  it('a domain that an approved platform shares, under whatever id', async () => {
    lab.platforms = { approved: ['gemini'], domains: { bard: ['google.com', 'bard.example.com'] } };
    expect(await lab.deliver([lab.detection({ platforms: ['bard'] })])).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['bard.example.com']);
  });

  it('a platform of which every domain is an approved one', async () => {
    lab.platforms = { approved: ['gemini'], domains: { bard: ['google.com'] } };
    expect(await lab.deliver([lab.detection({ platforms: ['bard'] })])).toEqual({
      kind: 'rejected',
      status: null,
      excerpt: 'google.com belongs to Gemini, which is approved',
    });
  });

  it('the approved ones among several platforms: the others are', async () => {
    await lab.deliver([lab.detection({ platforms: ['claude', 'grok'] })]);
    expect(lab.domains()).toEqual(['grok.com']);
  });

  it('what a detection asked for so long ago that it would have expired', async () => {
    const old = lab.detection();
    lab.nowMs += 40 * DAY_MS;
    expect(await lab.deliver([old])).toMatchObject({
      kind: 'rejected',
      status: null,
      excerpt: 'its indicator would have expired already',
    });
  });

  it('keeps no detection before it from being done', async () => {
    const events = [
      lab.detection({ platforms: ['grok'] }),
      lab.detection({ id: 'd2', platforms: ['claude'] }),
    ];
    expect(await lab.deliver(events)).toEqual(DELIVERED_ONE);
    expect(lab.domains()).toEqual(['grok.com']);
  });
});

describe('between the config and detections', () => {
  it('a sync of the config leaves what a detection asked for until it expires, then removes it', async () => {
    await lab.deliver([lab.detection()]);
    await lab.save(['grok']);
    expect(lab.domains()).toEqual(['grok.com', 'perplexity.ai', 'www.perplexity.ai']);
    lab.nowMs += 40 * DAY_MS;
    await lab.save(['grok']);
    expect(lab.domains()).toEqual(['grok.com']);
  });

  it('so it does when the memory of it is lost', async () => {
    await lab.deliver([lab.detection()]);
    lab.memory.values.clear();
    await lab.save(['grok']);
    expect(lab.domains()).toEqual(['grok.com', 'perplexity.ai', 'www.perplexity.ai']);
  });

  it('the indicator of the config wins over that of a detection, whichever was first', async () => {
    const indicators = [{ value: 'perplexity', action: 'detect', severity: 'low' as const }];
    await lab.deliver([lab.detection()]);
    await lab.save(indicators);
    await lab.deliver([lab.detection({ id: 'd2', level: 'critical' })], indicators);
    expect(lab.at()['perplexity.ai']).toMatchObject({ severity: 'low' });
    expect(lab.at()['perplexity.ai']).not.toHaveProperty('expiration');
    expect(lab.at()['perplexity.ai']?.tags).toHaveLength(2);
  });

  it('an indicator that the config drops goes on as that of the detection', async () => {
    await lab.save(['perplexity']);
    await lab.deliver([lab.detection()], ['perplexity']);
    await lab.save([]);
    expect(lab.at()['perplexity.ai']).toMatchObject({ expiration: EXPIRES, severity: 'high' });
    expect(lab.at()['perplexity.ai']?.tags).toContain('noxys-response');
  });

  it('a platform that is approved later loses the indicator that a detection asked for', async () => {
    await lab.deliver([lab.detection()]);
    lab.platforms = { approved: ['perplexity'], domains: {} };
    await lab.save([]);
    expect(lab.domains()).toEqual([]);
  });
});
