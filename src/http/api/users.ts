/**
 * `POST /api/v1/tenants/{id}/users/key`: the key by which a user is known to those who may not see names; `…/users/reveal`: the name
 * behind a key, where the tenant keeps the sealed map. A user is never part of a URL.
 */

import { STRING_LENGTH_MAX } from '../../domain/event.ts';
import type { UserName } from '../../domain/event-view.ts';
import { type Result, failure, success, unreachable } from '../../lib/result.ts';
import { type AdminRoute, type Answer, type Call, adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { askExisting } from './existing.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { refused } from './refused.ts';
import { userKey } from './user-key.ts';
import { shortText } from './values.ts';

/** An id that is longer than Noxys' is kept as the hash of its whole. */
const USER_ID_LENGTH_MAX = 2_048;

export interface NamedUser {
  readonly user_id: string;
  readonly user_email: string;
}

export const USER_READERS: Readers<NamedUser> = {
  user_id: shortText(USER_ID_LENGTH_MAX),
  user_email: shortText(STRING_LENGTH_MAX),
};

export const userRoutes: readonly AdminRoute[] = [
  adminRoute<object, NamedUser>({
    method: 'POST',
    path: '/api/v1/tenants/:id/users/key',
    role: 'operator',
    scope: 'tenant',
    body: USER_READERS,
    handle: async ({ c, deployment, actor, body }) => {
      const [user, ...others] = usersIn(body);
      if (!user || others.length > 0)
        return failure(bodyInvalid('', 'must have either user_id or user_email'));
      const answer = await askExisting(c, deployment, async (relay) => relay.userKey({ v: 1, actor, user }));
      if (!answer.ok) return answer;
      if (answer.value.kind !== 'key') return refused(c, answer.value);
      return success({ body: { key: answer.value.key } });
    },
  }),
  adminRoute<object, { readonly user_key: string }>({
    method: 'POST',
    path: '/api/v1/tenants/:id/users/reveal',
    role: 'admin',
    scope: 'tenant',
    body: { user_key: userKey },
    handle: async (call) => reveal(call),
  }),
];

async function reveal({
  c,
  deployment,
  actor,
  body,
}: Call<object, { readonly user_key: string }>): Promise<Result<Answer, RequestFailure>> {
  const { user_key: key } = body;
  if (key === undefined) return failure(bodyInvalid('user_key', 'is missing: name the key to reveal'));
  const asked = await askExisting(c, deployment, async (relay) => relay.reveal({ v: 1, actor, key }));
  if (!asked.ok) return asked;
  const { value: answer } = asked;
  switch (answer.kind) {
    case 'revealed': {
      const { name } = answer;
      return success({ body: 'id' in name ? { user_id: name.id } : { user_email: name.email } });
    }
    case 'not_found':
      return failure({ kind: 'name_not_found', isOn: answer.isOn });
    case 'unknown_tenant':
    case 'unavailable':
      return refused(c, answer);
    default:
      return unreachable(answer);
  }
}

/** Every user that a body names. */
export function usersIn({ user_id: id, user_email: email }: Partial<NamedUser>): UserName[] {
  return [...(id === undefined ? [] : [{ id }]), ...(email === undefined ? [] : [{ email }])];
}
