import { describe, expect, it } from 'vitest';

import type { TenantConfig } from '../../src/domain/tenant-config.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { warningsOf } from '../../src/tenants/warnings.ts';
import { QUIET_RULES } from './rule-texts.ts';
import { PRODUCTION, sampleDocument, sampleFalconApi, sampleHarfangLab } from './sample.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const INDICATORS = { actions: ['indicator'], indicators: ['poe'] };
/** Without a connector, which would name a region too. */
const { hec: _hec, ...API_ONLY } = sampleFalconApi();

function configOf(changes: object) {
  const result = validateTenantConfig({ ...sampleDocument(), rules: QUIET_RULES, ...changes }, PRODUCTION);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function warnings(changes: object, isIngestChanged = false): string[] {
  return warningsOf(configOf(changes), { isIngestChanged, isLocal: false, stored: null, nowMs: NOW_MS });
}

function withFalcon(changes: object, more: object = {}) {
  return { ...more, destinations: [{ ...sampleFalconApi(), ...changes }] };
}

/** What is said of a destination that is saved over another config. */
function saved(changes: object, stored: TenantConfig): string[] {
  const after = configOf(withFalcon(changes));
  return warningsOf(after, { isIngestChanged: false, isLocal: false, stored, nowMs: NOW_MS });
}

describe('warningsOf', () => {
  it('says how long a change takes to reach the edge, when there is one', () => {
    expect(warnings({}, true)).toEqual([expect.stringContaining('about 2 minutes')]);
    expect(warnings({}, false)).toEqual([]);
  });

  it('says what an EU tenant must declare anywhere but on a local relay, and nothing of it elsewhere', () => {
    const local = { ...PRODUCTION, env: 'local' } as const;
    const [edr, hook] = [
      { ...sampleHarfangLab(), country: undefined, base_url: 'http://127.0.0.1:9001' },
      { name: 'hook', type: 'webhook', url: 'http://127.0.0.1:9002' },
    ];
    const slack = { name: 'soc', type: 'slack', url: 'http://127.0.0.1:9003' };
    const about = (residency: string, isLocal: boolean) => {
      const document = {
        ...sampleDocument(),
        residency,
        rules: QUIET_RULES,
        destinations: [edr, hook, slack],
      };
      const result = validateTenantConfig(document, local);
      if (!result.ok) throw new Error(JSON.stringify(result.error));
      const before = { isIngestChanged: false, isLocal, stored: null, nowMs: NOW_MS };
      return warningsOf(result.value, before).filter((warning) =>
        warning.includes('outside of this machine'),
      );
    };
    expect(about('eu', true)).toEqual(
      ['destinations[0].country', 'destinations[1].country', 'destinations[2].transfer_basis'].map(
        (path) => `${path} is missing: outside of this machine an EU tenant is refused without it.`,
      ),
    );
    expect(about('eu', false)).toEqual([]);
    expect(about('global', true)).toEqual([]);
  });

  it('knows the sealed map of a tenant, and none of a destination', () => {
    const privacy = { sealed_map: true };
    const wrong = { ...sampleDocument(), destinations: [{ ...sampleHarfangLab(), privacy }] };
    expect(validateTenantConfig(wrong, PRODUCTION)).toMatchObject({
      ok: false,
      error: [{ path: 'destinations[0].privacy.sealed_map' }],
    });
    expect(configOf({ privacy }).privacy.sealed_map).toBe(true);
    expect(configOf({}).privacy.sealed_map).toBeUndefined();
  });

  it.each([
    ['keep', 'drop', 1],
    ['drop', 'keep', 1],
    ['pseudonymise', 'drop', 0],
    ['drop', 'pseudonymise', 0],
  ])('warns of a sealed map of nobody: %s, %s', (id, email, count) => {
    const privacy = { user_id: id, user_email: email, device: 'pseudonymise', sealed_map: true };
    const about = (more: object) =>
      warnings({ privacy: { ...privacy, ...more } }).filter((warning) => warning.includes('sealed_map'));
    expect(about({})).toHaveLength(count);
    expect(about({ sealed_map: false })).toEqual([]);
  });

  it.each<[string, object, string]>([
    [
      'a short secret',
      { webhook: { secrets: ['whsec_c2hvcnQ='] } },
      'webhook.secrets[0] is shorter than 24 bytes',
    ],
    [
      'a scheme without a timestamp',
      { webhook: { secrets: ['a long secret, certainly'], scheme: 'hmac' } },
      'signs no time',
    ],
    [
      'an event type that is never forwarded',
      { destinations: [{ ...sampleHarfangLab(), events: ['interaction.created'] }] },
      'interaction.created will not arrive',
    ],
    [
      'a misspelt type to forward',
      { forward: { events: ['interaction.high_risk', 'interaction.hihg_risk'] } },
      'forward.events[1] is "interaction.hihg_risk", a type that Noxys does not document: did you mean "interaction.high_risk"?',
    ],
    [
      'a type to forward like no other',
      { forward: { events: ['policy.updated'] } },
      'forward.events[0] is "policy.updated", a type that Noxys does not document.',
    ],
    [
      'an approved platform that may be misspelt',
      { platforms: { approved: ['chatgpt', 'cluade'] } },
      'platforms.approved[1] is "cluade", of which the relay knows no domain, so that it protects none: did you mean "claude"?',
    ],
    [
      'an approved platform of unknown domains',
      { platforms: { approved: ['internal-assistant'] } },
      'platforms.approved[0] is "internal-assistant", of which the relay knows no domain, so that it protects none: name its domains in platforms.domains.',
    ],
    [
      'an approved platform with a letter that nobody sees',
      { platforms: { approved: ['grok\u200b'] } },
      'did you mean "grok"?',
    ],
    [
      'hosts that may all be isolated',
      withFalcon({ actions: ['contain'] }),
      'destinations[0] may isolate hosts, and destinations[0].contain.never spares none',
    ],
    [
      'more events than can become cases',
      withFalcon({ cases: { events_at_or_above: 'low' }, requests_per_minute: 100 }),
      'lets at most 50 events a minute become cases, and limits.events_per_minute is 6000',
    ],
    [
      'a platform that shares its domain',
      withFalcon({ actions: ['indicator'], indicators: ['grok', { value: 'HuggingChat' }] }),
      'destinations[0].indicators[1] is about huggingface.co, which is also the model hub: to leave that alone, give platforms.domains.huggingchat another domain',
    ],
    [
      'a large share of what the customer has',
      withFalcon({ requests_per_minute: 3001 }),
      'destinations[0].requests_per_minute is 3001: all API clients of your Falcon account share 6,000',
    ],
    ['no destination', { destinations: [] }, 'There is no destination'],
    [
      'destinations that are all disabled',
      { destinations: [{ ...sampleHarfangLab(), enabled: false }] },
      'Every destination is disabled',
    ],
  ])('warns about %s', (_case, changes, text) => {
    expect(warnings(changes)).toEqual([expect.stringContaining(text)]);
  });

  it.each<[string, object]>([
    ['hosts of which some are spared', withFalcon({ actions: ['contain'], contain: { never: ['DC-01'] } })],
    ['cases of what is high', withFalcon({ cases: { events_at_or_above: 'high' } })],
    [
      'cases that there are requests for',
      withFalcon({ cases: { events_at_or_above: 'low' } }, { limits: { events_per_minute: 300 } }),
    ],
    [
      'a shared platform with a domain of its own',
      withFalcon(
        { actions: ['indicator'], indicators: ['huggingchat'] },
        { platforms: { domains: { huggingchat: ['chat.example.com'] } } },
      ),
    ],
    [
      'a domain that somebody wrote out',
      withFalcon({ actions: ['indicator'], indicators: ['huggingface.co'] }),
    ],
    ['half of what the customer has', withFalcon({ requests_per_minute: 3000 })],
    [
      'a platform with domains of the tenant',
      { platforms: { approved: ['cluade'], domains: { cluade: ['cluade.ai'] } } },
    ],
    ['an approved domain', { platforms: { approved: ['poe.co'] } }],
    ['an approved domain of another script', { platforms: { approved: ['bücher.example', 'claude。ai'] } }],
  ])('says nothing about %s', (_case, changes) => {
    expect(warnings(changes)).toEqual([]);
  });

  it.each<[string, object]>([
    ['loses the verb', { actions: ['event', 'case'] }],
    ['has another name', { name: 'falcon-2', actions: ['indicator'] }],
  ])('says that indicators stay behind when their destination %s', (_how, changes) => {
    const before = configOf(withFalcon({ actions: ['event', 'indicator'], indicators: ['poe'] }));
    expect(saved(changes, before)).toEqual([
      expect.stringContaining('destinations.falcon grants indicator no more'),
    ]);
  });

  it('says nothing of indicators that their lane removes', () => {
    const before = configOf(withFalcon(INDICATORS));
    expect(saved({ ...INDICATORS, indicators: [] }, before)).toEqual([]);
  });

  it.each<[string, object]>([
    ['client_id', { client_id: 'f'.repeat(32) }],
    ['region', { region: 'us-2' }],
    ['member_cid', { member_cid: 'a'.repeat(32) }],
    ['region, client_id', { region: 'us-2', client_id: 'f'.repeat(32) }],
  ])('says that indicators stay in the account of before when another %s is written', (names, changes) => {
    const worldwide = { residency: 'global', destinations: [{ ...API_ONLY, ...INDICATORS }] };
    const after = { ...worldwide, destinations: [{ ...API_ONLY, ...INDICATORS, ...changes }] };
    const before = configOf(worldwide);
    expect(
      warningsOf(configOf(after), { isIngestChanged: false, isLocal: false, stored: before, nowMs: NOW_MS }),
    ).toEqual([
      expect.stringContaining(
        `destinations.falcon has another ${names}: if that is another account, what the relay made in the one of before stays there`,
      ),
    ]);
  });

  it('says nothing of the same account in another spelling, or a new secret of it', () => {
    const before = configOf(withFalcon({ ...INDICATORS, member_cid: 'a'.repeat(32) }));
    const changes = {
      ...INDICATORS,
      region: 'EU1',
      client_id: sampleFalconApi().client_id.toUpperCase(),
      client_secret: 'another-secret',
      member_cid: `${'A'.repeat(32)}-1A`,
    };
    expect(saved(changes, before)).toEqual([]);
  });

  it('says nothing of another account where there never were indicators', () => {
    const before = configOf(withFalcon({ actions: ['event', 'case'] }));
    expect(saved({ ...INDICATORS, client_id: 'f'.repeat(32) }, before)).toEqual([]);
  });

  it.each([
    ['2026-11-22T12:00:00Z', 1],
    ['2026-11-22', 1],
    ['2026-11-22T12:00:01Z', 0],
  ])('says that no indicator is made whose time is over: %s', (expires, count) => {
    const indicators = ['grok', { value: 'poe', expires }];
    const found = warnings(withFalcon({ actions: ['indicator'], indicators }));
    expect(found).toHaveLength(count);
    for (const text of found)
      expect(text).toBe(
        'destinations[0].indicators[1].expires is over: no indicator is made of it, and one that is there is removed.',
      );
  });

  it('says nothing about one disabled destination among others', () => {
    const off = { ...sampleHarfangLab(), name: 'off', enabled: false };
    expect(warnings({ destinations: [sampleHarfangLab(), off] })).toEqual([]);
  });

  it('says nothing about a type that Noxys documents', () => {
    expect(warnings({ forward: { events: ['interaction.created'] } })).toEqual([]);
  });

  it('says nothing about a secret that is kept', () => {
    expect(warnings({ webhook: { secrets: ['<set>'] } })).toEqual([]);
  });
});
