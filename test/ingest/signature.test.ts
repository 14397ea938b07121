import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { tenantConfigSchema } from '../../src/domain/tenant-config.ts';
import type { WebhookKeys } from '../../src/ingest/signature.ts';
import { dummyVerifier, importWebhookKeys, verifySignature } from '../../src/ingest/signature.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';
import type { Hmac } from '../../src/lib/hmac.ts';
import { hmacSha256 } from '../../src/lib/hmac.ts';
import vectors from '../vectors/webhook-signatures.json' with { type: 'json' };
import {
  BODY,
  base64Hmac,
  hexHmac,
  ID,
  keys,
  NOW_MS,
  SECRET,
  signedHeaders,
  standardDigest,
  TIMESTAMP,
  verifierOf,
} from './signing.ts';

const OTHER_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const RIGHT = standardDigest(SECRET, ID, TIMESTAMP, BODY);
const WRONG = base64Hmac('another key', BODY);

async function verify(headers: Headers, overrides: Partial<WebhookKeys> = {}, body = BODY, nowMs = NOW_MS) {
  return verifySignature({ verifier: await verifierOf(overrides), headers, body: encodeUtf8(body), nowMs });
}

async function verdictOf(...args: Parameters<typeof verify>): Promise<string> {
  const result = await verify(...args);
  return result.ok ? 'accepted' : result.error.kind;
}

interface Vector {
  readonly source: string;
  readonly scheme: string;
  readonly secret: string;
  readonly secret_encoding?: string;
  readonly timestamp: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function verifyVector(vector: Vector, body = vector.body) {
  const { scheme, secret, secret_encoding, timestamp } = vector;
  const headers = new Headers(
    Object.entries(vector.headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const config = tenantConfigSchema.shape.webhook.parse({ scheme, secrets: [secret], secret_encoding });
  return verify(headers, config, body, timestamp * 1000);
}

const atTime = (timestamp: string) => ({
  'webhook-timestamp': timestamp,
  'webhook-signature': `v1,${standardDigest(SECRET, ID, timestamp, BODY)}`,
});
const withId = (id: string) => ({
  'webhook-id': id,
  'webhook-signature': `v1,${standardDigest(SECRET, id, TIMESTAMP, BODY)}`,
});
const withSignature = (text: string) => ({ 'webhook-signature': text });
/** The last digit of 32 bytes carries two unused bits: set, they spell the same bytes in another way. */
const withLeftOverBits = (base64: string) =>
  base64.replace(/(.)=$/, (_match, digit: string) => `${String.fromCharCode(digit.charCodeAt(0) + 1)}=`);
const combined = (text: string) => new Headers({ 'webhook-signature': text });
const inTwoHeaders = (signature: string) =>
  new Headers({ 'x-time': String(TIMESTAMP), 'x-signature': signature });

describe('published and own vectors', () => {
  it.each(vectors.accepted as Vector[])('accepts: $source', async (vector) => {
    expect((await verifyVector(vector)).ok).toBe(true);
  });

  it.each(vectors.accepted as Vector[])(
    'refuses with one space added to the body: $source',
    async (vector) => {
      expect(await verifyVector(vector, `${vector.body} `)).toMatchObject({
        error: { kind: 'signature_mismatch' },
      });
    },
  );

  it.each(vectors.refused as Vector[])('refuses: $source', async (vector) => {
    expect((await verifyVector(vector)).ok).toBe(false);
  });
});

describe('standard-webhooks', () => {
  it('tells the signed id and time', async () => {
    expect(await verify(signedHeaders())).toEqual({
      ok: true,
      value: { webhookId: ID, timestampMs: NOW_MS },
    });
  });

  it.each<[string, Record<string, string | null>, string]>([
    ['no id', { 'webhook-id': null }, 'missing_header'],
    ['no timestamp', { 'webhook-timestamp': null }, 'missing_header'],
    ['no signature', { 'webhook-signature': null }, 'missing_header'],
    ['an empty timestamp', atTime(''), 'missing_header'],
    ['the timestamp "hello"', atTime('hello'), 'malformed_timestamp'],
    ['the timestamp "1e9"', atTime('1e9'), 'malformed_timestamp'],
    ['the timestamp "-1"', atTime('-1'), 'malformed_timestamp'],
    ['a timestamp with letters behind it', atTime('1614265330abc'), 'malformed_timestamp'],
    ['a timestamp of 12 digits', atTime('001614265330'), 'malformed_timestamp'],
    ['a timestamp with a fraction', atTime('1614265330.5'), 'malformed_timestamp'],
    ['an age of 301 s', atTime(String(TIMESTAMP - 301)), 'stale_timestamp'],
    ['a lead of 301 s', atTime(String(TIMESTAMP + 301)), 'future_timestamp'],
    ['an entry without a digest', withSignature('v1,'), 'malformed_signature'],
    [
      'the first 8 characters of a right signature',
      withSignature(`v1,${RIGHT.slice(0, 8)}`),
      'malformed_signature',
    ],
    ['a right digest without its padding', withSignature(`v1,${RIGHT.slice(0, -1)}`), 'malformed_signature'],
    [
      'a right digest in base64url',
      withSignature(`v1,${RIGHT.replaceAll('+', '-').replaceAll('/', '_')}`),
      'malformed_signature',
    ],
    [
      'a right digest with left-over bits',
      withSignature(`v1,${withLeftOverBits(RIGHT)}`),
      'malformed_signature',
    ],
    ['a right digest under v2', withSignature(`v2,${RIGHT}`), 'malformed_signature'],
    ['a right digest under v1a', withSignature(`v1a,${RIGHT}`), 'malformed_signature'],
    ['a right digest without a version', withSignature(RIGHT), 'malformed_signature'],
    ['a wrong digest', withSignature(`v1,${WRONG}`), 'signature_mismatch'],
    [
      'the signature of another secret',
      withSignature(`v1,${standardDigest(OTHER_SECRET, ID, TIMESTAMP, BODY)}`),
      'signature_mismatch',
    ],
    ['an id with a full stop', withId('msg.1'), 'malformed_id'],
    ['an id with a space', withId('msg 1'), 'malformed_id'],
    ['an id of 257 characters', withId('a'.repeat(257)), 'malformed_id'],
    ['17 entries', withSignature(`${'v2,x '.repeat(16)}v1,${RIGHT}`), 'malformed_signature'],
    ['a header above 2 KiB', withSignature(`v1,${RIGHT} ${'x'.repeat(2048)}`), 'malformed_signature'],
  ])('refuses %s', async (_name, overrides, kind) => {
    expect(await verdictOf(signedHeaders(overrides))).toBe(kind);
  });

  it.each<[string, Record<string, string | null>, Partial<WebhookKeys>]>([
    ['exactly 300 s of age', atTime(String(TIMESTAMP - 300)), {}],
    ['exactly 300 s of lead', atTime(String(TIMESTAMP + 300)), {}],
    ['a right entry among wrong ones', withSignature(`v1,${WRONG} v2,${WRONG} v1,${RIGHT} v1,${WRONG}`), {}],
    ['a malformed entry before a right one', withSignature(`,, v1 v1,%%% v1,${RIGHT}`), {}],
    ['16 entries', withSignature(`${'v2,x '.repeat(15)}v1,${RIGHT}`), {}],
    ['a second configured secret', {}, { secrets: [OTHER_SECRET, SECRET] }],
    ['a third configured secret', {}, { secrets: [OTHER_SECRET, `${OTHER_SECRET}AAAA`, SECRET] }],
    ['a secret without its prefix', {}, { secrets: [SECRET.slice('whsec_'.length)] }],
    ['the text of a timestamp as sent, zeros included', atTime(`0${TIMESTAMP}`), {}],
    [
      'its default header names written out',
      {},
      { headers: { id: 'Webhook-ID', signature: 'WEBHOOK-SIGNATURE' } },
    ],
  ])('accepts %s', async (_name, overrides, config) => {
    expect(await verdictOf(signedHeaders(overrides), config)).toBe('accepted');
  });

  it('accepts header names in any case, and Svix names for the same headers', async () => {
    const values = [...signedHeaders()];
    const upper = new Headers(values.map(([name, value]) => [name.toUpperCase(), value]));
    const svix = new Headers(values.map(([name, value]) => [name.replace('webhook', 'svix'), value]));
    expect(await verdictOf(upper)).toBe('accepted');
    expect(await verdictOf(svix)).toBe('accepted');
  });

  it('reads the configured headers and no others', async () => {
    const headers = { id: 'x-noxys-id', timestamp: 'x-noxys-time', signature: 'constructor' };
    const signature = signedHeaders().get('webhook-signature') ?? '';
    const sent = { 'x-noxys-id': ID, 'x-noxys-time': String(TIMESTAMP), constructor: signature };
    expect(await verdictOf(new Headers(sent), { headers })).toBe('accepted');
    expect(await verify(signedHeaders(), { headers })).toEqual({
      ok: false,
      error: { kind: 'missing_header', header: 'x-noxys-id' },
    });
  });

  it('obeys a configured tolerance', async () => {
    expect(await verdictOf(signedHeaders(), { tolerance_seconds: 10 }, BODY, NOW_MS + 11_000)).toBe(
      'stale_timestamp',
    );
    expect(await verdictOf(signedHeaders(), { tolerance_seconds: 900 }, BODY, NOW_MS + 900_999)).toBe(
      'accepted',
    );
  });
});

describe('timestamped-hmac', () => {
  const scheme = 'timestamped-hmac' as const;
  const digest = hexHmac(SECRET, `${TIMESTAMP}.${BODY}`);

  it('tells the signed time and no id, because it signs none', async () => {
    const headers = new Headers({ 'webhook-signature': `t=${TIMESTAMP},v1=${digest}`, 'webhook-id': ID });
    expect(await verify(headers, { scheme })).toEqual({ ok: true, value: { timestampMs: NOW_MS } });
  });

  it.each([
    ['several digests', `t=${TIMESTAMP},v1=${'0'.repeat(64)},v1=${digest}`, 'accepted'],
    ['spaces and unknown keys', `v0=abc, t=${TIMESTAMP}, v1=${digest}, x`, 'accepted'],
    ['upper-case digits', `t=${TIMESTAMP},v1=${digest.toUpperCase()}`, 'accepted'],
    ['no time', `v1=${digest}`, 'malformed_timestamp'],
    ['two times', `t=${TIMESTAMP},t=${TIMESTAMP},v1=${digest}`, 'malformed_timestamp'],
    ['a time of another second', `t=${TIMESTAMP + 1},v1=${digest}`, 'signature_mismatch'],
    ['a right digest under v0', `t=${TIMESTAMP},v0=${digest}`, 'malformed_signature'],
    ['a digest cut short', `t=${TIMESTAMP},v1=${digest.slice(0, 62)}`, 'malformed_signature'],
    ['a header above 2 KiB', `t=${TIMESTAMP},v1=${digest},${'x'.repeat(2048)}`, 'malformed_signature'],
  ])('judges %s as %s', async (_name, text, verdict) => {
    expect(await verdictOf(combined(text), { scheme })).toBe(verdict);
  });

  it('reads time and digest from two headers when a timestamp header is configured', async () => {
    const headers = { timestamp: 'x-time', signature: 'x-signature' };
    for (const text of [digest, `sha256=${digest}`, base64Hmac(SECRET, `${TIMESTAMP}.${BODY}`)]) {
      expect(await verdictOf(inTwoHeaders(text), { scheme, headers })).toBe('accepted');
    }
    expect(await verdictOf(inTwoHeaders(hexHmac(SECRET, BODY)), { scheme, headers })).toBe(
      'signature_mismatch',
    );
    expect(await verdictOf(inTwoHeaders(digest), { scheme, headers }, BODY, NOW_MS + 301_000)).toBe(
      'stale_timestamp',
    );
    expect(await verdictOf(new Headers({ 'x-signature': digest }), { scheme, headers })).toBe(
      'missing_header',
    );
  });
});

describe('hmac', () => {
  const scheme = 'hmac' as const;
  const digest = hexHmac(SECRET.slice('whsec_'.length), BODY);
  const base64 = Buffer.from(digest, 'hex').toString('base64');

  it.each([
    ['hex', digest, 'accepted'],
    ['hex with a prefix', `sha256=${digest}`, 'accepted'],
    ['base64', base64, 'accepted'],
    ['base64 with a prefix', `sha256=${base64}`, 'accepted'],
    ['base64url without padding', Buffer.from(digest, 'hex').toString('base64url'), 'accepted'],
    ['base64 with left-over bits', withLeftOverBits(base64), 'malformed_signature'],
    ['another prefix', `sha1=${digest}`, 'malformed_signature'],
    ['nothing', '', 'missing_header'],
  ])('judges %s as %s', async (_name, text, verdict) => {
    expect(await verdictOf(new Headers({ 'x-hub-signature-256': text }), { scheme })).toBe(verdict);
  });

  it('claims neither id nor time, because it signs neither', async () => {
    const headers = new Headers({
      'x-hub-signature-256': digest,
      'webhook-id': ID,
      'webhook-timestamp': '1',
    });
    expect(await verify(headers, { scheme })).toEqual({ ok: true, value: {} });
  });
});

describe('the extra bearer', () => {
  const auth_token = 'opaque-token';
  it.each([
    ['Bearer opaque-token', 'accepted'],
    ['bearer opaque-token', 'accepted'],
    ['Bearer opaque-toke', 'bearer_mismatch'],
    ['Bearer opaque-tokens', 'bearer_mismatch'],
    ['Basic opaque-token', 'bearer_mismatch'],
    ['opaque-token', 'bearer_mismatch'],
    [null, 'bearer_mismatch'],
  ])('judges %j as %s beside a right signature', async (authorization, verdict) => {
    expect(await verdictOf(signedHeaders({ authorization }), { auth_token })).toBe(verdict);
  });

  it('never stands in for a signature', async () => {
    const headers = signedHeaders({
      authorization: 'Bearer opaque-token',
      'webhook-signature': `v1,${WRONG}`,
    });
    expect(await verdictOf(headers, { auth_token })).toBe('signature_mismatch');
  });

  it('is ignored when none is configured', async () => {
    expect(await verdictOf(signedHeaders({ authorization: 'Bearer anything' }))).toBe('accepted');
  });
});

describe('the same work for every request', () => {
  const three = { secrets: [SECRET, OTHER_SECRET, `${OTHER_SECRET}AAAA`] };
  it.each<[string, Partial<WebhookKeys> | undefined, Headers]>([
    ['an unknown tenant', undefined, signedHeaders()],
    ['a right signature', {}, signedHeaders()],
    ['a wrong signature', {}, signedHeaders({ 'webhook-signature': `v1,${WRONG}` })],
    ['a stale timestamp', {}, signedHeaders({ 'webhook-timestamp': '1' })],
    ['a malformed timestamp', {}, signedHeaders({ 'webhook-timestamp': 'hello' })],
    ['a malformed id', {}, signedHeaders({ 'webhook-id': 'a.b' })],
    ['a malformed signature', {}, signedHeaders({ 'webhook-signature': 'v1,' })],
    ['no header at all', {}, new Headers()],
    ['a wrong bearer', { auth_token: 'x' }, signedHeaders()],
    ['two secrets', { secrets: [OTHER_SECRET, SECRET] }, signedHeaders()],
    ['three secrets', three, signedHeaders()],
    ['16 entries', three, signedHeaders({ 'webhook-signature': `v1,${WRONG} `.repeat(16).trim() })],
    ['another scheme', { scheme: 'hmac' }, new Headers()],
  ])('computes three HMACs for %s', async (_name, config, headers) => {
    let calls = 0;
    const hmac: Hmac = async (key, data) => {
      calls++;
      return hmacSha256(key, data);
    };
    const verifier = config === undefined ? await dummyVerifier() : await verifierOf(config);
    await verifySignature({ verifier, headers, body: encodeUtf8(BODY), nowMs: NOW_MS, hmac });
    expect(calls).toBe(3);
  });

  it('refuses every request of an unknown tenant', async () => {
    const verifier = await dummyVerifier();
    for (const headers of [signedHeaders(), new Headers(), signedHeaders({ 'webhook-signature': 'v1,' })]) {
      const result = await verifySignature({ verifier, headers, body: encodeUtf8(BODY), nowMs: NOW_MS });
      expect(result).toEqual({ ok: false, error: { kind: 'unknown_tenant' } });
    }
  });
});

describe('importWebhookKeys', () => {
  it.each<[string, Partial<WebhookKeys>, object]>([
    ['no secret', { secrets: [] }, { kind: 'secret_count' }],
    ['four secrets', { secrets: [SECRET, SECRET, SECRET, SECRET] }, { kind: 'secret_count' }],
    ['an empty secret', { secrets: [SECRET, 'whsec_'] }, { kind: 'empty_secret', index: 1 }],
    ['a secret that is no base64', { secrets: ['whsec_not base64!'] }, { kind: 'not_base64', index: 0 }],
    ['a secret that is no hex', { secrets: [SECRET], secret_encoding: 'hex' }, { kind: 'not_hex', index: 0 }],
  ])('refuses %s and says which', async (_name, config, error) => {
    expect(await importWebhookKeys(keys(config))).toMatchObject({ ok: false, error });
  });
});

describe('any request', () => {
  const secretArb = fc
    .uint8Array({ minLength: 1, maxLength: 80 })
    .map((b) => Buffer.from(b).toString('base64'));
  const idArb = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);

  it('is accepted when signed with the secret, whatever secret, id and body', async () => {
    await fc.assert(
      fc.asyncProperty(secretArb, idArb, fc.string({ unit: 'grapheme' }), async (secret, id, body) => {
        const signature = `v1,${standardDigest(secret, id, TIMESTAMP, body)}`;
        const headers = signedHeaders({ 'webhook-id': id, 'webhook-signature': signature });
        expect(await verdictOf(headers, { secrets: [secret] }, body)).toBe('accepted');
      }),
    );
  });

  it('is refused when one byte of body, id, timestamp or signature differs', async () => {
    const parts = fc.constantFrom('body', 'webhook-id', 'webhook-timestamp', 'webhook-signature');
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(), fc.integer({ min: 0x21, max: 0x7e }), async (part, seed, code) => {
        const original = part === 'body' ? BODY : (signedHeaders().get(part) ?? '');
        const at = seed % original.length;
        const changed = original.slice(0, at) + String.fromCharCode(code) + original.slice(at + 1);
        fc.pre(changed !== original);
        const headers = part === 'body' ? signedHeaders() : signedHeaders({ [part]: changed });
        expect(await verdictOf(headers, {}, part === 'body' ? changed : BODY)).not.toBe('accepted');
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, whatever its headers hold', async () => {
    const value = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((c) => String.fromCharCode(c)),
      maxLength: 3000,
    });
    const schemes = fc.constantFrom(
      'standard-webhooks' as const,
      'timestamped-hmac' as const,
      'hmac' as const,
    );
    const headers = fc.record({
      'webhook-id': value,
      'webhook-timestamp': value,
      'webhook-signature': value,
      'x-hub-signature-256': value,
      authorization: value,
    });
    await fc.assert(
      fc.asyncProperty(schemes, headers, async (scheme, sent) => {
        expect(await verdictOf(new Headers(sent), { scheme, secret_encoding: 'whole' })).not.toBe('accepted');
      }),
    );
  });
});
