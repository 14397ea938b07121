/** `noxys-relay resume TENANT DESTINATION`: starts deliveries again, and ends the pauses of blocked lanes. */

import { Command, Option } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import { agree } from '../apply/agree.ts';
import { tenantId } from '../option-values.ts';
import { count } from '../output/time.ts';
import type { Session } from '../session.ts';
import type { Switched } from './pause.ts';

export function resumeCommand(act: Act) {
  return new Command('resume')
    .summary('start deliveries to a destination again')
    .description(
      'Starts a paused destination again, and ends the pause of its blocked or waiting lanes.\n--from now gives up what waits, for good.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<destination>', "the destination's name")
    .addOption(
      new Option('--from <where>', 'go on with what waits, or with what comes from now on')
        .choices(['backlog', 'now'] as const)
        .default('backlog' as const),
    )
    .option('-y, --yes', 'with --from now: give up what waits without asking')
    .action(
      act(async (session: Session, tenant: string, destination: string, { from, yes }) => {
        if (from === 'now') {
          await agree(session.io, `Give up what waits for ${destination}, for good?`, yes === true);
        }
        const api = await session.api();
        const answer = await api.ask<Switched>('resume the destination', {
          method: 'POST',
          shape: SHAPES.switched,
          path: tenantPath(tenant, 'destinations', destination, 'resume'),
          body: { from },
        });
        const lost =
          answer.discarded > 0 ? ` ${count(answer.discarded, 'event was', 'events were')} given up.` : '';
        session.out.result(
          answer,
          () => `${destination} is resumed; see \`npx noxys-relay lanes ${tenant}\`.${lost}`,
        );
        return undefined;
      }),
    );
}
