/**
 * wrangler.toml with the recorded values in it, as a file of its own for `wrangler --config`. It stands beside wrangler.toml, as
 * paths in it are relative, for as long as wrangler runs, so that wrangler.toml is the one place where anything else is changed.
 */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  KV_BINDING,
  ROOT,
  ownOf,
  type EnvironmentName,
  type RawConfig,
  type RawEnvironment,
} from './environment.ts';
import type { DeployRecord } from './record.ts';

/** What ends a plain deployment, and must not end this one. */
const REFUSAL = 'refuse-plain.js';

/** Pure. Without a record, nothing but the refusal of plain deployments is taken out. */
export function withRecord(
  raw: RawConfig,
  name: EnvironmentName,
  record: DeployRecord | undefined,
): RawConfig {
  const own = settled(ownOf(raw, name), record);
  return name === 'global' ? { ...raw, ...own } : { ...raw, env: { ...raw.env, [name]: own } };
}

/** Has wrangler run with the file: git ignores it, and it is gone afterwards. */
export async function withConfigFile<T>(
  config: RawConfig,
  name: EnvironmentName,
  run: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(ROOT, `wrangler.deploy-${name}-${process.pid}.json`);
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  try {
    return await run(path);
  } finally {
    rmSync(path, { force: true });
  }
}

function settled(own: RawEnvironment, record: DeployRecord | undefined): RawEnvironment {
  const { build, ...others } = own;
  const kept = build?.command?.includes(REFUSAL) ? others : own;
  if (!record) return kept;
  const { kvId, domain } = record;
  return {
    ...kept,
    kv_namespaces: (own.kv_namespaces ?? []).map((namespace) =>
      namespace.binding === KV_BINDING ? { ...namespace, id: kvId } : namespace,
    ),
    ...(domain === undefined ? {} : { routes: [{ pattern: domain, custom_domain: true }] }),
    ...(own.vars && { vars: { ...own.vars, ...varsOf(own.vars, record) } }),
  };
}

/** An address of the operator's own in wrangler.toml wins over the domain, which it may stand behind. */
function varsOf(
  { RELAY_PUBLIC_URL: publicUrl = '' }: NonNullable<RawEnvironment['vars']>,
  { domain, egressAllow }: DeployRecord,
): Readonly<Record<string, string>> {
  return {
    ...(egressAllow === undefined ? {} : { RELAY_EGRESS_ALLOW: egressAllow }),
    ...(domain === undefined || publicUrl !== '' ? {} : { RELAY_PUBLIC_URL: `https://${domain}` }),
  };
}
