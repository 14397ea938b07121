import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { matchesFql, readerOf } from './falcon-fql-match.ts';
import { parseFql, termsOf } from './falcon-fql.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const HOST = {
  hostname: 'WKS-7',
  severity: 50,
  is_managed: true,
  tags: ['noxys', 'pii'],
  last_seen: '2026-11-20T12:00:00Z',
  device: { device_id: 'a'.repeat(32) },
  odd: 'a.b(c)',
};

function matches(text: string): boolean {
  const read = parseFql(text);
  if ('fault' in read) throw new Error(read.fault);
  return matchesFql(read.filter, readerOf(HOST), NOW_MS);
}

it.each([
  '',
  '*',
  "hostname:'WKS-7'",
  "hostname:'wks-7'",
  "hostname:['WKS-7']",
  "hostname:['X','WKS-7']",
  "hostname:'WKS*'",
  "hostname:'*-7'",
  "hostname:!'WKS-8'",
  "hostname:~'ks'",
  "hostname:!~'zz'",
  'severity:50',
  'severity:>=50',
  "severity:>'49'",
  'severity:<51+severity:<=50',
  'is_managed:true',
  "tags:'pii'",
  "tags:!'finance'",
  "last_seen:>'now-7d'",
  "last_seen:<'now-24h'",
  "last_seen:<'now'",
  "last_seen:>='2026-11-20T12:00:00Z'",
  `device.device_id:'${HOST.device.device_id}'`,
  "odd:'a.b(c)'",
  "hostname:'no',tags:'pii'",
  "hostname:'no'+tags:'no',severity:50",
  "(hostname:'no',tags:'pii')+severity:50",
])('%s matches', (text) => {
  expect(matches(text)).toBe(true);
});

it.each([
  "hostname:'WKS'",
  "hostname:['wks-7']",
  "hostname:['WKS*']",
  "hostname:!'WKS-7'",
  "tags:!'pii'",
  'severity:>50',
  "last_seen:>'now-1d'",
  "last_seen:>'yesterday'",
  "severity:>'high'",
  "odd:'aXb(c)'",
  "nothing:'x'",
  "device:'x'",
  "hostname:'WKS-7'+severity:51",
  "(hostname:'no',tags:'pii')+severity:51",
])('%s does not match', (text) => {
  expect(matches(text)).toBe(false);
});

describe('what is refused', () => {
  it.each([
    "hostname:'O'Brien'",
    "hostname:'O\\'Brien'",
    "hostname:'a\nb'",
    "hostname:'a",
    'hostname:a',
    'hostname:"a"',
    'hostname',
    'hostname:',
    ":'a'",
    "hostname='a'",
    "hostname:'a' AND severity:50",
    "hostname:'a'+",
    "hostname:'a',,severity:50",
    "hostname:['a'",
    "(hostname:'a'",
    "hostname:'a')",
    `${'('.repeat(30)}a:1${')'.repeat(30)}`,
  ])('%j', (text) => {
    expect(parseFql(text)).toHaveProperty('fault');
  });

  it('is told, whatever the text, and no value that is read holds a quote', () => {
    const characters = "ab:'[]()+,!<>=~*1 \\\n".split('');
    assert(
      property(string({ unit: constantFrom(...characters) }), (text) => {
        const read = parseFql(text);
        const held = 'fault' in read ? [] : termsOf(read.filter).flatMap(({ values }) => values);
        expect(held.join('')).not.toMatch(/['\\\n]/);
      }),
    );
  });
});

it('reads back any value without quotes, backslashes and control characters', () => {
  assert(
    property(string({ unit: 'binary' }), (text) => {
      const value = text.replaceAll(/['\\\p{Cc}]/gu, '');
      const read = parseFql(`hostname:'${value}'`);
      expect('filter' in read && termsOf(read.filter).flatMap(({ values }) => values)).toEqual([value]);
    }),
  );
});
