/** An event as Noxys sends them, made up for a playbook: it is of nobody, and what the playbook's rules are about is in it. Pure. */

import type { PlaybookName } from '../../src/domain/playbook.ts';

const SAMPLES: Readonly<Record<PlaybookName, Readonly<Record<string, unknown>>>> = {
  unauthorized_platform: {
    type: 'interaction.policy_violated',
    data: { policy_decision: 'block', platform_id: 'deepseek', risk_score: 0.6, classifications: ['EMAIL'] },
  },
  critical_response: {
    type: 'interaction.high_risk',
    data: {
      policy_decision: 'block',
      platform_id: 'perplexity',
      risk_score: 0.99,
      classifications: ['CREDIT_CARD', 'IBAN'],
    },
  },
  credential_exposure: {
    type: 'interaction.high_risk',
    data: {
      policy_decision: 'block',
      platform_id: 'deepseek',
      risk_score: 0.99,
      classifications: ['CREDENTIALS', 'PASSWORD', 'API_KEY'],
    },
  },
};

export function sampleEvent(playbook: PlaybookName, nowMs: number): Readonly<Record<string, unknown>> {
  return { id: 'playbook-test', timestamp: new Date(nowMs).toISOString(), ...SAMPLES[playbook] };
}
