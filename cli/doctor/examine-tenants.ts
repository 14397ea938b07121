/** Asks for the health of each tenant, a few at a time, and for the answers of their destinations if that is wanted. */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { DestinationTested, TenantHealth, TenantShown } from '../api-types.ts';
import type { Residency } from '../../src/domain/tenant-config.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { listTenants } from '../list-tenants.ts';
import { startProgress } from '../output/progress.ts';
import { isDelivered } from '../output/tests-text.ts';
import { printable } from '../output/printable.ts';
import { inPool } from '../pool.ts';
import type { Session } from '../session.ts';
import { checkTenant } from './check-tenant.ts';
import { about, failing, type Finding, ok, warning } from './finding.ts';

export interface TenantExamination {
  readonly tenants: readonly string[];
  readonly isSending: boolean;
  readonly concurrency: number;
  /** Of the deployment, if it is known. */
  readonly env: string | undefined;
}

interface Asked {
  readonly id: string;
  readonly residency: Residency | undefined;
}

export async function examineTenants(
  { io }: Session,
  api: ApiClient,
  { tenants, isSending, concurrency, env }: TenantExamination,
): Promise<readonly Finding[]> {
  const listed = tenants.length === 0 ? await listAll(api) : undefined;
  if (listed !== undefined && 'level' in listed) return [listed];
  const asked: readonly Asked[] = listed ?? tenants.map((id) => ({ id, residency: undefined }));
  if (asked.length === 0) {
    return [
      warning('tenants', 'There is no tenant.', 'No webhook is taken.', 'npx noxys-relay init, then apply.'),
    ];
  }
  const progress = startProgress(io, 'Examining', asked.length);
  try {
    const findings = await inPool(
      asked,
      concurrency,
      async (tenant) => {
        const found = await examineTenant(api, tenant, { isSending, env });
        progress.advance();
        return found;
      },
      () => io.signal.aborted,
    );
    return findings.flatMap((found) => found ?? []);
  } finally {
    progress.stop();
  }
}

/** All tenants, or that they can't be listed: what was found before is to be shown all the same. */
async function listAll(api: ApiClient): Promise<readonly Asked[] | Finding> {
  try {
    return await listTenants(api);
  } catch (error) {
    if (!(error instanceof CliFailure) || error.exitCode === EXIT.interrupted) throw error;
    return failing('tenants', error.message, 'No tenant was examined.', error.hint ?? '');
  }
}

async function examineTenant(
  api: ApiClient,
  { id, residency }: Asked,
  { isSending, env }: Pick<TenantExamination, 'isSending' | 'env'>,
): Promise<readonly Finding[]> {
  const answer = await api.send<TenantHealth>({
    method: 'GET',
    shape: SHAPES.tenantHealth,
    path: tenantPath(id, 'health'),
  });
  if (!answer.ok) {
    const { message, hint = '' } = cliFailureOf(answer.error, "read the tenant's health", api.origin);
    return about(id, [failing('tenant_health', message, 'Nothing is known about it.', hint)]);
  }
  // A tenant that was named was not listed.
  const shown =
    residency === undefined || isSending
      ? await api.send<TenantShown>({ method: 'GET', shape: SHAPES.tenant, path: tenantPath(id) })
      : undefined;
  const config = shown?.ok === true ? shown.value.body.config : undefined;
  const health = answer.value.body;
  const findings = checkTenant({ residency: residency ?? config?.residency, health, env });
  if (!isSending) return findings;
  const tests: Finding[] = [];
  for (const { name } of config?.destinations ?? []) tests.push(...(await testDestination(api, id, name)));
  return [...findings, ...about(id, tests)];
}

async function testDestination(api: ApiClient, id: string, name: string): Promise<readonly Finding[]> {
  const path = tenantPath(id, 'destinations', name, 'test');
  const answer = await api.send<DestinationTested>({ method: 'POST', shape: SHAPES.tested, path });
  if (!answer.ok) {
    const { message, hint = '' } = cliFailureOf(answer.error, `test ${name}`, api.origin);
    return [failing('destination', message, 'Whether it takes events is not known.', hint)];
  }
  return answer.value.body.tests.map((test) => {
    const isEvent = test.eventId !== undefined;
    const lane = printable(test.lane);
    if (isDelivered(test)) {
      const how = isEvent ? 'took a test event' : 'passed its test';
      return ok('destination', `${lane} ${how} in ${test.durationMs} ms.`);
    }
    const how = isEvent ? 'did not take a test event' : 'did not pass its test';
    return failing(
      'destination',
      `${lane} ${how}: ${printable(test.reason ?? test.outcome)} ${printable(test.detail ?? '')}`.trim(),
      'What it is for waits, or becomes dead letters.',
      `npx noxys-relay test ${id} ${name}`,
    );
  });
}
