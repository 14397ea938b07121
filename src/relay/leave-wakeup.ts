/** The object's wake-ups: left in the queue with a deadline. A failure is told to the log: behind each stands the alarm. */

import type { Wakeup } from '../domain/wakeup.ts';
import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Semaphore } from '../lib/semaphore.ts';

/** Source: `send` can hang for a minute, cloudflare/workerd#6053. */
const DEADLINE_MS = 3_000;
/** Longest delay of a queue message. Source: Cloudflare Queues limits, read 2026-11. */
const DELAY_SECONDS_MAX = 86_400;

/** Leaves a wake-up that arrives when the wait is over, never before. Never throws. */
export async function leaveWakeup(
  connections: Semaphore,
  queue: Queue,
  wakeup: Wakeup,
  waitMs: number,
): Promise<void> {
  const { tenant, lane } = wakeup;
  const delaySeconds = Math.min(DELAY_SECONDS_MAX, Math.ceil(waitMs / 1000));
  const release = await connections.acquire();
  try {
    const sent = await withDeadline(queue.send(wakeup, { delaySeconds }), DEADLINE_MS);
    if (!sent.ok) logEvent('warn', 'wakeup.failed', { tenant, lane, cause: 'deadline' });
  } catch (error) {
    logEvent('warn', 'wakeup.failed', { tenant, lane, ...causeFields(error) });
  } finally {
    release();
  }
}
