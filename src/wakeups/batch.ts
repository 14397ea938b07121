/**
 * The consumer of both queues: each message of a batch to its handler.
 * Told apart by what they are, not by the queue's name, which an operator may choose: wake-ups are JSON, overflow is bytes.
 */

import type { Env } from '../settings.ts';
import { handleWakeup } from './consumer.ts';
import { handleOverflow } from './overflow-consumer.ts';

/** Handles every message alone. Never throws: the platform would send the whole batch again. */
export async function handleBatch(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(
    batch.messages.map(async (message) => {
      const bytes = bytesOf(message.body);
      return bytes ? handleOverflow(message, bytes, env) : handleWakeup(message, env);
    }),
  );
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body;
  return body instanceof ArrayBuffer ? new Uint8Array(body) : undefined;
}
