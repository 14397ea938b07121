import { describe, expect, it } from 'vitest';

import { testOf } from './rule-of.ts';

/** Selection, event, whether it matches. */
type Case = readonly [selection: string, event: Record<string, unknown>, matches: boolean];

function check(cases: readonly Case[]): void {
  it.each(cases)('%s on %j: %s', (selection, event, matches) => {
    expect(testOf(selection)(event)).toBe(matches);
  });
}

describe('keywords', () => {
  check([
    ['alpha', { m: 'an ALPHA dog' }, true],
    ['alpha', { alpha: 'key only' }, false],
    ['alpha', { a: { b: [{ c: ['x', 'the alpha'] }] } }, true],
    ['[alpha, beta]', { m: 'beta' }, true],
    ['[alpha, beta]', { m: 'gamma' }, false],
    ['42', { n: 1420 }, true],
    ['true', { n: true }, true],
    ["'a*c'", { m: 'xxabbbcxx' }, true],
    ["'a?c'", { m: 'ac' }, false],
    ["'a\\*c'", { m: 'a*c' }, true],
    ["'a\\*c'", { m: 'abc' }, false],
    ['alpha', { m: null, n: undefined }, false],
    ["{'|all': [alpha, beta]}", { a: { b: 'beta' }, c: ['alpha'] }, true],
    ["{'|all': [alpha, beta], f: x}", { a: 'alpha beta' }, false],
    ["{'|all': [alpha, beta], f: x}", { a: 'alpha beta', f: 'X' }, true],
    ['[alpha, {f: x}]', { f: 'x' }, true],
    ['[alpha, {f: x}]', { g: 'alpha' }, true],
    ['[alpha, {f: x}]', { g: 'x' }, false],
  ]);
});

describe('values', () => {
  check([
    ['{f: 42}', { f: '42.0' }, true],
    ['{f: 42}', { f: ' 4.2e1 ' }, true],
    ['{f: 42}', { f: '' }, false],
    ['{f: 1}', { f: true }, false],
    ['{f: 0}', { f: '' }, false],
    ['{f: 0}', { f: -0 }, true],
    ["{f: 'true'}", { f: true }, true],
    ['{f: false}', { f: 'False' }, true],
    ['{f: false}', { f: 0 }, false],
    ['{f: null}', {}, true],
    ['{f: null}', { f: null }, true],
    ['{f: null}', { f: '' }, false],
    ['{f: null}', { f: [] }, false],
    ['{f: null}', { f: ['a', null] }, true],
    ['{f: [a, null]}', {}, true],
    ["{f: '*'}", { f: '' }, true],
    ["{f: '*'}", { f: 0 }, true],
    ["{f: '*'}", { f: null }, false],
    ["{f: '*'}", {}, false],
    ["{f: '*'}", { f: [] }, false],
    ['{f: a}', { f: { a: 'a' } }, false],
    ['{f: a}', { f: [['b', ['A']]] }, true],
    ['{f: ÉTÉ}', { f: 'été' }, true],
    ['{f: ΟΔΟΣ}', { f: 'οδος' }, true],
    ['{f|contains: ΟΔΟΣ}', { f: 'ΟΔΟΣΑ' }, true],
    ["{f: 'a?b'}", { f: 'a😀b' }, true],
    ["{f: 'a?b'}", { f: 'ab' }, false],
    ["{f: '?'}", { f: '' }, false],
    ["{f: 'a*a'}", { f: 'a' }, false],
    ["{f: '*ab*ab'}", { f: 'ab' }, false],
    ["{f: '*ab*ab'}", { f: 'abab' }, true],
    ["{f: 'a**b'}", { f: 'ab' }, true],
    ["{f: 'a\\\\\\\\b'}", { f: 'a\\\\b' }, true],
    ["{f: 'a\\b'}", { f: 'a\\b' }, true],
    ["{f: 'a\\\\*'}", { f: 'a\\anything' }, true],
    ['{f|cased: Foo}', { f: 'Foo' }, true],
    ['{f|cased: Foo}', { f: 'foo' }, false],
  ]);
});

describe('fields', () => {
  check([
    ['{constructor|exists: true}', {}, false],
    ['{__proto__|exists: true}', {}, false],
    ['{__proto__.constructor|exists: true}', { a: 1 }, false],
    ['{a.__proto__.b: x}', { a: { b: 'x' } }, false],
    ['{toString: null}', {}, true],
    ['{a.length|exists: true}', { a: 'text' }, false],
    ['{a.length|exists: true}', { a: ['x'] }, false],
    ['{a.b|exists: true}', { a: [{ c: 1 }] }, false],
    ['{a.b|exists: true}', { a: [{ c: 1 }, { b: null }] }, true],
    ['{a.b: x}', { a: [[{ b: ['y', 'x'] }]] }, true],
    ['{a.b.c: x}', { 'a.b': { d: 1 }, a: { b: { c: 'x' } } }, false],
    ['{a.b.c: x}', { 'a.b': { c: 'x' } }, true],
    ['{f|exists: false}', {}, true],
    ['{f|exists: false}', { f: null }, false],
    ['{with space: x}', { 'with space': 'x' }, true],
  ]);
});

describe('modifiers', () => {
  check([
    ['{f|all: [a, b]}', { f: ['b', 'a'] }, true],
    ['{f|all: [a, b]}', { f: 'a' }, false],
    ['{f|all: a}', { f: 'a' }, true],
    ['{f|contains|neq: [a, b]}', { f: 'xbx' }, false],
    ['{f|contains|neq: [a, b]}', { f: 'xx' }, true],
    ['{f|contains|neq: [a, b]}', {}, true],
    ['{f|neq: null}', {}, false],
    ['{f|neq: null}', { f: 'a' }, true],
    ['{f|gt|neq: 5}', { f: 5 }, true],
    ["{f|re|neq: '^a'}", { f: 'ab' }, false],
    ['{f|cidr|neq: 10.0.0.0/8}', { f: '11.0.0.1' }, true],
    ['{a|fieldref|neq: b}', { a: 'x', b: 'X' }, false],
    ['{a|fieldref|neq: b}', { a: 'x', b: 'y' }, true],
    ['{a|fieldref|contains: b}', { a: 'xYz', b: 'y' }, true],
    ['{a|fieldref|startswith: b}', { a: 'xYz', b: 'y' }, false],
    ['{a|fieldref|startswith: b}', { a: 'xYz', b: 'XY' }, true],
    ['{a|fieldref: b}', { a: ['p', 'q'], b: ['r', 'Q'] }, true],
    ['{a|fieldref: b}', { a: null, b: null }, false],
    ['{a|fieldref: [b, c]}', { a: 'x', b: 'y', c: 'x' }, true],
    ['{a|fieldref|all: [b, c]}', { a: 'x', b: 'y', c: 'x' }, false],
    ['{a|fieldref: b.c}', { a: 'x', b: [{ c: 'w' }, { c: 'x' }] }, true],
    ['{a|fieldref|contains: b}', { a: 'a*b', b: '*' }, true],
    ['{a|fieldref|contains: b}', { a: 'ab', b: '*' }, false],
    ['{f|gte: 10}', { f: 10 }, true],
    ['{f|lte: 10}', { f: '10.0' }, true],
    ['{f|lte: 10}', { f: '0x5' }, false],
    ['{f|lt: 10}', { f: '-.5e3' }, true],
    ['{f|gt|all: [1, 5]}', { f: [2, 6] }, true],
    ['{f|gt: [5, 1]}', { f: 2 }, true],
    ["{f|re: '^B'}", { f: 'a\nB' }, false],
    ["{f|re|m: '^B'}", { f: 'a\nB' }, true],
    ["{f|re|ignorecase: '^b'}", { f: 'B' }, true],
    ['{f|re|all: [a, b]}', { f: ['xa', 'bx'] }, true],
    ["{f|re|contains: 'b+'}", { f: 'abc' }, true],
    ["{f|re: '^true$'}", { f: true }, true],
    ["{f|re: '.'}", { f: null }, false],
  ]);
});

describe('cidr', () => {
  check([
    ['{f|cidr: 0.0.0.0/0}', { f: '255.1.2.3' }, true],
    ['{f|cidr: 10.0.0.0/9}', { f: '10.127.255.255' }, true],
    ['{f|cidr: 10.0.0.0/9}', { f: '10.128.0.0' }, false],
    ['{f|cidr: 10.0.0.0/8}', { f: '10.0.0.01' }, false],
    ['{f|cidr: 10.0.0.0/8}', { f: '10.0.0' }, false],
    ['{f|cidr: 10.0.0.0/8}', { f: '10.0.0.256' }, false],
    ['{f|cidr: 10.0.0.0/8}', { f: 10 }, false],
    ['{f|cidr: 10.0.0.0/8}', { f: '::ffff:10.0.0.1' }, false],
    ['{f|cidr: 10.0.0.0/8}', { f: ['x', '10.1.1.1'] }, true],
    ["{f|cidr: '10.1.2.3'}", { f: '10.1.2.3' }, true],
    ["{f|cidr: '2001:db8::/33'}", { f: '2001:DB8:7FFF::1' }, true],
    ["{f|cidr: '2001:db8::/33'}", { f: '2001:db8:8000::1' }, false],
    ["{f|cidr: '::/0'}", { f: '::' }, true],
    ["{f|cidr: '::/0'}", { f: '1.2.3.4' }, false],
    ["{f|cidr: '::ffff:0:0/96'}", { f: '::ffff:1.2.3.4' }, true],
    ["{f|cidr: '::1/128'}", { f: '0:0:0:0:0:0:0:1' }, true],
    ["{f|cidr: '::/0'}", { f: '1:2:3:4:5:6:7' }, false],
    ["{f|cidr: '::/0'}", { f: '1::2::3' }, false],
    ["{f|cidr: '::/0'}", { f: '1:2:3:4:5:6:7::8' }, false],
    ["{f|cidr: '::/0'}", { f: 'fe80::1%eth0' }, false],
    ["{f|cidr: '::/0'}", { f: ':::' }, false],
    ["{f|cidr: '::/0'}", { f: '12345::' }, false],
  ]);
});

describe('encoded text', () => {
  const bytes = (encoding: 'utf8' | 'utf16le', text: string): string =>
    Buffer.from(text, encoding).toString('base64');
  const bigEndian = Buffer.from('ping', 'utf16le').swap16().toString('base64');

  check([
    ['{f|base64: grüße}', { f: bytes('utf8', 'grüße') }, true],
    ['{f|base64|cased: ping}', { f: 'CGLUZW==' }, false],
    ['{f|base64: ping}', { f: 'CGLUZW==' }, true],
    ["{f|base64: 'a\\*b'}", { f: bytes('utf8', 'a*b') }, true],
    ['{f|wide|base64: ping}', { f: bytes('utf16le', 'ping') }, true],
    ['{f|utf16le|base64: ping}', { f: bytes('utf16le', 'ping') }, true],
    ['{f|utf16be|base64: ping}', { f: bigEndian }, true],
    ['{f|utf16|base64: ping}', { f: bytes('utf16le', '﻿ping') }, true],
    ['{f|windash|base64: -a}', { f: bytes('utf8', '/a') }, true],
    ['{f|base64offset|contains|all: [foo, bar]}', { f: bytes('utf8', 'x foo yy bar z') }, true],
    ['{f|base64offset|contains|all: [foo, bar]}', { f: bytes('utf8', 'x foo yy baz z') }, false],
  ]);

  it.each([0, 1, 2, 3, 4, 5])(
    'base64offset finds text of more bytes than characters after %i bytes',
    (before) => {
      const test = testOf("{f|base64offset|contains|cased: 'mot de passe: été'}");
      expect(test({ f: bytes('utf8', `${'x'.repeat(before)}mot de passe: été!!`) })).toBe(true);
      expect(test({ f: bytes('utf8', `${'x'.repeat(before)}mot de passe: ete!!`) })).toBe(false);
    },
  );

  it.each([0, 1, 2, 3])('base64offset finds wide text after %i bytes', (before) => {
    const test = testOf('{f|wide|base64offset|contains|cased: ping}');
    const text = Buffer.concat([Buffer.alloc(before, 7), Buffer.from('ping', 'utf16le'), Buffer.from('z')]);
    expect(test({ f: text.toString('base64') })).toBe(true);
  });
});

describe('windash', () => {
  check([
    ["{f|windash: '-enc'}", { f: '/enc' }, true],
    ["{f|windash: '/enc'}", { f: '―enc' }, true],
    ["{f|windash: 'a-b'}", { f: 'a/b' }, false],
    ["{f|windash: 'a-b'}", { f: 'a-b' }, true],
    ["{f|windash: '- b'}", { f: '/ b' }, false],
    ["{f|windash: '–enc'}", { f: '-enc' }, false],
    ["{f|windash|contains: ' -a -b '}", { f: 'x /a —b y' }, true],
    ["{f|contains|windash: ' -a '}", { f: 'x /a y' }, true],
    ["{f|windash: '*-a*'}", { f: 'x/ab' }, true],
    ["{f|windash: '-été'}", { f: '/été' }, true],
  ]);
});

describe('conditions', () => {
  it.each([
    ['NOT s AND NOT s', {}, true],
    ['not not s', { f: 'a' }, true],
    ['not not not s', { f: 'a' }, false],
    ['ANY OF Them', { f: 'a' }, true],
    ['1 of s', { f: 'a' }, true],
    ['((s))', { f: 'a' }, true],
    ['(s)and(s)', { f: 'a' }, true],
  ] as const)('%s on %j: %s', (condition, event, matches) => {
    expect(testOf('{f: a}', condition)(event)).toBe(matches);
  });

  it('look at an event anew, also when it is the same object', () => {
    const test = testOf('{f: a}', 's and (s or not s)');
    const event = { f: 'a' };
    expect(test(event)).toBe(true);
    event.f = 'b';
    expect(test(event)).toBe(false);
  });
});
