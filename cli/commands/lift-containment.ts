/** `noxys-relay lift-containment TENANT DESTINATION`: lets an isolated host back into the network, now. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import { invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';

interface ContainmentLifted {
  readonly device_id: string;
  readonly detail: string;
}

export function liftContainmentCommand(act: Act) {
  return new Command('lift-containment')
    .summary('let an isolated host back into the network')
    .description(
      'Asks the destination at once, also while it is paused or blocked. Exactly one host must be meant, and be isolated; else nothing is done.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<destination>', "the destination's name")
    .option('--hostname <name>', "the host's whole name, as the destination shows it")
    .option('--device <id>', "the host's agent id: 32 hex digits, or a UUID")
    .action(
      act(async (session: Session, tenant: string, destination: string, { hostname, device }) => {
        if ((hostname === undefined) === (device === undefined))
          throw invalidInput('Say which host: either --hostname or --device.');
        const api = await session.api();
        const answer = await api.ask<ContainmentLifted>('lift the containment', {
          method: 'POST',
          shape: SHAPES.containmentLifted,
          path: tenantPath(tenant, 'destinations', destination, 'lift-containment'),
          body: device === undefined ? { hostname } : { device_id: device },
          mustFinish: true,
        });
        session.out.result(answer, () => printable(`${answer.detail} Agent id: ${answer.device_id}.`));
        return undefined;
      }),
    );
}
