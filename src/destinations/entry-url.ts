/** Where an operator finds an entry of the log. Pure. */

import type { CanonicalEvent } from '../domain/event.ts';
import type { ChannelContext } from './destination.ts';

/** Undefined: where people reach the relay is not configured. */
export function entryUrl(
  { tenant, publicUrl }: Pick<ChannelContext, 'tenant' | 'publicUrl'>,
  { id }: Pick<CanonicalEvent, 'id'>,
): string | undefined {
  if (publicUrl === undefined) return undefined;
  return `${publicUrl}/api/v1/tenants/${encodeURIComponent(tenant)}/events/${encodeURIComponent(id.toWellFormed())}`;
}
