/** Sends a message of a product as its lane does, over real HTTP. */

import type { Message } from '../../src/destinations/messages/message.ts';
import type { MessageProduct } from '../../src/destinations/messages/product.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { guardedHttp } from '../../src/lib/http.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';

const send = guardedHttp({ fetch, allows: () => true, connections: new Semaphore(5) });

export async function tell(
  product: MessageProduct,
  message: Message,
  { nowMs = Date.now(), timeoutMs = 10_000 } = {},
): Promise<Outcome> {
  const request = await product.request(message, { nowMs, attemptId: 'attempt-1' });
  return product.outcome(await send({ ...request, timeoutMs }), nowMs);
}
