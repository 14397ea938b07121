/** docs/rules: every bundled rule has a page, and the page says what the rule says. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

import { sigmaContent } from '../../src/destinations/harfanglab/sigma-content.ts';
import type { SigmaDocument } from '../../src/detection/document.ts';
import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import { resolveField } from '../../src/domain/field-map.ts';
import { CATALOG } from '../../src/rules/catalog.ts';
import { readRelay } from '../../src/rules/relay-attribute.ts';
import { stepsOf } from './cql.ts';
import { DOCS, below, block, codeIn, readPage } from './page.ts';
import { blocksOf, rulesWith } from './rule-blocks.ts';

/** In the page; the relay makes it of tenant and destination. */
const COMPANION_ID = '00000000-0000-4000-8000-000000000000';

const QUERIES = blocksOf(readPage('falcon/queries.md'), 'cql');

function pageOf(file: string): string {
  const page = join('rules', file.replace('.yml', '.md'));
  return existsSync(join(DOCS, page)) ? readPage(page) : '';
}

/** The facts at the top of a page. */
function factsOf(page: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...page.matchAll(/^\| ([A-Z][\w ]*?) *\| (.*?) *\|$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}

function fieldsOf(documents: readonly SigmaDocument[]): readonly string[] {
  const names = documents.flatMap((document) =>
    document.kind === 'correlation'
      ? document.groupBy
      : Object.values(document.selections).flatMap((selection) => Object.keys(selection as object)),
  );
  return [...new Set(names.map((name) => resolveField(name.split('|')[0] ?? '') ?? ''))];
}

describe('the pages of rules', () => {
  it('are those of the bundled rules', () => {
    const pages = readdirSync(join(DOCS, 'rules'));
    expect(pages.toSorted()).toEqual(CATALOG.map(({ file }) => file.replace('.yml', '.md')).toSorted());
  });
});

describe.each(CATALOG.map(({ file, documents }) => ({ file, documents })))(
  'the page of $file',
  ({ file, documents }) => {
    const page = pageOf(file);
    const facts = factsOf(page);
    const [rule] = documents;
    if (!rule) throw new Error('a bundled file without a rule');
    const { relay } = readRelay(rule);

    it('has its title, id, name, level and tags', () => {
      expect(page.split('\n')[0]).toBe(`# ${rule.title}`);
      expect(facts).toMatchObject({ Name: `\`${rule.name}\``, Id: `\`${rule.id}\``, Level: rule.level });
      expect(codeIn(facts['Tags'] ?? '')).toEqual(rule.tags);
      expect(facts['File']).toContain(`rules/${file}`);
    });

    it('says what it asks for, its playbook, its watch and its lists', () => {
      expect(codeIn(facts['Asks for'] ?? '').toSorted()).toEqual([...(relay.respond ?? [])].toSorted());
      expect(codeIn(facts['Playbook'] ?? '')[0]).toBe(relay.playbook);
      expect(codeIn(facts['Watch'] ?? '')[0] === undefined).toBe(relay.watchMs === undefined);
      expect(codeIn(facts['Lists'] ?? '')).toEqual(Object.keys(relay.lists ?? {}));
    });

    it('names every field that it looks at, and every false positive', () => {
      const [line = ''] = /^Fields: .*?\(/m.exec(page) ?? [];
      expect(codeIn(line).toSorted()).toEqual([...fieldsOf(documents)].toSorted());
      const told = [...below(page, '## False positives').matchAll(/^- (.*)$/gm)].map(([, text]) => text);
      expect(told).toEqual(rule.falsepositives);
    });

    it('shows how to tune it with a config that is taken, and that changes it', () => {
      const text = block(below(page, '## Tune it'), 'yaml');
      const tuned = rulesWith(text).find(({ id }) => id === rule.id);
      const plain = rulesWith('rules: {catalog: all}').find(({ id }) => id === rule.id);
      expect(text).toContain('overrides:');
      expect(tuned).not.toEqual(plain);
    });

    it('has the query for Falcon that the queries have, marked as never run', () => {
      const section = below(page, '## In Falcon');
      const query = block(section, 'cql');
      expect(QUERIES).toContain(query);
      expect(() => stepsOf(query)).not.toThrow();
      expect(section).toContain('never executed');
    });

    it('says what HarfangLab can do beside it: the companion that the relay makes, or why there is none', () => {
      const section = below(page, '## In HarfangLab');
      const made = sigmaContent('ai_tls_connection', { id: COMPANION_ID, platforms: PLATFORMS_DEFAULT });
      const companions = blocksOf(section, 'yaml').map((text) => load(text));
      const isToldWhy = section.includes('No companion makes sense');
      expect(companions).toEqual(isToldWhy ? [] : [load(made)]);
      expect(section.includes('`endpoint_rules`')).toBe(!isToldWhy);
    });
  },
);
