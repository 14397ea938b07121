/** The one user that a search is for, as its body names them. A user is never part of a URL. */

import type { UserName } from '../../domain/event-view.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { RequestFailure } from '../request-failure.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { userKey } from './user-key.ts';
import { type NamedUser, USER_READERS, usersIn } from './users.ts';

const ONE_USER = 'must have one of user_id, user_email, user_key';

export interface AskedUser extends NamedUser {
  readonly user_key: string;
}

export const ASKED_USER_READERS: Readers<AskedUser> = {
  ...USER_READERS,
  user_key: userKey,
};

/** Fails unless exactly one is named. */
export function askedUser(
  body: Partial<AskedUser>,
): Result<UserName | { readonly key: string }, RequestFailure> {
  const { user_key: key } = body;
  const [user, ...others] = [...usersIn(body), ...(key === undefined ? [] : [{ key }])];
  return user && others.length === 0 ? success(user) : failure(bodyInvalid('', ONE_USER));
}
