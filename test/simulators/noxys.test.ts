import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FAKE_PROMPT_TEXT, FAKE_RAW_VALUES } from './event-facts.ts';
import { SimulatorServer } from './http-server.ts';
import { FORWARDED_TYPES, NoxysEvents } from './noxys-events.ts';
import { SPELLINGS, SPELLINGS_WITHOUT_ID } from './noxys-spellings.ts';
import { NoxysSender, TAMPERS, type SendOptions, type Tamper } from './noxys.ts';
import type { SimulatorAnswer, SimulatorRequest } from './request.ts';

const NOW_MS = 1_614_265_330_000;
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const RIGHT = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const BODY = '{"test": 2432232314}';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';

/** Answers with what it was sent. */
class EchoSimulator extends SimulatorServer {
  protected override answer({ headers, body }: SimulatorRequest): SimulatorAnswer {
    return { status: 202, body: { headers, text: body.toString('utf8') } };
  }

  protected override authorizationIsRight(): boolean {
    return true;
  }
}

let relay: EchoSimulator;
let sender: NoxysSender;

beforeEach(async () => {
  relay = await new EchoSimulator().start();
  sender = new NoxysSender({
    url: `${relay.url}/hooks/acme`,
    tenantSecret: SECRET,
    scheme: 'standard-webhooks',
    nowMs: () => NOW_MS,
  });
});
afterEach(() => relay.stop());

const sent = async (options: SendOptions = {}) =>
  (await sender.send(BODY, { webhookId: ID, ...options })).body;

const make = (seed = 1) => new NoxysEvents({ seed, nowMs: () => NOW_MS });

describe('NoxysSender', () => {
  it('posts the signed body and tells status, answer and times', async () => {
    const result = await sender.send(BODY, { webhookId: ID });
    expect(result).toMatchObject({ status: 202, sentAtMs: NOW_MS, answeredAtMs: NOW_MS, webhookId: ID });
    expect(result.body).toMatchObject({
      text: BODY,
      headers: {
        'content-type': 'application/json',
        'webhook-id': ID,
        'webhook-timestamp': '1614265330',
        'webhook-signature': RIGHT,
      },
    });
    expect(relay.requests[0]).toMatchObject({ method: 'POST', path: '/hooks/acme' });
  });

  it('takes a new webhook id for each send, without a full stop', async () => {
    const ids = [await sender.send(BODY), await sender.send(BODY)].map(({ webhookId }) => webhookId);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^msg_[\w-]{24}$/);
  });

  it('sends objects as JSON and bytes as they are', () => {
    expect(Buffer.from(sender.sign({ a: 1 }).body).toString()).toBe('{"a":1}');
    expect([...sender.sign(new Uint8Array([0, 255])).body]).toEqual([0, 255]);
  });

  it('signs another time, with another secret, and sends the bearer and headers it is told', async () => {
    const stale = await sent({ timestampOffsetSeconds: -900 });
    expect(stale).toMatchObject({ headers: { 'webhook-timestamp': '1614264430' } });
    expect(await sent({ timestampSeconds: 5 })).toMatchObject({ headers: { 'webhook-timestamp': '5' } });
    expect(await sent({ secret: 'whsec_AAAA' })).not.toMatchObject({
      headers: { 'webhook-signature': RIGHT },
    });
    expect(
      await sent({ authToken: 't', contentType: 'text/plain', headers: { 'x-extra': '1' } }),
    ).toMatchObject({
      headers: { authorization: 'Bearer t', 'content-type': 'text/plain', 'x-extra': '1' },
    });
  });

  it.each<[Tamper, string | undefined, string]>([
    ['body', RIGHT, `${BODY} `],
    ['truncated_body', RIGHT, BODY.slice(0, 13)],
    ['signature', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlN0OLJ1OE=', BODY],
    ['truncated_signature', RIGHT.slice(0, 8), BODY],
    ['wrong_version', RIGHT.replace('v1', 'v2'), BODY],
    ['unsigned', undefined, BODY],
  ])('spoils a request by %s', (tamper, signature, text) => {
    const request = sender.sign(BODY, { webhookId: ID, tamper });
    expect(request.headers['webhook-signature']).toBe(signature);
    expect(Buffer.from(request.body).toString()).toBe(text);
    expect(TAMPERS).toContain(tamper);
  });
});

describe('a wrong version', () => {
  it.each([
    ['timestamped-hmac', /^t=\d+,v2=[0-9a-f]{64}$/],
    ['hmac', /^[0-9a-f]{64}$/],
  ] as const)('never leaves a right signature under %s', (scheme, pattern) => {
    const other = new NoxysSender({ url: relay.url, tenantSecret: SECRET, scheme, nowMs: () => NOW_MS });
    const name = scheme === 'hmac' ? 'x-hub-signature-256' : 'webhook-signature';
    const spoilt = other.sign(BODY, { tamper: 'wrong_version' }).headers[name];
    expect(spoilt).toMatch(pattern);
    expect(spoilt).not.toBe(other.sign(BODY).headers[name]);
  });
});

describe('NoxysEvents', () => {
  it('makes the same events from the same seed, others from another', () => {
    expect(make().batch(20)).toEqual(make().batch(20));
    expect(make(1).batch(20)).not.toEqual(make(2).batch(20));
  });

  it.each(SPELLINGS)('spells %s with its type, and its id unless the spelling has none', (spelling) => {
    for (const type of FORWARDED_TYPES) {
      const event = make().next({ spelling, type });
      const text = JSON.stringify(event.body);
      expect(text).toContain(type);
      expect(text).toContain(event.facts.platformId);
      expect(event.id !== undefined && text.includes(event.id)).toBe(!SPELLINGS_WITHOUT_ID.has(spelling));
    }
  });

  it('holds every spelling of the type, the decision and the classifications that a Noxys page or guide shows', () => {
    const events = make();
    const text = SPELLINGS.map((spelling) =>
      JSON.stringify(events.next({ spelling, classifications: ['IBAN', 'IBAN'] }).body),
    ).join('\n');
    for (const name of [
      '"type":',
      '"event_type":',
      '"event.type":',
      '"event":"',
      '"event":{',
      '"policy_decision":',
      '"policy_action":',
      '"action":',
      '"policy_decisions":["',
      '"policy_decisions":[{"action"',
      '"policy_decisions":[{"decision"',
      '"classifications":["',
      '"classifications":[{"type"',
      '"classification_types":',
      '"classification_type":',
      '"classification_count":2',
      '"user":{"id"',
      '"user_email":',
      '"email":',
      '"device_id":',
      '"hostname":',
      '"platform":{"id"',
      '"platform":"',
      '"timestamp":1614265330000',
      '"time":1614265330',
      '"occurred_at":',
      '"created_at":',
      '"eventId":',
      FAKE_PROMPT_TEXT,
      FAKE_RAW_VALUES['IBAN'] ?? '',
    ]) {
      expect(text).toContain(name);
    }
  });

  it('marks every made-up personal value as fake', () => {
    for (const value of Object.values(FAKE_RAW_VALUES)) expect(value).toMatch(/fake/i);
  });

  it('makes a test event of a type that is never forwarded', () => {
    expect(FORWARDED_TYPES).not.toContain(make().testEvent()['type']);
  });
});
