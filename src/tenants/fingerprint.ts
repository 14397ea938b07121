/**
 * How a secret is told from another without showing it: 10 hex digits of a keyed hash. The key comes from the tenant's own pseudonym
 * key, so a fingerprint stays the same under another master key, and nobody outside can compute one to try a guess.
 */

import { decodeBase64, encodeUtf8 } from '../lib/bytes.ts';
import { hmacSha256, importHmacKey } from '../lib/hmac.ts';

const INFO = 'noxys-relay/fingerprint/v1';
/** 40 bits: a chance in ten million that two of a thousand secrets look alike, far too few to find a secret by. */
const HEX_DIGITS = 10;

export type Fingerprint = (secret: string) => Promise<string>;

/** The fingerprints of one tenant; undefined when its pseudonym key is none. */
export async function fingerprintsUnder(pseudonymKey: string): Promise<Fingerprint | undefined> {
  const bytes = decodeBase64(pseudonymKey);
  if (!bytes || bytes.byteLength === 0) return undefined;
  const derived = await hmacSha256(await importHmacKey(bytes), encodeUtf8(INFO));
  const key = await importHmacKey(derived);
  return async (secret) => {
    const digest = await hmacSha256(key, encodeUtf8(secret));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .slice(0, HEX_DIGITS);
  };
}
