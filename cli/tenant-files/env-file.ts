/**
 * `tenants/.env`: the secrets that tenant files refer to, one `NAME=value` a line. Read as Node reads it (`util.parseEnv`);
 * written so that everything else in it stays, for the owner alone (0600), and next to a `.gitignore` that names it.
 */

import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { invalidInput } from '../failure.ts';

const FILE_NAME = '.env';
const OWNER_ONLY = 0o600;

/** The values of a folder's `.env`; none when there is no such file. */
export function readEnvFile(folder: string): Readonly<Record<string, string>> {
  const path = envFileIn(folder);
  if (!existsSync(path)) return {};
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(readFileSync(path, 'utf8')))) {
    if (value !== undefined) values[name] = value;
  }
  return values;
}

export function envFileIn(folder: string): string {
  return join(folder, FILE_NAME);
}

/** Sets the values: existing lines of these names are replaced in place, others are added at the end. */
export function writeEnvFile(folder: string, values: Readonly<Record<string, string>>): void {
  const path = envFileIn(folder);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : HEADER;
  writeFileSync(path, withValues(before, values), { mode: OWNER_ONLY });
  // The mode above holds for a new file only.
  chmodSync(path, OWNER_ONLY);
  ignoreIn(folder);
}

const HEADER = '# Secrets of the tenant files in this folder, which refer to them as ${NAME}. Not for git.\n';

/** The text with the values set. Pure. */
export function withValues(text: string, values: Readonly<Record<string, string>>): string {
  const rest = new Map(Object.entries(values));
  const lines = text.replace(/\n$/, '').split('\n');
  const replaced = lines.map((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1];
    const value = name === undefined ? undefined : rest.get(name);
    if (name === undefined || value === undefined) return line;
    rest.delete(name);
    return `${name}=${quoted(value)}`;
  });
  const added = [...rest].map(([name, value]) => `${name}=${quoted(value)}`);
  return `${[...replaced, ...added].join('\n')}\n`.replace(/^\n/, '');
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
