/** A ready `curl` line: a genuine webhook, signed now. */

import type { Stage } from './stage.ts';

/** One line for a POSIX shell; the signature holds for five minutes. */
export function curlLine(stage: Stage): string {
  const event = {
    id: `evt_${Date.now().toString(36)}`,
    type: 'interaction.policy_violated',
    timestamp: new Date().toISOString(),
    user_id: '5f0c8a52-0f5e-4f0e-9d0e-2f6c1b7f9a11',
    data: { platform_id: 'deepseek', policy_decision: 'block', risk_score: 0.93, classifications: ['IBAN'] },
  };
  const { headers, body } = stage.sender.sign(event);
  const flags = Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`);
  return `curl -i ${stage.url}/hooks/acme ${flags.join(' ')} -d '${new TextDecoder().decode(body)}'`;
}
