import { describe, expect, it } from 'vitest';

import type { SecretEncoding } from '../../src/ingest/webhook-secrets.ts';
import { decodeSecret, isShortSecret, secretEncodingOf } from '../../src/ingest/webhook-secrets.ts';
import { encodeHex } from '../../src/lib/bytes.ts';

const HEX = '6d79206b6579';

describe('decodeSecret', () => {
  it.each<[string, SecretEncoding, string]>([
    ['whsec_bXkga2V5', 'base64', HEX],
    ['bXkga2V5', 'base64', HEX],
    ['whsec_-_8', 'base64', 'fbff'],
    ['whsec_+/8=', 'base64', 'fbff'],
    ['whsec_my key', 'text', HEX],
    ['my key', 'whole', HEX],
    ['whsec_k', 'whole', '77687365635f6b'],
    [`whsec_${HEX}`, 'hex', HEX],
    [HEX.toUpperCase(), 'hex', HEX],
  ])('reads %j as %s', (secret, encoding, hex) => {
    const key = decodeSecret(secret, encoding);
    expect(key.ok && encodeHex(key.value)).toBe(hex);
  });

  it.each<[string, SecretEncoding, string]>([
    ['whsec_', 'base64', 'empty_secret'],
    ['whsec_', 'text', 'empty_secret'],
    ['', 'whole', 'empty_secret'],
    ['', 'hex', 'empty_secret'],
    ['whsec_s3cr3t!', 'base64', 'not_base64'],
    [' bXkga2V5', 'base64', 'not_base64'],
    ['s3cr3t', 'hex', 'not_hex'],
  ])('refuses %j as %s without quoting it', (secret, encoding, kind) => {
    const key = decodeSecret(secret, encoding);
    expect(key).toMatchObject({ ok: false, error: { kind } });
    expect(JSON.stringify(key)).not.toContain('s3cr3t');
  });
});

describe('secretEncodingOf', () => {
  it.each([
    ['standard-webhooks', 'base64'],
    ['timestamped-hmac', 'whole'],
    ['hmac', 'text'],
  ] as const)('reads a secret of %s as %s unless told otherwise', (scheme, encoding) => {
    expect(secretEncodingOf({ scheme })).toBe(encoding);
    expect(secretEncodingOf({ scheme, secret_encoding: 'hex' })).toBe('hex');
  });
});

describe('isShortSecret', () => {
  it('warns below 24 bytes', () => {
    expect(isShortSecret(new Uint8Array(23))).toBe(true);
    expect(isShortSecret(new Uint8Array(24))).toBe(false);
  });
});
