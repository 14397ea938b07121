/** Each tenant as the relay has it: its residency, its object's jurisdiction, its config by the relay's own rules and by ours. */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { type ApiFailure, cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { ConfigFault, TenantHealth, TenantListed, TenantShown } from '../api-types.ts';
import type { EnvironmentName } from '../deploy/environment.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { listTenants } from '../list-tenants.ts';
import { printable } from '../output/printable.ts';
import { startProgress } from '../output/progress.ts';
import { inPool } from '../pool.ts';
import type { AskedHost } from './check-dns.ts';
import { checkDestinations, hiddenHosts, hostsOf } from './check-destinations.ts';
import { about, accepted, failing, ok, unproven, type Finding } from './finding.ts';

/** Each is two requests. */
const TENANTS_AT_ONCE = 8;
const AGAIN = 'See what answers there, and run it again.';

export interface TenantLook {
  readonly findings: readonly Finding[];
  readonly hosts: readonly AskedHost[];
}

/**
 * The relay lists the tenants that are in KV. `named` are asked for by name as well: one that was never published is in none of its
 * lists, and has its object and its data all the same.
 */
export async function checkTenants(
  io: Io,
  api: ApiClient,
  name: EnvironmentName,
  named: readonly string[],
): Promise<TenantLook> {
  let listed: readonly TenantListed[];
  try {
    listed = await listTenants(api);
  } catch (error) {
    if (!(error instanceof CliFailure) || error.exitCode === EXIT.interrupted) throw error;
    const finding = unproven(['tenant_object', 'tenants'], printable(error.message), error.hint ?? AGAIN);
    return { findings: [finding], hosts: [] };
  }
  // A global deployment may have tenants of both kinds, and promises nothing of the others. Of an unknown one nothing is presumed.
  const ofEu = name === 'eu' ? listed : listed.filter((tenant) => tenant.residency !== 'global');
  const unlisted = named.filter((id) => listed.every((tenant) => tenant.id !== id));
  const asked = [
    ...ofEu.map(({ id }) => ({ id, isListed: true })),
    ...unlisted.map((id) => ({ id, isListed: false })),
  ];
  if (asked.length === 0)
    return { findings: [ok(['tenant_object', 'tenants'], 'It has no EU tenant.')], hosts: [] };
  const progress = startProgress(io, 'Checking', asked.length);
  try {
    const looks = await inPool(
      asked,
      TENANTS_AT_ONCE,
      async ({ id, isListed }) => {
        const look = await checkTenant(api, id, isListed);
        progress.advance();
        return look;
      },
      () => io.signal.aborted,
    );
    return {
      findings: looks.flatMap((look) => look?.findings ?? []),
      hosts: looks.flatMap((look) => look?.hosts ?? []),
    };
  } finally {
    progress.stop();
  }
}

async function checkTenant(api: ApiClient, id: string, isListed: boolean): Promise<TenantLook> {
  const shown = await api.send<TenantShown>({ method: 'GET', shape: SHAPES.tenant, path: tenantPath(id) });
  if (!shown.ok && !isListed && shown.error.kind === 'problem' && shown.error.status === 404)
    return {
      findings: about(id, [ok(['tenant_object', 'tenant'], 'The relay does not have it.')]),
      hosts: [],
    };
  if (!shown.ok) return unreadable(id, shown.error, 'read its config', api.origin);
  const answer = await api.send<TenantHealth>({
    method: 'GET',
    shape: SHAPES.tenantHealth,
    path: tenantPath(id, 'health'),
  });
  if (!answer.ok) return unreadable(id, answer.error, 'read its health', api.origin);
  const { config } = shown.value.body;
  const { jurisdiction, configFaults } = answer.value.body;
  return {
    findings: about(id, [
      ...(isListed ? [] : [notListed()]),
      residency(config.residency),
      object(jurisdiction),
      ...checkDocument(config, configFaults),
      ...hiddenHosts(config).map((hidden) =>
        accepted(
          ['egress', 'host_hidden'],
          `${hidden} has a secret address: its host was checked when it was saved and is at each request, and not by DNS here.`,
          'With the tenant files, --files looks it up.',
        ),
      ),
    ]),
    hosts: hostsOf(config).map((host) => ({ tenant: id, ...host })),
  };
}

/** What a config says of where its destinations are; `faults` are what the relay's own rules have against it. */
export function checkDocument(config: unknown, faults: readonly ConfigFault[]): readonly Finding[] {
  const placed = checkDestinations(config);
  const said = new Set(placed.flatMap(({ path, finding }) => (finding.level === 'failure' ? [path] : [])));
  const refused = faults.filter(({ path }) => !said.has(path));
  return [
    ...placed.map(({ finding }) => finding),
    ...refused.map(({ path, message }) =>
      failing(
        [path.startsWith('destinations') ? 'egress' : 'tenant_object', 'config'],
        `${path === '' ? 'The config' : printable(path)} ${printable(message)}.`,
        'Mend the tenant file and apply it.',
      ),
    ),
    ...(refused.length > 0 ? [] : [ok(['egress', 'config'], 'The relay has nothing against the config.')]),
  ];
}

function notListed(): Finding {
  return accepted(
    ['kv', 'tenant_unlisted'],
    'The relay has it and does not list it: it is not in KV, or is so only for seconds.',
    'Apply its file again, or delete the tenant: without --files nothing here looks at it.',
  );
}

function residency(value: string): Finding {
  if (value === 'eu') return ok(['tenant_object', 'residency'], 'Its residency is eu.');
  return failing(
    ['tenant_object', 'residency'],
    `Its residency is ${printable(value)}.`,
    'A residency never changes in place: `npx noxys-relay tenants move` takes it to the EU, or delete it here.',
  );
}

function object(jurisdiction: string | null): Finding {
  if (jurisdiction === 'eu')
    return ok(['tenant_object', 'jurisdiction'], 'Its object says that it has jurisdiction eu.');
  return failing(
    ['tenant_object', 'jurisdiction'],
    `Its object is in ${jurisdiction === null ? 'no jurisdiction' : `jurisdiction ${printable(jurisdiction)}`}.`,
    'An object can’t be moved: deploy with RELAY_ENV = "production", then `npx noxys-relay tenants move` makes it anew in the EU.',
  );
}

function unreadable(id: string, error: ApiFailure, what: string, origin: string): TenantLook {
  const failed = cliFailureOf(error, what, origin);
  if (failed.exitCode === EXIT.interrupted) throw failed;
  const finding = unproven(['tenant_object', 'tenant'], printable(failed.message), failed.hint ?? AGAIN);
  return { findings: about(id, [finding]), hosts: [] };
}
