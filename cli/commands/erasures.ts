/** `noxys-relay erasures TENANT [ID]`: the erasures of a tenant, and the report of one. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { ErasureView } from '../api-types.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { count, formatInstant } from '../output/time.ts';
import { removedTotal } from '../rights/erasure-text.ts';
import { followErasure, readErasure } from '../rights/follow-erasure.ts';
import { showErasure } from '../rights/show-erasure.ts';
import type { Session } from '../session.ts';

export function erasuresCommand(act: Act) {
  return new Command('erasures')
    .summary('list the erasures of a tenant, or report one')
    .description('Newest first, by keys alone. With an id, its report; --wait waits until it is done.')
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('[id]', "the erasure's number", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--wait', 'with an id: wait until it is done')
    .action(
      act(async (session: Session, tenant: string, id: number | undefined, { wait }) => {
        if (id === undefined && wait === true)
          throw invalidInput(
            '--wait needs the number of an erasure.',
            `See: npx noxys-relay erasures ${tenant}`,
          );
        const api = await session.api();
        if (id === undefined) return list(session, tenant);
        const erasure = await readErasure(api, tenant, id);
        const shown = wait === true ? await followErasure(session, api, tenant, erasure) : erasure;
        return showErasure(session, api, tenant, shown);
      }),
    );
}

const COLUMNS = [
  { head: 'id', align: 'right' },
  { head: 'begun (UTC)' },
  { head: 'done (UTC)' },
  { head: 'removed', align: 'right' },
  { head: 'remains', align: 'right' },
  { head: 'known as' },
] as const;

async function list(session: Session, tenant: string): Promise<ExitCode> {
  const api = await session.api();
  const { erasures } = await api.ask<{ readonly erasures: readonly ErasureView[] }>('list the erasures', {
    method: 'GET',
    shape: SHAPES.erasures,
    path: tenantPath(tenant, 'erasures'),
  });
  session.out.result({ erasures }, () => tableOf(session, erasures));
  return EXIT.ok;
}

function tableOf({ out }: Session, erasures: readonly ErasureView[]): string {
  if (erasures.length === 0) return 'Nobody was erased.';
  const rows = erasures.map((erasure) => [
    String(erasure.id),
    formatInstant(erasure.begunAt),
    doneText(erasure),
    String(removedTotal(erasure)),
    String(erasure.remaining.length),
    erasure.keys.map(printable).join(', '),
  ]);
  return `${out.table(COLUMNS, rows)}\n${out.paint('faint', count(erasures.length, 'erasure'))}`;
}

function doneText({ doneAt, heldBy = [] }: ErasureView): string {
  if (doneAt !== undefined) return formatInstant(doneAt);
  return heldBy.length > 0 ? `held by ${heldBy.join(', ')}` : 'goes on';
}
