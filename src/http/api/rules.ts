/** `/api/v1/tenants/{id}/rules`: a tenant's rules with what has become of them, one as it is evaluated, how they changed. */

import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';
import { FIRST_PAGE, PAGE_READERS, nextBefore } from './page.ts';
import { refused } from './refused.ts';
import { changesFor, detailFor } from './rules-for-viewers.ts';
import { ruleReference } from './values.ts';

const ROOT = '/api/v1/tenants/:id/rules';
const NOT_THERE = { kind: 'not_found' } as const;

export const ruleRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: ROOT,
    role: 'viewer',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const answer = await askExisting(c, deployment, async (relay) => relay.rules());
      if (!answer.ok) return answer;
      if (answer.value.kind !== 'rules') return refused(c, answer.value);
      return success({ body: { rules: answer.value.rules } });
    },
  }),
  adminRoute({
    method: 'GET',
    path: `${ROOT}/changes`,
    role: 'viewer',
    scope: 'tenant',
    query: PAGE_READERS,
    handle: async (call) => {
      const { c, deployment, query } = call;
      const page = { ...FIRST_PAGE, ...query };
      const answer = await askExisting(c, deployment, async (relay) => relay.ruleChanges(page));
      if (!answer.ok) return answer;
      if (answer.value.kind !== 'changes') return refused(c, answer.value);
      const { changes } = answer.value;
      return success({ body: { changes: changesFor(call, changes), ...nextBefore(changes, page) } });
    },
  }),
  adminRoute({
    method: 'GET',
    // Not the paths beside it, which take no GET: they go on to their 405.
    path: `${ROOT}/:ruleId{(?!(?:changes|test|backtest)$)[^/]+}`,
    role: 'viewer',
    scope: 'tenant',
    handle: async (call) => {
      const { c, deployment } = call;
      const reference = ruleReference(c.req.param('ruleId'));
      const answer = await askExisting(c, deployment, async (relay) =>
        reference.ok ? relay.rule(reference.value) : NOT_THERE,
      );
      if (!answer.ok) return answer;
      if (answer.value.kind === 'not_found') return failure({ kind: 'rule_not_found' });
      if (answer.value.kind !== 'rule') return refused(c, answer.value);
      return success({ body: detailFor(call, answer.value.rule) });
    },
  }),
];
