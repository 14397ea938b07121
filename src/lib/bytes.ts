/**
 * Text to bytes and back: base64, base64url, hex and UTF-8.
 * Pure. Bad input is `undefined`, never an exception and never silently skipped characters.
 */

import { Buffer } from 'node:buffer';

/** Bytes that own their memory, as Web Crypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const BASE64_PATTERN = /^[A-Za-z0-9+/]*={0,2}$/;
const BASE64URL_PATTERN = /^[A-Za-z0-9_-]*={0,2}$/;
const HEX_PATTERN = /^(?:[0-9A-Fa-f]{2})*$/;

/**
 * Decodes base64 or base64url, padded or not; the two alphabets may not be mixed.
 * Bits left over in the last character are ignored, as senders' own decoders do.
 */
export function decodeBase64(text: string): Bytes | undefined {
  if (!BASE64_PATTERN.test(text) && !BASE64URL_PATTERN.test(text)) return undefined;
  const digits = text.replace(/=+$/, '');
  if (digits.length % 4 === 1) return undefined;
  if (digits.length < text.length && text.length % 4 !== 0) return undefined;
  return new Uint8Array(Buffer.from(digits, 'base64'));
}

/** Standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

/** URL-safe alphabet, not padded. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return view(bytes).toString('base64url');
}

/** Decodes an even number of hex digits in either case. */
export function decodeHex(text: string): Bytes | undefined {
  return HEX_PATTERN.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : undefined;
}

/** Lower-case hex digits. */
export function encodeHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex');
}

/** Decodes UTF-8 strictly; a leading byte order mark is dropped. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text));
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
