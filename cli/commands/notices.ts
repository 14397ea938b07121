/** `noxys-relay notices TENANT`: what the operator was told, newest first. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import type { Notice } from '../api-types.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { formatInstant } from '../output/time.ts';
import { moreLine, type Paged, readPages } from '../pages.ts';
import type { Session } from '../session.ts';

const COLUMNS = [
  { head: 'at (UTC)' },
  { head: 'kind' },
  { head: 'lane' },
  { head: 'events', align: 'right' },
  { head: 'what' },
] as const;

export function noticesCommand(act: Act) {
  return new Command('notices')
    .summary('what you were told about a tenant')
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--limit <n>', 'how many, newest first', wholeNumber(1, 10_000), 50)
    .option('--before <id>', 'only older ones than this', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(
      act(async (session: Session, tenant: string, { limit, before }) => {
        const page = await readPages<Notice>(await session.api(), {
          what: 'list the notices',
          path: tenantPath(tenant, 'notices'),
          member: 'notices',
          limit,
          before,
        });
        const { entries: notices, ...rest } = page;
        session.out.result({ notices, ...rest }, () => tableOf(session, page));
        return undefined;
      }),
    );
}

function tableOf({ out }: Session, page: Paged<Notice>): string {
  if (page.entries.length === 0) return 'There are no notices.';
  const rows = page.entries.map(({ at, kind, lane, count, text }) => [
    formatInstant(at),
    kind,
    printable(lane ?? '–'),
    count === undefined ? '–' : String(count),
    printable(text),
  ]);
  return [out.table(COLUMNS, rows), ...moreLine(page)].join('\n');
}
