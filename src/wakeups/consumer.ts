/**
 * One message of the `WAKEUPS` queue: tells the tenant's object to start a lane.
 * Never throws: the message is acknowledged or retried, a bad one is dropped and logged.
 */

import { type Wakeup, wakeupSchema } from '../domain/wakeup.ts';
import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { relayStub } from '../residency.ts';
import { type Env, settingsOf } from '../settings.ts';

/** The object answers at once; if it does not, the alarm is behind it. */
const DRAIN_DEADLINE_MS = 10_000;
const RETRY_DELAY_SECONDS = 10;

/** Handles one message by itself. */
export async function handleWakeup(message: Message, env: Env): Promise<void> {
  try {
    const wakeup = wakeupSchema.safeParse(message.body);
    if (!wakeup.success) {
      logEvent('error', 'wakeup.refused', { reason: 'malformed', messageId: message.id });
      message.ack();
      return;
    }
    if (await drain(wakeup.data, env)) message.ack();
    else message.retry({ delaySeconds: RETRY_DELAY_SECONDS });
  } catch (error) {
    logEvent('error', 'wakeup.failed', { messageId: message.id, ...causeFields(error) });
    message.retry({ delaySeconds: RETRY_DELAY_SECONDS });
  }
}

/** Whether the message is done with. A tenant that is gone, or that this deployment does not serve, is. */
async function drain(wakeup: Wakeup, env: Env): Promise<boolean> {
  const stub = relayStub(env.TENANT_RELAY, settingsOf(env), wakeup);
  if (!stub.ok) {
    logEvent('error', 'wakeup.refused', { reason: stub.error.kind, tenant: wakeup.tenant });
    return true;
  }
  const answer = await withDeadline(stub.value.drain({ v: 1, lane: wakeup.lane }), DRAIN_DEADLINE_MS);
  return answer.ok && answer.value.kind !== 'unavailable';
}
