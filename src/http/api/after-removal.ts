/** What a tenant's removal means beyond its object. */

import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { success } from '../../lib/result.ts';
import type { Call } from '../admin-route.ts';
import type { RequestFailure } from '../problem.ts';

export interface Removal {
  readonly tenant: string;
  /** What was removed, by this request; absent: the tenant was gone already, perhaps by an earlier one that came no further. */
  readonly removed?: {
    readonly version: number;
    /** Given up with it. */
    readonly undelivered: number;
    readonly deadLetters: number;
    /** Whether its copy in KV is gone; if not, its object goes on trying. */
    readonly isUnpublished: boolean;
  };
}

/** Call after the object has forgotten the tenant, and again whenever it is asked to and has forgotten it already. */
export async function afterRemoval(
  { actor }: Pick<Call, 'actor'>,
  { tenant, removed }: Removal,
): Promise<Result<void, RequestFailure>> {
  if (removed) {
    const { requestId } = actor;
    logEvent('info', 'tenant.removed', { requestId, tenant, ...removed });
  }
  return success(undefined);
}
