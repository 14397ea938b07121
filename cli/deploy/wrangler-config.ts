/**
 * wrangler.toml with the recorded values in it, as a file of its own for `wrangler --config`. It is made anew for each deployment,
 * beside the record, so that git stays clean and wrangler.toml is the one place where anything else is changed.
 */

import { join, resolve } from 'node:path';

import {
  KV_BINDING,
  ROOT,
  ownOf,
  type EnvironmentName,
  type RawConfig,
  type RawEnvironment,
} from './environment.ts';
import { writePrivately, type DeployRecord } from './record.ts';

/** Pure. Relative paths become absolute, as the file may be anywhere. Without a record, placeholders stay. */
export function withRecord(
  raw: RawConfig,
  name: EnvironmentName,
  record: DeployRecord | undefined,
): RawConfig {
  const own = settled(ownOf(raw, name), record);
  const main = resolve(ROOT, raw.main);
  if (name === 'global') return placed({ ...raw, ...own, main });
  return placed({ ...raw, main, env: { ...raw.env, [name]: placed(own) } });
}

/** Writes it and resolves to its path. */
export function writeConfig(
  folder: string,
  raw: RawConfig,
  name: EnvironmentName,
  record: DeployRecord | undefined,
): string {
  const path = join(folder, `wrangler.${name}.json`);
  writePrivately(folder, path, `${JSON.stringify(withRecord(raw, name, record), null, 2)}\n`);
  return path;
}

function settled(own: RawEnvironment, record: DeployRecord | undefined): RawEnvironment {
  const { build: _, ...kept } = own; // refuse-plain.ts: this is not a plain deployment
  if (!record) return kept;
  const { kvId, domain, egressAllow } = record;
  return {
    ...kept,
    kv_namespaces: (own.kv_namespaces ?? []).map((namespace) =>
      namespace.binding === KV_BINDING ? { ...namespace, id: kvId } : namespace,
    ),
    ...(domain === undefined ? {} : { routes: [{ pattern: domain, custom_domain: true }] }),
    ...(egressAllow === undefined ? {} : { vars: { ...own.vars, RELAY_EGRESS_ALLOW: egressAllow } }),
  };
}

function placed<T extends RawEnvironment>(config: T): T {
  if (!config.assets) return config;
  return { ...config, assets: { ...config.assets, directory: resolve(ROOT, config.assets.directory) } };
}
