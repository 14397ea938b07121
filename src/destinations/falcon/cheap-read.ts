/** A read that changes nothing, by which the test of a channel tries a scope. Its answer counts only when it has no errors. */

import type { Outcome } from '../../domain/outcome.ts';
import type { FalconApi, FalconScope } from './api.ts';
import { failureInside } from './error-text.ts';

export interface CheapRead {
  readonly scope: FalconScope;
  /** Query included. */
  readonly path: string;
}

/** `delivered`, or why not. */
export async function cheapRead(api: FalconApi, { scope, path }: CheapRead): Promise<Outcome> {
  const answer = await api.request({ method: 'GET', path, scope });
  if (!answer.ok) return answer.error.outcome;
  return answer.value.errors.length === 0 ? { kind: 'delivered' } : failureInside(answer.value).outcome;
}
