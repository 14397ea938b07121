/** docs/falcon: its parser and its queries name only fields that the relay really sends, and all six rules of the guides are there. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { hecEvent } from '../../src/destinations/falcon/hec-event.ts';
import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { LEVELS, ecsSeverity } from '../../src/domain/severity.ts';
import { FULL_EVENT } from '../destinations/full-event.ts';
import { arrayName, missingFields, stepsOf } from './cql.ts';

const PARSER_PAGE = read('parser.md');
const QUERIES_PAGE = read('queries.md');

/** The event of the parser's sample: every field that an event may have. */
const EVENT: CanonicalEvent = { ...FULL_EVENT, user: { id: 'user-42', email: 'Jane.Doe@acme.example' } };

const DETECTION = detectionEvent(
  {
    id: 'det_1',
    ruleId: '17959439-cff0-46d2-9135-de30a0d097dc',
    ruleName: 'noxys_hl3_repeated_violations',
    title: 'Repeated violations',
    level: 'medium',
    platforms: ['perplexity'],
    count: 6,
    windowSeconds: 3600,
    firstAt: '2026-11-22T07:10:00.000Z',
    lastAt: '2026-11-22T08:00:00.000Z',
    eventIds: ['evt_1'],
    dryRun: false,
    user: { id: 'user-42' },
    classifications: [],
  },
  { tenant: 'acme', receivedAt: '2026-11-22T08:00:01.000Z' },
);

/** How a query is refused: it says which part of it, and why. */
const REFUSED = /neither compared nor called|no function that is known|no parameter|^Cannot |is empty/;

/** What LogScale has before any parser, of those that the pages name. */
const OF_LOGSCALE = ['@rawstring', '@timestamp', '@ingesttimestamp'];
/** As parseJson names them. */
const SENT = new Set([EVENT, DETECTION].flatMap((event) => fieldsOf(hecEvent(event)['event'])));
const BELOW_VENDOR = [...SENT].map((field) => `Vendor.${field}`);

const [PARSER = '', ...OTHER_PARSERS] = blocksOf(PARSER_PAGE, 'logscale');
const TAGS = (blocksOf(PARSER_PAGE, 'text')[0] ?? '').trim().split(/\s+/);
const MADE = stepsOf(PARSER).flatMap(({ makes }) => makes);
const QUERIES = blocksOf(QUERIES_PAGE, 'cql');
/** With the name of their test: one line. */
const NAMED_QUERIES = QUERIES.map((query) => [query.trim().replaceAll('\n', ' '), query] as const);
/** As a search finds them: a tagged field has a `#` before its name, and no other name. */
const SEARCHABLE = [
  ...OF_LOGSCALE,
  ...BELOW_VENDOR,
  ...MADE.map((field) => (TAGS.includes(field) ? `#${field}` : field)),
];

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../docs/falcon', name), 'utf8');
}

/** The fenced blocks of a language, also those inside a list. */
function blocksOf(page: string, language: string): string[] {
  const fences = page.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^\\1\`\`\`$`, 'gm'));
  return [...fences].map((fence) => fence[2] ?? '');
}

/** The fields of a JSON document under the names that LogScale gives them: `a.b`, and `a[]` for an array. */
function fieldsOf(value: unknown, name = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${name}[]`));
  if (typeof value !== 'object' || value === null) return [name];
  return Object.entries(value).flatMap(([key, inner]) =>
    fieldsOf(inner, name === '' ? key : `${name}.${key}`),
  );
}

describe('the parser', () => {
  it('is one, and puts what was sent below Vendor. first', () => {
    expect(OTHER_PARSERS).toEqual([]);
    expect(PARSER).toMatch(/^(?:\s|\/\/.*\n)*parseJson\(field=@rawstring, prefix="Vendor\."/);
  });

  it('reads only fields that are sent', () => {
    expect(missingFields(PARSER, [...OF_LOGSCALE, ...BELOW_VENDOR])).toEqual([]);
  });

  it('leaves no field of ECS behind', () => {
    const ofEcs = [...SENT].filter((field) => !field.startsWith('noxys.'));
    expect(ofEcs.filter((field) => !MADE.map(arrayName).includes(field))).toEqual([]);
  });

  it('tags what it makes, as the standard names it', () => {
    expect(TAGS.filter((tag) => !MADE.includes(tag))).toEqual([]);
    expect(TAGS).toEqual([
      'Cps.version',
      'Vendor',
      'ecs.version',
      'event.dataset',
      'event.kind',
      'event.module',
      'observer.type',
    ]);
  });

  it('writes the constants that are sent', () => {
    const { event } = hecEvent(EVENT) as { event: { ecs: object; event: object; observer: object } };
    const constants = [...PARSER.matchAll(/^ *\| ([\w.]+) := "(.*)"$/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(Object.fromEntries(constants)).toMatchObject({
      'ecs.version': Reflect.get(event.ecs, 'version'),
      'event.module': Reflect.get(event.event, 'module'),
      'event.dataset': Reflect.get(event.event, 'dataset'),
      'observer.type': Reflect.get(event.observer, 'type'),
    });
  });

  it('has the sample that the relay sends', () => {
    const [sample = ''] = blocksOf(PARSER_PAGE, 'json');
    expect(JSON.parse(sample)).toEqual(hecEvent(EVENT));
  });

  it('makes the fields of which the page says what they become', () => {
    const [, section = ''] = PARSER_PAGE.split('## What it becomes');
    const rows = section.split('\n## ')[0]?.matchAll(/^\| (`[^|]+) \|/gm) ?? [];
    const named = [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? ''),
    );
    expect(named.length).toBeGreaterThan(20);
    const known = new Set(SEARCHABLE.map(arrayName));
    expect(named.filter((field) => field !== 'Vendor.*' && !known.has(field))).toEqual([]);
  });

  it('is refused when it reads a field that is not sent', () => {
    expect(missingFields('user.name := Vendor.user.name', BELOW_VENDOR)).toEqual(['Vendor.user.name']);
  });
});

describe('the queries', () => {
  it('are those of the page', () => {
    expect(QUERIES.length).toBeGreaterThan(12);
  });

  it.each(NAMED_QUERIES)('name only fields that exist: %s', (_name, query) => {
    expect(missingFields(query, SEARCHABLE)).toEqual([]);
  });

  it.each(NAMED_QUERIES)('look at Noxys alone: %s', (_name, query) => {
    expect(query.startsWith('#Vendor="noxys"')).toBe(true);
  });

  it.each([
    'Blocked sensitive data on unauthorized AI platform',
    'High volume of violations from user',
    'Credit card / financial data exposure',
    'Blocked attempt to use unauthorized AI platform',
    'PII exposure attempt',
    'Repeated violations from same user',
  ])('have the rule "%s" with its severity, schedule, trigger mode and outcome', (rule) => {
    const section = QUERIES_PAGE.split(/^## /m).find((part) => part.startsWith(`${rule}\n`)) ?? '';
    expect(blocksOf(section, 'cql')).toHaveLength(1);
    expect(section).toMatch(
      /^\| (?:medium \(50\)|high \(70\)|critical \(90\)) +\| every \d+m, over \d+[mh] +\| (?:verbose|summary) +\| (?:case|detection) +\|/m,
    );
  });
});

describe('a query', () => {
  it.each([
    ['#Vendor="noxys" user.name="alice"', ['user.name']],
    ['event.kind="alert"', ['event.kind']],
    ['!in(field="noxys.platform_id", values=["grok"])', ['noxys.platform_id']],
    ['array:regex("Vendor.noxys.findings[]", regex="IBAN")', ['Vendor.noxys.findings[]']],
    ['groupBy([user.id, url.path], function=count(as=n)) | n > 5', ['url.path']],
    ['groupBy([user.id]) | event.severity > 50', ['event.severity']],
    ['groupBy([user.id], function=count(as=n)) | _count > 5', ['_count']],
    ['case { action="block" | level := Vendor.level; * }', ['action', 'Vendor.level']],
    ['timeChart(series=platform, function=max(score))', ['platform', 'score']],
  ])('that names a field that is not there is caught: %s', (query, missing) => {
    expect(missingFields(query, SEARCHABLE)).toEqual(missing);
  });

  it.each([
    'user.id=* | groupBy([user.id]) | _count > 5',
    'hour := event.severity | hour < 6',
    'Vendor.noxys.classifications[1]="IBAN"',
    '(user.id="a" or user.id="b") and not event.severity < 50 // comment with other.field="x"',
  ])('that names what is sent, or what it made itself, is not: %s', (query) => {
    expect(missingFields(query, SEARCHABLE)).toEqual([]);
  });

  it.each([
    'event.action="x" | stats count by user.id',
    'user.id=* | where(event.severity > 5)',
    'alice',
    'groupBy([user.id], by=host.name)',
    'event.action == "x"',
    'user.id=* |',
    'user.id="a" }',
  ])('in another language, or with a function that LogScale does not have, is refused: %s', (query) => {
    expect(() => stepsOf(query)).toThrow(REFUSED);
  });
});

describe('the severities that are sent', () => {
  it('lie in the ranges of the parsing standard', () => {
    expect(LEVELS.map(ecsSeverity).map((severity) => Math.floor(severity / 20))).toEqual([0, 1, 2, 3, 4]);
  });
});
