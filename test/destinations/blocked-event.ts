import type { CanonicalEvent } from '../../src/domain/event.ts';

/** A blocked interaction of the time `at`, changed as a test needs it. */
export function blockedEvent(
  at: string,
  changes: Partial<CanonicalEvent> & { readonly id: string },
): CanonicalEvent {
  return {
    type: 'interaction.policy_violated',
    occurredAt: at,
    receivedAt: at,
    tenant: 'acme',
    user: { id: 'user-42' },
    device: { hostname: 'WKS-7' },
    platform: { id: 'chatgpt', name: 'ChatGPT' },
    policy: { decision: 'block', name: 'No PII' },
    riskScore: 0.7,
    severity: 'high',
    classifications: ['EMAIL'],
    classificationCount: 1,
    faults: [],
    source: 'noxys',
    ...changes,
  };
}
