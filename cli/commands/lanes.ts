/** `noxys-relay lanes TENANT`: what a tenant's lanes do, once or again and again. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import type { LaneView } from '../api-types.ts';
import { tenantPath } from '../api-paths.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { lanesTable } from '../output/lanes-table.ts';
import type { Session } from '../session.ts';
import { untilInterrupted } from '../watch.ts';

const CLEAR_SCREEN = '\u001B[2J\u001B[H';

interface Lanes {
  readonly lanes: readonly LaneView[];
}

export function lanesCommand(act: Act) {
  return new Command('lanes')
    .summary('what the lanes of a tenant do')
    .description(
      'Shows for each lane its state, what waits, and why it does not deliver.\nWith --watch it repeats until Ctrl-C; with --json a line for each look.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('-w, --watch', 'repeat until Ctrl-C')
    .option('--interval <seconds>', 'time between two looks', wholeNumber(1, 3600), 2)
    .action(
      act(async (session: Session, tenant: string, { watch, interval }) => {
        const api = await session.api();
        const read = async () =>
          api.ask<Lanes>('read the lanes', {
            method: 'GET',
            shape: SHAPES.lanes,
            path: tenantPath(tenant, 'lanes'),
          });
        if (watch !== true) {
          const answer = await read();
          session.out.result(answer, () => lanesTable(session.out, answer.lanes, session.io.nowMs()));
          return undefined;
        }
        const { stdout } = session.io;
        return untilInterrupted(session.io, interval * 1000, async () => {
          const answer = await read();
          if (stdout.isTTY && !session.out.isJson) stdout.write(CLEAR_SCREEN);
          session.out.next(answer, () => lanesTable(session.out, answer.lanes, session.io.nowMs()));
        });
      }),
    );
}
