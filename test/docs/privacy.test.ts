/** The record of processing and the impact assessment promise what the code keeps, and say the same in English and in French. */

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { OVERFLOW_AGE_MS_MAX, deduplicationMs } from '../../src/domain/deduplication.ts';
import { MAXIMUM_AGE_MS } from '../../src/domain/maximum-age.ts';
import { ERASURES_MAX, HOLDS_MAX, RECOVERY_DAYS } from '../../src/domain/rights.ts';
import { FIELD_PATHS } from '../../src/ingest/field-paths.ts';
import { typed } from '../ingest/parsing.ts';
import { CONFIG_KEYS, commandFault, isKnown, tablesOfTenants } from './known-names.ts';
import { DOCS, below, codeIn, firstColumn, readPage } from './page.ts';
import { type Line, linesOf, rowsBelow } from './twin-pages.ts';

const SRC = join(import.meta.dirname, '../../src');
const DAY_MS = 24 * 3_600_000;

const LANGUAGES = [
  {
    language: 'English',
    record: readPage('privacy.md'),
    assessment: readPage('dpia.md'),
    fields: '### Data, field by field',
    tables: '### Where it rests',
    retention: '## How long it is kept',
    outside: '### What rests outside',
    hold: '## Legal hold',
    decisions: '## Automated decisions',
  },
  {
    language: 'French',
    record: readPage('privacy.fr.md'),
    assessment: readPage('dpia.fr.md'),
    fields: '### Données, champ par champ',
    tables: '### Où elles reposent',
    retention: '## Durées de conservation',
    outside: '### Ce qui repose au-dehors',
    hold: '## Gel pour preuve',
    decisions: '## Décisions automatisées',
  },
];

/** The field, as it may be written in an event. */
function withMarker(path: string, marker: string): Record<string, unknown> {
  const [first = '', last] = path.split('.');
  if (last === undefined) return { [first]: marker };
  const part = { [last]: marker };
  return { [first]: first === 'classifications' ? [{ type: 'IBAN', ...part }] : part };
}

/** Codes of the row about what is never read. */
function neverRead(fields: string): string[] {
  const row = rowsBelow(fields).find((cells) => codeIn(cells[1] ?? '').includes('content_hash'));
  return codeIn(row?.[1] ?? '');
}

describe('a page and its translation', () => {
  it.each(['privacy', 'dpia', 'data-residency'])(
    '%s say the same, line by line: headings, rows, codes, numbers, links',
    (name) => {
      const english = linesOf(readPage(`${name}.md`));
      const french = linesOf(readPage(`${name}.fr.md`));
      const differing = english.flatMap((line, i): [number, Line, Line | undefined][] =>
        JSON.stringify(line) === JSON.stringify(french[i]) ? [] : [[i + 1, line, french[i]]],
      );
      expect(differing.slice(0, 3)).toEqual([]);
      expect(french).toHaveLength(english.length);
    },
  );

  it('would be caught with another number, code, link, cell or heading', () => {
    const lines = ['| a | 30 |', '`keep` it', '[a](dpia.md#b)', '## A'];
    const other = ['| a | 31 |', '`drop` it', '[a](cli.md#b)', '### A'];
    const [all, others] = [linesOf(lines.join('\n')), linesOf(other.join('\n'))];
    expect(all.filter((line, i) => JSON.stringify(line) === JSON.stringify(others[i]))).toEqual([]);
    expect(linesOf('| a | 30 |')).not.toEqual(linesOf('| a | b | 30 |'));
    expect(linesOf('[a](dpia.md#b)')).toEqual(linesOf('[a](dpia.fr.md#c)'));
  });
});

describe.each(LANGUAGES)('the record in $language', (page) => {
  const { record, assessment } = page;
  const fields = below(record, page.fields);

  it('names no setting, command, table, file or action that there is not', () => {
    const text = `${record}\n${assessment}`.replaceAll(/^```[^]*?^```/gm, '');
    const codes = [...new Set(codeIn(text))];
    expect(codes.length).toBeGreaterThan(100);
    expect(codes.filter((code) => !isKnown(code, neverRead(fields)))).toEqual([]);
  });

  it('has every field that the relay reads', () => {
    const written = new Set(codeIn(fields));
    const missing = Object.entries(FIELD_PATHS).filter(
      ([, paths]) => !paths.some((path) => written.has(path.join('.'))),
    );
    expect(missing).toEqual([]);
  });

  it('calls never read what really is not', () => {
    expect(neverRead(fields).length).toBeGreaterThan(5);
    for (const path of neverRead(fields)) {
      const read = [withMarker(path, 'MARKER'), { data: withMarker(path, 'MARKER') }].map((event) =>
        JSON.stringify(typed(event)),
      );
      expect(read.join('')).not.toContain('MARKER');
    }
  });

  it('would be caught with a field that is read after all', () => {
    expect(JSON.stringify(typed(withMarker('user_id', 'MARKER')))).toContain('MARKER');
    expect(JSON.stringify(typed(withMarker('classifications.type', 'MARKER')))).toContain('MARKER');
  });

  it.each(['user_id', 'user_email', 'device', 'url'])(
    'says what is kept of %s by default as it is',
    (key) => {
      const row = rowsBelow(fields).find((cells) => codeIn(cells[3] ?? '').includes(`privacy.${key}`));
      const isKept = /^\*\*(?:yes|oui)/.test(row?.[2] ?? '');
      expect(row?.[2]).toMatch(/^(?:\*\*(?:yes|oui)|no)/);
      expect(isKept).toBe(CONFIG_KEYS.get(`privacy.${key}`)?.default === 'keep');
    },
  );

  it('has every table of a tenant’s object', () => {
    expect(firstColumn(below(record, page.tables)).toSorted()).toEqual(tablesOfTenants().toSorted());
  });

  it('has every table with personal data among those that hold some', () => {
    const holding = firstColumn(rowsOfTables(record, page.tables).slice(0, -1).join('\n'));
    expect(tablesWithPersons().length).toBeGreaterThan(3);
    expect(tablesWithPersons().filter((table) => !holding.includes(table))).toEqual([]);
  });

  it.each(['events', 'detections', 'rollups', 'audit'])('has the bounds of retention.%s', (kind) => {
    const key = CONFIG_KEYS.get(`retention.${kind}`);
    const row = rowsBelow(below(record, page.retention)).find((cells) =>
      codeIn(cells[3] ?? '').includes(`retention.${kind}`),
    );
    expect(key?.default).toBeTypeOf('number');
    expect(row?.[1]).toBe(String(key?.default));
    expect(row?.[2]?.match(/\d+/g)).toEqual([String(key?.minimum), String(key?.maximum)]);
  });

  it('has the other times as the code has them', () => {
    const days = rowsBelow(below(record, page.retention)).map((cells) => cells[1]?.match(/\d+/g)?.join(' '));
    const turnDays = (OVERFLOW_AGE_MS_MAX + 2 * DAY_MS) / DAY_MS;
    expect(days.slice(4).filter((number) => number !== undefined)).toEqual([
      `${turnDays} ${2 * turnDays}`,
      `${OVERFLOW_AGE_MS_MAX / DAY_MS}`,
      `${deduplicationMs(300) / DAY_MS}`,
      `${OVERFLOW_AGE_MS_MAX / DAY_MS}`,
      `${daysIn('relay/findings.ts', /const \w+ = (\d+) \* 24 \* 3_600_000;/)}`,
      `${MAXIMUM_AGE_MS.incident / DAY_MS + 1}`,
      `${daysIn('operators/token-registry.ts', /const RETENTION_MS = (\d+) \* DAY_MS;/)}`,
      `${ERASURES_MAX}`,
      `${RECOVERY_DAYS}`,
    ]);
    expect(below(record, page.outside)).toContain(`${RECOVERY_DAYS} `);
    expect(below(record, page.hold)).toContain(` ${HOLDS_MAX} `);
  });

  it('says what an isolation may do without a person as it is', () => {
    const row =
      rowsBelow(below(record, page.decisions)).find((cells) => cells[0]?.includes('`contain`')) ?? [];
    const perHour = CONFIG_KEYS.get('destinations[].contain.per_hour_max');
    const [, numbers] = /\(([^)]*\d[^)]*)\)/.exec(row[3] ?? '') ?? [];
    expect(numbers?.match(/\d+/g)).toEqual([String(perHour?.default), String(perHour?.minimum)]);
    expect(CONFIG_KEYS.get('destinations[].contain.servers')?.default).toBe(false);
    expect(codeIn(row[2] ?? '').filter(isRule)).toEqual(rulesWith(/respond: \[[^\]]*\bcontain\b/));
  });

  it('says whom a bundled rule watches as it is', () => {
    const row = rowsBelow(below(record, page.decisions)).find((cells) => cells[0]?.includes('`watch`')) ?? [];
    expect(codeIn(row[2] ?? '').filter(isRule)).toEqual(rulesWith(/^ +watch: 24h$/m));
    expect(rulesWith(/^ +watch: /m)).toEqual(rulesWith(/^ +watch: 24h$/m));
    expect(row[2]).toMatch(/^1 .* 24 /);
  });

  it('offers the employees a notice with the times that hold by default', () => {
    const defaults = ['events', 'detections'].map((kind) => CONFIG_KEYS.get(`retention.${kind}`)?.default);
    const quoted = record.split('\n').filter((line) => line.startsWith('> - '));
    const times = [...quoted.join('\n').matchAll(/\[(\d+)\]/g)].map(([, days]) => Number(days));
    expect(times).toEqual(defaults);
  });
});

describe('a command in a page', () => {
  it('is caught when there is no such command or option', () => {
    expect(commandFault('noxys-relay audit')).toBeUndefined();
    expect(commandFault('noxys-relay audits')).toBe('is no command');
    expect(commandFault('noxys-relay tenants')).toBe('is no command');
    expect(commandFault('noxys-relay events search acme --usr x')).toBe('has no --usr');
  });
});

/** What no page may say: each is false of any tool, or of this one. */
const FORBIDDEN = [
  /GDPR[- ]complian(?:t|ce)/i,
  /fully[- ]compliant/i,
  /conform(?:e|ité)s? au RGPD/i,
  /anonym/i,
  /(?:never|not) leaves? the EU\b/i,
  /data (?:always )?stays? in the EU\b/i,
  /ne (?:quitte|sorte?)(?:nt)? (?:jamais|pas) (?:de )?l['’](?:UE|Union)/i,
];
/** A sentence that tells people not to say it. */
const WARNINGS = [/^Do not write that data never leaves the EU without these sentences\.$/];

function forbiddenIn(text: string): string[] {
  const sentences = text.split(/(?<=[.!?:])\s+|\n|\|/);
  return sentences.filter(
    (sentence) =>
      FORBIDDEN.some((phrase) => phrase.test(sentence)) &&
      !WARNINGS.some((warning) => warning.test(sentence.trim())),
  );
}

describe('the docs and the README', () => {
  const pages = [
    '../README.md',
    ...readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md')),
  ];

  it.each(pages)('promise nothing that no code can keep: %s', (page) => {
    expect(forbiddenIn(readPage(page))).toEqual([]);
  });

  it('would be caught with each of these promises', () => {
    const promises = [
      'It is GDPR-compliant.',
      'A fully compliant relay.',
      'Conforme au RGPD.',
      'Users are anonymous.',
      'Les données sont anonymisées.',
      'Data never leaves the EU.',
      'Your data stay in the EU.',
      'Les données ne quittent jamais l’UE.',
    ];
    expect(promises.filter((promise) => forbiddenIn(promise).length === 0)).toEqual([]);
  });
});

/** The tables of which the architecture says that they hold personal data. */
function tablesWithPersons(): string[] {
  const section = below(readPage('architecture.md'), '### Tables');
  let tables: string[] = [];
  const found = section.split('\n').flatMap((line) => {
    const named = firstColumn(line);
    if (named.length > 0) tables = named;
    return /\*\*personal data/i.test(line) ? tables : [];
  });
  return [...new Set(found)];
}

function rowsOfTables(record: string, heading: string): string[] {
  return below(record, heading)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
}

/** A number of days that only its own file knows. */
function daysIn(path: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(join(SRC, path), 'utf8'))?.[1]);
}

function isRule(code: string): boolean {
  return code.startsWith('noxys_');
}

/** The bundled rules whose text has something, by the names of their files. */
function rulesWith(pattern: RegExp): string[] {
  const folder = join(SRC, '../rules');
  return readdirSync(folder)
    .filter((file) => pattern.test(readFileSync(join(folder, file), 'utf8')))
    .map((file) => file.replace('.yml', ''));
}
