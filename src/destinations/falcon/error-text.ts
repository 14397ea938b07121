/** What an answer of Falcon's APIs says went wrong, as an operator may read it. Pure. */

import type { ApiFailure } from '../api-account.ts';
import { type ApiAnswer, tellErrors } from './answers.ts';

/** As much as is kept of any answer. */
const TEXT_LENGTH_MAX = 300;

/** Its errors on one line, without anything that looks like a credential; its status when it has none. */
export function errorText({ status, errors }: Pick<ApiAnswer, 'status' | 'errors'>): string {
  const text = tellErrors(errors)
    .replaceAll(/[A-Za-z0-9_-]{32,}/g, '…')
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  return text === '' ? `HTTP ${status}` : text.slice(0, TEXT_LENGTH_MAX);
}

/** Of a read whose answer has errors, whatever its status, or none of what was asked for: what it does not show can't be told. */
export function failureInside(answer: ApiAnswer): ApiFailure {
  const { status, errors } = answer;
  const detail = `HTTP ${status} ${errors.length > 0 ? 'with an error' : 'without a list of what was asked for'}`;
  const outcome = {
    kind: 'retry',
    reason: 'server_error',
    detail,
    status,
    excerpt: errorText(answer),
  } as const;
  return { outcome, mayBeDone: false };
}
