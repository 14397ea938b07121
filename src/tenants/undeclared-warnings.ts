/**
 * What an EU tenant does not declare of its destinations, where a local relay lets that pass: anywhere else the same config is refused.
 * Pure; quotes nothing of the config.
 */

import { formatPath } from '../domain/config-faults.ts';
import type { DestinationConfig, TenantConfig } from '../domain/tenant-config.ts';

export function undeclaredWarnings({ destinations, residency }: TenantConfig): string[] {
  if (residency !== 'eu') return [];
  return destinations.flatMap((destination, index) => {
    const missing = missingOf(destination);
    if (missing === undefined) return [];
    return [
      `${formatPath(['destinations', index, missing])} is missing: outside of this machine an EU tenant is refused without it.`,
    ];
  });
}

function missingOf(destination: DestinationConfig): 'country' | 'transfer_basis' | undefined {
  switch (destination.type) {
    case 'harfanglab':
    case 'webhook':
      return destination.country === undefined ? 'country' : undefined;
    case 'slack':
    case 'teams':
      return destination.transfer_basis === undefined ? 'transfer_basis' : undefined;
    default:
      return undefined;
  }
}
