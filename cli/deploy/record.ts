/**
 * What `npm run deploy:setup` found or made in an account, kept where git does not look: a folder that ignores itself.
 * Holds no secret; those stand in a file beside it (secrets.ts).
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { EnvironmentName } from './environment.ts';

export interface DeployRecord {
  readonly kvId: string;
  /** The custom domain; absent: the routes of wrangler.toml stay as they are. */
  readonly domain?: string;
  /** The value of RELAY_EGRESS_ALLOW; absent: that of wrangler.toml stays. */
  readonly egressAllow?: string;
}

export function recordPath(folder: string, name: EnvironmentName): string {
  return join(folder, `${name}.json`);
}

/** Undefined when there is none. */
export function readRecord(folder: string, name: EnvironmentName): DeployRecord | undefined {
  const path = recordPath(folder, name);
  if (!existsSync(path)) return undefined;
  const value = parse(readFileSync(path, 'utf8'));
  if (value !== undefined) return value;
  throw new Error(
    `Cannot use ${path} as it must hold what a setup recorded: it does not. Delete it and run deploy:setup again`,
  );
}

export function writeRecord(folder: string, name: EnvironmentName, record: DeployRecord): void {
  writePrivately(folder, recordPath(folder, name), `${JSON.stringify(record, null, 2)}\n`);
}

export function isSameRecord(a: DeployRecord | undefined, b: DeployRecord): boolean {
  return a?.kvId === b.kvId && a.domain === b.domain && a.egressAllow === b.egressAllow;
}

/** Whole or not at all, readable by this user alone, in a folder that git ignores. */
export function writePrivately(folder: string, path: string, text: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
}

function parse(text: string): DeployRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<DeployRecord> | null;
    return typeof value?.kvId === 'string' ? { ...value, kvId: value.kvId } : undefined;
  } catch {
    return undefined;
  }
}
