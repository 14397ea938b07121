/** Messages as the channel composes them, for tests of what products make of them. */

import { detectionEvent } from '../../../src/domain/detection.ts';
import type { DigestFacts } from '../../../src/domain/digest.ts';
import type { Message } from '../../../src/destinations/messages/message.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';
import { FULL_EVENT } from '../full-event.ts';

const RECEIVED = { tenant: 'acme', receivedAt: '2026-11-22T08:00:01.000Z' };

/** Of a detection and the event that caused it, changed as a test needs it. */
export function messageForTest(changes: Partial<Message> = {}): Message {
  const { user, device, policy } = FULL_EVENT;
  const detection = detectionForTest({
    level: 'critical',
    ...(user && { user }),
    ...(device && { device }),
    ...(policy && { policy }),
  });
  return {
    id: 'msg_abcdefghijklmnopqrstuvwxyz',
    kind: 'detection',
    level: 'critical',
    colour: 'red',
    language: 'en',
    tenant: 'acme',
    occurredAt: '2026-11-22T08:00:00.250Z',
    title: 'Repeated AI policy violations from same user',
    text: 'Noxys blocked an interaction with Perplexity.',
    facts: [
      { label: 'User', value: 'user-42 (p_abc)' },
      { label: 'Platform', value: 'Perplexity' },
      { label: 'Rules', value: 'noxys_hl3_repeated_violations (6 in 1 h)' },
    ],
    link: { label: 'Open in the relay', url: 'https://relay.example.com/api/v1/tenants/acme/events/evt_1' },
    data: { entries: [detectionEvent(detection, RECEIVED), FULL_EVENT] },
    ...changes,
  };
}

const TOTALS: DigestFacts['totals'] = {
  events: 412,
  limited: 3,
  byLevel: { high: 12 },
  byDecision: { block: 9 },
  byPlatform: { perplexity: 7 },
  byClassification: { CREDIT_CARD: 4 },
  detections: [{ rule: 'noxys_hl3_repeated_violations', level: 'high', count: 2 }],
};

/** Of a digest; it has no detection, no event and no person. */
export function digestForTest(changes: Partial<Message> = {}): Message {
  const digest: DigestFacts = {
    period: 'daily',
    from: '2026-11-21T07:00:00.000Z',
    to: '2026-11-22T07:00:00.000Z',
    timeZone: 'Europe/Paris',
    totals: TOTALS,
    before: { ...TOTALS, events: 300 },
    notices: { lane_blocked: 1 },
    blockedLanes: ['edr/events'],
  };
  const { text: _text, link: _link, ...message } = messageForTest();
  return {
    ...message,
    kind: 'digest',
    level: 'informational',
    colour: 'grey',
    title: 'Daily digest',
    facts: [{ label: 'Events', value: '412' }],
    sections: [{ title: 'Platforms', lines: ['Perplexity 7', 'DeepSeek 2'] }],
    data: { entries: [], digest, untold: 5 },
    ...changes,
  };
}

/** Of the relay itself. */
export function noticeForTest(): Message {
  const notice = {
    kind: 'lane_blocked',
    lane: 'edr/events',
    since: '2026-11-22T07:00:00.000Z',
    count: 3,
    detail: 'HTTP 401',
  } as const;
  const title = 'edr/events is blocked';
  return digestForTest({ kind: 'notice', title, facts: [], sections: [], data: { entries: [], notice } });
}

/** Of more than may be told in an hour. */
export function stormForTest(): Message {
  const kinds = [
    { rule: 'rule_one', title: 'Rule one', level: 'critical', count: 60 },
    { type: 'interaction.high_risk', platform: 'chatgpt', level: 'high', count: 10 },
  ] as const;
  const data = { entries: [], kinds, untold: 70 };
  return digestForTest({ kind: 'storm', level: 'critical', title: 'More than 20', sections: [], data });
}
