/** Signs a webhook as Noxys would under a tenant's settings. Pure: id and time are passed in. Source: README, "Tenant configuration". */

import { createHmac } from 'node:crypto';

import type { WebhookConfig } from '../../src/domain/tenant-config.ts';
import { decodeSecret, secretEncodingOf, type SecretFailure } from '../../src/ingest/webhook-secrets.ts';
import type { Result } from '../../src/lib/result.ts';
import { success, unreachable } from '../../src/lib/result.ts';

export type SigningConfig = Pick<WebhookConfig, 'scheme' | 'headers' | 'secret_encoding'>;

export interface Message {
  readonly secret: string;
  readonly webhookId: string;
  readonly timestampSeconds: number;
  readonly body: Uint8Array;
}

/** The headers that sign the message, or why the secret can't. */
export function signMessage(
  config: SigningConfig,
  { secret, webhookId, timestampSeconds, body }: Message,
): Result<Record<string, string>, SecretFailure> {
  const key = decodeSecret(secret, secretEncodingOf(config));
  if (!key.ok) return key;
  const digest = (prefix: string, encoding: 'base64' | 'hex') =>
    createHmac('sha256', key.value).update(prefix, 'utf8').update(body).digest(encoding);
  const { headers, scheme } = config;
  const time = String(timestampSeconds);
  switch (scheme) {
    case 'standard-webhooks':
      return success({
        [headers.id ?? 'webhook-id']: webhookId,
        [headers.timestamp ?? 'webhook-timestamp']: time,
        [headers.signature ?? 'webhook-signature']: `v1,${digest(`${webhookId}.${time}.`, 'base64')}`,
      });
    case 'timestamped-hmac': {
      const signature = headers.signature ?? 'webhook-signature';
      const value = digest(`${time}.`, 'hex');
      return success(
        headers.timestamp === undefined
          ? { [signature]: `t=${time},v1=${value}` }
          : { [headers.timestamp]: time, [signature]: value },
      );
    }
    case 'hmac':
      return success({ [headers.signature ?? 'x-hub-signature-256']: `sha256=${digest('', 'hex')}` });
    default:
      return unreachable(scheme);
  }
}
