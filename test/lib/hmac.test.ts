import { describe, expect, it } from 'vitest';

import { encodeHex, encodeUtf8 } from '../../src/lib/bytes.ts';
import { hmacSha256, importHmacKey, isEqualDigest, sha256, sha256Hex } from '../../src/lib/hmac.ts';

describe('hmacSha256', () => {
  // Source: RFC 4231, test cases 1, 2 and 6.
  it.each([
    [
      new Uint8Array(20).fill(0x0b),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      encodeUtf8('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      new Uint8Array(131).fill(0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('agrees with RFC 4231 (case %#)', async (key, text, digest) => {
    expect(encodeHex(await hmacSha256(await importHmacKey(key), encodeUtf8(text)))).toBe(digest);
  });

  it('refuses an empty key', async () => {
    await expect(importHmacKey(new Uint8Array(0))).rejects.toThrow(/zero-length/i);
  });
});

describe('isEqualDigest', () => {
  it.each([
    [[1, 2], [1, 2], true],
    [[1, 2], [1, 3], false],
    [[1, 2], [1, 2, 3], false],
    [[], [], true],
  ])('compares %j with %j as %s and never throws', (a, b, isEqual) => {
    expect(isEqualDigest(new Uint8Array(a), new Uint8Array(b))).toBe(isEqual);
  });
});

describe('sha256', () => {
  it('agrees with FIPS 180-4 for text and bytes alike', () => {
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256Hex('abc')).toBe(digest);
    expect(sha256Hex(encodeUtf8('abc'))).toBe(digest);
    expect(encodeHex(sha256('abc'))).toBe(digest);
  });
});
