import { describe, expect, it } from 'vitest';

import { parseRules } from '../../src/detection/sigma.ts';
import { errorsOf, yamlOf } from './rule-of.ts';

const HEAD = 'title: t\nlogsource: {product: test}\n';

function placesOf(yaml: string): string[] {
  return errorsOf(yaml).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

describe('what is wrong in a selection is told with its place', () => {
  it.each([
    ['{f|nosuch: a}', '4:7 detection.s.f|nosuch: "nosuch" must be one of'],
    ['{f|contians: a}', 'Did you mean contains?'],
    ['{f|: a}', '4:7 detection.s.f|: "" must be one of'],
    ["{f|expand: '%a%'}", 'expand is not supported'],
    ['{f|hour: 3}', 'hour is not supported'],
    ['{f|contains|re: a}', 're must be the first modifier'],
    ['{f|all|cidr: 10.0.0.0/8}', 'cidr must be the first modifier'],
    ['{f|contains|base64: a}', 'do not go together'],
    ['{f|base64|wide: a}', 'do not go together'],
    ['{f|wide: a}', 'do not go together'],
    ['{f|wide|contains: a}', 'do not go together'],
    ['{f|base64|windash: a}', 'do not go together'],
    ['{f|contains|startswith: a}', 'do not go together'],
    ['{f|contains|contains: a}', 'do not go together'],
    ['{f|i: a}', 'do not go together'],
    ['{f|re|cased: a}', 'do not go together'],
    ['{f|gt|contains: 1}', 'do not go together'],
    ['{f|exists|contains: true}', 'do not go together'],
    ['{f|fieldref|windash: a}', 'do not go together'],
    ['{f|lt|gt: 1}', 'gt must be the first modifier'],
    ["{'|contains': a}", 'has no field'],
    ["{'': a}", 'has no field'],
    ['{f|contains: 42}', '4:19 detection.s.f|contains: 42 must be text'],
    ['{f|contains: [a, 42]}', '4:23 detection.s.f|contains[1]: 42 must be text'],
    ['{f|cased: true}', 'true must be text'],
    ['{f|base64: null}', 'null must be text'],
    ['{f|re: 42}', '42 must be text'],
    ['{f|re: (a}', '4:13 detection.s.f|re: '],
    ["{f|gt: '10'}", '"10" must be a number'],
    ['{f|gt: abc*}', '"abc*" must be a number'],
    ['{f|gt: [1, x]}', '4:17 detection.s.f|gt[1]: "x" must be a number'],
    ['{f|gt: .inf}', 'plain decimal number'],
    ['{f: 0x1F}', '0x1F is not read alike everywhere'],
    ['{f: 00000429}', '00000429 is not read alike everywhere'],
    ['{f: 9007199254740993}', 'is not read alike everywhere'],
    ["{f|exists: 'yes'}", 'exists must be true or false'],
    ['{f|exists: [true, false]}', 'exists must be true or false'],
    ['{f|cidr: 10.0.0.1/8}', 'has bits of a host'],
    ["{f|cidr: '2001:db8::1/64'}", 'has bits of a host'],
    ['{f|cidr: 10.0.0.0/33}', 'must be a network'],
    ['{f|cidr: 10.0.0.0/8/9}', 'must be a network'],
    ['{f|cidr: 10.0.0.0/255.0.0.0}', 'must be a network'],
    ["{f|cidr: 'x'}", 'must be a network'],
    ["{f|fieldref: 'a*'}", 'must be the name of a field'],
    ["{f|fieldref: ''}", 'must be the name of a field'],
    ["{f|base64: 'a?b'}", 'has wildcards'],
    ['{f|base64offset: a}', 'too short'],
    ["{f|base64offset: ''}", 'too short'],
    ["{f|windash: '-a -b -c -d -e'}", 'more than 1000 texts'],
    ['{f: []}', 'It has no values'],
    ['{f: {a: b}}', 'A value must be text'],
    ['{f: {toString: 0}}', 'A value must be text'],
    ['{f: [[a]]}', 'A value must be text'],
    ['{f: [{a: b}]}', 'A value must be text'],
    ['{}', '4:6 detection.s: It is empty'],
    ['[]', 'It has no values'],
    ['[{}]', '4:7 detection.s[0]: It is empty'],
    ['[{f: a}, [b]]', 'A list in a list'],
    ['null', 'A keyword must be text'],
    ["''", 'A keyword must be text'],
    ["['', a]", '4:8 detection.s[0]: A keyword must be text'],
    ['{f: a, f: b}', '"f" is there twice'],
    ['{f: !!str 1}', 'A tag'],
    [`{${'a.'.repeat(32)}a: x}`, 'at most 32 parts'],
    [`{f: [${'a,'.repeat(1001)}]}`, 'at most 1000 members'],
  ])('%j', (selection, place) => {
    expect(placesOf(yamlOf(selection)).join('\n')).toContain(place);
  });
});

describe('what is wrong in a condition is told with its place', () => {
  it.each([
    ['s and nosuch', '5:20 detection.condition: "nosuch" is not a selection.'],
    ['ss', 'Did you mean s?'],
    ['(s', '5:16 detection.condition: A bracket is not closed'],
    ['s)', '5:15 detection.condition: and or or is missing before ")"'],
    ['s s', 'and or or is missing'],
    ['s and', 'The name of a selection is missing'],
    ['not', 'The name of a selection is missing'],
    ['()', 'The name of a selection is missing'],
    ['or s', 'The name of a selection is missing'],
    ['2 of s*', '"2" of is not known'],
    ['1 of nosuch*', '"nosuch*" matches no selection'],
    ['1 of _*', 'matches no selection'],
    ['1 of', 'matches no selection'],
    ["'1 of s?'", 'matches no selection'],
    ['s | count() > 5', 'write a correlation'],
    ['s and s|count', 'write a correlation'],
    ["''", '"" must be text'],
    ['[]', 'It is empty'],
    ['[s, nosuch]', 'detection.condition[1]: "nosuch"'],
    ['42', '42 must be text'],
    [`${'('.repeat(40)}s${')'.repeat(40)}`, 'at most 32 brackets'],
    ['s near s', 'and or or is missing before "near"'],
  ])('%j', (condition, place) => {
    expect(placesOf(yamlOf('{f: a}', condition)).join('\n')).toContain(place);
  });

  it('in text of several lines, by its beginning', () => {
    expect(placesOf(yamlOf('{f: a}', '>\n    s\n    and nosuch'))[0]).toContain(
      '"nosuch" is not a selection',
    );
  });
});

describe('what is wrong in a document is told with its place', () => {
  const DETECTION = 'detection:\n  s: {f: a}\n  condition: s\n';
  it.each([
    ['', '1:1 : The text has no document.'],
    ['---\n---\n', 'The text has no document.'],
    ['text', 'It must be a map of attributes.'],
    ['- a', 'It must be a map of attributes.'],
    ['a: [', '1:5 : This is not YAML'],
    [HEAD, 'detection: detection is missing.'],
    [`logsource: {product: a}\n${DETECTION}`, '1:1 title: title is missing.'],
    [`title: t\n${DETECTION}`, 'logsource: logsource is missing.'],
    [`title: t\nlogsource: {}\n${DETECTION}`, '2:12 logsource: It must be a map'],
    [`title: t\nlogsource: {product: Win Dows}\n${DETECTION}`, '2:22 logsource.product'],
    [`title: t\nlogsource: {produkt: x}\n${DETECTION}`, 'Did you mean product?'],
    [`${HEAD}${DETECTION}level: hgih\n`, '6:8 level: "hgih" must be one of informational'],
    [`${HEAD}${DETECTION}level: hgih\n`, 'Did you mean high?'],
    [`${HEAD}${DETECTION}status: foo\n`, 'status: "foo" must be one of stable'],
    [`${HEAD}${DETECTION}id: 42\n`, 'id: 42 must be text'],
    [`${HEAD}${DETECTION}id: abc\n`, 'must be a UUID'],
    [`${HEAD}${DETECTION}date: 2026/01/01\n`, 'must be a date'],
    [`${HEAD}${DETECTION}tags: attack\n`, 'tags: It must be a list'],
    [`${HEAD}${DETECTION}tags: [attack]\n`, 'with a namespace'],
    [`${HEAD}${DETECTION}references: [1]\n`, 'references: 1 must be text'],
    [`title: ${'x'.repeat(257)}\nlogsource: {product: test}\n${DETECTION}`, 'at most 256 characters'],
    [`${HEAD}detection: {condition: s}\n`, 'It has no selection'],
    [`${HEAD}detection: []\n`, 'It must be a map'],
    [`${HEAD}detection:\n  s: {f: a}\n  condition: s\n  timeframe: 5m\n`, '6:3 detection.timeframe'],
    [`${HEAD}detection:\n  'a b': {f: a}\n  condition: s\n`, '4:4 detection.a b: The name of a selection'],
    [`${HEAD}${DETECTION}correlation: {}\n`, 'A document has either correlation or detection'],
    [`${HEAD}detection:\n  s: &a {f: a}\n  t: *a\n  condition: s\n`, '5:6 detection.t: An alias'],
    [`${HEAD}detection:\n  ? {a: b}\n  : c\n  condition: s\n`, 'A name must be text.'],
    [`# ${'x'.repeat(65_536)}`, 'at most 64 KiB'],
    [`a: ${'['.repeat(40)}${']'.repeat(40)}`, 'This is not YAML: nesting exceeded maxDepth'],
  ])('%j', (yaml, place) => {
    expect(placesOf(yaml).join('\n')).toContain(place);
  });

  it('all at once', () => {
    const yaml = `title: 5\nlogsource: {product: test}\nlevel: x\ndetection:\n  s:\n    f|foo: a\n    g|gt: [a, b]\n  condition: t\n---\ntitle: u\n`;
    expect(placesOf(yaml).map((place) => place.split(' ')[0])).toEqual([
      '1:8',
      '3:8',
      '6:5',
      '7:12',
      '7:15',
      '8:14',
      '10:1',
      '10:1',
    ]);
  });

  it('counts lines that end as in Windows', () => {
    expect(placesOf(`${HEAD}${DETECTION}level: x`.replaceAll('\n', '\r\n'))[0]).toContain('6:8 level');
  });

  it('a hundred of them at most', () => {
    expect(errorsOf(yamlOf(`{f|gt: [${'a,'.repeat(500)}]}`))).toHaveLength(100);
  });
});

describe('fields that the caller knows', () => {
  it('are asked for wherever they are, and what is answered is an error there', () => {
    const asked: string[] = [];
    const yaml = `${yamlOf('{f|contains: a, g|fieldref: h}')}---
title: c
correlation:
  type: value_count
  rules: [a, b]
  group-by: [user, alias]
  timespan: 5m
  aliases: {alias: {a: x, b: y}}
  condition: {gt: 5, field: [v]}
`;
    const parsed = parseRules(yaml, {
      checkField: (field, use) => {
        asked.push(`${field} ${use}`);
        return field === 'h' || field === 'y' ? `no field ${field}` : undefined;
      },
    });
    expect(asked.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'f match',
      'g match',
      'h match',
      'user group',
      'v value',
      'x group',
      'y group',
    ]);
    expect(parsed).toMatchObject({
      ok: false,
      error: [
        { path: 'detection.s.g|fieldref', message: 'no field h', line: 4 },
        { path: 'correlation.aliases.alias.b', message: 'no field y', line: 13 },
      ],
    });
  });
});
