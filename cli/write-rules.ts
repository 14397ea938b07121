/**
 * `npm run rules`: parses rules/*.yml and writes what the Worker is built with: the documents, and the name of each file.
 * `--check`: writes nothing; fails when that is not what would be written. A rule that is wrong fails both.
 */

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { format } from 'prettier';

import { parseCustom } from '../src/rules/parse-custom.ts';

const ROOT = fileURLToPath(import.meta.resolve('..'));
const RULES = join(ROOT, 'rules');
const CATALOG = join(ROOT, 'src', 'rules', 'catalog.json');

const files = (await readdir(RULES)).filter((file) => file.endsWith('.yml')).toSorted();
const catalog = await Promise.all(
  files.map(async (file) => {
    const parsed = parseCustom([await readFile(join(RULES, file), 'utf8')]);
    if (!parsed.ok) fail(parsed.error.map(({ message }) => `rules/${file}: ${message}`).join('\n'));
    return { file, documents: parsed.value.flat() };
  }),
);
const text = await format(JSON.stringify(catalog), { parser: 'json', printWidth: 110 });
if (process.argv.includes('--check')) {
  const written = await readFile(CATALOG, 'utf8').catch(() => '');
  if (written !== text)
    fail(`${relative(ROOT, CATALOG)} is not what rules/*.yml say: run \`npm run rules\`.`);
} else await writeFile(CATALOG, text);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
