/**
 * What wrangler.toml and the recorded values say of the EU environment: addresses, settings, and what guards its deployment.
 * Pure. Bindings, logs and hosts are checked beside it.
 */

import { faultOf } from '../deploy/secrets.ts';
import { checkBindings } from './check-bindings.ts';
import { checkEgressList } from './check-egress-list.ts';
import { checkLogs } from './check-logs.ts';
import { checkQueues } from './check-queues.ts';
import { failing, ok, type Finding } from './finding.ts';
import { tableOf, type DeployedConfig, type Table } from './read-config.ts';

const WORKERS_DEV = '.workers.dev';
const SECRETS = ['RELAY_MASTER_KEY', 'RELAY_MASTER_KEY_PREVIOUS', 'RELAY_ADMIN_TOKEN'];
const GUARD = 'refuse-plain.js';

/** Every finding about the files of an environment that serves EU tenants alone. */
export function checkConfig(config: DeployedConfig): readonly Finding[] {
  return [
    ...settings(config),
    ...addresses(config),
    guard(config.written),
    ...checkLogs(config.table),
    ...checkBindings(config),
    ...checkQueues(config),
    ...checkEgressList(config.environment.vars['RELAY_EGRESS_ALLOW'] ?? ''),
  ];
}

/** Of the global environment: what EU tenants in it rely on. */
export function checkGlobalConfig({ environment }: DeployedConfig): readonly Finding[] {
  const { vars } = environment;
  return [
    place(vars),
    readable(vars),
    ...secretsAmong(vars, ''),
    ...checkEgressList(vars['RELAY_EGRESS_ALLOW'] ?? ''),
  ];
}

function settings({ environment: { vars } }: DeployedConfig): readonly Finding[] {
  const residency = vars['RELAY_RESIDENCY'];
  return [
    residency === 'eu'
      ? ok(
          ['settings', 'residency_setting'],
          'RELAY_RESIDENCY is eu: tenants with residency: global are refused.',
        )
      : failing(
          ['settings', 'residency_setting'],
          `RELAY_RESIDENCY is ${residency ?? 'missing'} in wrangler.toml.`,
          'Set RELAY_RESIDENCY = "eu" in [env.eu.vars], then `npm run deploy -- --env eu`.',
        ),
    place(vars),
    readable(vars),
    ...secretsAmong(vars, 'eu'),
  ];
}

function place(vars: Readonly<Record<string, string>>): Finding {
  const env = vars['RELAY_ENV'];
  if (env === 'production')
    return ok(['settings', 'environment_setting'], 'RELAY_ENV is production: jurisdictions are in force.');
  return failing(
    ['settings', 'environment_setting'],
    `RELAY_ENV is ${env ?? 'missing'} in wrangler.toml: local lifts jurisdictions and allows loopback.`,
    'Set RELAY_ENV = "production" in its vars, and deploy again; local belongs in .dev.vars only.',
  );
}

/** What the relay itself would refuse at its start, such as a malformed list of hosts. */
function readable(vars: Readonly<Record<string, string>>): Finding {
  // Those two have their own sentences.
  const fault = faultOf({ ...vars, RELAY_ENV: 'production', RELAY_RESIDENCY: 'eu' }, {});
  if (fault === undefined) return ok(['settings', 'settings_readable'], 'The relay takes these variables.');
  return failing(
    ['settings', 'settings_readable'],
    `${fault}.`,
    'Mend it in wrangler.toml, or record other hosts: `npm run deploy:setup -- --env eu --allow "…"`.',
  );
}

/** Variables are shown to whoever reads the file or the dashboard, and are kept in both. */
function secretsAmong(vars: Readonly<Record<string, string>>, flag: 'eu' | ''): readonly Finding[] {
  const found = SECRETS.filter((name) => vars[name] !== undefined);
  if (found.length === 0) return [ok(['settings', 'secret_in_vars'], 'No secret is among the variables.')];
  const table = flag === '' ? '[vars]' : `[env.${flag}.vars]`;
  return found.map((name) =>
    failing(
      ['settings', 'secret_in_vars'],
      `${name} is in ${table}: in clear, in the file and in Cloudflare’s dashboard.`,
      `Remove it from ${table}, take another value, as this one is known, and set it by \`npx wrangler secret put ${name} --env="${flag}"\` (docs/operations.md, "Master key").`,
    ),
  );
}

function addresses({ table, environment: { vars } }: DeployedConfig): readonly Finding[] {
  const routes = [...(Array.isArray(table['routes']) ? table['routes'] : []), table['route']].filter(
    (route) => route !== undefined,
  );
  const odd = routes.map(oddRoute).find((fault) => fault !== undefined);
  return [
    off(table, 'workers_dev', 'a workers.dev address, which no regional hostname covers'),
    off(table, 'preview_urls', 'preview addresses on workers.dev, which no regional hostname covers'),
    odd === undefined
      ? ok(['ingress', 'routes'], 'Its routes are custom domains.')
      : failing(
          ['ingress', 'routes'],
          odd,
          'Write routes = [{ pattern = "relay.example.com", custom_domain = true }], or record the domain: `npm run deploy:setup -- --env eu --domain`.',
        ),
    publicUrl(vars['RELAY_PUBLIC_URL'] ?? ''),
  ];
}

function off(table: Table, key: 'workers_dev' | 'preview_urls', what: string): Finding {
  if (table[key] === false) return ok(['ingress', key], `${key} is off.`);
  const state = table[key] === undefined ? 'not set' : 'on';
  return failing(
    ['ingress', key],
    `${key} is ${state} for this environment: the Worker gets ${what}.`,
    `Set ${key} = false above the first [table] of wrangler.toml (below one it would be another key), and not otherwise in [env.eu]; then deploy.`,
  );
}

/** What is wrong with a route; undefined: it is a custom domain. */
function oddRoute(route: unknown): string | undefined {
  const { pattern = route, custom_domain: isCustom } = tableOf(route);
  if (typeof pattern !== 'string' || isCustom !== true)
    return `A route is no custom domain: ${typeof pattern === 'string' ? pattern : 'it has no pattern'}.`;
  return isOnWorkersDev(pattern) ? `The route ${pattern} is on workers.dev.` : undefined;
}

/** However the host is spelt. */
function isOnWorkersDev(host: string): boolean {
  return host.toLowerCase().replace(/\.$/, '').endsWith(WORKERS_DEV);
}

function publicUrl(url: string): Finding {
  if (!isOnWorkersDev(URL.parse(url)?.hostname ?? ''))
    return ok(['ingress', 'public_url'], 'RELAY_PUBLIC_URL is not on workers.dev.');
  return failing(
    ['ingress', 'public_url'],
    'RELAY_PUBLIC_URL is on workers.dev: cases link to an address that no regional hostname covers.',
    'Leave RELAY_PUBLIC_URL empty (the recorded domain is taken), or write the custom domain.',
  );
}

function guard(written: Table): Finding {
  const { command } = tableOf(written['build']);
  if (typeof command === 'string' && command.includes(GUARD))
    return ok(['wakeups', 'build_guard'], 'A plain wrangler deploy is refused.');
  return failing(
    ['wakeups', 'build_guard'],
    'Nothing refuses a plain `wrangler deploy --env eu`, which would make missing queues and KV outside the EU.',
    'Put it back: [env.eu.build] with command = "node cli/deploy/refuse-plain.js".',
  );
}
