/** What privacy leaves of a personal field where a destination is to see it, and which setting says so. Pure. */

import type { DestinationConfig, PrivacyConfig } from '../domain/tenant-config.ts';
import type { DestinationContext } from './destination-context.ts';

type Field = keyof PrivacyConfig;
type Privacy = Pick<DestinationConfig, 'privacy'>;

export interface Reduction {
  readonly setting: string;
  readonly level: 'pseudonymise' | 'drop';
}

/** The tenant's setting or the destination's own, whichever takes the field away; undefined: none. A field of no setting is kept. */
export function reducedBy(
  field: Field | undefined,
  { privacy }: Privacy,
  { privacy: tenant, index }: DestinationContext,
): Reduction | undefined {
  if (field === undefined) return undefined;
  const [level, own] = [tenant?.[field] ?? 'keep', privacy[field] ?? 'keep'];
  // The stricter of the two: the destination's can't be weaker.
  if (own !== 'keep' && own !== level)
    return { setting: `destinations[${index}].privacy.${field}`, level: own };
  return level === 'keep' ? undefined : { setting: `privacy.${field}`, level };
}

/** Which setting takes the device away, and how; undefined: none. */
export function reducedDevice(destination: Privacy, context: DestinationContext): string | undefined {
  const tenant = reducedBy('device', { privacy: {} }, context);
  const reduced = tenant ?? reducedBy('device', destination, context);
  return reduced && `${reduced.setting} is ${reduced.level}`;
}
