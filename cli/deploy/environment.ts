/**
 * What wrangler.toml says of one environment: the Worker's name, and the resources that a deployment of it needs.
 * Reads that file and no other; knows nothing of an account.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parse } from 'smol-toml';

export const ROOT = fileURLToPath(import.meta.resolve('../..'));
export const CONFIG_PATH = join(ROOT, 'wrangler.toml');
export const KV_BINDING = 'RELAY_KV';
export const ENVIRONMENT_NAMES = ['global', 'eu'] as const;

export type EnvironmentName = (typeof ENVIRONMENT_NAMES)[number];

/** The parts of wrangler's configuration that a deployment changes or needs; the rest passes through untouched. */
export interface RawEnvironment {
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: { readonly required?: readonly string[] };
  readonly kv_namespaces?: readonly { readonly binding: string; readonly id?: string }[];
  readonly queues?: { readonly producers?: readonly { readonly queue: string }[] };
  readonly routes?: readonly unknown[];
  readonly build?: { readonly command?: string };
}

export interface RawConfig extends RawEnvironment {
  readonly name: string;
  readonly main: string;
  readonly env?: Readonly<Record<string, RawEnvironment>>;
}

export interface Environment {
  readonly name: EnvironmentName;
  /** The value of wrangler's `--env`: the global environment is the top level of wrangler.toml. */
  readonly flag: string;
  readonly worker: string;
  /** Absent: unrestricted. It is given at creation and can't be changed. */
  readonly jurisdiction?: 'eu';
  /** The title that a new namespace gets, then those that count as the relay's if they are there. */
  readonly kvTitles: readonly [string, ...string[]];
  /** An id that stands in wrangler.toml. */
  readonly kvId?: string;
  readonly hasRoutes: boolean;
  readonly queues: readonly string[];
  readonly secrets: readonly string[];
  readonly vars: Readonly<Record<string, string>>;
}

export function readRawConfig(): RawConfig {
  const raw = parse(readFileSync(CONFIG_PATH, 'utf8')) as Partial<RawConfig>;
  const { name, main } = raw;
  if (name !== undefined && main !== undefined) return { ...raw, name, main };
  throw new Error('Cannot deploy as wrangler.toml must have `name` and `main`: it has not');
}

export function environmentOf(raw: RawConfig, name: EnvironmentName): Environment {
  const own = ownOf(raw, name);
  const worker = name === 'global' ? raw.name : `${raw.name}-${name}`;
  const kvId = own.kv_namespaces?.find(({ binding }) => binding === KV_BINDING)?.id;
  // wrangler's own way to name what it makes by itself. Source: wrangler 4.155.0, autoProvisionedResourceName.
  const provisionedTitle = `${worker}-${KV_BINDING.toLowerCase().replaceAll('_', '-')}`;
  return {
    name,
    flag: name === 'global' ? '' : name,
    worker,
    ...(name === 'eu' ? { jurisdiction: 'eu' as const } : {}),
    kvTitles: [worker, provisionedTitle],
    ...(kvId === undefined ? {} : { kvId }),
    hasRoutes: (own.routes?.length ?? 0) > 0,
    queues: (own.queues?.producers ?? []).map(({ queue }) => queue),
    secrets: own.secrets?.required ?? [],
    vars: own.vars ?? {},
  };
}

/** The table of this environment: the top level, or `[env.NAME]`. */
export function ownOf(raw: RawConfig, name: EnvironmentName): RawEnvironment {
  const own = name === 'global' ? raw : raw.env?.[name];
  if (own) return own;
  throw new Error(`Cannot deploy as wrangler.toml must have a table [env.${name}]: it has none`);
}
