/** Why an operator does something: the header `Relay-Reason`, percent-encoded UTF-8. Pure. */

import { REASON_LENGTH_MAX } from '../../domain/principal.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { RequestFailure } from '../request-failure.ts';

/** What can make an entry of the audit look like another: control and formatting characters, among them those that turn the direction. */
const UNPRINTED_PATTERN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** The reason as a field of an actor; none when the header is absent or empty. */
export function readReason(header: string | undefined): Result<{ readonly reason?: string }, RequestFailure> {
  if (header === undefined || header.trim() === '') return success({});
  const reason = decoded(header.trim());
  if (reason !== undefined && reason.length <= REASON_LENGTH_MAX && !UNPRINTED_PATTERN.test(reason))
    return success({ reason });
  const detail = `Relay-Reason must be percent-encoded UTF-8 of at most ${REASON_LENGTH_MAX} characters, without control or formatting characters and line separators.`;
  return failure({ kind: 'parameter_invalid', path: 'Relay-Reason', detail });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
