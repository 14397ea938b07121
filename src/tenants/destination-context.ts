/** What the checks of one destination know of its surroundings, and what each of them finds. Pure. */

import { formatPath } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import type { DestinationConfig, PrivacyConfig, Residency } from '../domain/tenant-config.ts';
import type { Settings } from '../settings.ts';

export interface DestinationContext {
  readonly index: number;
  /** Undefined when it could not be read: then no host is checked against it. */
  readonly residency: Residency | undefined;
  /** Undefined when it could not be read: then nothing is checked against it. */
  readonly privacy: PrivacyConfig | undefined;
  /** Likewise. */
  readonly platforms: PlatformsConfig | undefined;
  readonly settings: Pick<Settings, 'env' | 'residency' | 'egressAllow'>;
}

export interface CheckedDestination {
  /** Spelt in one way; where a part has a fault, as it was written. */
  readonly destination: DestinationConfig;
  readonly faults: readonly ConfigFault[];
}

/** The path of a part of the destination, such as `destinations[0].hec.url`; without parts, its own. */
export function pathIn({ index }: DestinationContext, ...parts: readonly (string | number)[]): string {
  return formatPath(['destinations', index, ...parts]);
}
