/** Signs requests for the tests with node:crypto, apart from the code under test. */

import { createHmac } from 'node:crypto';

import type { WebhookKeys, WebhookVerifier } from '../../src/ingest/signature.ts';
import { importWebhookKeys } from '../../src/ingest/signature.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
export const TIMESTAMP = 1614265330;
export const NOW_MS = TIMESTAMP * 1000;
export const BODY = '{"test": 2432232314}';

export function keys(overrides: Partial<WebhookKeys> = {}): WebhookKeys {
  return {
    secrets: [SECRET],
    scheme: 'standard-webhooks',
    headers: {},
    tolerance_seconds: 300,
    ...overrides,
  };
}

export async function verifierOf(overrides: Partial<WebhookKeys> = {}): Promise<WebhookVerifier> {
  const verifier = await importWebhookKeys(keys(overrides));
  if (!verifier.ok) throw new Error(verifier.error.message);
  return verifier.value;
}

export function base64Hmac(key: string | Uint8Array, content: string | Uint8Array): string {
  return createHmac('sha256', key).update(content).digest('base64');
}

export function hexHmac(key: string | Uint8Array, content: string | Uint8Array): string {
  return createHmac('sha256', key).update(content).digest('hex');
}

/** The digest of Standard Webhooks, without `v1,`. */
export function standardDigest(secret: string, id: string, timestamp: string | number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return base64Hmac(key, encodeUtf8(`${id}.${timestamp}.${body}`));
}

/** Headers of a request that is signed as Standard Webhooks has it; an override of null leaves one out. */
export function signedHeaders(overrides: Readonly<Record<string, string | null>> = {}, body = BODY): Headers {
  const all = {
    'webhook-id': ID,
    'webhook-timestamp': String(TIMESTAMP),
    'webhook-signature': `v1,${standardDigest(SECRET, ID, TIMESTAMP, body)}`,
    ...overrides,
  };
  return new Headers(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
}
