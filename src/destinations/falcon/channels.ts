/** The channels of a Falcon destination: HEC with a key of its own, the others over the OAuth API. */

import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext, ChannelKind } from '../destination.ts';
import { falconCases } from './cases.ts';
import { falconContainment } from './containment.ts';
import { falconEvents } from './hec.ts';
import { falconIndicators } from './indicators.ts';
import { falconWorkflows } from './workflows.ts';

/** One channel; undefined where the destination has not what it needs, or the product no such channel. */
export function falconChannel(
  config: FalconConfig,
  kind: ChannelKind,
  context: ChannelContext,
): Channel | undefined {
  const { hec, workflow } = config;
  switch (kind) {
    case 'events':
      return hec && falconEvents(hec);
    case 'cases':
      return falconCases(config, context);
    case 'indicators':
      return falconIndicators(config, context);
    case 'containment':
      return falconContainment(config, context);
    case 'workflows':
      return workflow && falconWorkflows({ ...config, workflow }, context);
    default:
      return undefined;
  }
}
