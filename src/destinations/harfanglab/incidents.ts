/** The incidents of a HarfangLab manager: for every detection, and for Noxys' own events from a level on where the config says so. */

import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext } from '../destination.ts';
import { findingsChannel } from './findings.ts';

export function harfangLabIncidents(config: HarfangLabConfig, context: ChannelContext): Channel {
  return findingsChannel(config, context, {
    kind: 'incidents',
    noun: 'incident',
    setting: 'incidents_path',
  });
}
