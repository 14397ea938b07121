/**
 * `tenants/.env`: the secrets that tenant files refer to, one `NAME=value` a line. Read as Node reads it (`util.parseEnv`);
 * written so that everything else in it stays, for the owner alone (0600), and next to a `.gitignore` that names it.
 */

import { accessSync, appendFileSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseEnv } from 'node:util';

import { invalidInput } from '../failure.ts';
import { readRegularFile } from './regular-file.ts';
import { replaceFile } from './replace-file.ts';

const FILE_NAME = '.env';
const OWNER_ONLY = 0o600;
const FILE_BYTES_MAX = 1024 * 1024;

/** The values of a folder's `.env`; none when there is no such file. */
export function readEnvFile(folder: string): Readonly<Record<string, string>> {
  return parsed(textOf(folder) ?? '');
}

/** Without a prototype: `constructor` is not set unless somebody sets it. */
function parsed(text: string): Readonly<Record<string, string>> {
  const values = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** Undefined: there is none. Throws a CliFailure for what can't be read. */
function textOf(folder: string): string | undefined {
  const path = envFileIn(folder);
  const bytes = readRegularFile(path, FILE_BYTES_MAX);
  if (bytes.ok) return bytes.value.toString('utf8');
  if (bytes.error.code === 'ENOENT') return undefined;
  throw invalidInput(
    `${path} ${bytes.error.message}.`,
    'It is to be a file of lines NAME=value, which you can read.',
  );
}

export function envFileIn(folder: string): string {
  return join(folder, FILE_NAME);
}

/** Sets the values: every line of these names is replaced in place, others are added at the end. */
export function writeEnvFile(folder: string, values: Readonly<Record<string, string>>): void {
  const text = withValues(textOf(folder) ?? HEADER, values);
  // Before there is anything to ignore.
  ignoreIn(folder);
  replaceFile(envFileIn(folder), text, OWNER_ONLY);
}

/** Throws a CliFailure when `writeEnvFile` could not set the values. Writes nothing. */
export function refuseUnwritable(folder: string, values: Readonly<Record<string, string>>): void {
  withValues(textOf(folder) ?? HEADER, values);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw invalidInput(`${envFileIn(folder)} can not be written.`, 'Make its folder writable for you.');
  }
}

const HEADER = '# Secrets of the tenant files in this folder, which refer to them as ${NAME}. Not for git.\n';

/** The text with the values set, and every other one as it was. Throws a CliFailure where lines can't say that. Pure. */
export function withValues(text: string, values: Readonly<Record<string, string>>): string {
  const wanted = new Map(Object.entries(values));
  const rest = new Map(wanted);
  const lines = text.replace(/\n$/, '').split('\n');
  const replaced = lines.map((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1];
    const value = name === undefined ? undefined : wanted.get(name);
    if (name === undefined || value === undefined) return line;
    rest.delete(name);
    return `${name}=${quoted(value)}`;
  });
  const added = [...rest].map(([name, value]) => `${name}=${quoted(value)}`);
  const after = `${[...replaced, ...added].join('\n')}\n`.replace(/^\n/, '');
  const expected = { ...parsed(text), ...values };
  if (isDeepStrictEqual({ ...parsed(after) }, expected)) return after;
  throw invalidInput(
    `${FILE_NAME} has a text of several lines around ${[...wanted.keys()].join(', ')}, which can't be replaced safely.`,
    'Write the value there by hand, or end that text.',
  );
}

/** The first spelling that Node reads back as the value. */
function quoted(value: string): string {
  const quotes = ["'", '`', '"'].filter((quote) => !value.includes(quote));
  const bare = /^[\w.:/+=@~^*,-]+$/.test(value) ? [value] : [];
  const spellings = [...bare, ...quotes.map((quote) => `${quote}${value}${quote}`)];
  const found = spellings.find((spelling) => isReadAs(spelling, value));
  if (found !== undefined) return found;
  throw invalidInput(
    'A secret holds a line break or every kind of quotes, which .env has no way to write.',
    'Put it into a file of its own, and write ${file:path} in the tenant file.',
  );
}

function isReadAs(spelling: string, value: string): boolean {
  // With what a line before and after it could do.
  const read = parseEnv(`A=1\nX=${spelling}\nB=2\n`);
  return read['X'] === value && read['B'] === '2' && Object.keys(read).length === 3;
}

/** So that the file is never committed, wherever the folder lies. */
function ignoreIn(folder: string): void {
  const path = join(folder, '.gitignore');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (before.split('\n').some((line) => line.trim() === FILE_NAME)) return;
  appendFileSync(path, `${before === '' || before.endsWith('\n') ? '' : '\n'}${FILE_NAME}\n`);
}
