/** The channels of a Falcon destination: HEC with a key of its own, the others over the OAuth API. */

import type { FalconConfig } from '../../domain/tenant-config.ts';
import { unreachable } from '../../lib/result.ts';
import type { Channel, ChannelContext, ChannelKind } from '../destination.ts';
import { falconEvents } from './hec.ts';
import { falconIndicators } from './indicators.ts';

/** One channel; undefined where the destination has not what it needs. */
export function falconChannel(
  config: FalconConfig,
  kind: ChannelKind,
  context: ChannelContext,
): Channel | undefined {
  switch (kind) {
    case 'events':
      return config.hec && falconEvents(config.hec);
    case 'indicators':
      return config.client_id === undefined ? undefined : falconIndicators(config, context);
    case 'cases':
    case 'containment':
    case 'workflows':
      return undefined;
    default:
      return unreachable(kind);
  }
}
