/** What a tenant's removal means beyond its object. */

import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { success } from '../../lib/result.ts';
import type { RequestFailure } from '../request-failure.ts';
import type { RegistryCaller } from './registry.ts';
import { noteTenant, revokeTokens } from './registry.ts';

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

/**
 * Call after the object has forgotten the tenant, and again whenever it is asked to and has forgotten it already:
 * the tenant's tokens hold no longer, also should another tenant of its id be made.
 */
export async function afterRemoval(
  call: RegistryCaller,
  { tenant, removed }: Removal,
): Promise<Result<void, RequestFailure>> {
  if (removed) logEvent('info', 'tenant.removed', { requestId: call.actor.requestId, tenant, ...removed });
  const revoked = await revokeTokens(call, tenant);
  if (!revoked.ok) return revoked;
  return removed ? noteTenant(call, 'tenant.deleted', { tenant, ...removed }) : success(undefined);
}
