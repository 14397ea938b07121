/** The whole check, from what is written to what runs: files, platform, relay, tenants, tenant files, DNS. */

import type { EnvironmentName } from '../deploy/environment.ts';
import { interrupted } from '../failure.ts';
import type { Session } from '../session.ts';
import { checkConfig, checkGlobalConfig } from './check-config.ts';
import { checkDns, skipDns } from './check-dns.ts';
import { checkPlatform, skipPlatform } from './check-platform.ts';
import { checkRelay, skipRelay } from './check-relay.ts';
import { checkTenants, type TenantLook } from './check-tenants.ts';
import { checkTenantFiles, type FilesLook } from './check-files.ts';
import { accepted, type Finding } from './finding.ts';
import { readDeployedConfig, type ConfigPlace } from './read-config.ts';

export interface Examination extends ConfigPlace {
  readonly env: EnvironmentName;
  /** A folder or file of tenants, to be looked at before they are applied. */
  readonly files: string | undefined;
  /** Asks nobody: neither Cloudflare, nor the relay, nor DNS. */
  readonly isOffline: boolean;
}

const NOTHING: FilesLook = { findings: [], hosts: [], ids: [] };

/** Throws a CliFailure where the command can't begin: no wrangler.toml, no address of a relay. */
export async function examineResidency(
  session: Session,
  { env, files, isOffline, ...place }: Examination,
): Promise<readonly Finding[]> {
  const { io } = session;
  const config = readDeployedConfig(io.cwd, env, place);
  const api = isOffline ? undefined : await session.api();
  const written = env === 'eu' ? checkConfig(config) : [...checkGlobalConfig(config), ...whatGlobalMeans()];
  const platform = env === 'global' ? [] : api ? await checkPlatform(io.account, config) : skipPlatform();
  const relay = api && (await checkRelay(api, env, config));
  const documents = files === undefined ? NOTHING : checkTenantFiles(session, files, config);
  const tenants = api ? await checkTenants(io, api, env, documents.ids) : NOTHING;
  const names = api ? await checkDns(io, distinct([...tenants.hosts, ...documents.hosts])) : skipDns();
  if (io.signal.aborted) throw interrupted();
  return [
    ...written,
    ...platform,
    ...(relay ? relay.findings : skipRelay()),
    ...tenants.findings,
    ...documents.findings,
    ...names,
  ];
}

/** A tenant that the relay and a file have is asked about once. */
function distinct(hosts: TenantLook['hosts']): TenantLook['hosts'] {
  return [...new Map(hosts.map((host) => [JSON.stringify(host), host])).values()];
}

function whatGlobalMeans(): readonly Finding[] {
  const fix = 'Accept it, or move the tenant to an EU deployment: `npx noxys-relay tenants move`.';
  return [
    accepted(
      ['kv', 'global_kv'],
      'A global deployment’s KV, queue of wake-ups and registry of tokens are not restricted to the EU, EU tenants’ included.',
      fix,
    ),
    accepted(
      ['logs', 'global_logs'],
      'A global deployment keeps logs and traces at Cloudflare, in no documented region; they name no user.',
      fix,
    ),
    accepted(
      ['overflow', 'global_overflow'],
      'EU tenants do not overflow here: while one’s object can’t take events, the sender gets 503 and sends again.',
      fix,
    ),
  ];
}
