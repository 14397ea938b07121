import { describe, expect, it } from 'vitest';

import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { LOCAL, PRODUCTION, sampleDocument, sampleFalcon, sampleHarfangLab, sampleHook } from './sample.ts';

function faultsOf(document: unknown, settings: Parameters<typeof validateTenantConfig>[1] = PRODUCTION) {
  const result = validateTenantConfig(document, settings);
  return result.ok ? [] : result.error;
}

function withEdr(changes: object) {
  return { ...sampleDocument(), destinations: [{ ...sampleHarfangLab(), ...changes }] };
}

function withFalcon(changes: object) {
  return { ...sampleDocument(), destinations: [{ ...sampleFalcon(), ...changes }] };
}

describe('validateTenantConfig', () => {
  it('accepts a correct document and fills in the defaults', () => {
    const result = validateTenantConfig(sampleDocument(), PRODUCTION);
    expect(result.ok && result.value).toMatchObject({
      webhook: { scheme: 'standard-webhooks', tolerance_seconds: 300 },
      privacy: { user_id: 'keep', user_email: 'drop', device: 'keep', url: 'drop' },
      limits: { events_per_minute: 6000, burst: 600 },
      destinations: [{ enabled: true, in_flight: 4, events_path: '/api/v1/events' }, { region: 'eu-1' }],
    });
  });

  it.each(['constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'keeps the name %s wherever names are free',
    (name) => {
      const body = { text: '{{title}}', [name]: { [name]: 'x' } };
      const free = { headers: { [name]: 'abc' }, body };
      const parts = {
        device_map: { [name]: 'PC-01' },
        platforms: { domains: { [name.toLowerCase()]: ['a.fr'] } },
      };
      const hook = { ...sampleHook(), ...free };
      const document = { ...sampleDocument(), residency: 'global', ...parts, destinations: [hook] };
      const result = validateTenantConfig(document, PRODUCTION);
      expect(result.ok && result.value).toMatchObject({ ...parts, destinations: [free] });
    },
  );

  it('spells what people paste in one way', () => {
    const document = {
      ...sampleDocument(),
      webhook: { secrets: [' whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n'], auth_token: 'Bearer opaque' },
      destinations: [
        { ...sampleHarfangLab(), base_url: 'harfanglab.acme.fr:8443/api/v1/', token: 'Token token_abc ' },
        {
          ...sampleFalcon(),
          region: 'EU1',
          hec: { url: 'https://abc.ingest.eu-1.crowdstrike.com/', token: 'Bearer xyz' },
        },
      ],
    };
    const result = validateTenantConfig(document, PRODUCTION);
    expect(result.ok && result.value).toMatchObject({
      webhook: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], auth_token: 'opaque' },
      destinations: [
        { base_url: 'https://harfanglab.acme.fr:8443', token: 'abc' },
        {
          region: 'eu-1',
          hec: { url: 'https://abc.ingest.eu-1.crowdstrike.com/services/collector', token: 'xyz' },
        },
      ],
    });
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'two destinations of one name',
      { ...sampleDocument(), destinations: [sampleHarfangLab(), { ...sampleFalcon(), name: 'edr' }] },
      'destinations[1].name',
      /destinations\[0\]/,
    ],
    [
      'a destination that keeps more than the tenant',
      withEdr({ privacy: { user_email: 'pseudonymise' } }),
      'destinations[0].privacy.user_email',
      /can't be pseudonymise as the tenant's privacy\.user_email is drop/,
    ],
    [
      'a secret that does not decode',
      { ...sampleDocument(), webhook: { secrets: ['not base64!'] } },
      'webhook.secrets[0]',
      /not base64/,
    ],
    [
      'a secret that is not hex',
      { ...sampleDocument(), webhook: { secrets: ['xyz'], secret_encoding: 'hex' } },
      'webhook.secrets[0]',
      /hex/,
    ],
    [
      'a where that does not compile',
      withEdr({ where: { riks_score: 1 } }),
      'destinations[0].where.riks_score',
      /risk_score/,
    ],
    [
      'a where on a field that the tenant drops',
      withEdr({ where: { 'event.user_email': 'alice@acme.fr' } }),
      'destinations[0].where.event.user_email',
      /can never match as privacy\.user_email is drop/,
    ],
    [
      'a where on a field that the tenant pseudonymises',
      { ...withEdr({ where: { hostname: 'wks-7' } }), privacy: { device: 'pseudonymise' } },
      'destinations[0].where.hostname',
      /privacy\.device is pseudonymise/,
    ],
    ['an unknown region', withFalcon({ region: 'eu-9' }), 'destinations[0].region', /one of us-1/],
    ['an EU tenant in a US region', withFalcon({ region: 'us-1' }), 'destinations[0].region', /must be eu-1/],
    [
      'a HEC host of another region',
      withFalcon({ hec: { ...sampleFalcon().hec, url: 'https://a.ingest.us-2.crowdstrike.com' } }),
      'destinations[0].hec.url',
      /us-2.*must agree/,
    ],
    [
      'a HEC host of somebody else',
      withFalcon({ hec: { ...sampleFalcon().hec, url: 'https://ingest.example.com' } }),
      'destinations[0].hec.url',
      /below ingest\.eu-1/,
    ],
    [
      'a manager over http',
      withEdr({ base_url: 'http://harfanglab.acme.fr' }),
      'destinations[0].base_url',
      /https/,
    ],
    [
      'a manager on a private name',
      withEdr({ base_url: 'https://edr.acme.local' }),
      'destinations[0].base_url',
      /public internet/,
    ],
    [
      'an EU manager that the operator has not accepted',
      withEdr({ base_url: 'https://other.acme.fr' }),
      'destinations[0].base_url',
      /RELAY_EGRESS_ALLOW/,
    ],
    ['a token with a line break inside', withEdr({ token: 'ab\ncd' }), 'destinations[0].token', /one word/],
  ])('refuses %s with its path', (_case, document, path, message) => {
    expect(faultsOf(document)).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  it('refuses a global tenant in an EU deployment', () => {
    const document = { ...sampleDocument(), residency: 'global' };
    const faults = faultsOf(document, { ...PRODUCTION, residency: 'eu' });
    expect(faults.map((fault) => fault.path)).toEqual(['residency']);
  });

  it('reports schema faults and cross-check faults together', () => {
    const document = {
      ...sampleDocument(),
      residency: 'mars',
      extra: 1,
      webhook: { secrets: ['?'] },
      destinations: [
        { ...sampleHarfangLab(), base_url: 'http://x' },
        { ...sampleFalcon(), name: 'edr', region: 'nowhere' },
        { type: 'falcon' },
      ],
    };
    const paths = faultsOf(document).map((fault) => fault.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'residency',
        'extra',
        'webhook.secrets[0]',
        'destinations[0].base_url',
        'destinations[1].name',
        'destinations[1].region',
        'destinations[2].name',
      ]),
    );
  });

  it('reports the addresses of a destination that the schema refuses for something else in the same round', () => {
    const document = {
      ...sampleDocument(),
      destinations: [
        { ...sampleFalcon(), colour: 'red', region: 'eu-9', hec: { url: 'http://x.example', token: 't' } },
        { ...sampleHarfangLab(), colour: 'red', base_url: 'http://harfanglab.acme.fr' },
      ],
    };
    expect(
      faultsOf(document)
        .map((fault) => fault.path)
        .toSorted(),
    ).toEqual([
      'destinations[0].colour',
      'destinations[0].hec.url',
      'destinations[0].region',
      'destinations[1].base_url',
      'destinations[1].colour',
    ]);
  });

  it('does not quote a secret that was pasted as a key of where', () => {
    const faults = faultsOf(withEdr({ where: { 'user_email|whsec_hunter2': 1, a1b2c3d4e5f6: 1 } }));
    expect(faults.map(({ path }) => path)).toEqual(Array(2).fill('destinations[0].where.(unreadable key)'));
    expect(JSON.stringify(faults)).not.toMatch(/hunter2|a1b2/);
  });

  it.each(['http://127.0.0.1:9001', 'http://localhost:9001', 'https://127.0.0.1:9001'])(
    'lets a local relay send to the simulator %s',
    (base_url) => {
      const document = {
        ...sampleDocument(),
        destinations: [
          { ...sampleHarfangLab(), base_url },
          { ...sampleFalcon(), hec: { url: base_url, token: 't' } },
        ],
      };
      expect(faultsOf(document, LOCAL)).toEqual([]);
      expect(faultsOf(document, PRODUCTION)).toHaveLength(2);
    },
  );

  it('leaves a kept secret alone', () => {
    const document = {
      ...sampleDocument(),
      webhook: { secrets: ['<set>'], auth_token: '<set>' },
      destinations: [{ ...sampleHarfangLab(), token: '<set>' }],
    };
    const result = validateTenantConfig(document, PRODUCTION);
    expect(result.ok && result.value.webhook).toMatchObject({ secrets: ['<set>'], auth_token: '<set>' });
  });

  it.each([null, undefined, 1, 'x', [], { destinations: 1 }, { destinations: [null, 1, []] }])(
    'survives the document %j',
    (document) => {
      expect(faultsOf(document).length).toBeGreaterThan(0);
    },
  );

  it('quotes no secret in any fault', () => {
    const secret = 'hunter2 hunter2';
    const document = {
      ...sampleDocument(),
      webhook: { secrets: [secret], auth_token: secret },
      destinations: [
        { ...sampleHarfangLab(), token: secret, base_url: `https://u:${secret}@x.fr` },
        { ...sampleFalcon(), hec: { url: 'https://x', token: secret } },
      ],
    };
    const faults = faultsOf(document);
    expect(faults.length).toBeGreaterThan(4);
    expect(JSON.stringify(faults)).not.toContain('hunter2');
  });
});
