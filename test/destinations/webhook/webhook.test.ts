import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { webhookProduct } from '../../../src/destinations/webhook/webhook.ts';
import type { Message } from '../../../src/destinations/messages/message.ts';
import { webhookDestinationSchema } from '../../../src/domain/messages-config.ts';
import { WebhookReceiver } from '../../simulators/webhook-receiver.ts';
import { tell } from '../product-bench.ts';
import { digestForTest, messageForTest, noticeForTest, stormForTest } from './message-for-test.ts';

const NEW = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OLD = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const START_MS = Date.parse('2026-11-22T09:00:00.700Z');

let nowMs = START_MS;
let receiver: WebhookReceiver;
beforeEach(async () => {
  nowMs = START_MS;
  receiver = await new WebhookReceiver({ secrets: [OLD], nowMs: () => nowMs }).start();
});
afterEach(async () => receiver.stop());

const send = async (message: Message, config: Record<string, unknown> = { secrets: [OLD] }) => {
  const base = { name: 'tickets', type: 'webhook', url: `${receiver.url}/in/path-secret?token=query-secret` };
  return tell(webhookProduct(webhookDestinationSchema.parse({ ...base, ...config })), message, { nowMs });
};
const received = () => receiver.messages.map(({ body }) => body);

describe('a message', () => {
  it('of a detection arrives signed, with all that a program needs', async () => {
    expect(await send(messageForTest())).toEqual({ kind: 'delivered' });
    expect(received()).toEqual([
      {
        type: 'noxys.detection',
        timestamp: '2026-11-22T08:00:00.250Z',
        data: {
          id: 'msg_abcdefghijklmnopqrstuvwxyz',
          tenant: 'acme',
          level: 'critical',
          colour: 'red',
          language: 'en',
          title: 'Repeated AI policy violations from same user',
          text: 'Noxys blocked an interaction with Perplexity.',
          facts: [
            { label: 'User', value: 'user-42 (p_abc)' },
            { label: 'Platform', value: 'Perplexity' },
            { label: 'Rules', value: 'noxys_hl3_repeated_violations (6 in 1 h)' },
          ],
          link: 'https://relay.example.com/api/v1/tenants/acme/events/evt_1',
          user: { id: 'user-42', email: 'p_abc' },
          device: { id: 'device-7', hostname: 'WKS-7' },
          platform: { id: 'perplexity', name: 'Perplexity' },
          policy: { decision: 'block', name: 'No PII' },
          risk_score: 0.93,
          classifications: ['CREDIT_CARD', 'EMAIL'],
          detections: [
            {
              id: 'det_17959439cff046d2',
              rule_id: '17959439-cff0-46d2-9135-de30a0d097dc',
              rule: 'noxys_hl3_repeated_violations',
              title: 'Repeated AI policy violations from same user',
              level: 'critical',
              group: 'user-42',
              platforms: ['perplexity'],
              count: 6,
              window_seconds: 3600,
              first_at: '2026-11-22T07:05:00.000Z',
              last_at: '2026-11-22T08:00:00.000Z',
              event_ids: ['evt_1', 'evt_2', 'evt_3', 'evt_4', 'evt_5', 'evt_6'],
            },
          ],
          detection_count: 1,
          event: {
            id: 'evt_1',
            type: 'interaction.policy_violated',
            interaction_id: 'int_9',
            occurred_at: '2026-11-22T08:00:00.250Z',
            received_at: '2026-11-22T08:00:01.000Z',
            severity: 'high',
            direction: 'outbound',
            sensor: 'browser_extension',
            interaction_type: 'prompt',
            model: 'sonar',
            url_host: 'www.perplexity.ai',
            classification_count: 3,
          },
        },
      },
    ]);
  });

  it('of a digest has its figures, of a notice its facts, and neither has a person', async () => {
    await send(digestForTest());
    await send({ ...noticeForTest(), id: 'msg_notice' });
    const [digest, notice] = received();
    expect(digest).toMatchObject({
      type: 'noxys.digest',
      data: {
        untold: 5,
        sections: [{ title: 'Platforms', lines: ['Perplexity 7', 'DeepSeek 2'] }],
        digest: {
          period: 'daily',
          time_zone: 'Europe/Paris',
          totals: { events: 412, by_level: { high: 12 }, by_platform: { perplexity: 7 } },
          before: { events: 300 },
          notices: { lane_blocked: 1 },
          blocked_lanes: ['edr/events'],
        },
      },
    });
    expect(notice).toMatchObject({
      type: 'noxys.notice',
      data: { notice: { kind: 'lane_blocked', lane: 'edr/events', count: 3, detail: 'HTTP 401' } },
    });
    for (const key of ['user', 'device', 'event', 'detections', 'classifications']) {
      expect(digest).not.toHaveProperty(['data', key]);
      expect(notice).not.toHaveProperty(['data', key]);
    }
  });

  it('lists no more than twenty detections, and says how many there are', async () => {
    const [entry] = messageForTest().data.entries;
    const entries = entry ? Array.from({ length: 90 }, (_, i) => ({ ...entry, id: `det_${i}` })) : [];
    await send(messageForTest({ data: { entries } }));
    const [told] = received() as { data: Record<string, unknown> }[];
    expect(told?.data['detection_count']).toBe(90);
    expect(told?.data['detections']).toHaveLength(20);
  });

  it('of a storm has the kinds of what was counted, as it is documented, and names nobody', async () => {
    await send(stormForTest());
    const [storm] = received() as { data: Record<string, unknown> }[];
    expect(storm).toMatchObject({ type: 'noxys.storm', data: { untold: 70 } });
    expect(storm?.data['kinds']).toEqual([
      { rule: 'rule_one', title: 'Rule one', level: 'critical', count: 60 },
      { type: 'interaction.high_risk', platform: 'chatgpt', level: 'high', count: 10 },
    ]);
    for (const key of ['user', 'device', 'event', 'detections', 'detection_count', 'classifications'])
      expect(storm?.data).not.toHaveProperty(key);
  });

  it('keeps its id over attempts, while time and signature are of each attempt', async () => {
    const fault = receiver.fail({ status: 503 });
    expect(await send(messageForTest())).toMatchObject({ kind: 'retry' });
    fault.heal();
    nowMs += 3_600_000;
    expect(await send(messageForTest())).toEqual({ kind: 'delivered' });
    const headers = receiver.requests.map((request) => request.headers);
    const seen = (name: string) => new Set(headers.map((one) => one[name]));
    expect([...seen('webhook-id')]).toEqual(['msg_abcdefghijklmnopqrstuvwxyz']);
    expect([...seen('idempotency-key')]).toEqual(['msg_abcdefghijklmnopqrstuvwxyz']);
    expect([...seen('webhook-timestamp')]).toEqual(['1795338000', '1795341600']);
    expect(seen('webhook-signature').size).toBe(2);
  });

  it('is taken all through a rotation of the secret', async () => {
    const told = async (secrets: string[], id: string) => send(messageForTest({ id }), { secrets });
    expect(await told([OLD], 'msg_1')).toEqual({ kind: 'delivered' });
    // The relay signs with both; the receiver changes when it likes.
    expect(await told([NEW, OLD], 'msg_2')).toEqual({ kind: 'delivered' });
    receiver.setSecrets([NEW]);
    expect(await told([NEW, OLD], 'msg_3')).toEqual({ kind: 'delivered' });
    expect(await told([NEW], 'msg_4')).toEqual({ kind: 'delivered' });
    expect(await told([OLD], 'msg_5')).toMatchObject({ kind: 'blocked', reason: 'unauthorized' });
    expect(receiver.messages.map(({ id }) => id)).toEqual(['msg_1', 'msg_2', 'msg_3', 'msg_4']);
  });

  it('carries no signature where there is no secret', async () => {
    receiver.setSecrets([]);
    expect(await send(messageForTest(), {})).toEqual({ kind: 'delivered' });
    expect(receiver.requests[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  it("carries the customer's headers, which never replace those of the relay", async () => {
    const headers = {
      Authorization: 'Bearer customer-token',
      Accept: 'application/vnd.acme+json',
      'Content-Type': 'text/plain',
      'Webhook-Signature': 'v1,forged',
      'X-Team': 'soc',
    };
    expect(await send(messageForTest(), { secrets: [OLD], headers })).toEqual({ kind: 'delivered' });
    expect(receiver.requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/vnd.acme+json',
      'x-team': 'soc',
      'x-attempt-id': 'attempt-1',
    });
  });

  it('of a template is signed as it is sent', async () => {
    const body = { summary: '{{title}}', n: '{{detection.count}}' };
    expect(await send(messageForTest(), { secrets: [OLD], body })).toEqual({ kind: 'delivered' });
    expect(received()).toEqual([{ summary: 'Repeated AI policy violations from same user', n: 6 }]);
  });
});

describe('a receiver', () => {
  it('that wants no more messages blocks the lane', async () => {
    receiver.leave();
    expect(await send(messageForTest())).toMatchObject({
      kind: 'blocked',
      reason: 'no_such_endpoint',
      detail: expect.stringContaining('the receiver wants no more messages') as unknown,
    });
  });

  it.each([
    [200, { kind: 'delivered' }],
    [201, { kind: 'delivered' }],
    [204, { kind: 'delivered' }],
    [400, { kind: 'rejected', status: 400 }],
    [409, { kind: 'rejected', status: 409 }],
    [422, { kind: 'rejected', status: 422 }],
    [403, { kind: 'blocked', reason: 'forbidden' }],
    [404, { kind: 'blocked', reason: 'no_such_endpoint' }],
    [308, { kind: 'blocked', reason: 'redirected' }],
    [418, { kind: 'blocked', reason: 'unexpected_status' }],
    [500, { kind: 'retry', reason: 'server_error' }],
  ] as const)('that answers %i means %j', async (status, outcome) => {
    receiver.fail({ status, ...(status !== 204 && { body: { note: 'so it is' } }) });
    expect(await send(messageForTest())).toMatchObject(outcome);
  });

  it('that answers with a web page is not the API', async () => {
    receiver.fail({ status: 200, body: '<!doctype html>', contentType: 'text/html' });
    expect(await send(messageForTest())).toMatchObject({ kind: 'blocked', reason: 'html_answer' });
  });

  it('that quotes the request has every secret left out', async () => {
    const headers = { Authorization: 'Basic c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3M=' };
    const body = `no ${OLD} at /in/path-secret, token query-secret, c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3M=: denied`;
    receiver.fail({ status: 403, body, contentType: 'text/plain' });
    const told = JSON.stringify(await send(messageForTest(), { secrets: [OLD], headers }));
    expect(told).toContain('denied');
    expect(told).not.toMatch(/path-secret|query-secret|C2FVsBQ|c2VjcmV0/);
  });

  it.each([
    ['the path', (path: string) => path],
    ['the path without what a proxy strips', (path: string) => path.replace('/chat', '')],
    ['the path with a slash behind it', (path: string) => `${path}/`],
    ['the key alone', (path: string) => path.split('/').at(-1) ?? ''],
    ['the key as it reads it', (path: string) => decodeURIComponent(path.split('/').at(-1) ?? '')],
  ])('that quotes %s of the address has the key left out', async (_what, quoted) => {
    const path = '/chat/hooks/xk4mq9r8gky%C3%A9rtwjupd8ilpziq';
    for (const status of [400, 404, 500]) {
      receiver.fail({ status, body: { error: 'Not Found', path: quoted(path) } });
      const told = JSON.stringify(await send(messageForTest(), { url: `${receiver.url}${path}` }));
      expect(told).toContain('Not Found');
      expect(told).not.toMatch(/xk4mq9r8gky|rtwjupd8ilpziq/);
    }
  });

  it('that quotes who may write there has user and password left out', async () => {
    const headers = { Authorization: `basic  ${btoa('relay-of-acme:hunter2:password')}` };
    receiver.fail({ status: 400, body: { error: 'bad hunter2:password for relay-of-acme' } });
    const told = JSON.stringify(await send(messageForTest(), { headers }));
    expect(told).toContain('bad … for …');
  });
});
