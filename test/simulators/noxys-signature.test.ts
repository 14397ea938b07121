import { createHmac } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  keyOfSecret,
  signatureHeaderName,
  signatureHeaders,
  type SignatureOptions,
} from './noxys-signature.ts';

const STANDARD_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECRET = 'whsec_1234567890abcdef';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const TIME = 1_614_265_330;
const BODY = '{"test": 2432232314}';

const sign = (
  secret: string,
  id: string,
  timestampSeconds: number,
  body: string,
  options: SignatureOptions,
) => signatureHeaders({ secret, webhookId: id, timestampSeconds, body: Buffer.from(body, 'utf8') }, options);

describe('standard-webhooks', () => {
  it.each([
    {
      source: 'standard-webhooks libraries/javascript',
      secret: STANDARD_SECRET,
      id: ID,
      timestamp: TIME,
      body: BODY,
      signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    {
      source: 'standard-webhooks libraries/rust',
      secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
      id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
      timestamp: 1_649_367_553,
      body: '{"email":"test@example.com","username":"test_user"}',
      signature: 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
    },
    {
      source: 'docs.svix.com how-manual',
      secret: 'whsec_plJ3nmyCDGBKInavdOK15jsl',
      id: 'msg_loFOjxBNrRLzqYUf',
      timestamp: 1_731_705_121,
      body: '{"event_type":"ping","data":{"success":true}}',
      signature: 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    },
    {
      source: 'own: a short secret',
      secret: SECRET,
      id: ID,
      timestamp: TIME,
      body: BODY,
      signature: 'v1,UvV4WDQkVl6FDPru+bbSVLY6Nu7SOQGDNs0fGftERzY=',
    },
    {
      source: 'own: UTF-8',
      secret: STANDARD_SECRET,
      id: ID,
      timestamp: TIME,
      body: '{"ville":"Orléans"}',
      signature: 'v1,qbb5HzzShkKRuCbVxlocWe2vlUYrULAIuhmXNUduWds=',
    },
    {
      source: 'own: empty body',
      secret: STANDARD_SECRET,
      id: ID,
      timestamp: TIME,
      body: '',
      signature: 'v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A=',
    },
  ])('agrees with the vector of $source', ({ secret, id, timestamp, body, signature }) => {
    expect(sign(secret, id, timestamp, body, { scheme: 'standard-webhooks' })).toEqual({
      'webhook-id': id,
      'webhook-timestamp': `${timestamp}`,
      'webhook-signature': signature,
    });
  });

  it('uses the header names that it is given', () => {
    const headers = { id: 'svix-id', timestamp: 'svix-timestamp', signature: 'svix-signature' };
    expect(Object.keys(sign(SECRET, ID, TIME, BODY, { scheme: 'standard-webhooks', headers }))).toEqual(
      Object.values(headers),
    );
  });
});

describe('timestamped-hmac', () => {
  const whole = 'ddca5bfcf3343f2039492903f769cd0197c857bbd22528e7e007f6b62e290c1c';
  const text = '32bf3b63f9d6a7962bf98057f2c2fc05f1f2dd9d5857d970c73f89066f253c7f';

  it('agrees with the vector over the whole secret, in one header', () => {
    expect(sign(SECRET, ID, TIME, BODY, { scheme: 'timestamped-hmac' })).toEqual({
      'webhook-signature': `t=${TIME},v1=${whole}`,
    });
  });

  it('agrees with the vector over what follows the prefix, in two headers', () => {
    const headers = { timestamp: 'x-time', signature: 'x-sign', id: 'x-id' };
    const options = {
      scheme: 'timestamped-hmac',
      secretEncoding: 'text',
      layout: 'two_headers',
      headers,
    } as const;
    expect(sign(SECRET, ID, TIME, BODY, options)).toEqual({
      'x-time': `${TIME}`,
      'x-sign': text,
      'x-id': ID,
    });
  });
});

describe('hmac', () => {
  it('agrees with the vector that GitHub publishes', () => {
    const headers = { signature: 'X-Hub-Signature-256' };
    const options = { scheme: 'hmac', digestPrefix: 'sha256=', headers } as const;
    expect(sign("It's a Secret to Everybody", ID, TIME, 'Hello, World!', options)).toEqual({
      'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    });
  });

  it('agrees with the vector in base64', () => {
    expect(sign(SECRET, ID, TIME, BODY, { scheme: 'hmac', digestEncoding: 'base64' })).toEqual({
      'x-hub-signature-256': '4oKsxMz/5RaSNie1grzK0fGmnbkb7MOTxJdpUV3jX98=',
    });
  });
});

describe('secrets', () => {
  const bytes = Buffer.from('00ff10203040506070fb', 'hex');

  it.each([
    ['base64', `whsec_${bytes.toString('base64')}`, bytes],
    ['base64', bytes.toString('base64'), bytes],
    ['base64', `whsec_${bytes.toString('base64url')}`, bytes],
    ['hex', `whsec_${bytes.toString('hex')}`, bytes],
    ['text', 'whsec_abc', Buffer.from('abc')],
    ['whole', 'whsec_abc', Buffer.from('whsec_abc')],
  ] as const)('reads %s from %s', (encoding, secret, key) => {
    expect(keyOfSecret(secret, encoding)).toEqual(key);
  });

  it('signs with the decoded key in every scheme', () => {
    for (const scheme of ['standard-webhooks', 'timestamped-hmac', 'hmac'] as const) {
      const secret = `whsec_${bytes.toString('hex')}`;
      const options = { scheme, secretEncoding: 'hex' } as const;
      const prefix = { 'standard-webhooks': `${ID}.${TIME}.`, 'timestamped-hmac': `${TIME}.`, hmac: '' }[
        scheme
      ];
      const digest = createHmac('sha256', bytes).update(prefix + BODY);
      expect(sign(secret, ID, TIME, BODY, options)[signatureHeaderName(options)]).toContain(
        digest.digest(scheme === 'standard-webhooks' ? 'base64' : 'hex'),
      );
    }
  });
});
