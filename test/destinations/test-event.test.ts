import { describe, expect, it } from 'vitest';

import { hecEvent } from '../../src/destinations/falcon/hec-event.ts';
import { harfangLabEvent } from '../../src/destinations/harfanglab/events.ts';
import { idempotencyKey } from '../../src/destinations/idempotency-key.ts';
import { TEST_EVENT_TITLE, testEvent } from '../../src/domain/test-event.ts';
import { readEnvelopes } from '../simulators/hec-envelopes.ts';
import { eventFieldErrors } from '../simulators/harfanglab-event.ts';

const EVENT = testEvent({ tenant: 'acme', id: 'a-b-c', nowMs: Date.UTC(2026, 10, 22) });

describe('the test event', () => {
  it('is taken by a HarfangLab manager, and says in its console what it is', () => {
    const body = harfangLabEvent(EVENT);
    expect(eventFieldErrors(body, idempotencyKey(EVENT))).toEqual({});
    expect(body).toEqual({
      id: 'relay-test-a-b-c',
      source: 'noxys',
      type: 'relay.test',
      timestamp: '2026-11-22T00:00:00.000Z',
      classifications: [],
      platform_name: 'noxys-relay connection test',
      data: { platform_id: 'relay-test', classifications: [], classification_count: 0 },
    });
  });

  it('is taken by a HEC connector, says what it is, and is no alert', () => {
    const envelope = hecEvent(EVENT);
    expect(readEnvelopes(JSON.stringify(envelope), 'main')).toHaveProperty('envelopes');
    expect(envelope).toMatchObject({
      time: Date.UTC(2026, 10, 22) / 1000,
      event: {
        message: TEST_EVENT_TITLE,
        event: { kind: 'event', action: 'relay.test', id: 'relay-test-a-b-c', severity: 10 },
        noxys: { policy_name: TEST_EVENT_TITLE, platform_name: TEST_EVENT_TITLE },
      },
    });
  });

  it('is about nobody, and has nothing that a rule for real events looks at', () => {
    expect(Object.keys(EVENT)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(user|device|urlHost|riskScore|severity)$/)]),
    );
    expect(EVENT.policy).not.toHaveProperty('decision');
  });
});
