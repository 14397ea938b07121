import { HARFANGLAB_DEFAULTS } from '../../src/domain/harfanglab-config.ts';
import { describe, expect, it } from 'vitest';

import { hecEvent } from '../../src/destinations/falcon/hec-event.ts';
import { falconEvents } from '../../src/destinations/falcon/hec.ts';
import { harfangLabEvent, harfangLabEvents } from '../../src/destinations/harfanglab/events.ts';
import { idempotencyKey } from '../../src/destinations/idempotency-key.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { HttpRequest } from '../../src/lib/http.ts';
import { detectionEvent } from '../../src/domain/detection.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { FULL_EVENT as EVENT } from './full-event.ts';
import { NO_ACCOUNTS, STEADY_LANE, memoryForTest } from './ports.ts';
import { success } from '../../src/lib/result.ts';

const BARE: CanonicalEvent = {
  id: 'evt_2',
  type: 'alert.severity_high',
  occurredAt: '2026-11-22T08:00:00.000Z',
  receivedAt: '2026-11-22T08:00:01.000Z',
  tenant: 'acme',
  classifications: [],
  classificationCount: 0,
  faults: [],
  source: 'noxys',
};

/** A channel's requests, answered 202. */
function recorder() {
  const sent: HttpRequest[] = [];
  const io = {
    ...STEADY_LANE,
    send: async (request: HttpRequest) => {
      sent.push(request);
      return success({ status: 202, headers: new Headers(), body: '' });
    },
    timeoutMs: 15_000,
    attemptId: 'attempt-1',
    nowMs: () => 0,
    memory: memoryForTest(() => 0),
    accounts: NO_ACCOUNTS,
    requestsMax: 500,
  };
  return { sent, io };
}

describe('an event for HarfangLab', () => {
  it("has the fields of the guide's rules and hunts, flat and under data", () => {
    expect(harfangLabEvent(EVENT)).toEqual({
      id: 'evt_1',
      source: 'noxys',
      type: 'interaction.policy_violated',
      timestamp: '2026-11-22T08:00:00.250Z',
      user_id: 'user-42',
      device_id: 'device-7',
      risk_score: 0.93,
      classifications: ['CREDIT_CARD', 'EMAIL'],
      platform_name: 'Perplexity',
      data: {
        platform_id: 'perplexity',
        policy_decision: 'block',
        risk_score: 0.93,
        classifications: ['CREDIT_CARD', 'EMAIL'],
        classification_count: 3,
      },
    });
  });

  it('leaves out what is not known', () => {
    expect(harfangLabEvent(BARE)).toEqual({
      id: 'evt_2',
      source: 'noxys',
      type: 'alert.severity_high',
      timestamp: '2026-11-22T08:00:00.000Z',
      classifications: [],
      data: { classifications: [], classification_count: 0 },
    });
  });

  it('goes alone to the events path, with token, attempt and idempotency key', async () => {
    const { sent, io } = recorder();
    const channel = harfangLabEvents({
      name: 'edr',
      type: 'harfanglab',
      enabled: true,
      base_url: 'https://edr.acme.fr:8443',
      events_path: '/api/v1/events',
      token: 'abc',
      in_flight: 4,
      ...HARFANGLAB_DEFAULTS,
      privacy: {},
    });
    expect(await channel.deliver([EVENT], io)).toEqual({ kind: 'delivered' });
    expect(sent).toMatchObject([
      {
        method: 'POST',
        url: 'https://edr.acme.fr:8443/api/v1/events',
        timeoutMs: 15_000,
        headers: {
          authorization: 'Token abc',
          'content-type': 'application/json',
          'idempotency-key': 'interaction.policy_violated:evt_1',
          'x-attempt-id': 'attempt-1',
        },
      },
    ]);
    await expect(channel.deliver([EVENT, BARE], io)).rejects.toThrow('one event');
  });
});

describe('an event for Falcon Next-Gen SIEM', () => {
  it('is an ECS alert in a HEC envelope, with its time in seconds', () => {
    expect(hecEvent(EVENT)).toEqual({
      time: 1795334400.25,
      host: 'WKS-7',
      source: 'noxys',
      event: {
        '@timestamp': '2026-11-22T08:00:00.250Z',
        ecs: { version: '9.4.0' },
        message: 'Noxys blocked an interaction with Perplexity (CREDIT_CARD, EMAIL)',
        event: {
          kind: 'alert',
          category: ['intrusion_detection'],
          type: ['denied'],
          action: 'interaction.policy_violated',
          module: 'noxys',
          dataset: 'noxys.ai_firewall',
          id: 'evt_1',
          created: '2026-11-22T08:00:01.000Z',
          severity: 70,
          risk_score: 0.93,
          risk_score_norm: 93,
        },
        user: { id: 'user-42', email: 'p_abc' },
        host: { id: 'device-7', name: 'WKS-7' },
        url: { domain: 'www.perplexity.ai' },
        organization: { id: 'acme' },
        observer: { vendor: 'Noxys', product: 'AI Firewall', type: 'ai_firewall' },
        noxys: {
          platform_id: 'perplexity',
          platform_name: 'Perplexity',
          policy_decision: 'block',
          policy_name: 'No PII',
          classifications: ['CREDIT_CARD', 'EMAIL'],
          classification_count: 3,
          interaction_id: 'int_9',
          interaction_type: 'prompt',
          direction: 'outbound',
          sensor: 'browser_extension',
          model: 'sonar',
        },
      },
    });
  });

  it('leaves out what is not known', () => {
    const envelope = hecEvent(BARE);
    expect(envelope).not.toHaveProperty('host');
    expect(JSON.stringify(envelope)).not.toContain('null');
    expect(envelope).toMatchObject({ event: { event: { id: 'evt_2', severity: 10, type: ['info'] } } });
    expect(envelope['event']).not.toHaveProperty('user');
  });

  it('goes in batches of one JSON envelope a line, never as an array', async () => {
    const { sent, io } = recorder();
    const url = 'https://abc.ingest.eu-1.crowdstrike.com/services/collector';
    const channel = falconEvents({ url, token: 'key' });
    await channel.deliver([EVENT, BARE], io);
    expect(sent).toMatchObject([
      { url, headers: { authorization: 'Bearer key', 'content-type': 'application/json' } },
    ]);
    const lines = sent[0]?.body?.split('\n') ?? [];
    expect(
      lines.map((line) => (JSON.parse(line) as { event: { event: { id: string } } }).event.event.id),
    ).toEqual(['evt_1', 'evt_2']);
  });
});

describe('a detection for Falcon Next-Gen SIEM', () => {
  const at = { tenant: 'acme', receivedAt: '2026-11-22T08:00:01.000Z' };

  it('is an ECS alert with its rule, its window and its count', () => {
    expect(hecEvent(detectionEvent(detectionForTest(), at))).toMatchObject({
      time: 1795334400,
      event: {
        '@timestamp': '2026-11-22T08:00:00.000Z',
        message: 'Noxys relay: Repeated AI policy violations from same user',
        event: {
          kind: 'alert',
          type: ['info'],
          action: 'noxys_hl3_repeated_violations',
          dataset: 'noxys.ai_firewall',
          id: 'det_17959439cff046d2',
          severity: 50,
          start: '2026-11-22T07:05:00.000Z',
          end: '2026-11-22T08:00:00.000Z',
        },
        rule: {
          id: '17959439-cff0-46d2-9135-de30a0d097dc',
          name: 'Repeated AI policy violations from same user',
          ruleset: 'noxys-relay',
        },
        user: { id: 'user-42' },
        observer: { vendor: 'Noxys', product: 'edge relay', type: 'ai_firewall' },
        noxys: { platforms: ['perplexity'], count: 6, window_seconds: 3600, event_ids: expect.any(Array) },
      },
    });
  });
});

describe('a batch for Falcon Next-Gen SIEM', () => {
  const bytesOf = (body = '') => Buffer.byteLength(body);

  it('is never larger than 1 MiB: what does not fit is left for the next one, in order', async () => {
    const { sent, io } = recorder();
    const channel = falconEvents({
      url: 'https://abc.ingest.eu-1.crowdstrike.com/services/collector',
      token: 'key',
    });
    // 512 characters of three bytes in UTF-8 in each of many fields: as large as an event gets.
    const wide = '\u4e2d'.repeat(512);
    const events = Array.from({ length: 400 }, (_, index) => ({
      ...EVENT,
      id: `evt_${index}`,
      policy: { decision: 'block' as const, name: wide },
      model: wide,
      interactionType: wide,
    }));
    let from = 0;
    while (from < events.length) {
      const outcome = await channel.deliver(events.slice(from), io);
      from += outcome.kind === 'delivered' ? (outcome.settled ?? 0) : Infinity;
    }
    expect(from).toBe(400);
    expect(Math.max(...sent.map(({ body }) => bytesOf(body)))).toBeLessThanOrEqual(1024 * 1024);
    expect(sent.length).toBe(
      Math.ceil(sent.reduce((sum, { body }) => sum + bytesOf(body), 0) / (1024 * 1024)),
    );
    const ids = sent.flatMap(({ body }) =>
      (body ?? '')
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: { event: { id: string } } }).event.event.id),
    );
    expect(ids).toEqual(events.map(({ id }) => id));
  });
});

describe('idempotencyKey', () => {
  it('tells two types of one id apart', () => {
    expect(idempotencyKey({ type: 'a', id: '1' })).not.toBe(idempotencyKey({ type: 'b', id: '1' }));
  });

  it('tells pairs apart that differ only in where the type ends', () => {
    const pairs = [
      { type: 'a', id: 'b:c' },
      { type: 'a:b', id: 'c' },
      { type: 'a%3Ab', id: 'c' },
      { type: 'a', id: 'b:é' },
      { type: 'a:b', id: 'é' },
    ];
    expect(new Set(pairs.map(idempotencyKey)).size).toBe(pairs.length);
  });

  it.each([
    { type: 'a', id: 'é' },
    { type: 'a\r\nx-evil: 1', id: '1' },
    { type: 'a', id: 'x'.repeat(300) },
  ])('is always fit for a header: %j', (event) => {
    expect(idempotencyKey(event)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
