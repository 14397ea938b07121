import { describe, expect, it } from 'vitest';

import { FIELD_PATHS } from '../../src/ingest/field-paths.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { CONTEXT, eventOf, faultsOf, RECEIVED_AT, typed } from './parsing.ts';

const CANONICAL = {
  id: 'evt_1',
  type: 'interaction.policy_violated',
  interactionId: 'int_1',
  occurredAt: '2026-11-20T09:59:00.000Z',
  receivedAt: RECEIVED_AT,
  tenant: 'acme',
  platform: { id: 'deepseek', name: 'DeepSeek' },
  policy: { decision: 'block', name: 'No card numbers' },
  riskScore: 0.95,
  severity: 'high',
  direction: 'outbound',
  sensor: 'browser_extension',
  interactionType: 'prompt',
  model: 'deepseek-chat',
  classifications: ['CREDIT_CARD', 'EMAIL'],
  classificationCount: 3,
  faults: [],
  personal: {
    userId: 'u-1',
    userEmail: 'alice@acme.fr',
    deviceId: 'd-1',
    hostname: 'PC-1',
    urlHost: 'chat.deepseek.com',
  },
};

const FLAT = {
  event_id: 'evt_1',
  event_type: 'interaction.policy_violated',
  interaction_id: 'int_1',
  timestamp: '2026-11-20T09:59:00Z',
  user_id: 'u-1',
  user_email: 'alice@acme.fr',
  device_id: 'd-1',
  hostname: 'PC-1',
  platform_id: 'DeepSeek',
  action: 'BLOCK',
  policy_name: 'No card numbers',
  risk_score: '0.95',
  classification_type: ['CREDIT_CARD', 'EMAIL', 'EMAIL'],
  direction: 'outbound',
  source: 'browser_extension',
  interaction_type: 'prompt',
  content_metadata: { url: 'https://alice:pw@chat.deepseek.com/c/secret?q=1', model: 'deepseek-chat' },
};

const DATA = {
  interaction_id: 'int_1',
  platform: { id: 'deepseek' },
  policy: { name: 'No card numbers' },
  policy_decisions: [{ action: 'log' }, { decision: 'Block' }, 'coach'],
  risk_score: 0.95,
  classifications: [
    { type: 'CREDIT_CARD', value: '4111111111111111', score: 0.98, start: 24, end: 40 },
    { type: 'EMAIL', value: 'alice@acme.fr' },
    'EMAIL',
  ],
  direction: 'outbound',
  source: 'browser_extension',
  interaction_type: 'prompt',
  content_hash: 'abc',
  content_metadata: { url: 'https://chat.deepseek.com/', model: 'deepseek-chat', text: 'my card is' },
  user: { id: 'u-1', email: 'alice@acme.fr' },
  device: { id: 'd-1', hostname: 'PC-1' },
};

describe('every spelling of one event', () => {
  const nested = { id: 'evt_1', type: 'interaction.policy_violated', timestamp: 1795168740, data: DATA };
  it.each<[string, unknown]>([
    ['flat, as the CrowdStrike guide has it', FLAT],
    ['nested under data, as the HarfangLab guide has it', nested],
    ['wrapped in an outer event', { event: nested }],
    ['wrapped, with the sender named outside', { source: 'noxys', host: 'x', event: nested }],
    ['typed beside its wrapper', { event_type: nested.type, event: { ...nested, type: undefined } }],
    ['with the dotted key event.type', { ...nested, type: undefined, 'event.type': nested.type }],
    ['with the type in event', { ...nested, type: undefined, event: nested.type }],
    ['with milliseconds', { ...nested, timestamp: 1795168740000 }],
    [
      'with the time under data',
      { ...nested, timestamp: undefined, data: { ...DATA, timestamp: '1795168740' } },
    ],
    ['with null for what is absent flat', { ...nested, user_id: null, risk_score: null, platform_id: '' }],
  ])('%s is the same canonical event', (_name, value) => {
    expect(eventOf(value)).toEqual(CANONICAL);
  });

  it('needs nothing but a type', () => {
    expect(eventOf({ type: 'webhook.test', id: 1 })).toEqual({
      id: '1',
      type: 'webhook.test',
      occurredAt: RECEIVED_AT,
      receivedAt: RECEIVED_AT,
      tenant: 'acme',
      severity: 'informational',
      classifications: [],
      classificationCount: 0,
      faults: [],
      personal: {},
    });
  });
});

describe('times', () => {
  it.each<[unknown, string]>([
    ['2026-11-20T09:00:00.5Z', '2026-11-20T09:00:00.500Z'],
    ['2026-11-20T10:00:00+01:00', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20T09:00:00', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20 09:00:00', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20T09:00', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    [1795165200, '2026-11-20T09:00:00.000Z'],
    [1795165200.5, '2026-11-20T09:00:00.500Z'],
    [1795165200000, '2026-11-20T09:00:00.000Z'],
    ['1795165200000', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20T10:05:00Z', '2026-11-20T10:05:00.000Z'],
  ])('reads %j', (timestamp, occurredAt) => {
    expect(typed({ timestamp })).toMatchObject({ occurredAt, faults: [] });
  });

  it.each<[unknown, string]>([
    ['2026-11-20T10:05:00.001Z', 'in_the_future'],
    [1e15, 'in_the_future'],
    [1e300, 'in_the_future'],
    ['yesterday', 'invalid_time'],
    ['2026-13-01T00:00:00Z', 'invalid_time'],
    [0, 'invalid_time'],
    [-1, 'invalid_time'],
    [{}, 'invalid_time'],
    [true, 'invalid_time'],
  ])('takes the time of receipt instead of %j and marks it', (timestamp, reason) => {
    const event = typed({ timestamp });
    expect(event.occurredAt).toBe(RECEIVED_AT);
    expect(faultsOf(event)).toEqual([`timestamp ${reason}`]);
  });

  it('takes the next best time when one is none', () => {
    const event = typed({ timestamp: 'soon', created_at: '2026-11-20T09:00:00Z' });
    expect(event.occurredAt).toBe('2026-11-20T09:00:00.000Z');
    expect(faultsOf(event)).toEqual(['timestamp invalid_time']);
  });

  it('takes the signed time before the time of receipt', () => {
    const context = { ...CONTEXT, signedTimestampMs: CONTEXT.receivedAtMs - 60_000 };
    expect(eventOf({ type: 't', id: 'i' }, context).occurredAt).toBe('2026-11-20T09:59:00.000Z');
  });
});

describe('odd fields are dropped and marked, never refused', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    ['a score of 95', { risk_score: 95 }, ['risk_score out_of_range']],
    ['a negative score', { data: { risk_score: -0.1 } }, ['data.risk_score out_of_range']],
    ['a score that is no number', { risk_score: 'high' }, ['risk_score wrong_type']],
    ['a score that is a list', { risk_score: [0.5] }, ['risk_score wrong_type']],
    ['an unknown decision', { action: 'allow' }, ['action unknown_value']],
    ['a decision that is a number', { policy_decision: 1 }, ['policy_decision wrong_type']],
    ['a platform that is an object without an id', { platform: {} }, ['platform wrong_type']],
    ['a user id that is an object', { user_id: {} }, ['user_id wrong_type']],
    ['a user id beyond 2^53', { user_id: 2 ** 53 }, ['user_id out_of_range']],
    [
      'a URL without a scheme',
      { content_metadata: { url: 'my prompt' } },
      ['content_metadata.url unknown_value'],
    ],
    ['a script URL', { content_metadata: { url: 'javascript:x' } }, ['content_metadata.url unknown_value']],
    ['a count that is no whole number', { classification_count: 1.5 }, ['classification_count wrong_type']],
    ['a negative count', { classification_count: -1 }, ['classification_count out_of_range']],
    ['classifications that are a number', { classifications: 5 }, ['classifications wrong_type']],
    [
      'findings without a type',
      { classifications: [{ value: 'x' }, null, 3] },
      ['classifications wrong_type'],
    ],
    ['a wrapped score of 95', { event: { risk_score: 95 } }, ['event.risk_score out_of_range']],
  ])('%s', (_name, fields, faults) => {
    const event = typed(fields);
    expect(faultsOf(event)).toEqual(faults);
    expect(event).toEqual({ ...typed({}), faults: event.faults });
  });

  it('takes the next spelling when one can not be used', () => {
    const event = typed({
      risk_score: 95,
      data: { risk_score: 0.5 },
      classifications: [],
      classification_type: 'PHONE',
    });
    expect(event).toMatchObject({ riskScore: 0.5, classifications: ['PHONE'] });
    expect(faultsOf(event)).toEqual(['risk_score out_of_range']);
  });

  it('accepts the bounds of a score', () => {
    expect([0, 1, '0', '1.0', '1e-1'].map((score) => typed({ risk_score: score }).riskScore)).toEqual([
      0, 1, 0, 1, 0.1,
    ]);
  });

  it('reads -0 as 0, so that an event is the same before and after storage', () => {
    expect(eventOf('{"type":"t","risk_score":-0}').riskScore).toBe(0);
  });

  it('takes a number beyond the range for no time', () => {
    expect(faultsOf(eventOf('{"type":"t","timestamp":1e999}'))).toEqual(['timestamp invalid_time']);
  });

  it('counts what was sent, before doubles are removed, unless the sender counts', () => {
    const classifications = ['EMAIL', 'EMAIL', { type: 'IBAN' }];
    expect(typed({ classifications })).toMatchObject({
      classifications: ['EMAIL', 'IBAN'],
      classificationCount: 3,
    });
    expect(typed({ classifications, classification_count: '7' }).classificationCount).toBe(7);
    expect(typed({ classifications: { type: 'IBAN', value: 'FR76' } }).classifications).toEqual(['IBAN']);
  });

  it('keeps the case of a classification and lowers that of a platform', () => {
    expect(typed({ classifications: [' Numéro de SIRET '], platform_id: ' My-LLM ' })).toMatchObject({
      classifications: ['Numéro de SIRET'],
      platform: { id: 'my-llm', name: 'my-llm' },
    });
  });

  it('does not take the product for a sensor', () => {
    const event = typed({ source: 'noxys', data: { source: 'proxy' } });
    expect(event).toMatchObject({ sensor: 'proxy', faults: [] });
  });
});

describe('what is too long or not well-formed', () => {
  it('cuts a text at 512 without halving a character', () => {
    const event = typed({ policy_name: `${'a'.repeat(511)}😀b` });
    expect(event.policy?.name).toBe('a'.repeat(511));
    expect(faultsOf(event)).toEqual(['policy_name too_long']);
  });

  it('cuts a platform id after its case is lowered, as some letters grow', () => {
    expect(typed({ platform_id: 'İ'.repeat(400) }).platform?.id.length).toBeLessThanOrEqual(512);
  });

  it('keeps the first 64 different names of a list and counts all', () => {
    const event = typed({ classifications: Array.from({ length: 10_000 }, (_, i) => `T${i}`) });
    expect(event.classifications).toHaveLength(64);
    expect(event.classificationCount).toBe(10_000);
    expect(faultsOf(event)).toEqual(['classifications too_long']);
  });

  it('does not call a list of many doubles too long', () => {
    const event = typed({ classifications: Array.from({ length: 10_000 }, (_, i) => `T${i % 64}`) });
    expect(event.classifications).toHaveLength(64);
    expect(event).toMatchObject({ classificationCount: 10_000, faults: [] });
  });

  it('mends lone surrogates', () => {
    const event = typed({ policy_name: 'a\ud800b', classifications: ['\udfff'] });
    expect(event).toMatchObject({ policy: { name: 'a\ufffdb' }, classifications: ['\ufffd'] });
    expect(faultsOf(event)).toEqual(['policy_name not_well_formed', 'classifications not_well_formed']);
  });

  it('hashes an id above 256 characters, so that two of them stay different', () => {
    const id = 'x'.repeat(257);
    const event = typed({ id });
    expect(event.id).toBe(`sha256:${sha256Hex(id)}`);
    expect(faultsOf(event)).toEqual(['id too_long']);
    expect(typed({ id: 'x'.repeat(256) }).id).toBe('x'.repeat(256));
  });

  it('hashes an id that could not stand in a header', () => {
    const event = typed({ id: 'a\r\nx-evil: 1' });
    expect(event.id).toBe(`sha256:${sha256Hex('a\r\nx-evil: 1')}`);
    expect(faultsOf(event)).toEqual(['id not_well_formed']);
  });

  it('keeps at most 64 faults, however odd the event', () => {
    const keys = Object.values(FIELD_PATHS).flatMap((paths) => paths.map((path) => path.at(-1) ?? ''));
    const odd = Object.fromEntries(keys.map((key) => [key, true]));
    const event = eventOf({ ...odd, data: odd, event: { ...odd, data: odd, event_type: 't' } });
    expect(event.faults).toHaveLength(64);
  });
});
