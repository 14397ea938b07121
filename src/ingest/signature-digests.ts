/**
 * Digests as signature headers spell them, to 32 bytes.
 * Pure. Anything else is `undefined`, and base64 has one accepted spelling per alphabet and padding.
 */

import { decodeBase64, decodeHex, encodeBase64, encodeBase64Url } from '../lib/bytes.ts';
import { DIGEST_BYTES } from '../lib/hmac.ts';

/** 64 hex digits in either case. */
export function decodeHexDigest(text: string): Uint8Array | undefined {
  const digest = decodeHex(text);
  return digest?.byteLength === DIGEST_BYTES ? digest : undefined;
}

/** Exactly the 44 characters that Standard Webhooks prescribes. */
export function decodeStandardDigest(text: string): Uint8Array | undefined {
  const digest = decodeBase64Digest(text);
  return digest && encodeBase64(digest) === text ? digest : undefined;
}

/** Either alphabet, padded or not, but only the one spelling of these bytes: left-over bits must be zero. */
export function decodeBase64Digest(text: string): Uint8Array | undefined {
  const digest = decodeBase64(text);
  if (digest?.byteLength !== DIGEST_BYTES) return undefined;
  const bare = text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
  return encodeBase64Url(digest) === bare ? digest : undefined;
}
