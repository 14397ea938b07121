/** `noxys-relay dead-letters TENANT [list|show|redrive]`: what could not be delivered, and sending it again. */

import { Argument, Command, Option } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { invalidInput } from '../failure.ts';
import { DEAD_LETTER_REASONS } from '../../src/domain/lane-view.ts';
import { listDeadLetters, redriveDeadLetters, showDeadLetters } from '../dead-letters.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import type { Session } from '../session.ts';

export function deadLettersCommand(act: Act) {
  return new Command('dead-letters')
    .summary('list, show and send again what could not be delivered')
    .description(
      'Lists the dead letters of a tenant, newest first; show N … shows some of them with the answer of the destination;\nredrive N …, or redrive with --lane, --cause or --since, sends them again. Mend the cause first.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .addArgument(
      new Argument('[action]', 'what to do')
        .choices(['list', 'show', 'redrive'] as const)
        .default('list' as const),
    )
    .argument('[letters...]', 'ids of dead letters, for show and redrive')
    .option('--lane <lane>', 'only those of this lane, such as edr/events')
    .addOption(
      new Option('--cause <reason>', 'only those that became dead letters by it').choices(
        DEAD_LETTER_REASONS,
      ),
    )
    .option('--since <time>', 'with redrive: only those of this time or later, such as 2026-11-22T05:00:00Z')
    .option('--limit <n>', 'with list: how many', wholeNumber(1, 10_000), 50)
    .option('--before <id>', 'with list: only older ones than this', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(
      act(async (session: Session, tenant: string, action, letters, options) => {
        const ids = letters.map(letterId);
        const { lane, cause, since, limit, before } = options;
        switch (action) {
          case 'show':
            return showDeadLetters(session, tenant, ids);
          case 'redrive':
            return redriveDeadLetters(session, tenant, ids, { lane, reason: cause, since });
          default:
            if (ids.length > 0) throw invalidInput('list takes no ids: use show.');
            return listDeadLetters(session, tenant, { lane, reason: cause, limit, before });
        }
      }),
    );
}

const readId = wholeNumber(1, Number.MAX_SAFE_INTEGER);

function letterId(text: string): number {
  try {
    return readId(text);
  } catch {
    throw invalidInput('The id of a dead letter is a whole number: see the list.');
  }
}
