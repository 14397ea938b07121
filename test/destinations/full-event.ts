import type { CanonicalEvent } from '../../src/domain/event.ts';

/** An event that has every field. */
export const FULL_EVENT: CanonicalEvent = {
  id: 'evt_1',
  type: 'interaction.policy_violated',
  interactionId: 'int_9',
  occurredAt: '2026-11-22T08:00:00.250Z',
  receivedAt: '2026-11-22T08:00:01.000Z',
  tenant: 'acme',
  user: { id: 'user-42', email: 'p_abc' },
  device: { id: 'device-7', hostname: 'WKS-7' },
  platform: { id: 'perplexity', name: 'Perplexity' },
  policy: { decision: 'block', name: 'No PII' },
  riskScore: 0.93,
  severity: 'high',
  direction: 'outbound',
  sensor: 'browser_extension',
  interactionType: 'prompt',
  model: 'sonar',
  urlHost: 'www.perplexity.ai',
  classifications: ['CREDIT_CARD', 'EMAIL'],
  classificationCount: 3,
  faults: [],
  source: 'noxys',
};
