import { describe, expect, it } from 'vitest';

import { signingKey, webhookSignatures } from '../../src/lib/standard-webhooks.ts';

const OLDER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

describe('a signature', () => {
  // Published: standard-webhooks libraries/javascript and libraries/rust, and docs.svix.com "How to verify webhooks manually".
  it.each([
    [
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampSeconds: 1614265330, body: '{"test": 2432232314}' },
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    ],
    [
      OLDER,
      {
        id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
        timestampSeconds: 1649367553,
        body: '{"email":"test@example.com","username":"test_user"}',
      },
      'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
    ],
    [
      'plJ3nmyCDGBKInavdOK15jsl',
      {
        id: 'msg_loFOjxBNrRLzqYUf',
        timestampSeconds: 1731705121,
        body: '{"event_type":"ping","data":{"success":true}}',
      },
      'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    ],
  ])('by %s is the published one', async (secret, content, signature) => {
    expect(await webhookSignatures(content, [secret])).toBe(signature);
  });

  it('is made by each secret, in their order', async () => {
    const content = { id: 'msg_1', timestampSeconds: 1, body: '{}' };
    const newer = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const each = [await webhookSignatures(content, [newer]), await webhookSignatures(content, [OLDER])];
    expect(await webhookSignatures(content, [newer, OLDER])).toBe(each.join(' '));
    expect(each[0]).not.toBe(each[1]);
  });

  it('by what is no base64 is refused without the secret', async () => {
    const content = { id: 'msg_1', timestampSeconds: 1, body: '{}' };
    const secrets = [OLDER, 'whsec_pass word'];
    await expect(webhookSignatures(content, secrets)).rejects.toThrow('secrets[1] must be base64: it is not');
  });
});

describe('a key', () => {
  it.each(['', 'whsec_', 'whsec_pass word', 'whsec_a'])('is not in %j', (secret) => {
    expect(signingKey(secret)).toBeUndefined();
  });
});
