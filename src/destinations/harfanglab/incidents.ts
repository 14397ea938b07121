import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext } from '../destination.ts';
import { notBuilt } from '../not-built.ts';

export function harfangLabIncidents(_config: HarfangLabConfig, _context: ChannelContext): Channel {
  return notBuilt('incidents');
}
