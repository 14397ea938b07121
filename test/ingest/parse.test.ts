import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LIST_LENGTH_MAX, STRING_LENGTH_MAX } from '../../src/domain/event.ts';
import { parseBody } from '../../src/ingest/parse.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { bodyOf, CONTEXT, eventOf } from './parsing.ts';

const TYPE = 'interaction.high_risk';
const DEEP = 100_000;

describe('bodies that hold no event', () => {
  it.each<[string, string | Uint8Array, object]>([
    ['nothing', '', { kind: 'empty', path: '' }],
    ['only white space', ' \n', { kind: 'empty', path: '' }],
    ['an empty array', '[]', { kind: 'empty', path: '' }],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), { kind: 'not_utf8' }],
    ['a lone surrogate in bytes', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), { kind: 'not_utf8' }],
    ['text', 'hello', { kind: 'not_json', detail: expect.stringContaining('position 0 on') }],
    ['a word', '{"type":nonsense}', { kind: 'not_json', detail: expect.stringContaining('position 9 on') }],
    [
      'a bare word in a list',
      '[1, 2, x]',
      { kind: 'not_json', detail: expect.stringContaining('position 7 on') },
    ],
    [
      'a bare word far inside',
      `{"type":"${'y'.repeat(5_000)}","a":x,"b":1}`,
      { kind: 'not_json', detail: expect.stringContaining('position 5015 on') },
    ],
    [
      'a comma too many',
      '{"type":"x",}',
      { kind: 'not_json', detail: expect.stringContaining('position 12') },
    ],
    ['an end too early', '{"type":', { kind: 'not_json', detail: expect.stringContaining('ends too early') }],
    ['a number', '1e999', { kind: 'not_an_event', path: '' }],
    ['null', 'null', { kind: 'not_an_event', path: '' }],
    ['a string', '"x"', { kind: 'not_an_event', path: '' }],
    ['no type', '{"data":{}}', { kind: 'not_an_event', path: 'type' }],
    ['no type in or beside a wrapper', '{"event":{"id":"x"}}', { kind: 'not_an_event', path: 'type' }],
    ['an empty type', '{"type":" "}', { kind: 'not_an_event', path: 'type' }],
    ['a type that is a number', '{"event_type":7}', { kind: 'not_an_event', path: 'event_type' }],
    ['a type under __proto__', '{"__proto__":{"type":"x"}}', { kind: 'not_an_event', path: 'type' }],
    ['only elements that are none', '[1,{}]', { kind: 'not_an_event', path: '[0]' }],
    ['an array of one without a type', '[{}]', { kind: 'not_an_event', path: '[0].type' }],
    [
      '101 events',
      JSON.stringify(Array.from({ length: 101 }, () => ({ type: 'x' }))),
      { kind: 'too_many_events' },
    ],
    ['10,000 elements', `[${'0,'.repeat(9_999)}0]`, { kind: 'too_many_events' }],
    ['deep arrays', '['.repeat(DEEP) + ']'.repeat(DEEP), { kind: 'not_an_event' }],
    ['deep arrays without an end', '['.repeat(DEEP), { kind: 'not_json' }],
  ])('names what is wrong with %s', (_name, body, error) => {
    const bytes = typeof body === 'string' ? encodeUtf8(body) : body;
    expect(parseBody(bytes, CONTEXT)).toMatchObject({ ok: false, error });
  });

  it('never quotes the body', () => {
    for (const body of [
      's3cr3t',
      '{"s3cr3t"}',
      '{"a":"s3cr3t" x}',
      '["s3cr3t"',
      '{"s3cr3t":1}',
      '"s3cr3t at position 7"x',
    ]) {
      expect(JSON.stringify(parseBody(encodeUtf8(body), CONTEXT))).not.toContain('s3cr3t');
    }
  });
});

describe('bodies that hold odd events', () => {
  const deep = '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP);
  it.each<[string, string]>([
    ['a deep unknown field', `{"type":"${TYPE}","x":${deep}}`],
    ['a deep known field', `{"type":"${TYPE}","data":${deep},"classifications":${deep}}`],
    ['a deep wrapper', `{"type":"${TYPE}","event":${deep}}`],
    [
      'numbers beyond the range',
      `{"type":"${TYPE}","id":1e999,"risk_score":1e999,"timestamp":-1e999,"user_id":1e999}`,
    ],
    [
      '__proto__ and constructor',
      `{"type":"${TYPE}","__proto__":{"user_id":"x"},"constructor":{"prototype":{}}}`,
    ],
    ['lone surrogates', `{"type":"${TYPE}\\ud800","id":"\\udc00","user_id":"\\ud800"}`],
    ['a byte order mark', `\uFEFF{"type":"${TYPE}"}`],
    ['10,000 elements in a field', `{"type":"${TYPE}","policy_decisions":[${'0,'.repeat(9_999)}"block"]}`],
  ])('accepts an event with %s', (_name, body) => {
    expect(bodyOf(body).events).toHaveLength(1);
  });

  it('reads no field from a prototype', () => {
    expect(
      eventOf(`{"type":"x","__proto__":{"user_id":"u"},"data":{"__proto__":{"risk_score":1}}}`),
    ).toMatchObject({
      personal: {},
      faults: [],
    });
    expect(Object.hasOwn(Object.prototype, 'user_id')).toBe(false);
  });
});

describe('arrays', () => {
  it('keeps the usable events and names the others', () => {
    const { events, rejected } = bodyOf([
      { type: 'a', id: '1' },
      5,
      { type: 'b', id: '2' },
      {},
      { type: [] },
      [{ type: 'c' }],
    ]);
    expect(events.map((event) => event.type)).toEqual(['a', 'b']);
    expect(rejected).toEqual([
      { index: 1, path: '', reason: 'not_an_object' },
      { index: 3, path: 'type', reason: 'missing_type' },
      { index: 4, path: 'type', reason: 'wrong_type' },
      { index: 5, path: '', reason: 'not_an_object' },
    ]);
  });

  it('takes 100 events', () => {
    expect(bodyOf(Array.from({ length: 100 }, (_, i) => ({ type: 'a', id: i }))).events).toHaveLength(100);
  });
});

describe('ids', () => {
  const signed = { ...CONTEXT, webhookId: 'msg_1' };
  const body = { type: TYPE, interaction_id: 'int_1', data: { id: 'int_1', interaction_id: 'int_1' } };

  it('takes the top-level id before the webhook id', () => {
    expect(eventOf({ ...body, id: 'a', event_id: 'b' }, signed).id).toBe('a');
    expect(eventOf({ ...body, event_id: 'b' }, signed).id).toBe('b');
    expect(eventOf({ event: { ...body, event_id: 42 } }, signed).id).toBe('42');
  });

  it('takes a signed webhook id, with the index in an array', () => {
    expect(eventOf(body, signed).id).toBe('msg_1');
    expect(bodyOf([body, { ...body, id: 'a' }, body], signed).events.map((event) => event.id)).toEqual([
      'msg_1:0',
      'a',
      'msg_1:2',
    ]);
  });

  it('never takes an interaction id, which several events can share', () => {
    const event = eventOf(body);
    expect(event.id).toBe(`sha256:${sha256Hex(JSON.stringify(body))}`);
    expect(event.interactionId).toBe('int_1');
  });

  it('hashes the bytes of an element, wherever it stands in an array', () => {
    const text = '{"type":"x", "n":10000000000000000001,"s":"],[{\\"}"}';
    const alone = bodyOf(text).events[0]?.id;
    const listed = bodyOf(`[ {"type":"y"} ,\n${text} , ${text.replace('01', '02')}]`).events.map(
      (event) => event.id,
    );
    expect(alone).toBe(`sha256:${sha256Hex(text)}`);
    expect(listed[1]).toBe(alone);
    expect(new Set(listed).size).toBe(3);
  });

  it('hashes deeply nested elements of an array', () => {
    const deep = `{"type":"x","a":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`;
    expect(bodyOf(`[${deep}]`).events[0]?.id).toBe(`sha256:${sha256Hex(deep)}`);
  });

  it('hashes a body in another way than any id', () => {
    expect(eventOf({ type: TYPE, id: '' }).id).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

const KEYS = [
  'id', 'event_id', 'type', 'event_type', 'event', 'data', 'timestamp', 'time', 'user', 'user_id', 'email', 'device', 'hostname',
  'platform', 'platform_id', 'policy', 'policy_decisions', 'action', 'decision', 'risk_score', 'classifications', 'classification_type',
  'classification_count', 'content_metadata', 'url', 'model', 'source', 'direction', 'tenant_id', 'interaction_id', '__proto__', 'constructor',
]; // prettier-ignore

/** Any JSON, but with the keys that the parser looks for, so that it has something to trip over. */
const fieldish = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(
        null,
        true,
        0,
        -0,
        1e300,
        95,
        0.5,
        1795165200,
        'block',
        TYPE,
        '\ud800',
        'https://a.example/x',
      ),
      fc.double(),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('x'.repeat(600), 'İ'.repeat(500), '😀'.repeat(300), '\ud800'.repeat(513)),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 12 }),
}));

const anyEvent = fieldish.object.map((fields) => ({ ...fields, type: TYPE }));

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

function listsOf(value: unknown): unknown[][] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(listsOf);
  return Array.isArray(value) ? [value, ...below] : below;
}

/** The object with marked values planted in every object inside it. */
function planted(value: unknown, marker: string): unknown {
  if (Array.isArray(value)) return value.map((item) => planted(item, marker));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, planted(member, marker)] as const);
  return Object.fromEntries([
    ...members,
    ...['value', 'text', 'content_hash', 'start', 'end', 'prompt'].map((key) => [key, marker] as const),
  ]);
}

describe('any body', () => {
  it('never makes the parser throw, be it any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof parseBody(bytes, CONTEXT).ok).toBe('boolean');
      }),
    );
  });

  it('never makes the parser throw, be it any JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fieldish.value.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          expect(typeof parseBody(encodeUtf8(text), CONTEXT).ok).toBe('boolean');
        },
      ),
    );
  });

  it('gives events within every cap, well-formed, cloneable and the same after JSON', () => {
    fc.assert(
      fc.property(anyEvent, (value) => {
        const event = eventOf(value);
        for (const text of stringsOf(event)) {
          expect(text.length).toBeLessThanOrEqual(STRING_LENGTH_MAX);
          expect(text.isWellFormed()).toBe(true);
        }
        for (const list of listsOf(event)) expect(list.length).toBeLessThanOrEqual(LIST_LENGTH_MAX);
        expect(structuredClone(event)).toEqual(event);
        expect(JSON.parse(JSON.stringify(event))).toEqual(event);
      }),
      { numRuns: 1000 },
    );
  });

  it('never lets a raw finding, span, hash or prompt through, wherever it stands', () => {
    const marker = 'MARKER-4111111111111111';
    fc.assert(
      fc.property(fc.oneof(anyEvent, fc.array(anyEvent, { minLength: 1, maxLength: 3 })), (value) => {
        const body = parseBody(encodeUtf8(JSON.stringify(planted(value, marker))), CONTEXT);
        expect(JSON.stringify(body)).not.toContain(marker);
      }),
      { numRuns: 500 },
    );
  });
});
