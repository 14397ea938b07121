/**
 * The relay's secrets on the operator's machine: made once, kept in a file that only this user reads until they are in a password
 * manager. Their values never reach an argument, an output or an error.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

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
  const path = secretsPath(folder, name);
  if (!existsSync(path)) return {};
  const entries = Object.entries(parseEnv(readFileSync(path, 'utf8')));
  return Object.fromEntries(entries.flatMap(([key, value]) => (value ? [[key, value]] : [])));
}

export function canMake(name: string): boolean {
  return MAKERS[name] !== undefined;
}

/** Makes the named ones and writes them into the file, beside what it holds. */
export function makeSecrets(folder: string, name: EnvironmentName, missing: readonly string[]): Secrets {
  const made = Object.fromEntries(missing.map((secret) => [secret, MAKERS[secret]?.() ?? '']));
  const all = { ...readSecrets(folder, name), ...made };
  const lines = [
    '# The only copy of these secrets outside Cloudflare, which does not show them. Put them into your password manager,',
    '# then delete this file. Without RELAY_MASTER_KEY nothing that the relay sealed opens again.',
    ...Object.entries(all).map(([key, value]) => `${key}=${value}`),
  ];
  writePrivately(folder, secretsPath(folder, name), `${lines.join('\n')}\n`);
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
