/**
 * Signs as Standard Webhooks 1.0.0 says, symmetric scheme `v1`: HMAC-SHA256 over `{id}.{timestamp}.{body}`.
 * Source: standard-webhooks spec/standard-webhooks.md "Signature scheme", read 2026-11. Pure: the time is passed in.
 * No message ever quotes a secret.
 */

import { type Bytes, decodeBase64, encodeBase64, encodeUtf8 } from './bytes.ts';
import { hmacSha256, importHmacKey } from './hmac.ts';

const SECRET_PREFIX = /^whsec_/;

/** The key inside a secret: base64, with or without `whsec_`. Undefined: it is none. */
export function signingKey(secret: string): Bytes | undefined {
  const key = decodeBase64(secret.replace(SECRET_PREFIX, ''));
  return key?.byteLength === 0 ? undefined : key;
}

export interface SignedContent {
  /** Without a full stop: the content would be ambiguous. */
  readonly id: string;
  /** Unix seconds of this attempt. */
  readonly timestampSeconds: number;
  /** As it is sent. */
  readonly body: string;
}

/** One `v1,…` for each secret, in their order, with spaces in between: a receiver that knows any of them takes the message. */
export async function webhookSignatures(
  { id, timestampSeconds, body }: SignedContent,
  secrets: readonly string[],
): Promise<string> {
  const content = encodeUtf8(`${id}.${timestampSeconds}.${body}`);
  const signatures = secrets.map(async (secret, at) => {
    const key = signingKey(secret);
    if (!key) throw new Error(`Cannot sign a webhook as secrets[${at}] must be base64: it is not`);
    return `v1,${encodeBase64(await hmacSha256(await importHmacKey(key), content))}`;
  });
  return (await Promise.all(signatures)).join(' ');
}
