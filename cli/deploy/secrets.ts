/**
 * The relay's secrets on the operator's machine: made once, kept in a file that only this user reads until they are in a password
 * manager. Their values never reach an argument, an output or an error.
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseEnv } from 'node:util';

import { settingsOf } from '../../src/settings.ts';
import type { EnvironmentName } from './environment.ts';
import { writePrivately } from './record.ts';

export type Secrets = Readonly<Record<string, string>>;

/** The ways to make those that wrangler.toml requires. Both are 256 bits; settings.ts reads them. */
const MAKERS: Readonly<Record<string, () => string>> = {
  RELAY_MASTER_KEY: () => randomBytes(32).toString('base64url'),
  RELAY_ADMIN_TOKEN: () => randomBytes(32).toString('base64url'),
};

export function secretsPath(folder: string, name: EnvironmentName): string {
  return join(folder, `${name}.secrets`);
}

/** By name; empty when there is no file. */
export function readSecrets(folder: string, name: EnvironmentName): Secrets {
  return parse(textOf(folder, name));
}

function textOf(folder: string, name: EnvironmentName): string {
  const path = secretsPath(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** From now on only this user reads the file, whoever wrote it. */
export function closeSecrets(folder: string, name: EnvironmentName): void {
  const path = secretsPath(folder, name);
  if (existsSync(path)) chmodSync(path, 0o600);
}

function parse(text: string): Secrets {
  const entries = Object.entries(parseEnv(text));
  return Object.fromEntries(entries.flatMap(([key, value]) => (value ? [[key, value]] : [])));
}

export function canMake(name: string): boolean {
  return MAKERS[name] !== undefined;
}

const HEAD = `# The only copy of these secrets outside Cloudflare, which does not show them. Put them into your password manager,
# then delete this file. Without RELAY_MASTER_KEY nothing that the relay sealed opens again.
`;

/** Makes those of the named ones that the file has not, and appends them to it: what stands there stays as it is written. */
export function makeSecrets(folder: string, name: EnvironmentName, missing: readonly string[]): Secrets {
  const text = textOf(folder, name);
  const before = parse(text);
  const made = Object.fromEntries(
    missing
      .filter((secret) => before[secret] === undefined)
      .map((secret) => [secret, MAKERS[secret]?.() ?? '']),
  );
  if (Object.keys(made).length === 0) return before;
  const kept = text === '' ? HEAD : text.endsWith('\n') ? text : `${text}\n`;
  const whole = `${kept}${Object.entries(made)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')}`;
  const all = { ...before, ...made };
  if (!isDeepStrictEqual(parse(whole), all))
    throw new Error(
      `Cannot add to ${secretsPath(folder, name)} as each line must be NAME=value: one is not, such as a quote without its end`,
    );
  writePrivately(folder, secretsPath(folder, name), whole);
  return all;
}

/** What the relay would say of these values at its start; undefined when it would take them. No message holds a value. */
export function faultOf(vars: Readonly<Record<string, string>>, secrets: Secrets): string | undefined {
  const filled = Object.fromEntries(Object.entries(MAKERS).map(([name, make]) => [name, make()]));
  try {
    settingsOf({ ...vars, ...filled, ...secrets });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
