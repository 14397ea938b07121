/** From a destination's config to its channels: the one place that knows every product. */

import type { DestinationConfig } from '../domain/tenant-config.ts';
import { unreachable } from '../lib/result.ts';
import type { Channel } from './destination.ts';
import { falconEvents } from './falcon/hec.ts';
import { harfangLabEvents } from './harfanglab/events.ts';

/** The channels of a destination whose secrets are open. */
export function channelsOf(destination: DestinationConfig): Channel[] {
  switch (destination.type) {
    case 'harfanglab':
      return [harfangLabEvents(destination)];
    case 'falcon':
      return [falconEvents(destination)];
    default:
      return unreachable(destination);
  }
}

/** The kinds of channels that a destination has, without opening its secrets: each is a lane. */
export function channelKindsOf(destination: DestinationConfig): Channel['kind'][] {
  switch (destination.type) {
    case 'harfanglab':
    case 'falcon':
      return ['events'];
    default:
      return unreachable(destination);
  }
}
