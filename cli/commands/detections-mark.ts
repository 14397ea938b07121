/** `noxys-relay detections mark TENANT ID VERDICT`: says whether a detection was right. */

import { Argument, Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import { tenantId } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';
import { TYPED_VERDICTS, verdictOf } from '../verdicts.ts';

export function markCommand(act: Act) {
  return new Command('mark')
    .summary('say whether a detection was right')
    .description(
      'The rates of the rule follow, and a Falcon case is closed where cases.close_with_verdict says so.\nA later verdict replaces an earlier one.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<id>', "the detection's id")
    .addArgument(new Argument('<verdict>', 'what it was').choices(TYPED_VERDICTS))
    .action(
      act(async (session: Session, tenant: string, id: string, word: string, _options: object) => {
        const api = await session.api();
        const verdict = verdictOf(word);
        const { isNew } = await api.ask<{ readonly isNew: boolean }>('mark the detection', {
          method: 'POST',
          shape: SHAPES.judged,
          path: tenantPath(tenant, 'detections', id, 'verdict'),
          body: { verdict },
          isRepeatable: true,
        });
        session.out.result(
          { id, verdict, isNew },
          () => `${printable(id)} is ${isNew ? 'marked' : 'marked already'} as ${word.replace('-', ' ')}.`,
        );
        return undefined;
      }),
    );
}
