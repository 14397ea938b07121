/** `noxys-relay retention TENANT`: how long each kind of data is kept, and whether what is old has gone. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { RetentionLine } from '../api-types.ts';
import { EXIT } from '../exit-codes.ts';
import { tenantId } from '../option-values.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { count, formatInstant } from '../output/time.ts';
import type { Session } from '../session.ts';

export function retentionCommand(act: Act) {
  return new Command('retention')
    .summary('how long data is kept, and whether it has gone')
    .description(
      'For each kind of data: how long it is kept, the oldest that there is, and when that goes at the latest.\nExit code 1 when something is older than it may be and nothing says why.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .action(
      act(async (session: Session, tenant: string, _options: object) => {
        const api = await session.api();
        const { lines } = await api.ask<{ readonly lines: readonly RetentionLine[] }>('read the retention', {
          method: 'GET',
          shape: SHAPES.retention,
          path: tenantPath(tenant, 'retention'),
        });
        const late = lines.filter(isLate);
        session.out.result({ lines }, () => textOf(session.out, lines));
        if (late.length === 0) return EXIT.ok;
        session.out.warn(
          `${late.map(({ kind }) => printable(kind)).join(', ')}: older than it may be. Look for the cause: npx noxys-relay doctor ${tenant}`,
        );
        return EXIT.failed;
      }),
    );
}

function isLate({ isOverdue, keptBy }: RetentionLine): boolean {
  return isOverdue && keptBy === undefined;
}

const COLUMNS = [
  { head: 'kind' },
  { head: 'kept at most', align: 'right' },
  { head: 'because' },
  { head: 'oldest (UTC)' },
  { head: 'goes by (UTC)' },
  { head: 'last gone (UTC)' },
  { head: 'state' },
] as const;

function textOf(out: Output, lines: readonly RetentionLine[]): string {
  if (lines.length === 0) return 'There is nothing to keep.';
  const rows = lines.map((line) => [
    printable(line.kind),
    // Nought: no number of days decides, as `because` says.
    line.days === 0 ? '–' : count(line.days, 'day'),
    printable(line.basis),
    instant(line.oldestAt),
    instant(line.goesBy),
    instant(line.lastDroppedAt),
    stateOf(out, line),
  ]);
  return out.table(COLUMNS, rows);
}

function instant(iso: string | undefined): string {
  return iso === undefined ? '–' : formatInstant(iso);
}

function stateOf(out: Output, line: RetentionLine): string {
  if (isLate(line)) return out.paint('bad', 'OVERDUE');
  if (line.keptBy !== undefined) return out.paint('warning', `kept: ${printable(line.keptBy)}`);
  return out.paint('good', line.oldestAt === undefined ? 'empty' : 'in time');
}
