/** The alerts of a HarfangLab manager: for detections from a level on, beside their incidents. */

import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext } from '../destination.ts';
import { findingsChannel } from './findings.ts';

export function harfangLabAlerts(config: HarfangLabConfig, context: ChannelContext): Channel {
  return findingsChannel(config, context, { kind: 'alerts', noun: 'alert', setting: 'alerts_path' });
}
