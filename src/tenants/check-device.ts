/** Whether privacy leaves of an event what tells its host. Pure. */

import type { DestinationConfig } from '../domain/tenant-config.ts';
import type { DestinationContext } from './destination-context.ts';

/** Which setting takes the device away, and how; undefined: none. */
export function reducedDevice(
  { privacy }: Pick<DestinationConfig, 'privacy'>,
  { privacy: tenant, index }: DestinationContext,
): string | undefined {
  if (tenant && tenant.device !== 'keep') return `privacy.device is ${tenant.device}`;
  if (privacy.device === undefined || privacy.device === 'keep') return undefined;
  return `destinations[${index}].privacy.device is ${privacy.device}`;
}
