/** The one channel of a destination that tells people. */

import type { MessageDestinationConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext } from '../destination.ts';
import { notBuilt } from '../not-built.ts';
import type { MessageProduct } from './product.ts';

export function messagesChannel(
  _config: MessageDestinationConfig,
  _context: ChannelContext,
  _product: MessageProduct,
): Channel {
  return notBuilt('messages');
}
