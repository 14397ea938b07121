/** `noxys-relay rules list TENANT`: the rules that are on, and what has become of them. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { SHAPES } from '../api-shapes.ts';
import { tenantPath } from '../api-paths.ts';
import type { RuleView } from '../api-types.ts';
import { tenantId } from '../option-values.ts';
import { rulesTable } from '../output/rules-text.ts';
import type { Session } from '../session.ts';

export interface Rules {
  readonly rules: readonly RuleView[];
}

export function listCommand(act: Act) {
  return new Command('list')
    .summary('the rules of a tenant, with what they found')
    .argument('<tenant>', "the tenant's id", tenantId)
    .action(
      act(async (session: Session, tenant: string, _options: object) => {
        const answer = await readRules(session, tenant);
        session.out.result(answer, () => rulesTable(session.out, answer.rules, session.io.nowMs()));
        return undefined;
      }),
    );
}

export async function readRules(session: Session, tenant: string): Promise<Rules> {
  const api = await session.api();
  return api.ask<Rules>('list the rules', {
    method: 'GET',
    shape: SHAPES.rules,
    path: tenantPath(tenant, 'rules'),
  });
}
