import { expect, it } from 'vitest';

import { encodeBase32 } from '../../src/lib/base32.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';

// Source: RFC 4648 10, in lower case and without padding.
it.each([
  ['', ''],
  ['f', 'my'],
  ['fo', 'mzxq'],
  ['foo', 'mzxw6'],
  ['foob', 'mzxw6yq'],
  ['fooba', 'mzxw6ytb'],
  ['foobar', 'mzxw6ytboi'],
])('%j is written as %j', (text, digits) => {
  expect(encodeBase32(encodeUtf8(text))).toBe(digits);
});

it('writes every bit, also of the first and the last byte', () => {
  expect(encodeBase32(new Uint8Array([0, 0, 0, 0, 1]))).toBe('aaaaaaab');
  expect(encodeBase32(new Uint8Array([255, 255, 255, 255, 254]))).toBe('77777776');
});
