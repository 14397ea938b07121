/** `noxys-relay pause TENANT DESTINATION`: stops deliveries to it; its events wait. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import { tenantId } from '../option-values.ts';
import type { Session } from '../session.ts';

export interface Switched {
  readonly version: number;
  readonly published: boolean;
  readonly discarded: number;
}

export function pauseCommand(act: Act) {
  return new Command('pause')
    .summary('stop deliveries to a destination; its events wait')
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<destination>', "the destination's name")
    .action(
      act(async (session: Session, tenant: string, destination: string, _options: object) => {
        const api = await session.api();
        const answer = await api.ask<Switched>('pause the destination', {
          method: 'POST',
          shape: SHAPES.switched,
          path: tenantPath(tenant, 'destinations', destination, 'pause'),
          isRepeatable: true,
        });
        session.out.result(
          answer,
          () =>
            `${destination} is paused: its events wait, until their retention ends at most.\nA tenant file that has no \`enabled: false\` for it ends the pause at the next apply.`,
        );
        return undefined;
      }),
    );
}
