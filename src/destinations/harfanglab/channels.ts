/** The channels of a HarfangLab manager: three of the API that the Noxys guide documents, four of the one that integrations use. */

import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext, ChannelKind } from '../destination.ts';
import { harfangLabAlerts } from './alerts.ts';
import { harfangLabComments } from './comments.ts';
import { harfangLabContainment } from './containment.ts';
import { harfangLabRules } from './endpoint-rules.ts';
import { harfangLabEvents } from './events.ts';
import { harfangLabIncidents } from './incidents.ts';
import { harfangLabIndicators } from './indicators.ts';

/** Of a destination whose token is open; undefined: the product has no such channel. */
export function harfangLabChannel(
  config: HarfangLabConfig,
  kind: ChannelKind,
  context: ChannelContext,
): Channel | undefined {
  switch (kind) {
    case 'events':
      return harfangLabEvents(config);
    case 'incidents':
      return harfangLabIncidents(config, context);
    case 'alerts':
      return harfangLabAlerts(config, context);
    case 'indicators':
      return harfangLabIndicators(config, context);
    case 'rules':
      return harfangLabRules(config, context);
    case 'comments':
      return harfangLabComments(config, context);
    case 'containment':
      return harfangLabContainment(config, context);
    default:
      return undefined;
  }
}
