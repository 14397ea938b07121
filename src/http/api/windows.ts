/** `/api/v1/tenants/{id}/windows`: what rules count now, by group. Whoever is counted is a key, never a name. */

import type { WindowsRequest } from '../../domain/rule-views.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, type Answer, type Call, adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { ASKED_USER_READERS, type AskedUser, askedUser } from './asked-user.ts';
import { askExisting } from './existing.ts';
import type { Readers } from './fields.ts';
import { FIRST_PAGE, PAGE_READERS } from './page.ts';
import { refused } from './refused.ts';
import { ruleReference, shortText } from './values.ts';

const ROOT = '/api/v1/tenants/:id/windows';
/** A sealed place is as long as what a rule groups by. */
const AFTER_LENGTH_MAX = 8_192;
const BODY_BYTES_MAX = 16 * 1024;

interface Asked {
  readonly rule: string;
  readonly after: string;
  readonly limit: number;
}

const READERS: Readers<Asked> = {
  rule: ruleReference,
  after: shortText(AFTER_LENGTH_MAX),
  limit: PAGE_READERS.limit,
};

export const windowRoutes: readonly AdminRoute[] = [
  adminRoute<Asked>({
    method: 'GET',
    path: ROOT,
    role: 'viewer',
    scope: 'tenant',
    query: READERS,
    handle: async (call) => listWindows(call, requestOf(call.query)),
  }),
  adminRoute<object, Asked & AskedUser>({
    method: 'POST',
    path: `${ROOT}/search`,
    role: 'operator',
    scope: 'tenant',
    body: { ...READERS, ...ASKED_USER_READERS },
    bodyBytesMax: BODY_BYTES_MAX,
    handle: async (call) => {
      const user = askedUser(call.body);
      return user.ok ? listWindows(call, { ...requestOf(call.body), user: user.value }) : user;
    },
  }),
];

function requestOf({ rule, after, limit = FIRST_PAGE.limit }: Partial<Asked>) {
  return { ...(rule !== undefined && { rule }), ...(after !== undefined && { after }), limit };
}

async function listWindows(
  { c, deployment, actor }: Call,
  asked: Omit<WindowsRequest, 'v' | 'actor'>,
): Promise<Result<Answer, RequestFailure>> {
  const answer = await askExisting(c, deployment, async (relay) => relay.windows({ v: 1, actor, ...asked }));
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case 'windows': {
      const { kind: _kind, ...body } = answer.value;
      return success({ body });
    }
    case 'not_found':
      return failure({ kind: 'rule_not_found' });
    case 'place_unknown':
      return failure({
        kind: 'parameter_invalid',
        path: 'after',
        detail: 'after must be the nextAfter of a page.',
      });
    default:
      return refused(c, answer.value);
  }
}
