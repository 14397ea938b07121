/**
 * `npm run openapi`: writes the OpenAPI document and the JSON Schema of tenant files to public/, from where they are served.
 * `--check`: writes nothing; fails when they are not what would be written, or not valid OpenAPI 3.1.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Validator } from '@seriousme/openapi-schema-validator';
import { format } from 'prettier';

import { adminRoutes } from '../src/http/api/routes.ts';
import { openApiDocument, tenantFileJsonSchema } from '../src/openapi/document.ts';
import { operations } from '../src/openapi/operations.ts';

const ROOT = fileURLToPath(import.meta.resolve('..'));
const FOLDER = join(ROOT, 'public', 'api', 'v1');

const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const document = openApiDocument(adminRoutes, operations, version);
const validation = await new Validator().validate(structuredClone(document));
if (!validation.valid)
  fail(`The OpenAPI document is not valid: ${JSON.stringify(validation.errors, null, 2)}`);

const files: readonly (readonly [string, unknown])[] = [
  [join(FOLDER, 'openapi.json'), document],
  [join(FOLDER, 'tenant.schema.json'), tenantFileJsonSchema()],
];
for (const [path, value] of files) {
  const text = await format(JSON.stringify(value), { parser: 'json', printWidth: 110 });
  if (!process.argv.includes('--check')) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    continue;
  }
  const written = await readFile(path, 'utf8').catch(() => '');
  if (written !== text) fail(`${relative(ROOT, path)} is not what the routes say: run \`npm run openapi\`.`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
