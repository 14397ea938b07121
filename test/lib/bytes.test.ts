import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeUtf8,
} from '../../src/lib/bytes.ts';

describe('base64', () => {
  it('gives back any bytes from either alphabet, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const padded = encodeBase64(bytes);
        for (const text of [padded, padded.replace(/=+$/, ''), encodeBase64Url(bytes)]) {
          expect(decodeBase64(text)).toEqual(bytes);
        }
      }),
    );
  });

  it.each(['a', 'abcde', 'ab=c', 'ab=', 'abc==', '====', 'ab d', 'ab\n', 'é', '+_AA', 'YQ===', '='])(
    'refuses %j',
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );

  it('encodes a view without the memory around it', () => {
    expect(encodeBase64(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toBe('AgM=');
  });
});

describe('hex', () => {
  it('gives back any bytes in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeHex(encodeHex(bytes))).toEqual(bytes);
        expect(decodeHex(encodeHex(bytes).toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it.each(['a', 'abc', '0g', '0x00', ' 00', '00\n'])('refuses %j', (text) => {
    expect(decodeHex(text)).toBeUndefined();
  });
});

describe('UTF-8', () => {
  it('gives back any well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.startsWith('\uFEFF'));
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
  });

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]]])('refuses the bytes %j', (bytes) => {
    expect(decodeUtf8(new Uint8Array(bytes))).toBeUndefined();
  });

  it('drops a byte order mark', () => {
    expect(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toBe('{}');
  });
});
