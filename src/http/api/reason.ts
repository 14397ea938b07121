/** Why an operator does something: the header `Relay-Reason`, percent-encoded UTF-8. Pure. */

import { REASON_LENGTH_MAX } from '../../domain/principal.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { RequestFailure } from '../problem.ts';

/** The reason as a field of an actor; none when the header is absent or empty. */
export function readReason(header: string | undefined): Result<{ readonly reason?: string }, RequestFailure> {
  if (header === undefined || header.trim() === '') return success({});
  const reason = decoded(header.trim());
  if (reason !== undefined && reason.length <= REASON_LENGTH_MAX && !/\p{Cc}/u.test(reason))
    return success({ reason });
  const detail = `Relay-Reason must be percent-encoded UTF-8 of at most ${REASON_LENGTH_MAX} characters, without control characters.`;
  return failure({ kind: 'parameter_invalid', path: 'Relay-Reason', detail });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
