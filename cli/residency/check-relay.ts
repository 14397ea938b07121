/** What the running relay says of itself, beside what its files say: the settings that it was deployed with. Only reads. */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { cliFailureOf } from '../api-failure.ts';
import type { DeploymentHealth } from '../api-types.ts';
import type { EnvironmentName } from '../deploy/environment.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../output/printable.ts';
import { checkEgressList } from './check-egress-list.ts';
import { failing, ok, skipped, unproven, type Finding } from './finding.ts';
import type { DeployedConfig } from './read-config.ts';

export interface RelayLook {
  readonly findings: readonly Finding[];
  readonly health?: DeploymentHealth;
}

export function skipRelay(): readonly Finding[] {
  return [
    skipped(['settings', 'running_settings'], 'The relay was not asked for its settings (--offline).'),
    skipped(['tenant_object', 'tenants'], 'The relay was not asked for its tenants (--offline).'),
  ];
}

export async function checkRelay(
  api: ApiClient,
  name: EnvironmentName,
  { environment }: DeployedConfig,
): Promise<RelayLook> {
  const answer = await api.send<DeploymentHealth>({
    method: 'GET',
    shape: SHAPES.deploymentHealth,
    path: '/api/v1/health',
  });
  if (!answer.ok) {
    const failed = cliFailureOf(answer.error, "read the deployment's health", api.origin);
    if (failed.exitCode === EXIT.interrupted) throw failed;
    const fix = failed.hint ?? 'See what answers there, and run it again.';
    return { findings: [unproven(['settings', 'running_settings'], printable(failed.message), fix)] };
  }
  const health = answer.value.body;
  return {
    health,
    findings: [
      address(api.origin),
      running(health, name),
      ...allowed(health, environment.vars['RELAY_EGRESS_ALLOW'] ?? ''),
    ],
  };
}

function address(origin: string): Finding {
  if (!new URL(origin).hostname.endsWith('.workers.dev'))
    return ok(['admin_api', 'address'], `${origin} is not on workers.dev.`);
  return failing(
    ['admin_api', 'address'],
    `${origin} answers: the Worker is reached on workers.dev, which no regional hostname covers.`,
    'Switch the workers.dev address off (workers_dev = false, then deploy), and use the custom domain.',
  );
}

function running({ env, residency }: DeploymentHealth, name: EnvironmentName): Finding {
  const place = ['settings', 'running_settings'] as const;
  const [envShown, residencyShown] = [printable(env), printable(residency)];
  if (env !== 'production')
    return failing(
      place,
      `The running relay has RELAY_ENV ${envShown}: jurisdictions are lifted and loopback is allowed.`,
      'Set RELAY_ENV = "production" and deploy again. If this is the relay on your machine, name the deployed one with --url.',
    );
  const wanted = name === 'eu' ? 'eu' : 'global';
  if (residency === wanted)
    return ok(place, `The running relay has RELAY_ENV production and RELAY_RESIDENCY ${residency}.`);
  return failing(
    place,
    `The running relay has RELAY_RESIDENCY ${residencyShown}.`,
    `Is it the relay of this environment (--url)? If so, deploy again: \`npm run deploy -- --env ${name}\`.`,
  );
}

/** The hosts of the running relay: what the files say may have changed since it was deployed. */
function allowed({ egressAllow }: DeploymentHealth, written: string): readonly Finding[] {
  const place = ['egress', 'running_egress'] as const;
  if (!Array.isArray(egressAllow))
    return [
      unproven(
        place,
        'The running relay does not tell which hosts EU tenants may send to.',
        'It is of another version than this command line: deploy it anew.',
      ),
    ];
  const known = written.toLowerCase().split(/[\s,]+/);
  const others = egressAllow.filter((entry) => !known.includes(entry));
  // What both have was judged with the files.
  const wide = checkEgressList(others.join(' ')).filter(({ level }) => level !== 'ok');
  if (others.length === 0)
    return [ok(place, 'The running relay sends to no host that is not recorded here.')];
  return [
    failing(
      place,
      `The running relay lets EU tenants send to ${printable(others.join(', '))}, which neither wrangler.toml nor the record here has.`,
      'Record what is right with `npm run deploy:setup -- --env eu --allow "…"` and deploy again, or use the record of the machine that deployed (--record).',
    ),
    ...wide,
  ];
}
