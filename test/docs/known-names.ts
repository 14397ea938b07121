/** Every name that a page of the record may write as code, from where it is made: the schema, the command line, the audit, the tables. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod/mini';

import { buildProgram } from '../../cli/program.ts';
import { AUDIT_ACTIONS } from '../../src/domain/audit.ts';
import { FORWARDED_EVENT_TYPES, KNOWN_EVENT_TYPES } from '../../src/domain/event.ts';
import { ROLES } from '../../src/domain/principal.ts';
import { DEPLOYMENT_AUDIT_ACTIONS } from '../../src/domain/registry.ts';
import { tenantConfigSchema } from '../../src/domain/tenant-config.ts';
import { VERBS } from '../../src/domain/verbs.ts';
import { VERDICTS } from '../../src/domain/verdict.ts';
import { FIELD_PATHS } from '../../src/ingest/field-paths.ts';
import { codeIn, readPage } from './page.ts';

const ROOT = join(import.meta.dirname, '../..');
const program: CommandUnknownOpts = buildProgram(() => async () => undefined);

interface JsonSchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

const CONFIG = z.toJSONSchema(tenantConfigSchema, { io: 'input' }) as JsonSchema;

/** What a key of the config may be, by its path such as `retention.events` or `destinations[].privacy`; `dry_run` of a map's entries. */
export const CONFIG_KEYS: ReadonlyMap<string, JsonSchema> = new Map(keysOf(CONFIG, ''));

function keysOf(schema: JsonSchema, path: string): [string, JsonSchema][] {
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, part]): [string, JsonSchema][] => {
      const inner = path === '' ? key : `${path}.${key}`;
      return [[inner, part], ...keysOf(part, inner)];
    }),
    ...(schema.items ? keysOf(schema.items, `${path}[]`) : []),
    ...(typeof schema.additionalProperties === 'object' ? keysOf(schema.additionalProperties, '') : []),
    ...options.flatMap((option) => keysOf(option, path)),
  ];
}

/** The tables that the code of a tenant's object makes, as the docs write them. */
export function tablesOfTenants(): string[] {
  const files = readdirSync(join(ROOT, 'src/relay'));
  return tablesIn(files.map((file) => `relay/${file}`));
}

function tablesIn(paths: readonly string[]): string[] {
  const sql = paths.map((path) => readFileSync(join(ROOT, 'src', path), 'utf8')).join('\n');
  const made = sql.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+?(?:\d|\$\{n\})?) \(/g);
  return [...new Set([...made].map(([, name = '']) => name.replace('${n}', '{n}')))];
}

/** What is wrong with a command as it is written, such as `noxys-relay erase acme --user …`. */
export function commandFault(written: string): string | undefined {
  const words = written.split(' ').slice(1);
  let command = program;
  for (const word of words) {
    const inner = command.commands.find((one) => one.name() === word);
    if (!inner) break;
    command = inner;
  }
  if (command === program || command.commands.length > 0) return 'is no command';
  const known = [...command.options, ...program.options].map(({ long }) => long);
  const unknown = words.filter((word) => word.startsWith('--') && !known.includes(word));
  return unknown.length > 0 ? `has no ${unknown.join(', ')}` : undefined;
}

function allOptions(command: CommandUnknownOpts): string[] {
  return [...command.options.flatMap(({ long }) => long ?? []), ...command.commands.flatMap(allOptions)];
}

const wrangler = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
const operations = readPage('operations.md');
const logEvents = codeIn(operations.split('\n## Log events\n')[1] ?? '');
const notices = codeIn(readPage('architecture.md').split('\n## Notices\n')[1]?.split('\n## ')[0] ?? '');
const rights = readFileSync(join(ROOT, 'src/domain/rights.ts'), 'utf8');
const event = readFileSync(join(ROOT, 'src/domain/event.ts'), 'utf8');
const rules = ['noxys_cs3_financial_data_exposure', 'noxys_cs4_credential_exposure'];

const NAMES: ReadonlySet<string> = new Set([
  ...CONFIG_KEYS.keys(),
  ...valuesOf(CONFIG),
  ...AUDIT_ACTIONS,
  ...DEPLOYMENT_AUDIT_ACTIONS,
  ...KNOWN_EVENT_TYPES,
  ...FORWARDED_EVENT_TYPES,
  ...ROLES,
  ...VERBS,
  ...VERDICTS,
  'block',
  ...Object.values(FIELD_PATHS).flatMap((paths) => paths.map((path) => path.join('.'))),
  ...tablesOfTenants(),
  ...tablesIn(['operators/registry-schema.ts']),
  ...logEvents,
  ...notices,
  ...rules.filter((rule) => existsSync(join(ROOT, `rules/${rule}.yml`))),
  ...allOptions(program),
]);

function valuesOf(schema: JsonSchema): string[] {
  const parts = [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const own = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])];
  return [...own.map(String), ...[...parts, ...options].flatMap(valuesOf)];
}

/** Names of data that Noxys sends and the relay does not read, examples of its types, and marks of the pages themselves. */
const OTHERS = new Set(['IBAN', 'CREDIT_CARD', 'MEDICAL_TERM', '…', 'p_', 'reason', 'watch']);

/** Whether something of this name exists. */
export function isKnown(code: string, neverRead: readonly string[]): boolean {
  if (code.startsWith('noxys-relay ')) return commandFault(code) === undefined;
  const [name = '', value] = code.split(': ');
  if (value !== undefined) return CONFIG_KEYS.has(name) && NAMES.has(value);
  if (/^(?:RELAY_|env\.|send_metrics)/.test(code)) return wrangler.includes(code);
  if (code.includes('/') || code.endsWith('.toml')) return existsSync(join(ROOT, code));
  const last = code.replace('outside.', '');
  const isOfAnswer = [rights, event].some(
    (source) => source.includes(`readonly ${last}:`) || source.includes(`readonly ${last}?:`),
  );
  return NAMES.has(code) || OTHERS.has(code) || neverRead.includes(code) || isOfAnswer;
}
