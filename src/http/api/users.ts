/** `POST /api/v1/tenants/{id}/users/key`: the key by which a user is known to those who may not see names. A user is never part of a URL. */

import { STRING_LENGTH_MAX } from '../../domain/event.ts';
import type { UserName } from '../../domain/event-view.ts';
import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { askExisting } from './existing.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { refused } from './refused.ts';
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
];

/** Every user that a body names. */
export function usersIn({ user_id: id, user_email: email }: Partial<NamedUser>): UserName[] {
  return [...(id === undefined ? [] : [{ id }]), ...(email === undefined ? [] : [{ email }])];
}
