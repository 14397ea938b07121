/**
 * HMAC-SHA256 through Web Crypto, SHA-256, and a comparison in constant time.
 * Pure: no clock, no I/O.
 */

import { createHash, timingSafeEqual } from 'node:crypto';

/** Length of a SHA-256 digest and of an HMAC-SHA256. */
export const DIGEST_BYTES = 32;

const HMAC_SHA256 = { name: 'HMAC', hash: 'SHA-256' } as const;

/** Computes one HMAC-SHA256; a parameter where tests count the calls. */
export type Hmac = (key: CryptoKey, data: Uint8Array) => Promise<Uint8Array>;

/** A key for `hmacSha256`. Web Crypto refuses an empty one: the promise is then rejected. */
export async function importHmacKey(key: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(key), HMAC_SHA256, false, ['sign']);
}

/** HMAC-SHA256 of the data: 32 bytes. */
export const hmacSha256: Hmac = async (key, data) =>
  new Uint8Array(await crypto.subtle.sign(HMAC_SHA256.name, key, new Uint8Array(data)));

/** Whether two digests are equal, in a time that does not tell where they differ. Digests of different length are unequal. */
export function isEqualDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

/** SHA-256 of bytes, or of a text in UTF-8. */
export function sha256(data: Uint8Array | string): Uint8Array {
  return createHash('sha256').update(data).digest();
}

/** SHA-256 in lower-case hex digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
