/**
 * Webhook secrets: from the text that Noxys shows to the key that signs.
 * Pure. No message ever quotes a secret.
 */

import type { WebhookConfig } from '../domain/tenant-config.ts';
import type { Bytes } from '../lib/bytes.ts';
import { decodeBase64, decodeHex, encodeUtf8 } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { failure, success, unreachable } from '../lib/result.ts';

export type SecretEncoding = NonNullable<WebhookConfig['secret_encoding']>;

/** Standard Webhooks asks for 24 to 64 random bytes; shorter ones exist, so they are only warned about. */
export const SECRET_BYTES_ADVISED = 24;

const SECRET_PREFIX = 'whsec_';

/** How each scheme reads its secret unless `secret_encoding` says otherwise. */
const ENCODING_BY_SCHEME: Readonly<Record<WebhookConfig['scheme'], SecretEncoding>> = {
  'standard-webhooks': 'base64',
  'timestamped-hmac': 'whole',
  hmac: 'text',
};

export interface SecretFailure {
  readonly kind: 'empty_secret' | 'not_base64' | 'not_hex';
  /** What is wrong and how to mend it, in one sentence. */
  readonly message: string;
}

/** The encoding in force: the configured one, else the scheme's own. */
export function secretEncodingOf(config: Pick<WebhookConfig, 'scheme' | 'secret_encoding'>): SecretEncoding {
  return config.secret_encoding ?? ENCODING_BY_SCHEME[config.scheme];
}

/** The signing key inside a secret. `base64`, `text` and `hex` leave a `whsec_` prefix out, `whole` keeps it. */
export function decodeSecret(secret: string, encoding: SecretEncoding): Result<Bytes, SecretFailure> {
  const bare = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const key = decodeBare(encoding === 'whole' ? secret : bare, encoding);
  if (!key.ok) return key;
  if (key.value.byteLength === 0) {
    return failure({
      kind: 'empty_secret',
      message: 'The secret is empty: copy the signing secret that Noxys shows for the webhook.',
    });
  }
  return key;
}

/** Whether a key is shorter than advised: worth a warning, never a refusal. */
export function isShortSecret(key: Uint8Array): boolean {
  return key.byteLength < SECRET_BYTES_ADVISED;
}

function decodeBare(text: string, encoding: SecretEncoding): Result<Bytes, SecretFailure> {
  switch (encoding) {
    case 'text':
    case 'whole':
      return success(encodeUtf8(text));
    case 'base64': {
      const key = decodeBase64(text);
      if (key) return success(key);
      const message =
        'The secret is not base64: copy it again without spaces, or set secret_encoding to text, whole or hex.';
      return failure({ kind: 'not_base64', message });
    }
    case 'hex': {
      const key = decodeHex(text);
      if (key) return success(key);
      const message =
        'The secret is not an even number of hex digits: copy it again, or set secret_encoding to base64, text or whole.';
      return failure({ kind: 'not_hex', message });
    }
    default:
      return unreachable(encoding);
  }
}
