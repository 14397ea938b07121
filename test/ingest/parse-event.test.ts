import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FIELD_PATHS } from '../../src/ingest/field-paths.ts';
import { parseEvent } from '../../src/ingest/parse-event.ts';
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
    [
      'with capitals in the address',
      { ...nested, data: { ...DATA, user: { id: 'u-1', email: ' Alice@ACME.fr' } } },
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

/** What a sender might put where a name belongs. */
const planted = fc.oneof(
  fc.emailAddress(),
  fc.stringMatching(/^(?:\d{4}[ .-]?){3}\d{4}$/),
  fc.stringMatching(/^[45]\d{11,18}$/),
  fc.stringMatching(/^(?:FR|DE|IT|NO)\d{2}(?: ?\d{4}){3,6}$/),
  fc.stringMatching(/^(?:GB|NL)\d{2} ?[A-Z]{4} ?\d{4} ?\d{4} ?\d{2}$/),
);

describe('a name', () => {
  it('is never an e-mail address, a card number or an IBAN', () => {
    fc.assert(
      fc.property(planted, (text) => {
        const event = typed({
          classifications: [text, { type: text }, { type: 'EMAIL' }],
          direction: text,
          source: text,
          interaction_type: text,
          content_metadata: { model: text },
        });
        expect(JSON.stringify(event)).not.toContain(JSON.stringify(text).slice(1, -1));
        expect(event).toMatchObject({ classifications: ['EMAIL'], classificationCount: 3 });
        expect(faultsOf(event).toSorted()).toEqual([
          'classifications unknown_value',
          'content_metadata.model unknown_value',
          'direction unknown_value',
          'interaction_type unknown_value',
          'source unknown_value',
        ]);
      }),
    );
  });

  it.each(['CREDIT_CARD', 'Numéro de SIRET', 'ISO 27001: A.5', 'IBAN'])('may be the type %s', (name) => {
    expect(typed({ classifications: [name] })).toMatchObject({ classifications: [name], faults: [] });
  });

  it.each(['+33 6 12 34 56 78', '0612345678', 'tel. 0612345678', 'x'.repeat(65), '<b>', 'a\nb'])(
    'is not %j: a finding that has none still counts',
    (text) => {
      const event = typed({ classifications: text });
      expect(event).toMatchObject({ classifications: [], classificationCount: 1 });
      expect(faultsOf(event)).toEqual(['classifications unknown_value']);
    },
  );

  it.each([
    'gpt-4o-2024-08-06',
    'claude-opus-4-1-20250805',
    'us.anthropic.claude-3-5-sonnet-20241022-v2:0',
    '01-ai/Yi-34B-Chat',
    'o3',
    'c4ai command r+',
    'claude-3-5-sonnet@20240620',
    '@cf/meta/llama-3.1-8b-instruct',
  ])('may be the model %s', (model) => {
    expect(typed({ content_metadata: { model } })).toMatchObject({ model, faults: [] });
  });

  it.each(['06 12 34 56 78', 'call 0612345678', 'my prompt, in full', '@alice'])(
    'is not the model %s',
    (model) => {
      expect(typed({ content_metadata: { model } })).not.toHaveProperty('model');
    },
  );
});

describe('under a scheme that signs no time', () => {
  const context = { ...CONTEXT, oldestMs: CONTEXT.receivedAtMs - 60_000 };
  const parse = (fields: object) => parseEvent({ type: 't', id: 'i', ...fields }, context, () => '');

  it.each<[string, object, string]>([
    ['no time', { timestamp: 'yesterday' }, 'timestamp'],
    ['one in the future', { timestamp: '2027-11-20T10:00:00Z' }, 'timestamp'],
    ['one in the future behind one that is none', { timestamp: 'soon', time: 1e12 + 1e15 }, 'time'],
    ['none, within a wrapper', { event: { data: { timestamp: {} } } }, 'event.data.timestamp'],
  ])('refuses an event whose time is %s', (_case, fields, path) => {
    expect(parse(fields)).toEqual({ ok: false, error: { path, reason: 'unusable_time' } });
  });

  it('refuses one that is too old', () => {
    expect(parse({ timestamp: '2026-11-20T09:58:59Z' })).toMatchObject({ error: { reason: 'too_old' } });
  });

  it.each<[string, object]>([
    ['brings no time', {}],
    ['brings null for a time', { timestamp: null }],
    ['brings a usable time behind an unusable one', { timestamp: 'soon', created_at: RECEIVED_AT }],
    ['has another fault', { risk_score: 95 }],
  ])('accepts an event that %s', (_case, fields) => {
    expect(parse(fields)).toMatchObject({ ok: true, value: { occurredAt: RECEIVED_AT } });
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
    expect(event).toMatchObject({ policy: { name: 'a\ufffdb' }, classifications: [] });
    expect(faultsOf(event)).toEqual(['policy_name not_well_formed', 'classifications unknown_value']);
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
