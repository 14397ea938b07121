/** docs/detection.md: its commands run, its rules are rules, its tables are what the code knows. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { RULES_MAX, RULE_TEXT_LENGTH_MAX } from '../../src/domain/rules-config.ts';
import { FIELD_NAMES, resolveField } from '../../src/domain/field-map.ts';
import { RESPONSES } from '../../src/domain/verbs.ts';
import { CORRELATION_TYPES } from '../../src/detection/document.ts';
import { CATALOG } from '../../src/rules/catalog.ts';
import { FakeIo, TOKEN } from '../cli/fake-io.ts';
import { detectionForShell, ruleForTest, ruleTestForTest } from '../cli/rules-for-test.ts';
import { StandIn } from '../cli/stand-in.ts';
import { SECRETS, tenantYaml } from '../cli/tenant-documents.ts';
import { below, block, codeIn, firstColumn, readPage } from './page.ts';
import { blocksOf, isSigma, rulesWith, sigmaFaults } from './rule-blocks.ts';

const PAGE = readPage('detection.md');
const FIVE_MINUTES = below(PAGE, '## A rule from nothing to production in five minutes');
const [SIGMA = '', CONFIG = ''] = blocksOf(FIVE_MINUTES, 'yaml');
const EVENT = block(FIVE_MINUTES, 'json');
const COMMANDS = block(FIVE_MINUTES, 'sh').trim().split('\n');

/** A small rule around one line of a selection. */
function ruleWith(line: string, condition = 's'): string {
  return `title: T\nlogsource: {product: noxys}\ndetection:\n  s:\n    ${line}\n  condition: ${condition}\n`;
}

describe('five minutes', () => {
  it('take these commands, in this order', async () => {
    const relay = new StandIn();
    const shell = new FakeIo({
      fetch: relay.fetch,
      env: { ...SECRETS, NOXYS_RELAY_TOKEN: TOKEN },
      files: {
        'tenants/acme.yaml': `${tenantYaml('acme')}${CONFIG}`,
        'tenants/rules/acme_source_code.yml': SIGMA,
        'event.json': EVENT,
      },
    });
    relay.state.rules.push(ruleForTest({ id: 'a', name: 'acme_source_code', dryRun: true }));
    relay.state.ruleTests.push(ruleTestForTest());
    relay.state.detections.push(detectionForShell(1));
    const at = new Date().toISOString();
    const report = { job: 'j', isComplete: true, scanned: 1, total: 1, since: at, until: at };
    relay.state.backtests.push({ ...report, forgottenWindows: 0, rules: [] });
    expect(COMMANDS.length).toBeGreaterThan(5);
    for (const command of COMMANDS) {
      const [npx, program, ...words] = command.split(' ');
      expect([npx, program]).toEqual(['npx', 'noxys-relay']);
      const { code, stderr } = await shell.run(words);
      const noted = words[0] === 'send-test-event' ? /^Taken after \d+ ms: msg_\w+\n$/ : /^$/;
      expect(stderr).toMatch(noted);
      expect(code).toBe(0);
    }
    const saved = relay.state.tenants.get('acme')?.config.rules;
    expect(saved).toMatchObject({ catalog: 'all', custom: [SIGMA.trimEnd()] });
  });

  it('lead to a rule that finds the event of the page, with the bundled ones, and does nothing yet', async () => {
    const rules = rulesWith(CONFIG, { 'rules/acme_source_code.yml': SIGMA });
    expect(rules.find(({ name }) => name === 'acme_source_code')).toMatchObject({
      isDryRun: true,
      alerts: true,
    });
    expect(rules.length).toBeGreaterThan(CATALOG.length);
    const shell = new FakeIo({ files: { 'mine.yml': SIGMA, 'e.ndjson': JSON.stringify(JSON.parse(EVENT)) } });
    const ran = await shell.run('rules backtest acme --rule-file mine.yml --events e.ndjson --json');
    expect(ran.json()).toMatchObject({ scanned: 1, rules: [{ rule: 'acme_source_code', hits: 1 }] });
  });
});

describe('the YAML of the page', () => {
  const blocks = blocksOf(PAGE, 'yaml');

  it('is all looked at', () => {
    expect(blocks.length).toBeGreaterThan(3);
    expect(blocks.filter(isSigma)).toHaveLength(4);
  });

  it.each(blocks.filter(isSigma))('is a rule without faults: %s', (text) => {
    expect(sigmaFaults(text)).toEqual([]);
  });

  it.each(blocks.filter((text) => !isSigma(text)))('is a config that is taken: %s', (text) => {
    expect(rulesWith(text, { 'rules/acme_source_code.yml': SIGMA }).length).toBeGreaterThan(5);
  });

  it('has a filter that reaches the rules that it names', () => {
    const filter = blocks.find((text) => /^filter:/m.test(text)) ?? '';
    const named = ['noxys_hl1_blocked_unauthorized_platform', 'noxys_policy_violated_60m'];
    const of = (config: string) =>
      rulesWith(config, { 'f.yml': filter }).map(({ name, document }) => [name, JSON.stringify(document)]);
    const plain = Object.fromEntries(of('rules: {catalog: all}'));
    const filtered = of('rules: {catalog: all, custom: [{file: f.yml}]}');
    expect(filtered.filter(([name = '', text]) => plain[name] !== text).map(([name]) => name)).toEqual(
      expect.arrayContaining(named),
    );
    expect(filtered.filter(([name = '', text]) => plain[name] !== text)).toHaveLength(named.length);
  });

  it('has an order in which rules alert, and go on alerting alone', () => {
    const ordered = blocks.find((text) => text.includes('temporal_ordered')) ?? '';
    const rules = rulesWith('rules: {catalog: all, custom: [{file: o.yml}]}', { 'o.yml': ordered });
    const parts = ['noxys_hl1_blocked_unauthorized_platform', 'noxys_cs3_financial_data'];
    for (const name of [...parts, 'acme_blocked_then_financial'])
      expect(rules.find((rule) => rule.name === name)?.alerts).toBe(true);
  });

  it('says rightly that a filter of any rule is refused', () => {
    const filter = blocks.find((text) => /^filter:/m.test(text)) ?? '';
    const any = filter.replace(/rules: .*/, 'rules: any');
    expect(() => rulesWith('rules: {catalog: all, custom: [{file: f.yml}]}', { 'f.yml': any })).toThrow(
      'any',
    );
  });

  it('would be caught where it is wrong', () => {
    expect(sigmaFaults('title: x\n')).not.toEqual([]);
    expect(() => rulesWith('rules: {catalog: all, overrides: {nosuch: {dry_run: true}}}')).toThrow('nosuch');
  });
});

describe('the table of fields', () => {
  const section = below(PAGE, '## Fields');
  const rows = section.split('\n').filter((row) => row.startsWith('| `'));
  const spellings = rows.map((row) => {
    const [, field = '', others = ''] = row.split('|');
    return { field: codeIn(field).join(), others: codeIn(others) };
  });
  const source = readFileSync(join(import.meta.dirname, '../../src/domain/field-map.ts'), 'utf8');

  it('has every canonical field, and no other', () => {
    expect(spellings.map(({ field }) => field).toSorted()).toEqual([...FIELD_NAMES].toSorted());
  });

  it('has every other spelling, with the field that it leads to', () => {
    const told = spellings.flatMap(({ field, others }) => others.map((other) => [other, field] as const));
    expect(told.filter(([other, field]) => resolveField(other) !== field)).toEqual([]);
    const [, aliases = ''] = /const ALIASES[^{]*\{([^}]*)\}/.exec(source) ?? [];
    const known = [...aliases.matchAll(/^ +'?([\w.]+)'?: '/gm)].map(([, name = '']) => name);
    expect(known.length).toBeGreaterThan(20);
    expect(told.map(([other]) => other).toSorted()).toEqual(known.toSorted());
  });

  it('names the prefixes that may stand in front', () => {
    for (const prefix of codeIn(section.split('\n\n')[0] ?? '').filter((code) => code.endsWith('.')))
      expect(resolveField(`${prefix}user_id`)).toBe('user_id');
  });
});

describe('what a rule may say', () => {
  const section = below(PAGE, '## What a rule may say');

  it.each(firstColumn(section))('has a modifier that is known: %s', (modifier) => {
    const values: Record<string, string> = {
      all: '[x, y]',
      exists: 'true',
      cidr: '10.0.0.0/8',
      fieldref: 'user_email',
    };
    const value = /^[lg]te?$/.test(modifier) ? '1' : (values[modifier] ?? 'text');
    expect(sigmaFaults(ruleWith(`model|${modifier}: ${value}`))).toEqual([]);
  });

  it('has every modifier', () => {
    const faults = sigmaFaults(ruleWith('model|nosuch: x')) as { message: string }[];
    const known = /one of (.*)\./.exec(faults[0]?.message ?? '')?.[1]?.split(', ') ?? [];
    expect(known.length).toBeGreaterThan(20);
    const table = section.split('\n').filter((row) => row.startsWith('| `'));
    expect(
      new Set(table.flatMap(codeIn).filter((code) => !['-', '/', 'true', 'false'].includes(code))),
    ).toEqual(new Set(known));
  });

  it('has every kind of correlation', () => {
    expect(CORRELATION_TYPES.filter((type) => !codeIn(section).includes(type))).toEqual([]);
  });
});

describe('the relay attribute', () => {
  it('has every key, and no other', () => {
    const [fault] = sigmaFaults(`${ruleWith('model: x')}relay: {zzzzzzzzzzzz: 1}\n`) as { message: string }[];
    const known = /known here are (.*)$/.exec(fault?.message ?? '')?.[1]?.split(', ') ?? [];
    expect(firstColumn(below(PAGE, '## The relay attribute')).toSorted()).toEqual(known.toSorted());
  });

  it('has every response, and no other', () => {
    expect(firstColumn(below(PAGE, '## Responses and grants')).toSorted()).toEqual([...RESPONSES].toSorted());
  });
});

describe('what is refused', () => {
  it.each([
    ['expand', ruleWith("model|expand: '%x%'")],
    ['an unknown modifier', ruleWith('model|nosuch: x')],
    ['an order that means nothing', ruleWith('model|contains|re: x')],
    ['| in a condition', ruleWith('model: x', 's | count() > 5')],
    ['timeframe', ruleWith('model: x', 's\n  timeframe: 1h')],
    ['2 of', ruleWith('model: x', '2 of s*')],
    ['a selection that is not there', ruleWith('model: x', 't')],
    ['a pattern that matches none', ruleWith('model: x', '1 of t*')],
    ['an unknown field', ruleWith('nosuchfield: x')],
    ['an id that is no UUID', `${ruleWith('model: x')}id: 17\n`],
    ['an alias of YAML', ruleWith('model: &a x\n    user_id: *a')],
    ['a number that YAML 1.1 reads otherwise', ruleWith('model: 007')],
    ['look-around', ruleWith("model|re: 'a(?=b)'")],
    ['a back-reference', ruleWith(String.raw`model|re: '(a)\1'`)],
  ])('says so of %s', (_what, text) => {
    expect(sigmaFaults(text)).not.toEqual([]);
  });

  it.each(['minute', 'hour', 'day', 'week', 'month', 'year'])('says so of the date part %s', (part) => {
    expect(sigmaFaults(ruleWith(`timestamp|${part}: 1`))).not.toEqual([]);
  });

  it.each(['1M', '1y'])('a timespan of %s', (timespan) => {
    const text = `title: T\nname: t\ncorrelation:\n  type: event_count\n  rules: [noxys_policy_violated_60m]\n  timespan: ${timespan}\n  condition: {gt: 1}\n`;
    expect(sigmaFaults(text)).not.toEqual([]);
    expect(sigmaFaults(text.replace(timespan, '7d'))).toEqual([]);
    expect(sigmaFaults(text.replace(timespan, '7d').replace('event_count', 'value_median'))).not.toEqual([]);
  });
});

describe('the limits', () => {
  const limits = below(PAGE, '## Limits');

  it('are those of the code', () => {
    expect(limits).toContain(`| ${RULES_MAX}, with those that they refer to`);
    expect(limits).toContain(`| ${RULE_TEXT_LENGTH_MAX / 1024} KiB;`);
    const list = (length: number) => `model: [${Array.from({ length }, (_, n) => `v${n}`).join()}]`;
    expect(sigmaFaults(ruleWith(list(1000)))).toEqual([]);
    expect(sigmaFaults(ruleWith(list(1001)))).not.toEqual([]);
    expect(sigmaFaults(ruleWith(`model|re: '${'a'.repeat(511)}'`))).toEqual([]);
    expect(sigmaFaults(ruleWith(`model|re: '${'a'.repeat(513)}'`))).not.toEqual([]);
  });
});

describe('the bundled rules', () => {
  it('are all there, with their level and their page', () => {
    const rows = below(PAGE, '## Bundled rules')
      .split('\n')
      .flatMap((row) => /^\| \[(\w+)\]\(rules\/(\w+)\.md\) +\| (\w+) /.exec(row)?.slice(1) ?? []);
    expect(rows).toHaveLength(3 * CATALOG.length);
    for (const { file, documents } of CATALOG) {
      const at = rows.indexOf(documents[0]?.name ?? '');
      expect(rows.slice(at + 1, at + 3)).toEqual([file.replace('.yml', ''), documents[0]?.level]);
    }
  });
});
