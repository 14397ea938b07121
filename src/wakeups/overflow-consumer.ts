/**
 * One message of the `OVERFLOW` queue: hands the sealed events to their tenant's object, which alone opens them.
 * Never throws, and lets no message end unseen: it is taken, refused, expired (both logged as errors), or comes again.
 */

import { OVERFLOW_AGE_MS_MAX } from '../domain/deduplication.ts';
import { type OverflowMessage, readOverflowMessage } from '../domain/overflow.ts';
import type { TenantRelayRpc } from '../domain/rpc.ts';
import { withDeadline } from '../lib/deadline.ts';
import { type LogFields, causeFields, logEvent } from '../lib/log.ts';
import { unreachable } from '../lib/result.ts';
import { platformIo } from '../relay/io.ts';
import { elsewhere, relayStub } from '../residency.ts';
import { type Env, settingsOf } from '../settings.ts';

/** Opening and storing a hundred events takes milliseconds; the object may have to start first. */
const ACCEPT_DEADLINE_MS = 10_000;
/** Source: `send` can hang for a minute, cloudflare/workerd#6053. */
const SEND_DEADLINE_MS = 3_000;
/** Doubles with each attempt. */
const RETRY_DELAY_SECONDS_MIN = 10;
const RETRY_DELAY_SECONDS_MAX = 15 * 60;
/**
 * From this attempt on the message is replaced by a new one. It comes after 19 hours: before the queue gives up at its 101st attempt
 * (`max_retries` in wrangler.toml), with 20 left for a send that fails, and before a queue of the Free plan forgets it after a day.
 */
export const ATTEMPTS_MAX = 80;

export interface OverflowOptions {
  readonly nowMs: () => number;
  readonly acceptDeadlineMs: number;
  readonly sendDeadlineMs: number;
}

const OPTIONS: OverflowOptions = {
  nowMs: platformIo().nowMs,
  acceptDeadlineMs: ACCEPT_DEADLINE_MS,
  sendDeadlineMs: SEND_DEADLINE_MS,
};

/** Handles one message by itself; `body` are its bytes. */
export async function handleOverflow(
  message: Message,
  body: Uint8Array,
  env: Env,
  options: OverflowOptions = OPTIONS,
): Promise<void> {
  const overflow = readOverflowMessage(body);
  if (!overflow) return lose(message, 'overflow.refused', { reason: 'malformed' });
  const { tenant, sealedAtMs } = overflow;
  if (options.nowMs() - sealedAtMs > OVERFLOW_AGE_MS_MAX)
    return lose(message, 'overflow.expired', { tenant });
  try {
    const why = await settle(message, overflow, env, options);
    if (why) await comeAgain(message, body, env, { tenant, ...why }, options);
  } catch (error) {
    await comeAgain(message, body, env, { tenant, ...causeFields(error) }, options);
  }
}

/**
 * Ends the message as the object says; else why it must come again. What waits in this deployment's queue is of its own residency,
 * unless its tenant has moved since: then the object of the other place is asked.
 */
async function settle(
  message: Message,
  { tenant, sealed, sealedAtMs }: OverflowMessage,
  env: Env,
  { acceptDeadlineMs }: OverflowOptions,
): Promise<LogFields | undefined> {
  const settings = settingsOf(env);
  const stub = relayStub(env.TENANT_RELAY, settings, { tenant, residency: settings.residency });
  if (!stub.ok) return { cause: stub.error.kind };
  const ask = async (relay: TenantRelayRpc) =>
    withDeadline(relay.acceptSealed({ v: 1, sealed, sealedAtMs }), acceptDeadlineMs);
  let answer = await ask(stub.value);
  const hasMoved = answer.ok && answer.value.kind === 'unavailable' && answer.value.reason === 'moved';
  const other = hasMoved && elsewhere(env.TENANT_RELAY, settings, { tenant, residency: settings.residency });
  if (other) {
    const there = await ask(other.stub);
    // To another deployment: then nobody here knows it, and the source is asked again.
    if (!there.ok || there.value.kind !== 'unknown_tenant') answer = there;
  }
  if (!answer.ok) return { cause: answer.error.kind };
  const { value } = answer;
  switch (value.kind) {
    case 'accepted':
      message.ack();
      return undefined;
    case 'refused':
    case 'unknown_tenant':
      lose(message, 'overflow.refused', {
        tenant,
        reason: value.kind === 'refused' ? value.reason : value.kind,
      });
      return undefined;
    case 'unavailable':
      return { cause: value.reason };
    default:
      return unreachable(value);
  }
}

/** Ends a message whose events nobody will take. How many they are stands inside the seal. */
function lose(message: Message, event: 'overflow.refused' | 'overflow.expired', fields: LogFields): void {
  logEvent('error', event, { ...fields, count: 'unknown', messageId: message.id });
  message.ack();
}

/** Later, by the queue's own retry; near the end of its attempts as a new message with the same bytes. */
async function comeAgain(
  message: Message,
  body: Uint8Array,
  env: Env,
  why: LogFields,
  { sendDeadlineMs }: OverflowOptions,
): Promise<void> {
  const { attempts, id: messageId } = message;
  const delaySeconds = Math.min(RETRY_DELAY_SECONDS_MAX, RETRY_DELAY_SECONDS_MIN * 2 ** (attempts - 1));
  logEvent('warn', 'overflow.deferred', { ...why, messageId, attempts });
  if (attempts < ATTEMPTS_MAX) return message.retry({ delaySeconds });
  try {
    const sent = await withDeadline(
      env.OVERFLOW.send(body, { contentType: 'bytes', delaySeconds }),
      sendDeadlineMs,
    );
    if (sent.ok) return message.ack();
    logEvent('error', 'overflow.resending_failed', { messageId, cause: sent.error.kind });
  } catch (error) {
    logEvent('error', 'overflow.resending_failed', { messageId, ...causeFields(error) });
  }
  message.retry({ delaySeconds });
}
