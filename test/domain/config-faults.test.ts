import { describe, expect, it } from 'vitest';

import { faultsOfIssues, formatPath } from '../../src/domain/config-faults.ts';
import { tenantConfigSchema } from '../../src/domain/tenant-config.ts';
import { sampleDocument, sampleFalcon, sampleHarfangLab } from '../tenants/sample.ts';

function faultsOf(document: unknown) {
  const parsed = tenantConfigSchema.safeParse(document);
  return parsed.success ? [] : faultsOfIssues(parsed.error.issues, document);
}

describe('faultsOfIssues', () => {
  it('finds nothing in a correct document', () => {
    expect(faultsOf(sampleDocument())).toEqual([]);
  });

  it.each<[string, unknown, string, string]>([
    [
      'a missing key',
      { ...sampleDocument(), residency: undefined },
      'residency',
      'is missing: must be one of eu, global',
    ],
    [
      'a value that is not allowed',
      { ...sampleDocument(), residency: 'us' },
      'residency',
      'must be one of eu, global',
    ],
    [
      'an id with capitals',
      { ...sampleDocument(), id: 'ACME' },
      'id',
      'must be 1 to 64 lower-case letters, digits and inner dashes',
    ],
    [
      'a number where a text belongs',
      { ...sampleDocument(), id: 12 },
      'id',
      'must be a text: it is a number; put it in quotes',
    ],
    [
      'a text where a group belongs',
      { ...sampleDocument(), webhook: 'x' },
      'webhook',
      'must be a group of keys: it is a text',
    ],
    [
      'an empty list of secrets',
      { ...sampleDocument(), webhook: { secrets: [] } },
      'webhook.secrets',
      'must have at least 1 entry',
    ],
    [
      'a fourth secret',
      { ...sampleDocument(), webhook: { secrets: ['a', 'b', 'c', 'd'] } },
      'webhook.secrets',
      'must have at most 3 entries',
    ],
    [
      'an empty secret',
      { ...sampleDocument(), webhook: { secrets: [''] } },
      'webhook.secrets[0]',
      'must not be empty',
    ],
    [
      'a number that is too small',
      { ...sampleDocument(), limits: { burst: 1 } },
      'limits.burst',
      'must be at least 100',
    ],
    [
      'a fraction',
      { ...sampleDocument(), retention: { events: 1.5 } },
      'retention.events',
      'must be a whole number: it is a number with a fraction',
    ],
    [
      'a destination without type',
      { ...sampleDocument(), destinations: [{ name: 'x' }] },
      'destinations[0].type',
      'is missing: must be one of harfanglab, falcon, slack, teams, webhook',
    ],
    [
      'an unknown kind of destination',
      { ...sampleDocument(), destinations: [{ type: 'siem' }] },
      'destinations[0].type',
      'must be one of harfanglab, falcon, slack, teams, webhook',
    ],
    [
      'a nested list in where',
      { ...sampleDocument(), destinations: [{ ...sampleFalcon(), where: { type: {} } }] },
      'destinations[0].where.type',
      'must be a text, a number, true or false, or a list of these',
    ],
    [
      'a path that names another host',
      { ...sampleDocument(), destinations: [{ ...sampleHarfangLab(), events_path: '//evil.example' }] },
      'destinations[0].events_path',
      'must be a path such as /api/v1/events, without host, query or spaces',
    ],
    [
      'an indicator that is neither of its kinds',
      { ...sampleDocument(), destinations: [{ ...sampleFalcon(), indicators: [7] }] },
      'destinations[0].indicators[0]',
      'must be a text or a group of keys',
    ],
    [
      'an indicator of an unknown severity',
      {
        ...sampleDocument(),
        destinations: [{ ...sampleFalcon(), indicators: ['poe', { value: 'grok', severity: 'hihg' }] }],
      },
      'destinations[0].indicators[1].severity',
      'must be one of informational, low, medium, high, critical: did you mean high?',
    ],
    [
      'an indicator without a value',
      { ...sampleDocument(), destinations: [{ ...sampleFalcon(), indicators: [{ severity: 'high' }] }] },
      'destinations[0].indicators[0].value',
      'is missing: must be a text',
    ],
    [
      'an empty indicator',
      { ...sampleDocument(), destinations: [{ ...sampleFalcon(), indicators: [''] }] },
      'destinations[0].indicators[0]',
      'must not be empty',
    ],
    [
      'a verb that Falcon has not',
      { ...sampleDocument(), destinations: [{ ...sampleFalcon(), actions: ['event', 'contian'] }] },
      'destinations[0].actions[1]',
      'must be one of event, case, indicator, contain, workflow: did you mean contain?',
    ],
    [
      'a platform with capitals',
      { ...sampleDocument(), platforms: { domains: { ChatGPT: ['chatgpt.com'] } } },
      'platforms.domains.ChatGPT',
      "must be a platform's id in lower case, such as chatgpt",
    ],
    ['a list as the document', [], '', 'must be a group of keys: it is a list'],
    ['nothing at all', null, '', 'must be a group of keys: it is empty'],
  ])('says what is allowed for %s', (_case, document, path, message) => {
    expect(faultsOf(document)).toContainEqual({ path, message });
  });

  it.each<[string, unknown, string, string]>([
    [
      'the top level',
      { ...sampleDocument(), webhok: {} },
      'webhok',
      'is not a known key: did you mean webhook?',
    ],
    [
      'a group',
      { ...sampleDocument(), privacy: { userid: 'drop' } },
      'privacy.userid',
      'is not a known key: did you mean user_id?',
    ],
    [
      'a map by level',
      { ...sampleDocument(), responses: { by_level: { hihg: ['case'] } } },
      'responses.by_level.hihg',
      'is not a known key: did you mean high?',
    ],
    [
      'a destination of its own type',
      { ...sampleDocument(), destinations: [{ ...sampleHarfangLab(), baseurl: 'x' }] },
      'destinations[0].baseurl',
      'is not a known key: did you mean base_url?',
    ],
    [
      'a group inside a destination',
      {
        ...sampleDocument(),
        destinations: [{ ...sampleFalcon(), hec: { ...sampleFalcon().hec, tokn: 'x' } }],
      },
      'destinations[0].hec.tokn',
      'is not a known key: did you mean token?',
    ],
    [
      'an indicator',
      {
        ...sampleDocument(),
        destinations: [{ ...sampleFalcon(), indicators: [{ value: 'x', sevrity: 'low' }] }],
      },
      'destinations[0].indicators[0].sevrity',
      'is not a known key: did you mean severity?',
    ],
    [
      'a key like no other',
      { ...sampleDocument(), forward: { zzzzzzzz: 1 } },
      'forward.zzzzzzzz',
      'is not a known key: known here are events',
    ],
  ])('names the nearest known key in %s', (_place, document, path, message) => {
    expect(faultsOf(document)).toContainEqual({ path, message });
  });

  it.each<[string, unknown, string, string]>([
    [
      'scheme',
      { ...sampleDocument(), webhook: { secrets: ['a'], scheme: 'standard-webhook' } },
      'webhook.scheme',
      'must be one of standard-webhooks, timestamped-hmac, hmac: did you mean standard-webhooks?',
    ],
    [
      'secret_encoding',
      { ...sampleDocument(), webhook: { secrets: ['a'], secret_encoding: 'Base-64' } },
      'webhook.secret_encoding',
      'must be one of base64, text, whole, hex: did you mean base64?',
    ],
    [
      'level',
      { ...sampleDocument(), privacy: { user_id: 'pseudonymize' } },
      'privacy.user_id',
      'must be one of keep, pseudonymise, drop: did you mean pseudonymise?',
    ],
    [
      'type of destination',
      { ...sampleDocument(), destinations: [{ ...sampleHarfangLab(), type: 'harfang-lab' }] },
      'destinations[0].type',
      'must be one of harfanglab, falcon, slack, teams, webhook: did you mean harfanglab?',
    ],
  ])('names the nearest allowed %s', (_what, document, path, message) => {
    expect(faultsOf(document)).toContainEqual({ path, message });
  });

  it('does not offer the keys of another kind of destination', () => {
    const faults = faultsOf({ ...sampleDocument(), destinations: [{ ...sampleFalcon(), in_fligh: 1 }] });
    expect(JSON.stringify(faults)).not.toContain('in_flight');
  });

  it('reports every fault at once', () => {
    const faults = faultsOf({ id: 'A', residency: 'x', webhook: { secrets: [] }, extra: 1 });
    expect(faults.map((fault) => fault.path)).toEqual(['id', 'residency', 'webhook.secrets', 'extra']);
  });

  it.each([
    ['event, case', 'it is a text'],
    ['', 'it is an empty text'],
  ])('finds nothing but the kind wrong with %j where a list belongs', (actions, kind) => {
    const faults = faultsOf({ ...sampleDocument(), destinations: [{ ...sampleFalcon(), actions }] });
    expect(faults).toEqual([{ path: 'destinations[0].actions', message: `must be a list: ${kind}` }]);
  });

  it('treats __proto__ as the unknown key that it is', () => {
    const document: unknown = JSON.parse(
      '{"id":"acme","residency":"eu","webhook":{"secrets":["a"]},"__proto__":{"x":1}}',
    );
    expect(faultsOf(document).map((fault) => fault.path)).toEqual(['__proto__']);
  });

  it('never quotes a value, nor a key that may be a secret', () => {
    const secret = 'whsec_topsecretvalue';
    expect(formatPath(['webhook', 'a1b2c3d4e5f6a7b8'])).toBe('webhook.(unreadable key)');
    const faults = faultsOf({
      ...sampleDocument(),
      id: secret,
      residency: secret,
      webhook: { secrets: [{ [secret]: secret }], tolerance_seconds: secret, [secret]: 1 },
    });
    expect(faults.length).toBeGreaterThan(4);
    expect(JSON.stringify(faults)).not.toContain(secret);
  });
});

describe('formatPath', () => {
  it('joins keys by dots and puts indexes into brackets', () => {
    expect(formatPath(['destinations', 0, 'hec', 'url'])).toBe('destinations[0].hec.url');
  });
});
