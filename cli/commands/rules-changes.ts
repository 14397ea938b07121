/** `noxys-relay rules changes TENANT`: who changed which rule, when and why. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import type { RuleChange } from '../api-types.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { changesText } from '../output/rules-text.ts';
import { moreLine, readPages } from '../pages.ts';
import type { Session } from '../session.ts';

export function changesCommand(act: Act) {
  return new Command('changes')
    .summary('who changed which rule, when and why')
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--limit <n>', 'how many, newest first', wholeNumber(1, 10_000), 50)
    .option('--before <id>', 'only older ones than this', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(
      act(async (session: Session, tenant: string, { limit, before }) => {
        const page = await readPages<RuleChange>(await session.api(), {
          what: 'list the changes',
          path: tenantPath(tenant, 'rules', 'changes'),
          member: 'changes',
          limit,
          before,
        });
        const { entries: changes, ...rest } = page;
        session.out.result({ changes, ...rest }, () =>
          [changesText(session.out, changes), ...moreLine(page)].join('\n'),
        );
        return undefined;
      }),
    );
}
