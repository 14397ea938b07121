/** A page of the docs as the tests of the docs read it: its sections, the codes of its tables, the messages that it quotes, its links. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { load } from 'js-yaml';
import * as z from 'zod/mini';

import { destinationBase } from '../../src/domain/destination-base.ts';

export const DOCS = join(import.meta.dirname, '../../docs');
const SRC = join(import.meta.dirname, '../../src');

/** Below that a part of a message says too little to be looked for. */
const PART_LENGTH_MIN = 10;

/** `page`: below `docs`. */
export function readPage(page: string): string {
  return readFileSync(join(DOCS, page), 'utf8');
}

/** What stands below a heading, up to the next of its depth. */
export function below(text: string, heading: string): string {
  const [, section = ''] = text.split(`\n${heading}\n`);
  return section.split(new RegExp(`^#{2,${heading.indexOf(' ')}} `, 'm'))[0] ?? '';
}

export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** What is written as code in the first column of the tables in a text. */
export function firstColumn(text: string): string[] {
  return [...text.matchAll(/^ *\|([^|]*)\|/gm)].flatMap(([, cell = '']) => codeIn(cell));
}

/** The fields of the table of a destination, in order, without those of the tenant that it names beside them. */
export function ownFields(text: string): string[] {
  const rows = below(text, '## Every field').split('\n');
  return firstColumn(rows.filter((row) => !/^\|[^|]*\(of the tenant\)/.test(row)).join('\n')).toSorted();
}

/** The fields of a destination's schema that not every destination has, in the order of `ownFields`. */
export function ownPaths(schema: z.ZodMiniType): string[] {
  const paths = pathsOf(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema);
  const own = paths.filter((path) => !Object.hasOwn(destinationBase, path.split(/[.[]/)[0] ?? ''));
  return [...new Set(own)].toSorted();
}

/** What the schema has against each destination of the example; undefined: nothing. */
export function exampleFaults(text: string, schema: z.ZodMiniType): unknown[] {
  const { destinations } = load(block(below(text, '## Set it up'), 'yaml')) as { destinations: unknown[] };
  return destinations.map((destination) => schema.safeParse(destination).error?.issues);
}

/** The first fenced block of a language. */
export function block(text: string, language: string): string {
  return new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(text)?.[1] ?? '';
}

/** All that the Worker may say, without the marks of a quote inside a quote. `product`: what messages for several products call it. */
export function messagesOfSource(product: string): string {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => readFileSync(join(SRC, path), 'utf8').replaceAll("\\'", "'"))
    .join('\n')
    .replaceAll('${product}', product);
}

/** The parts of a table's messages that do not vary: what stands between italics, dots, brackets and templates. */
export function messageParts(section: string): string[] {
  const cells = [...section.matchAll(/^\|[^|]*\|((?:\\\||[^|])*)\|/gm)].map(([, cell = '']) => cell);
  return cells
    .filter((cell) => !/^ (?:Message.*|`excerpt`|-+) *$/.test(cell))
    .flatMap((cell) => cell.replaceAll('\\|', '|').split(/ · |(?<!\w)_[^_]+_(?!\w)|…|[[\]]|\{\{.*?\}\}/))
    .map((part) => part.trim().replace(/^(?:not isolated: |skipped: no_device: |[.:;,] )|:$/g, ''))
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

/** The links of a page that lead to no file, or to no heading of one. */
export function brokenLinks(page: string, text = readPage(page)): readonly string[] {
  const links = [...text.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
  const broken = links.filter(([, path = '', anchor]) => {
    const file = path === '' ? join(DOCS, page) : resolve(dirname(join(DOCS, page)), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).has(anchor);
  });
  return broken.map(([link]) => link);
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^ *```[^]*?^ *```/gm, '').matchAll(/^#{1,6} +(.+?) *$/gm);
  const plain = [...headings].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, ''),
  );
  return new Set(plain.map((heading) => heading.replaceAll(' ', '-')));
}
