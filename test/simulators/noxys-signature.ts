/**
 * Signs webhooks as Noxys may: Standard Webhooks, a timestamped HMAC, a plain HMAC, with every way to read the secret.
 * Written apart from the relay's own verification, so that each checks the other. Pure: the time is passed in.
 * Which scheme Noxys uses is not published; the three are those of its `whsec_` secrets' relatives.
 */

import { createHmac } from 'node:crypto';

export type SignatureScheme = 'standard-webhooks' | 'timestamped-hmac' | 'hmac';
/** `base64`, `text` and `hex` read what follows `whsec_`; `whole` takes the string as it is, prefix included. */
export type SecretEncoding = 'base64' | 'text' | 'whole' | 'hex';

export interface SignatureOptions {
  readonly scheme: SignatureScheme;
  /** Default: the scheme's own (base64, whole, text in the order of `SignatureScheme`). */
  readonly secretEncoding?: SecretEncoding;
  /** Header names; the scheme's own where absent. */
  readonly headers?: { readonly id?: string; readonly timestamp?: string; readonly signature?: string };
  /** `timestamped-hmac` only: `t=…,v1=…` in one header, or timestamp and signature apart. Default `one_header`. */
  readonly layout?: 'one_header' | 'two_headers';
  /** `hmac` only. Default `hex`. */
  readonly digestEncoding?: 'hex' | 'base64';
  /** `hmac` only: what stands before the digest, such as `sha256=`. Default none. */
  readonly digestPrefix?: string;
}

export interface SignedMessage {
  readonly secret: string;
  /** Needed by `standard-webhooks`, sent beside the others when the id header is named. */
  readonly webhookId: string;
  readonly timestampSeconds: number;
  readonly body: Uint8Array;
}

const SECRET_PREFIX = 'whsec_';
const OWN_ENCODING: Readonly<Record<SignatureScheme, SecretEncoding>> = {
  'standard-webhooks': 'base64', // Standard Webhooks 1.0.0, "Signature scheme"
  'timestamped-hmac': 'whole', // stripe-node src/Webhooks.ts
  hmac: 'text', // GitHub, "Validating webhook deliveries"
};

const KEY_READERS: Readonly<Record<SecretEncoding, (secret: string) => Buffer>> = {
  base64: (secret) => Buffer.from(withoutPrefix(secret), 'base64'),
  text: (secret) => Buffer.from(withoutPrefix(secret), 'utf8'),
  whole: (secret) => Buffer.from(secret, 'utf8'),
  hex: (secret) => Buffer.from(withoutPrefix(secret), 'hex'),
};

type Signer = (message: SignedMessage, key: Buffer, options: SignatureOptions) => Record<string, string>;

const SIGNERS: Readonly<Record<SignatureScheme, Signer>> = {
  'standard-webhooks': standardWebhooks,
  'timestamped-hmac': timestampedHmac,
  hmac: plainHmac,
};

/** The key behind a secret. */
export function keyOfSecret(secret: string, encoding: SecretEncoding): Buffer {
  return KEY_READERS[encoding](secret);
}

/** The headers that sign a message. */
export function signatureHeaders(message: SignedMessage, options: SignatureOptions): Record<string, string> {
  const key = keyOfSecret(message.secret, options.secretEncoding ?? OWN_ENCODING[options.scheme]);
  return SIGNERS[options.scheme](message, key, options);
}

/** The header that carries the signature. GitHub's name for a plain HMAC, Standard Webhooks' otherwise. */
export function signatureHeaderName({ scheme, headers }: SignatureOptions): string {
  return headers?.signature ?? (scheme === 'hmac' ? 'x-hub-signature-256' : 'webhook-signature');
}

function withoutPrefix(secret: string): string {
  return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
}

/** `{id}.{timestamp}.{body}`, base64 after `v1,`. */
function standardWebhooks(
  message: SignedMessage,
  key: Buffer,
  options: SignatureOptions,
): Record<string, string> {
  const { webhookId, timestampSeconds, body } = message;
  const digest = hmacSha256(key, `${webhookId}.${timestampSeconds}.`, body).toString('base64');
  return {
    [options.headers?.id ?? 'webhook-id']: webhookId,
    [options.headers?.timestamp ?? 'webhook-timestamp']: `${timestampSeconds}`,
    [signatureHeaderName(options)]: `v1,${digest}`,
  };
}

/** `{timestamp}.{body}`, hex. Source of the one-header form: https://docs.stripe.com/webhooks. */
function timestampedHmac(
  message: SignedMessage,
  key: Buffer,
  options: SignatureOptions,
): Record<string, string> {
  const { timestampSeconds, body } = message;
  const digest = hmacSha256(key, `${timestampSeconds}.`, body).toString('hex');
  const signature = signatureHeaderName(options);
  const headers: Record<string, string> =
    options.layout === 'two_headers'
      ? { [options.headers?.timestamp ?? 'webhook-timestamp']: `${timestampSeconds}`, [signature]: digest }
      : { [signature]: `t=${timestampSeconds},v1=${digest}` };
  return { ...headers, ...unsignedId(message, options) };
}

/** The body alone: neither id nor time is protected. */
function plainHmac(message: SignedMessage, key: Buffer, options: SignatureOptions): Record<string, string> {
  const digest = hmacSha256(key, '', message.body).toString(options.digestEncoding ?? 'hex');
  return {
    [signatureHeaderName(options)]: `${options.digestPrefix ?? ''}${digest}`,
    ...unsignedId(message, options),
  };
}

function unsignedId(message: SignedMessage, options: SignatureOptions): Record<string, string> {
  return options.headers?.id === undefined ? {} : { [options.headers.id]: message.webhookId };
}

function hmacSha256(key: Buffer, prefix: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(prefix, 'utf8').update(body).digest();
}
