/** Critical events of whole-system tests: each of a user of its own, unless told, so that each is an incident and a message of its own. */

import type { TestTenant } from './stage.ts';

let made = 0;

/** Genuine but for the people. `more` replaces its keys. */
export function criticalEvent(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const number = ++made;
  return {
    id: `evt_critical_${number}`,
    type: 'alert.severity_critical',
    timestamp: new Date().toISOString(),
    user_id: `user-${number}`,
    device_id: `dev-${number}`,
    data: { platform_id: 'deepseek', policy_decision: 'block', risk_score: 0.95, classifications: ['IBAN'] },
    ...more,
  };
}

export function criticalEvents(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, () => criticalEvent());
}

/** Sends them in one webhook. Throws unless all are accepted. */
export async function accept(tenant: TestTenant, ...events: readonly unknown[]): Promise<void> {
  const { status, body } = await tenant.sender.send(events);
  const { accepted } = body as { readonly accepted?: number };
  if (status !== 202 || accepted !== events.length)
    throw new Error(`Cannot go on as all must be accepted: ${JSON.stringify(body)}`);
}
