import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { WebhookReceiver } from './webhook-receiver.ts';

/** Published vector: standard-webhooks libraries/javascript/src/webhook.test.ts, "sign function works". */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = '{"test": 2432232314}';
const HEADERS = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

let nowMs = 0;
let receiver: WebhookReceiver;
beforeEach(async () => {
  nowMs = 1_614_265_330_000;
  receiver = await new WebhookReceiver({ secrets: [SECRET], nowMs: () => nowMs }).start();
});
afterEach(async () => receiver.stop());

const post = async (headers: Record<string, string>, body = BODY) =>
  (await fetch(receiver.url, { method: 'POST', headers, body })).status;

describe('the receiver', () => {
  it('takes the published vector, and each id once', async () => {
    expect([await post(HEADERS), await post(HEADERS)]).toEqual([204, 204]);
    expect(receiver.messages).toMatchObject([{ id: HEADERS['webhook-id'], body: { test: 2432232314 } }]);
    expect(receiver.repeated).toBe(1);
  });

  it('takes a list of signatures with one that is right', async () => {
    const list = `v2,x v1, v1,AAAA ${HEADERS['webhook-signature']}`;
    expect(await post({ ...HEADERS, 'webhook-signature': list })).toBe(204);
  });

  it.each([
    ['another body', {}, `${BODY} `],
    ['another id', { 'webhook-id': 'msg_other' }, BODY],
    ['another version', { 'webhook-signature': 'v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' }, BODY],
    ['a time that is no number', { 'webhook-timestamp': '1614265330x' }, BODY],
    ['no signature', { 'webhook-signature': '' }, BODY],
  ])('refuses %s', async (_what, headers, body) => {
    expect(await post({ ...HEADERS, ...headers }, body)).toBe(401);
    expect(receiver.messages).toEqual([]);
  });

  it.each([
    [300, 204],
    [301, 401],
    [-300, 204],
    [-301, 401],
  ])('answers a message of %i s ago with %i', async (seconds, status) => {
    nowMs += seconds * 1000;
    expect(await post(HEADERS)).toBe(status);
  });
});
