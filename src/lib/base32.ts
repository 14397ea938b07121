/** Bytes to base32 text: few signs, all of one case, for names that people and searches handle. Pure. */

/** RFC 4648, lower case. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = bits.match(/.{1,5}/g) ?? [];
  return digits.map((digit) => ALPHABET.charAt(Number.parseInt(digit.padEnd(5, '0'), 2))).join('');
}
