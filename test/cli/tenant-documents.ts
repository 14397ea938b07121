/** Tenant files for the tests, their secrets as references. */

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
