/**
 * What must hold between the parts of a tenant's config: names are unique, a destination only reduces what the tenant keeps.
 * Pure. Each check takes the parts that could be read, so that one fault elsewhere hides none here.
 */

import { formatPath } from './config-faults.ts';
import type { ConfigFault } from './fault.ts';
import type { DestinationConfig, PrivacyConfig } from './tenant-config.ts';
import { PRIVACY_LEVELS } from './destination-base.ts';

/** Every destination whose name an earlier one has; undefined stands for one that could not be read. */
export function duplicateNames(destinations: readonly (DestinationConfig | undefined)[]): ConfigFault[] {
  const firstIndexes = new Map<string, number>();
  return destinations.flatMap((destination, index) => {
    if (!destination) return [];
    const first = firstIndexes.get(destination.name);
    if (first === undefined) {
      firstIndexes.set(destination.name, index);
      return [];
    }
    const path = formatPath(['destinations', index, 'name']);
    return [
      { path, message: `is the name of destinations[${first}] too: names its lanes, so choose another` },
    ];
  });
}

/** Every field that a destination would keep more of than the tenant does: it is gone before the destination is reached. */
export function weakerPrivacy(
  destination: DestinationConfig,
  index: number,
  tenant: PrivacyConfig,
): ConfigFault[] {
  return (['user_id', 'user_email', 'device', 'url'] as const).flatMap((field) => {
    const wanted = destination.privacy[field];
    if (wanted === undefined || rank(wanted) >= rank(tenant[field])) return [];
    return [
      {
        path: formatPath(['destinations', index, 'privacy', field]),
        message: `can't be ${wanted} as the tenant's privacy.${field} is ${tenant[field]}: a destination may only reduce further`,
      },
    ];
  });
}

function rank(level: (typeof PRIVACY_LEVELS)[number]): number {
  return PRIVACY_LEVELS.indexOf(level);
}
