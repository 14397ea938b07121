import { describe, expect, it } from 'vitest';

import { faultOfFalconAction, normaliseFalconIndicators } from '../../src/tenants/check-falcon-indicators.ts';
import { type IndicatorPlatforms, indicatorFaults } from '../../src/tenants/check-indicators.ts';
import type { FalconConfig } from '../../src/domain/tenant-config.ts';
import { indicatorDomains } from '../../src/domain/indicator-domains.ts';
import { KNOWN_PLATFORMS, approvedPlatformOf, platformDomains } from '../../src/domain/platforms.ts';
import { platformsSchema } from '../../src/domain/platforms-config.ts';
import { normaliseDomain } from '../../src/domain/domain-name.ts';

type Indicators = NonNullable<FalconConfig['indicators']>;

const PATH = 'destinations[1].indicators';
const PLATFORMS: IndicatorPlatforms = {
  approved: ['chatgpt', 'claude', 'gemini'],
  domains: { 'acme-ai': ['ai.acme.com'] },
};

const faults = (indicators: Indicators, platforms = PLATFORMS) =>
  indicatorFaults(indicators, PATH, platforms, faultOfFalconAction);
const detailed = (changes: Partial<Exclude<Indicators[number], string>>): Indicators => [
  { value: 'grok', action: 'detect', severity: 'high', ...changes },
];

describe('an indicator', () => {
  it('may be a known platform, one of the config, or a domain', () => {
    expect(faults(['perplexity', 'acme-ai', 'chat.example.com', 'bücher.example'])).toEqual([]);
  });

  it('has its platform and domain in one spelling', () => {
    const spelt = normaliseFalconIndicators([
      ' Perplexity ',
      'Chat.Example.COM.',
      'bücher.example',
      { value: 'GROK', action: ' Detect', severity: 'low', expires: '2027-01-31T11:00:00+01:00' },
      { value: 'poe', action: 'no_action', severity: 'low', expires: '2027-01-31' },
    ]);
    expect(spelt).toEqual([
      'perplexity',
      'chat.example.com',
      'xn--bcher-kva.example',
      { value: 'grok', action: 'detect', severity: 'low', expires: '2027-01-31T10:00:00Z' },
      { value: 'poe', action: 'no_action', severity: 'low', expires: '2027-01-31T00:00:00Z' },
    ]);
    expect(normaliseFalconIndicators(spelt)).toEqual(spelt);
  });

  it('that names no known platform is told the nearest one, and is not quoted', () => {
    const [fault] = faults(['perplexty']);
    expect(fault).toEqual({
      path: `${PATH}[0]`,
      message: 'is not a platform that the relay knows the domains of: did you mean perplexity?',
    });
  });

  it('that is like none is told which there are, those of the config too', () => {
    const [fault] = faults(['zzzzzzzzzzzzzzzz']);
    expect(fault?.message).toMatch(/known are chatgpt, .*acme-ai; name its domains in platforms\.domains/);
  });

  it.each([
    'https://perplexity.ai',
    'perplexity.ai/search',
    '*.perplexity.ai',
    '203.0.113.7',
    'user@perplexity.ai',
    'perplexity.ai:443',
    'per plexity.ai',
    '.perplexity.ai',
    `${'a'.repeat(60)}.`.repeat(4) + 'example',
  ])('%s is no domain', (value) => {
    expect(faults([value])).toEqual([
      {
        path: `${PATH}[0]`,
        message: expect.stringContaining('must be a domain such as perplexity.ai') as string,
      },
    ]);
  });

  it.each([
    ['an approved platform', 'claude', 'Claude'],
    ['its domain', 'claude.ai', 'Claude'],
    ['a domain below it', 'api.claude.ai', 'Claude'],
    ['a domain above it', 'google.com', 'Gemini'],
    ['its domain of old, whatever the config has instead', 'chat.openai.com', 'ChatGPT'],
  ])('is never about %s', (_name, value, platform) => {
    const platforms = { ...PLATFORMS, domains: { chatgpt: ['ai.acme.com'] } };
    const [fault] = faults([{ value, action: 'detect', severity: 'high' }], platforms);
    expect(fault).toEqual({
      path: `${PATH}[0].value`,
      message: `is about ${platform}, which platforms.approved names: remove it from one of the two`,
    });
  });

  it('is never about a domain that is approved as such', () => {
    expect(faults(['chat.example.com'], { approved: ['example.com'], domains: {} })).toHaveLength(1);
  });

  it('of a platform that is not approved may have a name that an approved one ends with', () => {
    expect(faults(['notclaude.ai'])).toEqual([]);
  });

  it('occurs once, also as a platform and one of its domains', () => {
    expect(faults(['grok', { value: 'grok.com', action: 'no_action', severity: 'low' }, 'GROK'])).toEqual([
      { path: `${PATH}[1].value`, message: `is about a domain of ${PATH}[0] too: keep one of them` },
      { path: `${PATH}[2]`, message: `is about a domain of ${PATH}[0] too: keep one of them` },
    ]);
  });
});

describe("an indicator's action", () => {
  it.each(['detect', 'no_action', 'Detect'])('may be %s', (action) => {
    expect(faults(detailed({ action }))).toEqual([]);
  });

  it.each(['block', 'BLOCK', 'prevent', 'prevent_no_ui'])(
    '%s is refused with what blocks a domain',
    (action) => {
      const [fault] = faults(detailed({ action }));
      expect(fault?.path).toBe(`${PATH}[0].action`);
      expect(fault?.message).toMatch(
        /blocks no domain.*Custom IOA.*Firewall.*FQDN.*mobile_action.*docs\/destinations\/falcon\.md/,
      );
    },
  );

  it.each([
    ['allow', 'must be detect or no_action: Falcon allows files by an indicator, not domains'],
    ['detekt', 'must be detect or no_action: did you mean detect?'],
    ['something-else', 'must be detect or no_action'],
  ])('%s is refused', (action, message) => {
    expect(faults(detailed({ action }))).toEqual([{ path: `${PATH}[0].action`, message }]);
  });
});

describe("an indicator's expiry", () => {
  it.each([
    '2027-01-31T00:00:00Z',
    '2027-01-31T00:00:00.5+02:00',
    '2027-01-31',
    '2028-02-29',
    '2020-01-01T00:00:00Z',
  ])('may be %s: one that is over is no fault', (expires) => {
    expect(faults(detailed({ expires }))).toEqual([]);
  });

  it.each([
    'tomorrow-evening',
    '2027-01-31T00:00:00',
    '31.01.2027 00:00',
    '2027-13-01T00:00:00Z',
    '2027-02-29',
    '2027-02-30T12:00:00+02:00',
    '2027-04-31T00:00:00Z',
  ])('%s is no time', (expires) => {
    expect(faults(detailed({ expires })).map(({ path }) => path)).toEqual([`${PATH}[0].expires`]);
  });
});

describe('the platforms', () => {
  it.each(KNOWN_PLATFORMS)('%s has domains in the one spelling', (id) => {
    const domains = platformDomains(id, {});
    expect(domains.length).toBeGreaterThan(0);
    expect(domains.map((domain) => normaliseDomain(domain))).toEqual(domains);
  });

  it('share no domain, so that an indicator of one is of no other', () => {
    for (const id of KNOWN_PLATFORMS) {
      const others = KNOWN_PLATFORMS.filter((other) => other !== id);
      const owners = platformDomains(id, {}).map((domain) =>
        approvedPlatformOf(domain, { approved: others, domains: {} }),
      );
      expect(owners.filter((owner) => owner !== undefined)).toEqual([]);
    }
  });

  it('have the domains of the config instead of their own', () => {
    expect(indicatorDomains('grok', { grok: ['grok.example.com'] })).toEqual(['grok.example.com']);
  });

  it.each([
    [{ approved: ['ChatGPT'] }, 'approved.0'],
    [{ approved: [' chatgpt'] }, 'approved.0'],
    [{ domains: { 'acme-ai': ['AI.acme.com'] } }, 'domains.acme-ai.0'],
    [{ domains: { 'acme-ai': ['https://ai.acme.com'] } }, 'domains.acme-ai.0'],
    [{ domains: { 'acme-ai': ['*.acme.com'] } }, 'domains.acme-ai.0'],
    [{ domains: { 'acme-ai': ['localhost'] } }, 'domains.acme-ai.0'],
    [{ domains: { 'acme-ai': [] } }, 'domains.acme-ai'],
    [{ domains: { 'Acme-AI': ['ai.acme.com'] } }, 'domains.Acme-AI'],
  ])('%j would never match, and is refused', (document, path) => {
    const parsed = platformsSchema.safeParse(document);
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('take every id that Noxys may send', () => {
    const ids = ['chatgpt', 'microsoft copilot', 'ai_21', 'you.com', 'é-ai'];
    expect(platformsSchema.parse({ approved: ids }).approved).toEqual(ids);
  });
});
