/** docs/destinations/falcon.md is whole: every field of the schema, every reason of a lane, every region, links that lead somewhere. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { FALCON_HOSTS, FALCON_REGIONS } from '../../src/destinations/falcon/regions.ts';
import { destinationBase } from '../../src/domain/destination-base.ts';
import { FALCON_VERBS, falconSchema } from '../../src/domain/falcon-config.ts';
import { BLOCKED_REASONS, RETRY_REASONS } from '../../src/domain/outcome.ts';
import { KNOWN_PLATFORMS } from '../../src/domain/platforms.ts';

const FOLDER = join(import.meta.dirname, '../../docs');
const SRC = join(import.meta.dirname, '../../src');
const PAGES = ['destinations/falcon.md', 'falcon/parser.md', 'falcon/queries.md'];
const TEXT = read('destinations/falcon.md');

function read(page: string): string {
  return readFileSync(join(FOLDER, page), 'utf8');
}

/** What stands below a heading, up to the next of its depth. */
function below(heading: string): string {
  const [, section = ''] = TEXT.split(`\n${heading}\n`);
  const depth = heading.indexOf(' ');
  return section.split(new RegExp(`^#{2,${depth}} `, 'm'))[0] ?? '';
}

/** What is written as code in the first column of the tables in a text. */
function firstColumn(text: string): string[] {
  const cells = [...text.matchAll(/^\|([^|]*)\|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}

/** All that the Worker may say, without the marks of a quote inside a quote. */
const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => readFileSync(join(SRC, path), 'utf8').replaceAll("\\'", "'"))
  .join('\n');

/** Below that a part says too little to be looked for. */
const PART_LENGTH_MIN = 10;

/** The parts of a table's messages that do not vary: what stands between italics, dots and brackets. */
function messageParts(section: string): string[] {
  const messages = [...section.matchAll(/^\|[^|]*\|([^|]*)\|/gm)].map(([, cell = '']) => cell);
  return messages
    .filter((cell) => !/^ (?:Message|`excerpt`|-+) *$/.test(cell))
    .flatMap((cell) => cell.split(/ · |(?<!\w)_[^_]+_(?!\w)|…|[[\]]/))
    .map((part) => part.trim().replace(/^(?:not isolated: |[:;,] )/, ''))
    .filter((part) => part.length >= PART_LENGTH_MIN);
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** Every key of a config by its path, such as `hec.url` or `indicators[].value`; groups themselves are left out. */
function pathsOf({ properties, items, anyOf = [] }: JsonSchema, path = ''): string[] {
  if (items) return [path, ...pathsOf(items, `${path}[]`).filter((inner) => inner !== `${path}[]`)];
  const inner = [
    ...Object.entries(properties ?? {}).flatMap(([key, part]) =>
      pathsOf(part, path === '' ? key : `${path}.${key}`),
    ),
    ...anyOf.flatMap((option) => pathsOf(option, path)),
  ];
  return inner.length > 0 ? inner : [path];
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^ *```[^]*?^ *```/gm, '').matchAll(/^#{1,6} +(.+?) *$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('the page about Falcon', () => {
  it('has every field of the schema, and no other', () => {
    const schema = z.toJSONSchema(falconSchema, { io: 'input' }) as JsonSchema;
    const own = pathsOf(schema).filter(
      (path) => !Object.hasOwn(destinationBase, path.split(/[.[]/)[0] ?? ''),
    );
    const documented = firstColumn(below('## Every field')).filter((path) => !path.startsWith('platforms.'));
    expect(documented.toSorted()).toEqual([...new Set(own)].toSorted());
  });

  it('has an example that the schema takes', () => {
    const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(below('## Set it up')) ?? [];
    const { destinations } = load(yaml) as { destinations: unknown[] };
    expect(destinations.map((destination) => falconSchema.safeParse(destination).error?.issues)).toEqual([
      undefined,
    ]);
  });

  it('has every action', () => {
    const actions = below('## Set it up').matchAll(/^ *\| [^|]+ \| `(\w+)` +\|/gm);
    expect(new Set([...actions].map(([, verb]) => verb))).toEqual(new Set(FALCON_VERBS));
  });

  it('has every reason for which a lane blocks, and no other', () => {
    expect(new Set(firstColumn(below('### A lane is blocked')))).toEqual(new Set(BLOCKED_REASONS));
  });

  it('has every reason for which a lane waits, and no other', () => {
    // Nothing of Falcon's is looked at again beside its lane.
    const reasons = RETRY_REASONS.filter((reason) => reason !== 'pending');
    expect(new Set(firstColumn(below('### A lane waits')))).toEqual(new Set(reasons));
  });

  it.each(['### Refused when you save', '### A lane is blocked', '### A lane waits', '### Dead letters'])(
    'quotes messages that the relay really says: %s',
    (heading) => {
      const parts = messageParts(below(heading));
      expect(parts.length).toBeGreaterThan(8);
      expect(parts.filter((part) => !SOURCES.includes(part))).toEqual([]);
    },
  );

  it('has every region with its hosts', () => {
    const rows = [...below('## Regions').matchAll(/^\| `([\w-]+)` +\|[^|]*\| (\S+) +\| (\S+) +\|/gm)];
    expect(rows.map(([, region, api, ingest]) => [region, api, ingest])).toEqual(
      FALCON_REGIONS.map((region) => [
        region,
        FALCON_HOSTS[region].api,
        FALCON_HOSTS[region].ingest ?? 'none',
      ]),
    );
  });

  it('names the platforms that the relay knows', () => {
    const [, list = ''] = /The relay knows the domains of ([^.]+)\./.exec(TEXT) ?? [];
    expect(list.split(/, | and /)).toEqual(KNOWN_PLATFORMS);
  });
});

describe.each(PAGES)('%s', (page) => {
  it('links to files and headings that exist', () => {
    const text = read(page);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    expect(links.length).toBeGreaterThan(2);
    const broken = links.filter(([, path = '', anchor]) => {
      const file = path === '' ? join(FOLDER, page) : resolve(dirname(join(FOLDER, page)), path);
      return (
        !existsSync(file) || (anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).has(anchor))
      );
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
