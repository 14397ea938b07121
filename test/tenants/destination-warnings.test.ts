import { describe, expect, it } from 'vitest';

import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { warningsOf } from '../../src/tenants/warnings.ts';
import { QUIET_RULES } from './rule-texts.ts';
import {
  CHAT_HOSTS,
  PRODUCTION,
  sampleDocument,
  sampleEverything,
  sampleFalconApi,
  sampleHarfangLab,
  sampleHook,
  sampleSlack,
  sampleTeams,
} from './sample.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const SETTINGS = { ...PRODUCTION, egressAllow: ['*.acme.fr', ...CHAT_HOSTS] };
const NATIVE = { mode: 'native', actions: ['indicator', 'rule'] };

function configOf(changes: object) {
  const result = validateTenantConfig({ ...sampleDocument(), rules: QUIET_RULES, ...changes }, SETTINGS);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function warnings(changes: object, stored: object | null = null): string[] {
  return warningsOf(configOf(changes), {
    isIngestChanged: false,
    isLocal: false,
    stored: stored && configOf(stored),
    nowMs: NOW_MS,
  });
}

const withEdr = (changes: object, more: object = {}) => ({
  ...more,
  destinations: [{ ...sampleHarfangLab(), ...changes }],
});
/** Of a tenant for whom it is no matter where people are named. */
const anywhere = (destination: object) => ({ residency: 'global', destinations: [destination] });

describe('the warnings of a HarfangLab destination', () => {
  it('are none of one that is complete', () => {
    expect(warnings(withEdr(sampleEverything()))).toEqual([]);
  });

  it('name the paths that are the same, of what is granted', () => {
    const paths = { incidents_path: '/api/v1/events', alerts_path: '/api/v1/events' };
    expect(warnings(withEdr(paths))).toEqual([
      expect.stringContaining('destinations[0].incidents_path is the same as destinations[0].events_path'),
      expect.stringContaining('destinations[0].alerts_path is the same as destinations[0].events_path'),
    ]);
    expect(warnings(withEdr({ ...paths, actions: ['event'] }))).toEqual([]);
  });

  it('say that no host is spared', () => {
    expect(warnings(withEdr({ mode: 'native', actions: ['contain'] }))).toEqual([
      expect.stringContaining('destinations[0].contain.never spares none'),
    ]);
  });

  it.each([
    ['privacy.user_id is pseudonymise', {}, { privacy: { user_id: 'pseudonymise' } }],
    ['destinations[0].privacy.user_id is drop', { privacy: { user_id: 'drop' } }, {}],
  ])('say that nobody’s host is found by logons where %s', (setting, own, tenant) => {
    const contain = { never: ['DC-01'] };
    const destination = { mode: 'native', actions: ['contain'], contain, ...own };
    expect(warnings(withEdr(destination, tenant))).toEqual([
      expect.stringContaining(`destinations[0] grants contain, and ${setting}`),
    ]);
    expect(warnings(withEdr({ ...own, mode: 'native', actions: ['comment'] }, tenant))).toEqual([]);
  });

  it('say of an indicator that its time is over, or that it is about something else, too', () => {
    const indicators = ['huggingchat', { value: 'poe', expires: '2026-11-22' }];
    expect(warnings(withEdr({ ...NATIVE, indicators }))).toEqual([
      expect.stringContaining('destinations[0].indicators[0] is about huggingface.co, which is also'),
      expect.stringContaining('destinations[0].indicators[1].expires is over'),
    ]);
  });

  it.each<[string, object, string[]]>([
    [
      'both grants',
      { mode: 'native', actions: ['comment'] },
      ['grants indicator no more', 'grants rule no more'],
    ],
    ['one grant', { mode: 'native', actions: ['rule'] }, ['grants indicator no more']],
    ['the mode', { mode: 'events' }, ['grants indicator no more', 'grants rule no more']],
    [
      'the address',
      { ...NATIVE, base_url: 'https://other.acme.fr:8443' },
      ['another base_url: if that is another account'],
    ],
    ['nothing but its spelling', { ...NATIVE, base_url: 'HarfangLab.acme.fr:8443/' }, []],
  ])('say what stays in HarfangLab when it loses %s', (_what, changes, expected) => {
    expect(warnings(withEdr(changes), withEdr(NATIVE))).toEqual(
      expected.map((text) => expect.stringContaining(text)),
    );
  });

  it('say that what it kept stays when it goes as a whole', () => {
    expect(warnings({ destinations: [sampleFalconApi()] }, withEdr(NATIVE))).toEqual([
      expect.stringMatching(/grants indicator no more: .* stays in HarfangLab.*indicators: \[\]/),
      expect.stringMatching(/grants rule no more: .* stays in HarfangLab.*endpoint_rules: \[\]/),
    ]);
  });
});

describe('the warning of a device map', () => {
  const device_map = { alice: 'PC-ALICE' };

  it('says that nobody uses it, and names nobody', () => {
    const found = warnings({ device_map });
    expect(found).toEqual([expect.stringContaining('device_map is not used')]);
    expect(found.join()).not.toMatch(/alice/i);
  });

  it.each([
    ['HarfangLab', { ...sampleHarfangLab(), mode: 'native', actions: ['comment'] }],
    ['Falcon', { ...sampleFalconApi(), actions: ['contain'], contain: { never: ['DC-01'] } }],
  ])('is none where %s acts on hosts', (_product, destination) => {
    expect(warnings({ device_map, destinations: [destination] })).toEqual([]);
  });
});

describe('the warnings of what tells people', () => {
  it.each([sampleSlack(), sampleTeams(), sampleHook()])('are none outside the EU: $type', (destination) => {
    expect(warnings(anywhere(destination))).toEqual([]);
  });

  it.each([sampleSlack(), sampleTeams()])('are none in the EU: $type is told nobody', (destination) => {
    expect(warnings({ destinations: [destination] })).toEqual([]);
  });

  it('say who is told whom in the EU by a webhook', () => {
    const destination = sampleHook();
    expect(warnings({ destinations: [destination] })).toEqual([
      expect.stringMatching(
        /is told who the users are \(user_id\).*Set destinations\[0\]\.privacy\.user_id to/,
      ),
    ]);
    const reduced = { ...destination, privacy: { user_id: 'pseudonymise' } };
    expect(warnings({ destinations: [reduced] })).toEqual([]);
    const kept = { destinations: [reduced], privacy: { user_email: 'keep' } };
    expect(warnings(kept)).toEqual([expect.stringContaining('(user_email)')]);
    expect(warnings({ destinations: [destination], privacy: { user_id: 'drop' } })).toEqual([]);
  });

  it('say that a host is none that Teams workflows are known to be at', () => {
    const at = (url: string) => warnings(anywhere({ ...sampleTeams(), url }));
    expect(at('https://flows.example.com/1')).toEqual([
      expect.stringContaining('destinations[0].url is at a host that the relay does not know'),
    ]);
    expect(at('https://default1.2.environment.api.powerplatform.com/powerautomate/1')).toEqual([]);
    expect(at('<set>')).toEqual([]);
  });

  it('say that nobody can tell who sent a webhook without secrets and headers', () => {
    const { secrets, headers, ...bare } = sampleHook();
    expect(warnings(anywhere(bare))).toEqual([
      expect.stringContaining('destinations[0] has neither secrets nor headers'),
    ]);
    expect(warnings(anywhere({ ...bare, secrets }))).toEqual([]);
    expect(warnings(anywhere({ ...bare, headers }))).toEqual([]);
  });

  it('say which signing secret is short', () => {
    const secrets = ['<set>', 'whsec_c2hvcnQ='];
    expect(warnings(anywhere({ ...sampleHook(), secrets }))).toEqual([
      'destinations[0].secrets[1] is shorter than 24 bytes: it works, but a longer one is harder to guess.',
    ]);
  });

  const kept = (rollups: number, more: object = {}) => ({
    ...anywhere(sampleSlack()),
    retention: { events: 1, rollups },
    ...more,
  });

  it.each([
    [1, '1 day,'],
    [14, '14 days,'],
  ])(
    'say what a weekly digest misses where counts are kept for %i days, and how to mend it',
    (days, text) => {
      expect(warnings(kept(days))).toEqual([
        `retention.rollups keeps hourly counts for ${text} and the weekly digest counts those of a week and of the one before it: what is older is missing there. Set retention.rollups to 15 or more, or digest.weekly to off.`,
      ]);
    },
  );

  it.each<[string, object]>([
    ['counts are kept for long enough', kept(15)],
    ['there is no weekly digest', kept(1, { digest: { weekly: 'off' } })],
    ['nobody reads digests', kept(1, anywhere({ ...sampleSlack(), messages: { digests: false } }))],
    [
      'who would read them is disabled',
      kept(1, {
        residency: 'global',
        destinations: [sampleHarfangLab(), { ...sampleSlack(), enabled: false }],
      }),
    ],
  ])('say nothing of a weekly digest where %s', (_case, changes) => {
    expect(warnings(changes)).toEqual([]);
  });
});
