/** `noxys-relay test TENANT [DESTINATION]`: sends a test event to destinations, past the log, and shows their answers. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import type { DestinationTested, TenantShown } from '../api-types.ts';
import { EXIT } from '../exit-codes.ts';
import { tenantId } from '../option-values.ts';
import { isDelivered, testsTable } from '../output/tests-table.ts';
import type { Session } from '../session.ts';

export function testCommand(act: Act) {
  return new Command('test')
    .summary('send a test event to the destinations of a tenant')
    .description(
      'Sends a marked test event to one destination, or to each, and shows what it answered. Nothing is stored.\nExit code 1 when one did not take it.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('[destination]', "a destination's name; without it, all of them")
    .action(
      act(async (session: Session, tenant: string, destination: string | undefined, _options: object) => {
        const api = await session.api();
        const names = destination === undefined ? await destinationsOf(session, tenant) : [destination];
        const tested: DestinationTested[] = [];
        for (const name of names) {
          const answer = await api.ask<DestinationTested>(`test ${name}`, {
            method: 'POST',
            shape: SHAPES.tested,
            path: tenantPath(tenant, 'destinations', name, 'test'),
          });
          tested.push(answer);
        }
        session.out.result({ tenant, destinations: tested }, () => testsTable(session.out, tested));
        return tested.every(({ tests }) => tests.every(isDelivered)) ? EXIT.ok : EXIT.failed;
      }),
    );
}

async function destinationsOf(session: Session, tenant: string): Promise<readonly string[]> {
  const api = await session.api();
  const { config } = await api.ask<TenantShown>('read the tenant', {
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(tenant),
  });
  return (config.destinations ?? []).map(({ name }) => name);
}
