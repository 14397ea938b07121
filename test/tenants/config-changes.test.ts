import { describe, expect, it } from 'vitest';

import type { TenantConfig } from '../../src/domain/tenant-config.ts';
import { mapSecrets } from '../../src/domain/config-secrets.ts';
import { changesOf, touchesIngest } from '../../src/tenants/config-changes.ts';
import { UNOPENED } from '../../src/tenants/stored-secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import {
  PRODUCTION,
  sampleDocument,
  sampleFalcon,
  sampleFalconApi,
  sampleHarfangLab,
  sampleHook,
  sampleSlack,
} from './sample.ts';

const fingerprint = async (secret: string) => `fp(${secret.length})`;

function configOf(changes: object = {}): TenantConfig {
  const result = validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function withIndicators(...indicators: string[]) {
  return { ...sampleFalconApi(), actions: ['event', 'indicator'], indicators };
}

async function changesFrom(before: object | null, after: object = {}) {
  return changesOf(before && configOf(before), configOf(after), fingerprint);
}

describe('the changes of what tells people', () => {
  const hook = (changes: object = {}) => ({ destinations: [{ ...sampleHook(), ...changes }] });
  const [secret = ''] = sampleHook().secrets;
  const changed = async (before: object, after: object) =>
    changesFrom({ residency: 'global', ...before }, { residency: 'global', ...after });

  it.each<[string, object, object, object[]]>([
    ['nothing', hook(), hook(), []],
    [
      'its address, as fingerprints',
      hook(),
      hook({ url: 'https://tickets.acme.fr/other' }),
      [{ path: 'destinations.tickets.url', from: 'fp(43)', to: 'fp(29)' }],
    ],
    [
      'a header that comes, one that changes and one that goes',
      hook({ headers: { 'X-Gone': 'abc', 'X-Key': 'old' } }),
      hook({ headers: { 'X-Key': 'other', 'X-New': 'abcd' } }),
      [
        { path: 'destinations.tickets.headers.X-Key', from: 'fp(3)', to: 'fp(5)' },
        { path: 'destinations.tickets.headers.X-New', to: 'fp(4)' },
        { path: 'destinations.tickets.headers.X-Gone', from: 'fp(3)' },
      ],
    ],
    [
      'the order of its signing secrets, newest first',
      hook({ secrets: [secret, 'whsec_b2xk'] }),
      hook({ secrets: ['whsec_b2xk', secret] }),
      [{ path: 'destinations.tickets.secrets', from: ['fp(38)', 'fp(10)'], to: ['fp(10)', 'fp(38)'] }],
    ],
    [
      'a part of its body',
      hook({ body: { fields: { summary: '{{title}}', labels: ['ai'] } } }),
      hook({ body: { fields: { summary: '{{text}}', labels: ['ai'] } } }),
      [{ path: 'destinations.tickets.body.fields.summary', from: '{{title}}', to: '{{text}}' }],
    ],
    [
      'the order of a list in its body, which is sent as it is written',
      hook({ body: { labels: ['a', 'b'] } }),
      hook({ body: { labels: ['b', 'a'] } }),
      [{ path: 'destinations.tickets.body.labels', from: ['a', 'b'], to: ['b', 'a'] }],
    ],
    [
      'an empty group in its body',
      hook({ body: { a: 1 } }),
      hook({ body: { a: 1, fields: {} } }),
      [{ path: 'destinations.tickets.body.fields', to: {} }],
    ],
    [
      'a dotted name in its body that becomes a group',
      hook({ body: { 'event.kind': 'alert' } }),
      hook({ body: { event: { kind: 'alert' } } }),
      [
        { path: 'destinations.tickets.body.event.kind', to: 'alert' },
        { path: 'destinations.tickets.body."event.kind"', from: 'alert' },
      ],
    ],
    [
      'names in its body that would read the same but for their quotation marks',
      hook({ body: { 'a"."b': 1, '': 2 } }),
      hook({ body: { a: { b: 1 }, '""': 2 } }),
      [
        { path: 'destinations.tickets.body.a.b', to: 1 },
        { path: 'destinations.tickets.body."\\"\\""', to: 2 },
        { path: 'destinations.tickets.body."a\\".\\"b"', from: 1 },
        { path: 'destinations.tickets.body.""', from: 2 },
      ],
    ],
    [
      'names that objects have by themselves',
      hook({ body: { text: 'x' }, headers: { constructor: 'ab' } }),
      hook({ body: { text: 'x', constructor: { prototype: 1 } }, headers: { prototype: 'abc' } }),
      [
        { path: 'destinations.tickets.headers.prototype', to: 'fp(3)' },
        { path: 'destinations.tickets.body.constructor.prototype', to: 1 },
        { path: 'destinations.tickets.headers.constructor', from: 'fp(2)' },
      ],
    ],
    ['no other order of names', hook({ body: { a: 1, b: 2 } }), hook({ body: { b: 2, a: 1 } }), []],
  ])('name %s', async (_case, before, after, changes) => {
    expect(await changed(before, after)).toEqual(changes);
  });

  it('show no secret of a destination that comes', async () => {
    const text = JSON.stringify(
      await changed({ destinations: [] }, { destinations: [sampleSlack(), sampleHook()] }),
    );
    expect(text).toContain('destinations.tickets');
    expect(text).not.toMatch(/slack0secret|url-secret|header-secret|MfKQ9r8/);
  });
});

describe('the changes of a device map', () => {
  const [alice, bob] = [{ alice: 'PC-01' }, { bob: 'PC-02' }];

  it.each<[string, object, object, object[]]>([
    ['the same map in another order', { ...alice, ...bob }, { ...bob, ...alice }, []],
    ['a first map', {}, alice, [{ path: 'device_map', to: '1 users (1 added, 0 on another host, 0 gone)' }]],
    [
      'another host',
      { ...alice, ...bob },
      { alice: 'PC-09', ...bob },
      [{ path: 'device_map', from: '2 users', to: '2 users (0 added, 1 on another host, 0 gone)' }],
    ],
    ['no map any more', alice, {}, [{ path: 'device_map', from: '1 users' }]],
  ])('are one and in numbers, as it names persons: %s', async (_case, before, after, changes) => {
    expect(await changesFrom({ device_map: before }, { device_map: after })).toEqual(changes);
  });
});

describe('changesOf', () => {
  it('tells any two bodies apart, however alike their names read', async () => {
    const texts = [
      '{"a.b.c":1}',
      '{"a":{"b.c":1}}',
      '{"a.b":{"c":1}}',
      '{"a":{"b":{"c":1}}}',
      '{"\\"a.b\\"":{"c":1}}',
      '{"a\\".\\"b":{"c":1}}',
      '{"":{"a.b.c":1}}',
      '{".a":{"b.c":1}}',
      '{"a.b.c":{}}',
      '{"a":{"b":{"c":{}}}}',
      '{"a":{"b":{"c":[]}}}',
    ];
    const of = (text: string) => ({
      residency: 'global',
      destinations: [{ ...sampleHook(), body: JSON.parse(text) as object }],
    });
    for (const before of texts)
      for (const after of texts)
        expect((await changesFrom(of(before), of(after))).length > 0).toBe(before !== after);
  });

  it.each<[string, object, object, object[]]>([
    ['nothing', {}, {}, []],
    ['a limit', {}, { limits: { burst: 700 } }, [{ path: 'limits.burst', from: 600, to: 700 }]],
    [
      'a default that is written out and another one that is not',
      { limits: { burst: 700 } },
      { limits: { events_per_minute: 6000 } },
      [{ path: 'limits.burst', from: 700, to: 600 }],
    ],
    [
      'what is optional and comes',
      {},
      { webhook: { ...sampleDocument().webhook, secret_encoding: 'text' } },
      [{ path: 'webhook.secret_encoding', to: 'text' }],
    ],
    [
      'what is optional and goes',
      { webhook: { ...sampleDocument().webhook, auth_token: 'opaque' } },
      {},
      [{ path: 'webhook.auth_token', from: 'fp(6)' }],
    ],
    [
      'a secret in the list, as fingerprints',
      {},
      { webhook: { secrets: ['b2xk', ...sampleDocument().webhook.secrets] } },
      [{ path: 'webhook.secrets', from: ['fp(38)'], to: ['fp(4)', 'fp(38)'] }],
    ],
    [
      "a destination's token, by its name",
      {},
      { destinations: [sampleFalcon(), { ...sampleHarfangLab(), token: 'another' }] },
      [{ path: 'destinations.edr.token', from: 'fp(15)', to: 'fp(7)' }],
    ],
    [
      'an API client that comes, its secret as a fingerprint',
      { destinations: [sampleFalcon()] },
      { destinations: [sampleFalconApi()] },
      [
        { path: 'destinations.falcon.client_id', to: sampleFalconApi().client_id },
        { path: 'destinations.falcon.client_secret', to: 'fp(20)' },
      ],
    ],
    [
      'what a destination may do, whatever the order',
      { destinations: [{ ...sampleFalconApi(), actions: ['event', 'case'] }] },
      { destinations: [{ ...sampleFalconApi(), actions: ['case', 'event'] }] },
      [],
    ],
    [
      'an indicator that goes',
      { destinations: [withIndicators('poe', 'grok')] },
      { destinations: [withIndicators('grok')] },
      [{ path: 'destinations.falcon.indicators', from: ['poe', 'grok'], to: ['grok'] }],
    ],
    [
      'a platform that is approved',
      {},
      { platforms: { approved: ['claude'] } },
      [{ path: 'platforms.approved', from: ['chatgpt', 'claude', 'gemini'], to: ['claude'] }],
    ],
    [
      'a filter',
      { destinations: [{ ...sampleHarfangLab(), where: { model: ['a', 'b'] } }] },
      { destinations: [{ ...sampleHarfangLab(), where: { model: ['b', 'a'], 'risk_score|gte': 0.5 } }] },
      [{ path: 'destinations.edr.where.risk_score|gte', to: 0.5 }],
    ],
    [
      'the order of types',
      { forward: { events: ['a.b', 'c.d'] } },
      { forward: { events: ['c.d', 'a.b', 'a.b'] } },
      [],
    ],
    [
      'a type',
      { forward: { events: ['a.b', 'c.d'] } },
      { forward: { events: ['a.b'] } },
      [{ path: 'forward.events', from: ['a.b', 'c.d'], to: ['a.b'] }],
    ],
  ])('finds %s', async (_case, before, after, expected) => {
    expect(await changesFrom(before, after)).toEqual(expected);
  });

  it('shows a destination that comes or goes as one change, its secret as a fingerprint', async () => {
    const found = await changesFrom(
      { destinations: [sampleHarfangLab()] },
      { destinations: [sampleFalcon()] },
    );
    expect(found.map(({ path }) => path)).toEqual(['destinations.falcon', 'destinations.edr']);
    expect(found).toEqual([
      { path: 'destinations.falcon', to: expect.objectContaining({ type: 'falcon', region: 'eu-1' }) },
      { path: 'destinations.edr', from: expect.objectContaining({ token: 'fp(15)', in_flight: 4 }) },
    ]);
    expect(JSON.stringify(found)).not.toContain('secret-token');
  });

  it('shows everything of a new tenant', async () => {
    const changes = await changesFrom(null);
    expect(changes.find(({ path }) => path === 'webhook.secrets')?.to).toEqual(['<set>']);
    expect(JSON.stringify(changes)).not.toContain('fp(');
    const paths = changes.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['residency', 'webhook.secrets', 'retention.events', 'destinations.edr']),
    );
    expect(paths).not.toContain('id');
    expect(paths).not.toContain('destinations.edr.token');
  });

  it('fills the defaults in that an earlier release did not store', async () => {
    const { retention: _retention, ...old } = configOf();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it would be read from the storage
    expect(await changesOf(old as TenantConfig, configOf(), fingerprint)).toEqual([]);
  });

  it('takes a stored secret that does not open for another one', async () => {
    const unopened = await mapSecrets(configOf(), (secret, purpose) =>
      purpose === 'webhook' ? UNOPENED : secret,
    );
    expect(await changesOf(unopened, configOf(), fingerprint)).toEqual([
      { path: 'webhook.secrets', from: ['<does not open>'], to: ['fp(38)'] },
    ]);
  });
});

describe('touchesIngest', () => {
  it.each<[object, boolean]>([
    [{ privacy: { device: 'drop' } }, true],
    [{ forward: { events: ['interaction.high_risk'] } }, true],
    [{ webhook: { secrets: ['b2xk'] } }, true],
    [{ limits: { burst: 700 } }, false],
    [{ destinations: [{ ...sampleHarfangLab(), privacy: { device: 'drop' } }] }, false],
  ])('of %j is %s', async (after, expected) => {
    expect(touchesIngest(await changesFrom({}, after))).toBe(expected);
  });
});
