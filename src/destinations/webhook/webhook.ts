/**
 * A message to any URL: signed as Standard Webhooks says, with the customer's headers, in the relay's form or the customer's.
 * The id is the same in every attempt; a receiver that keeps it takes each message once.
 * Source: standard-webhooks spec/standard-webhooks.md 1.0.0, "Webhook headers" and "Operational considerations", read 2026-11.
 */

import type { Outcome } from '../../domain/outcome.ts';
import type { WebhookDestinationConfig } from '../../domain/tenant-config.ts';
import type { HttpAnswer, HttpFailure } from '../../lib/http.ts';
import type { Result } from '../../lib/result.ts';
import { webhookSignatures } from '../../lib/standard-webhooks.ts';
import { withoutEchoes } from '../answer-echoes.ts';
import type { MessageProduct } from '../messages/product.ts';
import { excerptOf, outcomeOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';
import { webhookPayload } from './payload.ts';
import { renderTemplate } from './template.ts';

/** Sent again, it conflicts again: often the receiver has it already. */
const CONFLICT = 409;
/** Standard Webhooks: the receiver wants no more of them. */
const GONE = 410;

/** The product of a destination whose secrets are open. */
export function webhookProduct(config: WebhookDestinationConfig): MessageProduct {
  const { url, secrets = [], headers, body: template } = config;
  const quiet = withoutEchoes([url, ...secrets, ...Object.values(headers)]);
  return {
    async request(message, { nowMs, attemptId }) {
      const body = template ? renderTemplate(template, message) : JSON.stringify(webhookPayload(message));
      const timestampSeconds = Math.floor(nowMs / 1000);
      const signed = { id: message.id, timestampSeconds, body };
      return {
        method: 'POST',
        url,
        headers: {
          accept: 'application/json',
          ...lowerCased(headers),
          'content-type': 'application/json',
          'user-agent': USER_AGENT,
          'idempotency-key': message.id,
          'x-attempt-id': attemptId,
          'webhook-id': message.id,
          'webhook-timestamp': `${timestampSeconds}`,
          ...(secrets.length > 0 && { 'webhook-signature': await webhookSignatures(signed, secrets) }),
        },
        body,
      };
    },
    outcome: (result, nowMs) => webhookOutcome(quiet(result), nowMs),
  };
}

/** In one spelling, so that the relay's own stand in for the customer's and not beside them. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function webhookOutcome(result: Result<HttpAnswer, HttpFailure>, nowMs: number): Outcome {
  const outcome = outcomeOf(result, nowMs);
  if (!result.ok || outcome.kind !== 'blocked') return outcome;
  const { status } = result.value;
  if (status === CONFLICT) return { kind: 'rejected', status, excerpt: excerptOf(result.value) };
  if (status !== GONE) return outcome;
  return { ...outcome, detail: `the receiver wants no more messages (${outcome.detail})` };
}
