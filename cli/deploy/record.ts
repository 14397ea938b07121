/**
 * What `npm run deploy:setup` found or made in an account, kept where git does not look: a folder that ignores itself.
 * Holds no secret; those stand in a file beside it (secrets.ts).
 */

import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { isPublicHostName } from '../../src/lib/host-name.ts';
import type { EnvironmentName } from './environment.ts';

export interface DeployRecord {
  readonly kvId: string;
  /** The custom domain; absent: the routes of wrangler.toml stay as they are. */
  readonly domain?: string;
  /** The value of RELAY_EGRESS_ALLOW; absent: that of wrangler.toml stays. */
  readonly egressAllow?: string;
}

export const KV_ID_PATTERN = /^[0-9a-f]{32}$/;
/** Unfinished files, too. */
const PRIVATE_NAMES = ['*.secrets', '*.secrets.*', '*.lock', '*.lock.*'];
/** A folder with other things in it is not only ours. */
const OWN_PATTERN = /^(?:\.gitignore|(?:global|eu)\.(?:json|secrets|lock)(?:\..*)?)$/;

export function recordPath(folder: string, name: EnvironmentName): string {
  return join(folder, `${name}.json`);
}

/** Undefined when there is none. Whoever changed it by hand is not believed; who reads it asks whether the relay takes the hosts. */
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
  openFolder(folder);
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
}

/** Makes the folder, for this user alone; a `.gitignore` of the operator's own gets what must not be committed. */
export function openFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (readdirSync(folder).every((name) => OWN_PATTERN.test(name))) chmodSync(folder, 0o700);
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) return writeFileSync(ignore, '*\n');
  const text = readFileSync(ignore, 'utf8');
  const lines = text.split(/\r?\n/);
  if (lines.includes('*') && !lines.some((line) => line.startsWith('!'))) return;
  const absent = PRIVATE_NAMES.filter((name) => !lines.includes(name));
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  if (absent.length > 0) appendFileSync(ignore, `${gap}${absent.join('\n')}\n`);
}

function parse(text: string): DeployRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof DeployRecord, unknown>> | null;
    const { kvId, domain, egressAllow } = value ?? {};
    if (typeof kvId !== 'string' || !KV_ID_PATTERN.test(kvId)) return undefined;
    if (domain !== undefined && !(typeof domain === 'string' && isPublicHostName(domain))) return undefined;
    if (egressAllow !== undefined && typeof egressAllow !== 'string') return undefined;
    return {
      kvId,
      ...(domain === undefined ? {} : { domain }),
      ...(egressAllow === undefined ? {} : { egressAllow }),
    };
  } catch {
    return undefined;
  }
}
