/**
 * What the object sends to KV and the queue: each call with a deadline and one of the object's connections.
 * Failures are told to the log and otherwise ignored: behind each stands the alarm.
 */

import type { Wakeup } from '../domain/wakeup.ts';
import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Semaphore } from '../lib/semaphore.ts';

const DEADLINE_MS = 3_000;
/** Longest delay of a queue message. Source: Cloudflare Queues limits, read 2026-11. */
const DELAY_SECONDS_MAX = 86_400;

/** Runs one call; whether it came through in time. */
export async function withConnection(
  connections: Semaphore,
  event: `${string}.${string}`,
  call: () => Promise<unknown>,
): Promise<boolean> {
  const release = await connections.acquire();
  try {
    const result = await withDeadline(call(), DEADLINE_MS);
    if (!result.ok) logEvent('warn', event, { cause: 'deadline' });
    return result.ok;
  } catch (error) {
    logEvent('warn', event, causeFields(error));
    return false;
  } finally {
    release();
  }
}

/** Leaves a wake-up that arrives when the wait is over, never before. */
export async function leaveWakeup(
  connections: Semaphore,
  queue: Queue,
  wakeup: Wakeup,
  waitMs: number,
): Promise<void> {
  const delaySeconds = Math.min(DELAY_SECONDS_MAX, Math.ceil(waitMs / 1000));
  await withConnection(connections, 'wakeup.failed', () => queue.send(wakeup, { delaySeconds }));
}
