/** Whether a webhook's secrets can verify anything: they decode under the encoding in force. Pure; quotes no secret. */

import { formatPath } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { WebhookConfig } from '../domain/tenant-config.ts';
import { decodeSecret, secretEncodingOf } from '../ingest/webhook-secrets.ts';
import { KEPT_SECRET } from './kept-secret.ts';
import { tokenFault } from './token-fault.ts';

/** The webhook spelt in one way, and its faults. A kept secret is checked where it is known. */
export function checkWebhook(webhook: WebhookConfig): { webhook: WebhookConfig; faults: ConfigFault[] } {
  const secrets = webhook.secrets.map((secret) => secret.trim());
  const authToken = webhook.auth_token?.trim().replace(/^bearer\s+/i, '');
  const normalised = { ...webhook, secrets, ...(authToken === undefined ? {} : { auth_token: authToken }) };
  return {
    webhook: normalised,
    faults: [
      ...secrets.flatMap((secret, index) => webhookSecretFaults(normalised, secret, index)),
      ...tokenFault('webhook.auth_token', authToken),
    ],
  };
}

/** The fault of one secret, if it has one. */
export function webhookSecretFaults(
  webhook: Pick<WebhookConfig, 'scheme' | 'secret_encoding'>,
  secret: string,
  index: number,
): ConfigFault[] {
  if (secret === KEPT_SECRET) return [];
  const key = decodeSecret(secret, secretEncodingOf(webhook));
  return key.ok ? [] : [{ path: formatPath(['webhook', 'secrets', index]), message: key.error.message }];
}
