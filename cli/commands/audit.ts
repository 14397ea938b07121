/** `noxys-relay audit [TENANT]`: who changed what and why, and who looked at whom. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import type { Audited } from '../api-types.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { formatInstant } from '../output/time.ts';
import { moreLine, type Paged, readPages } from '../pages.ts';
import type { Session } from '../session.ts';

const COLUMNS = [
  { head: 'at (UTC)' },
  { head: 'who' },
  { head: 'what' },
  { head: 'why' },
  { head: 'details' },
  { head: 'request' },
] as const;

export function auditCommand(act: Act) {
  return new Command('audit')
    .summary('who changed what, and who looked at persons')
    .description(
      "Shows a tenant's audit log, newest first; without a tenant that of the deployment (tokens, tenants created and deleted).",
    )
    .argument('[tenant]', "the tenant's id", tenantId)
    .option('--limit <n>', 'how many, newest first', wholeNumber(1, 10_000), 50)
    .option('--before <id>', 'only older ones than this', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(
      act(async (session: Session, tenant: string | undefined, { limit, before }) => {
        const page = await readPages<Audited>(await session.api(), {
          what: 'read the audit log',
          path: tenant === undefined ? '/api/v1/audit' : tenantPath(tenant, 'audit'),
          member: 'entries',
          limit,
          before,
        });
        session.out.result(page, () => tableOf(session, page));
        return undefined;
      }),
    );
}

function tableOf({ out }: Session, page: Paged<Audited>): string {
  if (page.entries.length === 0) return 'There are no entries.';
  const rows = page.entries.map(({ at, by, action, reason, detail, requestId }) => [
    formatInstant(at),
    printable(by),
    printable(action),
    printable(reason ?? '–'),
    Object.keys(detail).length === 0 ? '–' : printable(JSON.stringify(detail)),
    printable(requestId),
  ]);
  return [out.table(COLUMNS, rows), ...moreLine(page)].join('\n');
}
