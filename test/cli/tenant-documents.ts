/** Tenant files for the tests, their secrets as references, and a lane. */

import type { LaneView } from '../../cli/api-types.ts';

export const SECRETS = {
  WEBHOOK_SECRET: 'whsec_dGhlIHdlYmhvb2sgc2VjcmV0IG9mIGFsbCB0ZXN0cyE=',
  EDR_TOKEN: 'edr-token-of-the-tests-0123456789',
} as const;

/** A valid tenant with one destination. */
export function tenantYaml(id: string, more = ''): string {
  return `id: ${id}
residency: global
webhook:
  secrets:
    - \${WEBHOOK_SECRET}
destinations:
  - name: edr
    type: harfanglab
    base_url: https://edr.example.com:8443
    token: \${EDR_TOKEN}
${more}`;
}

/** A lane of that tenant. */
export const IDLE_LANE: LaneView = {
  lane: 'edr/events',
  state: 'idle',
  undelivered: 0,
  delivered: 1,
  deadLettered: 0,
  expired: 0,
  parked: 0,
  discarded: 0,
  erased: 0,
  tries: 0,
};
