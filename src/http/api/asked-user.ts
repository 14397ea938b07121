/** The one user that a search is for, as its body names them. A user is never part of a URL. */

import type { UserName } from '../../domain/event-view.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { RequestFailure } from '../request-failure.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { type NamedUser, USER_READERS, usersIn } from './users.ts';
import { reader } from './values.ts';

const USER_KEY_PATTERN = /^p_[A-Za-z0-9_-]{22}$/;
const ONE_USER = 'must have one of user_id, user_email, user_key';

export interface AskedUser extends NamedUser {
  readonly user_key: string;
}

export const ASKED_USER_READERS: Readers<AskedUser> = {
  ...USER_READERS,
  user_key: reader({ type: 'string', pattern: USER_KEY_PATTERN.source }, (value) =>
    typeof value === 'string' && USER_KEY_PATTERN.test(value)
      ? success(value)
      : failure('must be the key of a user, as events show it'),
  ),
};

/** Fails unless exactly one is named. */
export function askedUser(
  body: Partial<AskedUser>,
): Result<UserName | { readonly key: string }, RequestFailure> {
  const { user_key: key } = body;
  const [user, ...others] = [...usersIn(body), ...(key === undefined ? [] : [{ key }])];
  return user && others.length === 0 ? success(user) : failure(bodyInvalid('', ONE_USER));
}
