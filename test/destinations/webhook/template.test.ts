import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Message } from '../../../src/destinations/messages/message.ts';
import { messageData } from '../../../src/destinations/webhook/payload.ts';
import { FIELD_NAMES, fieldAt, templateFields } from '../../../src/destinations/webhook/template-fields.ts';
import {
  TEMPLATE_DEPTH_MAX,
  TEMPLATE_NODES_MAX,
  renderTemplate,
  templateFaults,
} from '../../../src/destinations/webhook/template.ts';
import { digestForTest, messageForTest, noticeForTest, stormForTest } from './message-for-test.ts';

const rendered = (text: unknown, message: Message = messageForTest()): unknown =>
  (JSON.parse(renderTemplate({ value: text }, message)) as { value: unknown }).value;

describe('a text of a template', () => {
  it.each([
    ['{{title}}', 'Repeated AI policy violations from same user'],
    ['[{{tenant}}] {{ level }} on {{platform.name}}', '[acme] critical on Perplexity'],
    ['{{title:15}}', 'Repeated AI…'],
    ['{{detection.count}}', 6],
    ['{{detection.count}} events', '6 events'],
    ['{{risk_score}}', 0.93],
    ['{{classifications}}', ['CREDIT_CARD', 'EMAIL']],
    ['Found: {{classifications}}', 'Found: CREDIT_CARD, EMAIL'],
    ['{{user}}', { id: 'user-42', email: 'p_abc' }],
    ['User {{user}}', 'User {"id":"user-42","email":"p_abc"}'],
    ['{{timestamp_ms}}', 1795334400250],
    ['{{kind}} {{type}}', 'detection noxys.detection'],
    [
      '{{facts}}',
      'User: user-42 (p_abc)\nPlatform: Perplexity\nRules: noxys_hl3_repeated_violations (6 in 1 h)',
    ],
    ['{{level|critical=1|high=2|else=3}}', 1],
    ["{{level|critical='1'|high='2'|else='3'}}", '1'],
    ['P{{level|critical=1|else=3}}', 'P1'],
    ['{{policy.decision|log=x|else=other}}', 'other'],
    ['{{policy.decision|log=x}}', 'block'],
    ['{{level|critical=true}}', true],
    ['{{user.email|else=unknown}}', 'p_abc'],
    ['no braces', 'no braces'],
    ['{{{tenant}}}', '{acme}'],
    ['{not one} }} {', '{not one} }} {'],
    [7, 7],
    [null, null],
    [false, false],
  ])('%j becomes %j', (text, value) => {
    expect(rendered(text)).toEqual(value);
  });

  it.each([
    ['{{user.email|else=unknown}}', 'unknown'],
    ['{{user.email|a=b|else=unknown}}', 'unknown'],
    ['to {{user.email}}.', 'to .'],
    ['{{user.email}}', undefined],
    ['{{detection}}', undefined],
    [
      ['a', '{{user.email}}', 'b'],
      ['a', 'b'],
    ],
    [{ to: '{{user.email}}', cc: 'x' }, { cc: 'x' }],
  ])('%j of a digest, which has no user, becomes %j', (text, value) => {
    expect(rendered(text, digestForTest())).toEqual(value);
  });

  it.each([
    ['{{title|html}}', '&lt;b&gt;&amp; &quot;x&quot; &#39;y&#39;&lt;/b&gt;'],
    ['{{title|markdown}}', String.raw`\<b\>& "x" 'y'\</b\>`],
    ['{{title:6|html}}', '&lt;b&gt;&amp;…'],
  ])('%s is escaped for what reads it: %s', (text, value) => {
    expect(rendered(text, messageForTest({ title: `<b>& "x" 'y'</b>` }))).toBe(value);
  });

  it('has all that people read in its description, with the link whole however long it is', () => {
    const message = messageForTest({ sections: [{ title: 'Trend', lines: ['up'] }] });
    const link = 'Open in the relay https://relay.example.com/api/v1/tenants/acme/events/evt_1';
    expect(rendered('{{description}}', message)).toBe(
      ['Noxys blocked an interaction with Perplexity.', rendered('{{facts}}'), '', 'Trend', 'up', link].join(
        '\n',
      ),
    );
    const long = rendered('{{description}}', messageForTest({ text: 'long '.repeat(2000) })) as string;
    expect(long.length).toBeLessThanOrEqual(4000);
    expect(long.endsWith(`…\n${link}`)).toBe(true);
  });

  it('is never empty in its description', () => {
    const { text: _text, link: _link, ...message } = messageForTest({ facts: [] });
    expect(rendered('{{description}}', message)).toBe(message.title);
  });

  it('can not change the form of the JSON, whatever a value holds', () => {
    const body = { a: '{{title}}', b: ['x {{user.id}} y', { c: '{{text}}' }], d: 'kept' };
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, id) => {
        const [detection] = messageForTest().data.entries;
        const entries = detection ? [{ ...detection, user: { id } }] : [];
        const message = messageForTest({ title: `{{tenant}}"${text}`, text, data: { entries } });
        const json = JSON.parse(renderTemplate(body, message)) as Record<string, unknown>;
        expect(Object.keys(json)).toEqual(['a', 'b', 'd']);
        expect(json['b']).toEqual([`x ${id} y`, { c: text }]);
        expect(String(json['a']).startsWith('{{tenant}}"')).toBe(true);
      }),
    );
  });
});

describe('a template', () => {
  it('reaches no property but the fields of the message', () => {
    for (const name of [
      'constructor',
      '__proto__',
      'user.__proto__',
      'title.length',
      'user.constructor.name',
    ]) {
      expect(fieldAt(templateFields(messageForTest()), name)).toBeUndefined();
    }
    const body = JSON.parse('{"__proto__":{"polluted":"{{title}}"}}') as Record<string, unknown>;
    expect(renderTemplate(body, messageForTest())).toContain('"__proto__":{"polluted":"Repeated');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('may use every field that is named, and each is of some message', () => {
    const body = Object.fromEntries(FIELD_NAMES.map((name) => [name, `{{${name}}}`]));
    expect(templateFaults(body)).toEqual([]);
    const messages = [
      messageForTest({ data: { ...messageForTest().data, untold: 2 } }),
      digestForTest(),
      noticeForTest(),
      stormForTest(),
    ];
    const found = messages.flatMap((message) =>
      Object.keys(JSON.parse(renderTemplate(body, message)) as object),
    );
    expect(FIELD_NAMES.filter((name) => !found.includes(name))).toEqual([]);
  });

  it('may use every field of the payload', () => {
    const names = new Set(
      [messageForTest(), digestForTest(), noticeForTest(), stormForTest()].flatMap((m) =>
        Object.keys(messageData(m)),
      ),
    );
    expect([...names].filter((name) => !FIELD_NAMES.includes(name))).toEqual([]);
  });

  it.each([
    [{ a: '{{titel}}' }, ['a'], 'did you mean {{title}}?'],
    [{ a: { b: ['x', '{{user.mail}}'] } }, ['a', 'b', 1], 'did you mean {{user.email}}?'],
    [{ a: '{{detection.rul}}' }, ['a'], 'did you mean {{detection.rule}}?'],
    [{ a: '{{zzzzzzzzzz}}' }, ['a'], 'the fields are in docs'],
    [{ a: '{{title' }, ['a'], 'must close every {{ with }}'],
    [{ a: '{{ti{tle}}' }, ['a'], 'must close every {{ with }}'],
    [{ a: '{{}}' }, ['a'], 'must begin with the name of a field'],
    [{ a: '{{title:0}}' }, ['a'], 'must begin with the name of a field'],
    [{ a: '{{constructor}}' }, ['a'], 'which is no field'],
    [{ a: '{{title|upper}}' }, ['a'], 'knows after | only'],
    [{ a: '{{title|toString}}' }, ['a'], 'knows after | only'],
    [{ '{{title}}': 'x' }, ['{{title}}'], 'must be a name without {{…}}'],
  ])('%j is refused at %j: %s', (body, path, message) => {
    expect(templateFaults(body)).toEqual([{ path, message: expect.stringContaining(message) as unknown }]);
  });

  it('is refused where it is too deep, too long or without end', () => {
    const deep = (levels: number): unknown => (levels === 0 ? 'x' : { a: deep(levels - 1) });
    const bodyOf = (levels: number) => ({ a: deep(levels) });
    expect(templateFaults(bodyOf(TEMPLATE_DEPTH_MAX - 1))).toEqual([]);
    expect(templateFaults(bodyOf(TEMPLATE_DEPTH_MAX))).toMatchObject([
      { message: 'must be at most 20 levels deep' },
    ]);
    const many = { a: Array.from({ length: TEMPLATE_NODES_MAX }, () => 'x') };
    expect(templateFaults(many)).toMatchObject([
      { path: [], message: expect.stringContaining('at most') as unknown },
    ]);
    expect(templateFaults({ a: 'x'.repeat(40_000) })).toMatchObject([{ path: [] }]);
    const endless: Record<string, unknown> = {};
    endless['a'] = endless;
    expect(templateFaults(endless)).not.toEqual([]);
  });

  it('of a hostile length is read in no time', () => {
    const body = { a: '{{'.repeat(16_000) };
    expect(templateFaults(body)).toMatchObject([{ path: ['a'] }]);
  });
});
