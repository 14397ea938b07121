/** Which channel of which product takes what a rule asks for. */

import { describe, expect, it } from 'vitest';

import { channelPlans } from '../../src/destinations/channels.ts';
import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { falconSchema } from '../../src/domain/falcon-config.ts';
import { harfangLabSchema } from '../../src/domain/harfanglab-config.ts';
import { slackSchema } from '../../src/domain/messages-config.ts';
import type { Response } from '../../src/domain/verbs.ts';
import { DETECTION_JUDGED_TYPE } from '../../src/domain/verdict.ts';
import { isTaken } from '../../src/domain/wanted.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';

const HARFANGLAB = { name: 'edr', type: 'harfanglab', base_url: 'https://edr.example.eu', token: 'token' };
const FALCON = { name: 'falcon', type: 'falcon', region: 'eu-1', client_id: 'id', client_secret: 'secret' };
const SLACK = { name: 'soc', type: 'slack', url: 'https://hooks.slack.com/services/T0/B0/x' };

const takersOf = (event: CanonicalEvent, falcon: Readonly<Record<string, unknown>> = {}): string[] =>
  [
    harfangLabSchema.parse(HARFANGLAB),
    falconSchema.parse({ ...FALCON, ...falcon }),
    slackSchema.parse(SLACK),
  ].flatMap((destination) =>
    channelPlans(destination)
      .filter(({ takes }) => isTaken(takes, event))
      .map(({ kind }) => `${destination.name}/${kind}`),
  );

const detectionOf = (respond: readonly Response[]): CanonicalEvent =>
  detectionEvent(detectionForTest({ level: 'critical', respond }), {
    tenant: 'acme',
    receivedAt: '2026-11-22T08:00:01.000Z',
  });

describe("what HarfangLab's and Falcon's rules find on one event", () => {
  it('is an incident there, a case here, and both are for the messages', () => {
    expect(takersOf(detectionOf(['incident', 'notify']))).toEqual(['edr/incidents', 'soc/messages']);
    expect(takersOf(detectionOf(['case', 'notify']))).toEqual(['falcon/cases', 'soc/messages']);
  });
});

describe('a verdict', () => {
  const verdict: CanonicalEvent = {
    ...detectionOf(['case', 'incident', 'alert', 'notify']),
    type: DETECTION_JUDGED_TYPE,
    judged: { detectionId: 'det_1', verdict: 'true_positive' },
  };

  it.each([
    [true, ['falcon/cases']],
    [false, []],
  ])("is for Falcon's cases alone, and only with close_with_verdict: %s", (isWanted, takers) => {
    expect(takersOf(verdict, { cases: { close_with_verdict: isWanted } })).toEqual(takers);
  });
});
