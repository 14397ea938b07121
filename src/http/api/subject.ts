/** The person that a request is about, as its body names them: by any of their names. A person is never part of a URL. */

import type { Subject } from '../../domain/rights.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { RequestFailure } from '../request-failure.ts';
import type { AskedUser } from './asked-user.ts';
import { bodyInvalid } from './fields.ts';

/** Whom the body names; undefined: nobody. */
export function namedSubject(body: Partial<AskedUser>): Subject | undefined {
  const { user_id: id, user_email: email, user_key: key } = body;
  if (id === undefined && email === undefined && key === undefined) return undefined;
  return {
    ...(id !== undefined && { id }),
    ...(email !== undefined && { email }),
    ...(key !== undefined && { key }),
  };
}

/** The same, where somebody must be named. */
export function askedSubject(body: Partial<AskedUser>): Result<Subject, RequestFailure> {
  const subject = namedSubject(body);
  return subject
    ? success(subject)
    : failure(bodyInvalid('', 'must have at least one of user_id, user_email, user_key'));
}
