/** Whether the relay would take a document, and whether its destinations pass their tests; nothing is stored. */

import { SHAPES } from '../api-shapes.ts';
import type { ConfigFault } from '../../src/domain/fault.ts';
import type { ApiClient } from '../api-client.ts';
import { cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { DestinationTested, Plan } from '../api-types.ts';
import { CliFailure } from '../failure.ts';
import { EXIT } from '../exit-codes.ts';

/** Throws a CliFailure with the faults that the relay finds. */
export async function planCandidate(api: ApiClient, id: string, document: unknown): Promise<Plan> {
  return api.ask<Plan>('check the tenant', {
    method: 'POST',
    shape: SHAPES.plan,
    path: tenantPath(id, 'plan'),
    body: document,
    isRepeatable: true,
  });
}

/** The faults as the end of the command. */
export function faultyCandidate(faults: readonly ConfigFault[]): CliFailure {
  const lines = faults.map(({ path, message }) => `  ${path === '' ? 'the document' : path} ${message}`);
  return new CliFailure(
    EXIT.invalid,
    'config_invalid',
    `The tenant can't be like this:\n${lines.join('\n')}`,
    {
      details: { faults },
    },
  );
}

/** What the destination answered; undefined: this relay tests no tenant before it is applied. */
export async function testCandidate(
  api: ApiClient,
  id: string,
  destination: string,
  document: unknown,
): Promise<DestinationTested | undefined> {
  const answer = await api.send<DestinationTested>({
    method: 'POST',
    shape: SHAPES.tested,
    path: tenantPath(id, 'destinations', destination, 'test'),
    body: document,
  });
  if (answer.ok) return answer.value.body;
  if (answer.error.kind === 'problem' && answer.error.problem === 'tenant_not_found') return undefined;
  throw cliFailureOf(answer.error, `test ${destination}`, api.origin);
}
