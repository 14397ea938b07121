/** `noxys-relay rules show TENANT RULE`: one rule as it is evaluated, and what has become of it. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { SHAPES } from '../api-shapes.ts';
import { tenantPath } from '../api-paths.ts';
import type { RuleDetail } from '../api-types.ts';
import { tenantId } from '../option-values.ts';
import { ruleText } from '../output/rules-text.ts';
import type { Session } from '../session.ts';

export function showCommand(act: Act) {
  return new Command('show')
    .summary('one rule as it is evaluated, with what it found')
    .description('The document has overrides and lists in place, and fields by their canonical names.')
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<rule>', "the rule's name or id")
    .action(
      act(async (session: Session, tenant: string, rule: string, _options: object) => {
        const api = await session.api();
        const detail = await api.ask<RuleDetail>('show the rule', {
          method: 'GET',
          shape: SHAPES.rule,
          path: tenantPath(tenant, 'rules', rule),
        });
        session.out.result(detail, () => ruleText(session.out, detail, session.io.nowMs()));
        return undefined;
      }),
    );
}
